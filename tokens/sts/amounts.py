"""Amount fields: 16 bits for units and limits, 20 bits for currency (spec section 7).

Both hold a mantissa of 14 bits and an exponent e; the value is m * 10^e plus the offset
16384 * (10^e - 1) / 9, so that the ranges follow each other. What a field cannot hold
exactly is rounded in the customer's favour. Integers and fractions only.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeVar

from meters.errors import Invalid
from meters.quantities import Quantity

_MANTISSAS: Final = 1 << 14

QuantityT = TypeVar("QuantityT", bound=Quantity)


@dataclass(eq=False)
class TokenAmountTooLarge(Invalid, code="token.amount_too_large"):
    """The amount does not fit a token's field."""

    amount: int
    largest: int


@dataclass(eq=False)
class TokenAmountNegative(Invalid, code="token.amount_negative"):
    """A token of this kind cannot take credit away."""

    amount: int


_POWERS: Final[tuple[int, ...]] = tuple(10**e for e in range(32))
_OFFSETS: Final = tuple(_MANTISSAS * (power - 1) // 9 for power in _POWERS)

LARGEST_AMOUNT16: Final = 16383 * 1000 + _OFFSETS[3]
"""18 201 624 steps: 1 820 162.4 kWh."""
LARGEST_CURRENCY20: Final = 16383 * _POWERS[31] + _OFFSETS[31]


def encode_amount16(units: int) -> int:
    """Field `exponent2 | mantissa14` that carries at least `units` steps, rounded up.

    Raises TokenAmountNegative, TokenAmountTooLarge.
    """
    if 0 <= units < _MANTISSAS:
        return units
    if units < 0:
        raise TokenAmountNegative(units)
    for exponent in (1, 2, 3):
        step = _POWERS[exponent]
        mantissa = max(0, -(-(units - _OFFSETS[exponent]) // step))
        if mantissa < _MANTISSAS:
            return exponent << 14 | mantissa
    raise TokenAmountTooLarge(units, LARGEST_AMOUNT16)


def decode_amount16(field: int) -> int:
    """Steps that a 16-bit field carries."""
    exponent = field >> 14
    return (field & 0x3FFF) * _POWERS[exponent] + _OFFSETS[exponent]


def _magnitude_up(units: int) -> int:
    """Exponent and mantissa (19 bits) of the smallest holdable magnitude >= units."""
    for exponent, offset in enumerate(_OFFSETS):
        mantissa = max(0, -(-(units - offset) // _POWERS[exponent]))
        if mantissa < _MANTISSAS:
            return exponent << 14 | mantissa
    raise TokenAmountTooLarge(units, LARGEST_CURRENCY20)


def _magnitude_down(units: int) -> int:
    """Exponent and mantissa of the largest holdable magnitude <= units."""
    if units > LARGEST_CURRENCY20:
        raise TokenAmountTooLarge(units, LARGEST_CURRENCY20)
    exponent = max(e for e, offset in enumerate(_OFFSETS) if offset <= units)
    mantissa = min((units - _OFFSETS[exponent]) // _POWERS[exponent], _MANTISSAS - 1)
    return exponent << 14 | mantissa


def encode_currency20(units: int) -> int:
    """Field `sign1 | exponent5 | mantissa14` for units of 10^-5 base currency.

    Rounds toward plus infinity: credit up, a charge toward zero. There is no negative zero.
    Raises TokenAmountTooLarge.
    """
    if units >= 0:
        return _magnitude_up(units)
    magnitude = _magnitude_down(-units)
    return 1 << 19 | magnitude if magnitude else 0


def decode_currency20(field: int) -> int:
    """Units of 10^-5 base currency that a 20-bit field carries; negative for a charge."""
    exponent = field >> 14 & 31
    magnitude = (field & 0x3FFF) * _POWERS[exponent] + _OFFSETS[exponent]
    return -magnitude if field >> 19 else magnitude


def ceil_units(amount: Fraction, per_one: int) -> int:
    """`amount * per_one` rounded up (toward plus infinity) to a whole number of units."""
    exact = amount * per_one
    return -(-exact.numerator // exact.denominator)


def carried(amount: QuantityT) -> QuantityT:
    """What a class 0 token really carries when `amount` is put into it: never less.

    Steps are 0.1 kWh, 0.1 m3, 0.1 minute; above 16383 steps the field gets coarser.
    Raises TokenAmountNegative, TokenAmountTooLarge.
    """
    step = credit_step(type(amount))
    return type(amount)(decode_amount16(encode_amount16(-(-amount.value // step))) * step)


def credit_step(quantity: type[Quantity]) -> int:
    """Smallest units of `quantity` in one step of a class 0 token (a tenth of the display unit)."""
    return _POWERS[quantity.decimals - 1]
