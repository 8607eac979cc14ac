"""Quantities with their unit in the type: whole numbers of a smallest unit, no floats.

`Energy(1500)` is 1.5 kWh. Quantities add, subtract and compare only within one unit, and
have no truth value (`if amount:` is a mistake, `if amount.is_zero` is not).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Context, Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from typing import ClassVar, Self

from msgspec import Struct

from .errors import Invalid


@dataclass(eq=False)
class NotANumber(Invalid, code="quantity.not_a_number"):
    """The text is not a plain decimal number."""

    text: str


@dataclass(eq=False)
class TooFine(Invalid, code="quantity.too_fine"):
    """The number has more decimals than the unit can hold."""

    text: str
    decimals: int


@dataclass(eq=False)
class MoneyTooMuch(Invalid, code="money.too_much"):
    """Nobody hands over, owes or limits so much: a slip, or an attempt."""

    most: str
    """Decimal of the base currency; the amount itself may be a token that was put here."""
    currency: str


_MARKS = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_LONGEST_NUMBER = 100
_EXACT = Context(prec=_LONGEST_NUMBER)
"""Holds every number that `decimal_from_text` reads."""
MOST_MINOR = 10**13
"""The most that can be typed, in minor units: sums of a hundred thousand of them still fit into the
whole numbers of a database."""


def bare(text: str) -> str:
    """Without the spaces and marks of direction that stand around it."""
    return text.strip().strip(_MARKS).strip()


def decimal_from_text(text: str) -> Decimal:
    """Read a plain decimal number; any script's digits, `٫` as the point, spaces and marks of
    direction around (they come along where it is copied out of Arabic text).

    Raises NotANumber for anything else, including exponents, NaN and group separators:
    a mistyped amount must not turn into another amount.
    """
    plain = bare(text).replace("\u066b", ".")
    body = plain[1:] if plain[:1] in ("-", "+") else plain
    whole, point, part = body.partition(".")
    if not whole.isdecimal() or (point and not part.isdecimal()) or len(body) > _LONGEST_NUMBER:
        raise NotANumber(text[:60])
    try:
        return Decimal(plain)
    except InvalidOperation:
        raise NotANumber(text[:60]) from None


def scaled_from_text(text: str, decimals: int) -> int:
    """`text` times 10**decimals as a whole number. Raises NotANumber, TooFine."""
    numerator, denominator = decimal_from_text(text).as_integer_ratio()
    scaled: int = numerator * 10**decimals
    if scaled % denominator:
        raise TooFine(text[:60], decimals)
    return scaled // denominator


# Kept, because one receipt writes the same sums, and nothing at all, several times.
@lru_cache(maxsize=4096)
def scaled_to_text(value: int, decimals: int, keep: int = 0) -> str:
    """`value / 10**decimals` as plain decimal text, with at least `keep` decimals."""
    sign, magnitude = ("-", -value) if value < 0 else ("", value)
    if decimals == 0:
        return f"{sign}{magnitude}"
    whole, part = divmod(magnitude, 10**decimals)
    digits = str(part).zfill(decimals)
    kept = digits if keep >= decimals else digits.rstrip("0").ljust(keep, "0")
    return f"{sign}{whole}.{kept}" if kept else f"{sign}{whole}"


class Quantity(Struct, frozen=True):
    """A whole number of one smallest unit. Subclasses name the unit."""

    value: int

    unit: ClassVar[str] = ""
    """Symbol of the smallest unit, as stored beside the number (`Wh`, `l`, `W`, `s`)."""
    display_unit: ClassVar[str] = ""
    """Symbol people use (`kWh`, `m3`, `W`, `min`)."""
    decimals: ClassVar[int] = 0
    """Decimals of the display unit that the smallest unit stands for."""

    def __post_init__(self) -> None:
        if type(self.value) is not int:
            raise TypeError(f"{type(self).__name__} takes an int, got {type(self.value).__name__}")

    @classmethod
    def from_text(cls, text: str) -> Self:
        """From a decimal in the display unit (`"1.5"` kWh). Raises NotANumber, TooFine."""
        return cls(scaled_from_text(text, cls.decimals))

    def to_text(self, keep: int = 0) -> str:
        """Decimal in the display unit, no unit symbol, at least `keep` decimals."""
        return scaled_to_text(self.value, self.decimals, keep)

    @property
    def is_zero(self) -> bool:
        return self.value == 0

    def __add__(self, other: Self) -> Self:
        self._same(other)
        return type(self)(self.value + other.value)

    def __sub__(self, other: Self) -> Self:
        self._same(other)
        return type(self)(self.value - other.value)

    def __neg__(self) -> Self:
        return type(self)(-self.value)

    def __lt__(self, other: Self) -> bool:
        self._same(other)
        return self.value < other.value

    def __le__(self, other: Self) -> bool:
        self._same(other)
        return self.value <= other.value

    def __gt__(self, other: Self) -> bool:
        self._same(other)
        return self.value > other.value

    def __ge__(self, other: Self) -> bool:
        self._same(other)
        return self.value >= other.value

    def __bool__(self) -> bool:
        raise TypeError("a quantity has no truth value; ask is_zero")

    def __str__(self) -> str:
        return f"{self.to_text()} {self.display_unit}"

    def _same(self, other: Self) -> None:
        if type(other) is not type(self):
            raise TypeError(f"{type(self).__name__} and {type(other).__name__} do not mix")


class Energy(Quantity, frozen=True):
    """Electrical energy in watt-hours."""

    unit: ClassVar[str] = "Wh"
    display_unit: ClassVar[str] = "kWh"
    decimals: ClassVar[int] = 3


class Volume(Quantity, frozen=True):
    """Water or gas in litres."""

    unit: ClassVar[str] = "l"
    display_unit: ClassVar[str] = "m3"
    decimals: ClassVar[int] = 3


class Power(Quantity, frozen=True):
    """Electrical power in watts."""

    unit: ClassVar[str] = "W"
    display_unit: ClassVar[str] = "W"


class ConnectionTime(Quantity, frozen=True):
    """Time of connection in tenths of a minute, the step of STS time credit."""

    unit: ClassVar[str] = "0.1min"
    display_unit: ClassVar[str] = "min"
    decimals: ClassVar[int] = 1


MINOR_DIGITS = {"ILS": 2, "JOD": 3, "USD": 2, "EUR": 2, "EGP": 2}
"""Decimals of the minor unit by currency (ISO 4217)."""


class Money(Struct, frozen=True):
    """Whole minor units of one currency (agorot for ILS)."""

    minor: int
    currency: str = "ILS"

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError(f"Money takes an int of minor units, got {type(self.minor).__name__}")
        if self.currency not in MINOR_DIGITS:
            raise ValueError(f"unknown currency {self.currency}")

    @classmethod
    def from_text(cls, text: str, currency: str = "ILS") -> Money:
        """From a decimal of the base currency (`"10.50"`), up to MOST_MINOR minor units. Raises
        NotANumber, TooFine, MoneyTooMuch."""
        digits = MINOR_DIGITS[currency]
        # Looked at before its decimals: an error that repeats the digits would show them masked.
        if abs(decimal_from_text(text)) * 10**digits > MOST_MINOR:
            raise MoneyTooMuch(cls(MOST_MINOR, currency).to_text(), currency)
        return cls(scaled_from_text(text, digits), currency)

    def to_text(self) -> str:
        """Decimal of the base currency with all its decimals, no symbol."""
        digits = MINOR_DIGITS[self.currency]
        return scaled_to_text(self.minor, digits, digits)

    @property
    def is_zero(self) -> bool:
        return self.minor == 0

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.minor < other.minor

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.minor <= other.minor

    def __gt__(self, other: Money) -> bool:
        self._same(other)
        return self.minor > other.minor

    def __ge__(self, other: Money) -> bool:
        self._same(other)
        return self.minor >= other.minor

    def __bool__(self) -> bool:
        raise TypeError("money has no truth value; ask is_zero")

    def __str__(self) -> str:
        return f"{self.to_text()} {self.currency}"

    def _same(self, other: Money) -> None:
        if type(other) is not Money or other.currency != self.currency:
            raise TypeError(f"{self.currency} does not mix with {other!r}")


@dataclass(frozen=True, slots=True)
class Rate:
    """An exact price: minor units of `currency` per one smallest unit of `quantity`."""

    per_unit: Fraction
    currency: str
    quantity: type[Quantity]
    _text: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        # There are few rates, and each sale tells its own.
        price = self.per_unit * 10**self.quantity.decimals / 10 ** MINOR_DIGITS[self.currency]
        value = Decimal(price.numerator) / Decimal(price.denominator)
        if value != price:
            # With every decimal that was written; a price that no decimal is stays rounded.
            exact = _EXACT.divide(Decimal(price.numerator), Decimal(price.denominator))
            value = exact if exact == price else value
        object.__setattr__(self, "_text", f"{value.normalize(_EXACT):f}")

    @classmethod
    def from_text(cls, text: str, currency: str, quantity: type[Quantity]) -> Rate:
        """From base currency per display unit: `"0.5612"` ILS/kWh is 0.05612 agorot per Wh."""
        price = Fraction(decimal_from_text(text))
        return cls(price * 10 ** MINOR_DIGITS[currency] / 10**quantity.decimals, currency, quantity)

    def cost(self, amount: Quantity) -> Fraction:
        """Exact cost of `amount` in minor units; the caller names the rounding."""
        if type(amount) is not self.quantity:
            raise TypeError(f"this rate prices {self.quantity.__name__}, not {amount!r}")
        # Each sale asks: multiplied as whole numbers it costs a third of Fraction's own way.
        return Fraction(self.per_unit.numerator * amount.value, self.per_unit.denominator)

    def to_text(self) -> str:
        """Base currency per display unit as a plain decimal (exact for rates read from text)."""
        return self._text
