"""Token kinds: one frozen class each, one registry row each.

A kind states its name, class and subclass, packs itself into the 48-bit body and unpacks
from it, and reads and tells its fields as text-friendly values, so that a new kind touches
its own file and its vectors only. Rows are added by `@kind(...)`.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Final, Self, TypeVar

from meters.errors import Invalid
from meters.quantities import decimal_from_text
from meters.verdicts import TokenResult

from .keys import EncryptionAlgorithm
from .tid import LAST_TID


@dataclass(eq=False)
class TokenFieldInvalid(Invalid, code="token.field_invalid"):
    """A token field is a number outside its bits."""

    field: str
    value: str
    largest: int


@dataclass(eq=False)
class TokenFieldUnreadable(Invalid, code="token.field_unreadable"):
    """A token field is missing, or nothing that can be read as what it holds."""

    field: str
    value: str
    """As it was given; a dash if it was not."""


@dataclass(eq=False)
class TokenKindUnknown(Invalid, code="token.kind_unknown"):
    """No token kind has this name."""

    kind: str


_EXPONENT: Final = re.compile(r"[+-]?[0-9]{1,3}", re.ASCII)
"""No amount that a token can carry needs more."""


def check_field(name: str, value: int, largest: int) -> None:
    """Raises TokenFieldInvalid unless 0 <= value <= largest."""
    if not 0 <= value <= largest:
        raise TokenFieldInvalid(name, str(value)[:40], largest)


def whole_field(fields: Mapping[str, Any], name: str, default: int | None = None) -> int:
    """Field `name` as a whole number, from an int or decimal text.

    Raises TokenFieldUnreadable if it is missing (and has no default) or not a whole number.
    """
    value = fields.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TokenFieldUnreadable(name, "-" if value is None else str(value)[:40])
    if isinstance(value, int):
        return value
    text = value.strip()
    if not text.isdecimal():
        raise TokenFieldUnreadable(name, text[:40])
    return int(text)


def number_field(fields: Mapping[str, Any], name: str) -> Fraction:
    """Field `name` as an exact number, from an int or decimal text (an exponent is allowed).

    Raises TokenFieldUnreadable, NotANumber.
    """
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TokenFieldUnreadable(name, "-" if value is None else str(value)[:40])
    if isinstance(value, int):
        return Fraction(value)
    mantissa, _, exponent = value.strip().lower().partition("e")
    if not exponent:
        return Fraction(decimal_from_text(value))
    if not _EXPONENT.fullmatch(exponent):
        raise TokenFieldUnreadable(name, value[:40])
    return Fraction(decimal_from_text(mantissa)) * Fraction(10) ** int(exponent)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the issuer adds to a token with a TID: the identifier and the random nibble."""

    tid: int = 0
    rnd: int = 0


class Token(ABC):
    """Base of all kinds. Instances are immutable; building one checks its fields."""

    __slots__ = ()

    name: ClassVar[str]
    token_class: ClassVar[int]
    subclass: ClassVar[int]
    has_tid: ClassVar[bool] = False
    currency_crc: ClassVar[bool] = False

    @abstractmethod
    def body(self) -> int:
        """The 48 bits `subclass4 | fields44`."""

    @classmethod
    @abstractmethod
    def from_body(cls, body: int) -> Self | TokenResult:
        """The token of a 48-bit body, or the verdict on fields that are not valid."""

    @classmethod
    @abstractmethod
    def from_fields(cls, fields: Mapping[str, Any], stamp: Stamp) -> Self:
        """From named values as people and vector files write them.

        Raises TokenFieldInvalid, TokenFieldUnreadable, NotANumber, TokenAmountTooLarge,
        TokenAmountNegative.
        """

    @abstractmethod
    def to_fields(self) -> dict[str, int | str]:
        """The inverse of `from_fields`, TID and random nibble apart."""


class TokenWithTid(Token):
    """Kinds that carry a TID: all of class 0, and class 2 but for key changes."""

    __slots__ = ()

    has_tid: ClassVar[bool] = True
    tid: int


TokenT = TypeVar("TokenT", bound=Token)
Row = tuple[int, int, EncryptionAlgorithm]

_ROWS: Final[dict[Row, type[Token]]] = {}
_NAMES: Final[dict[str, dict[EncryptionAlgorithm, type[Token]]]] = {}


def kind(
    name: str,
    token_class: int,
    subclass: int,
    eas: tuple[EncryptionAlgorithm, ...] = tuple(EncryptionAlgorithm),
) -> Callable[[type[TokenT]], type[TokenT]]:
    """Register a class under its name, class and subclass, for all ciphers or those given."""

    def register(cls: type[TokenT]) -> type[TokenT]:
        cls.name, cls.token_class, cls.subclass = name, token_class, subclass
        for ea in eas:
            row = (token_class, subclass, ea)
            if row in _ROWS or ea in _NAMES.get(name, {}):
                raise TypeError(f"{cls.__name__}: row {row} or name {name} is taken")
            _ROWS[row] = cls
            _NAMES.setdefault(name, {})[ea] = cls
        return cls

    return register


def kind_at(token_class: int, subclass: int, ea: EncryptionAlgorithm) -> type[Token] | None:
    """The kind of a class and subclass under a cipher, or None if it is reserved."""
    return _ROWS.get((token_class, subclass, ea))


def kind_named(name: str, ea: EncryptionAlgorithm = EncryptionAlgorithm.EA07) -> type[Token]:
    """Raises TokenKindUnknown."""
    try:
        return _NAMES[name][ea]
    except KeyError:
        raise TokenKindUnknown(name[:60]) from None


def kinds() -> Iterator[type[Token]]:
    """Every registered kind once, by class and subclass."""
    yield from dict.fromkeys(_ROWS[row] for row in sorted(_ROWS, key=lambda r: (r[0], r[1])))


def check_stamp(tid: int, rnd: int) -> None:
    """Raises TokenFieldInvalid unless the TID has 24 bits and the nibble 4."""
    if not (0 <= tid <= LAST_TID and 0 <= rnd <= 15):
        check_field("tid", tid, LAST_TID)
        check_field("rnd", rnd, 15)
