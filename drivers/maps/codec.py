"""Bytes on the wire to values and back, exactly: numbers are Decimal from raw integers, times the
scale that the map gives as a decimal.

`decode(encode(x)) == x` for every value that a register's type can hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache

from meters.readings import Value

from .errors import RegisterContent
from .floats import is_nan, step_of
from .model import Order, Register
from .numeric import EXACT, number_bytes, number_of
from .orders import arrange
from .textual import other_bytes, other_of
from .types import NUMERIC, Family, ValueType, parse_type


class NoValue(Exception):
    """The bytes are the meter's mark for "there is no value"."""


def decode(
    register: Register, raw: bytes, factor: Decimal = Decimal(1), exponent: int = 0
) -> Value:
    """The value that the bytes mean: a Decimal in the register's unit, the word of an `enum`, a
    text (NUL and blank filling removed), a naive datetime, the names of set bits. A number that an
    enum has no word for comes back as a Decimal.

    `factor` is what `unit_from` adds to the scale, `exponent` a further power of ten (M-Bus).
    Raises NoValue for a sentinel, RegisterContent for bytes that mean nothing.
    """
    kind = parse_type(register.type)
    try:
        if kind.size and len(raw) != kind.size:
            raise ValueError(f"{len(raw)} bytes instead of {kind.size}")
        plain = _plain(kind, raw, register.order)
        if register.sentinels and _is_sentinel(register, kind, plain):
            raise NoValue
        if kind.family in NUMERIC:
            number = number_of(register, kind, plain, factor, exponent)
            if register.enum and number == number.to_integral_value():
                return register.enum.get(int(number), number)
            return number
        return other_of(register, kind, plain)
    except ValueError as error:
        raise RegisterContent(register.name, str(error)) from None


def number(register: Register, raw: bytes) -> Decimal:
    """As `decode`, of a register that holds a number, without looking for the enum's word."""
    kind = parse_type(register.type)
    if kind.family not in NUMERIC or (kind.size and len(raw) != kind.size):
        raise RegisterContent(register.name, "not a number")
    try:
        return number_of(register, kind, _plain(kind, raw, register.order), Decimal(1), 0)
    except ValueError as error:
        raise RegisterContent(register.name, str(error)) from None


def encode(register: Register, value: Value, factor: Decimal = Decimal(1)) -> bytes:
    """Wire bytes of `value`. Of a `high8` or `low8` register: both bytes, the other one 0.

    Raises RegisterContent if the type cannot hold it exactly (floats: hold at all).
    """
    kind = parse_type(register.type)
    try:
        if isinstance(value, str) and register.enum:
            value = Decimal(_by_word(register)[value])
        if kind.family in NUMERIC and isinstance(value, Decimal):
            plain = number_bytes(register, kind, value, factor)
        else:
            plain = other_bytes(register, kind, value)
    except KeyError:
        raise RegisterContent(register.name, "a word that it does not know") from None
    except (ValueError, InvalidOperation, OverflowError) as error:
        raise RegisterContent(register.name, str(error) or "does not fit") from None
    return _wire(kind, plain, register.order)


def value_of(register: Register, text: str) -> Value:
    """What a person or a map writes as text: a number, a word of the enum, names of bits with
    commas between, a moment in ISO 8601 without zone. Raises RegisterContent."""
    family = parse_type(register.type).family
    try:
        if family in NUMERIC:
            return text if text in register.enum.values() else Decimal(text)
        if family is Family.BITS:
            return frozenset(part.strip() for part in text.split(",") if part.strip())
        return datetime.fromisoformat(text) if family is Family.DATETIME else text
    except (InvalidOperation, ValueError):
        raise RegisterContent(register.name, f"cannot be read as {register.type}") from None


def text_of(value: Value) -> str:
    """The inverse of `value_of`: no exponents, names of bits sorted."""
    match value:
        case Decimal():
            return f"{value:f}"
        case frozenset():
            return ",".join(sorted(value))
        case datetime():
            return value.isoformat()
    return value


def step(register: Register, raw: bytes, factor: Decimal = Decimal(1)) -> Decimal | None:
    """The smallest difference that the meter can tell at this value, in the register's unit, where
    the type makes it coarser than the digits shown: of floats."""
    kind = parse_type(register.type)
    if kind.family is not Family.FLOAT or len(raw) != kind.size:
        return None
    fine = step_of(arrange(raw, register.order))
    return EXACT.multiply(EXACT.multiply(fine, register.scale), factor).copy_abs()


def _is_sentinel(register: Register, kind: ValueType, plain: bytes) -> bool:
    if plain.hex() in register.sentinels:
        return True
    # One "not a number" is as good as another: the standard has millions of them.
    return "nan" in register.sentinels and kind.family is Family.FLOAT and is_nan(plain)


def _plain(kind: ValueType, raw: bytes, order: Order) -> bytes:
    if kind.family is not Family.PAIR:
        return arrange(raw, order)
    # Each of the two numbers is arranged by itself.
    cut = kind.parts[0].size
    return arrange(raw[:cut], order) + arrange(raw[cut:], order)


_wire = _plain  # every arrangement undoes itself


def _by_word(register: Register) -> Mapping[str, int]:
    return _inverse(tuple(register.enum.items()))


@cache
def _inverse(enum: tuple[tuple[int, str], ...]) -> Mapping[str, int]:
    return {word: number for number, word in enum}
