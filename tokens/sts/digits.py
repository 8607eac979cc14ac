"""20 decimal digits, 66 bits: class insertion (spec section 9), typing and printing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from meters.errors import Invalid
from meters.identity import plain_digits

_CLASS_BITS: Final = 3 << 27
_OTHER_BITS: Final = 0xFFFF_FFFF_FFFF_FFFF ^ _CLASS_BITS
_LIMIT: Final = 1 << 66


@dataclass(eq=False)
class TokenLength(Invalid, code="token.length"):
    """A token has 20 digits."""

    digits: int


@dataclass(eq=False)
class TokenTooLarge(Invalid, code="token.too_large"):
    """20 digits above the largest 66-bit number: no such token exists, it is mistyped."""


def token_digits(text: str) -> str:
    """The 20 ASCII digits of what was typed: any script's digits, spaces and dashes allowed.

    Raises NotDigits, TokenLength, TokenTooLarge. The text never enters an error.
    """
    digits = plain_digits(text)
    if len(digits) != 20:
        raise TokenLength(len(digits))
    if int(digits) >= _LIMIT:
        raise TokenTooLarge()
    return digits


def grouped(digits: str) -> str:
    """Groups of four, separated by spaces: five of a token, none of digits that are held back.
    Display it isolated left-to-right."""
    return " ".join(digits[i : i + 4] for i in range(0, len(digits), 4))


def insert_class(block: int, token_class: int) -> str:
    """20 digits of a 64-bit block: the class takes bits 28 and 27, which move to 65 and 64."""
    number = (block & _CLASS_BITS) << 37 | block & _OTHER_BITS | token_class << 27
    return str(number).zfill(20)


def extract_class(digits: str) -> tuple[int, int]:
    """(class, 64-bit block) of 20 digits; the inverse of `insert_class`.

    Raises TokenTooLarge for a number above 66 bits.
    """
    number = int(digits)
    if number >= _LIMIT:
        raise TokenTooLarge()
    block = number & _OTHER_BITS | number >> 64 << 27
    return number >> 27 & 3, block
