"""Who a meter is: decoder reference number (DRN) and meter PAN, with their check digits.

IEC 62055-41 as told in the project's STS notes, section 2. Also the one place where what
people type becomes plain digits.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from .errors import Invalid

# Marks that carry no meaning in a number: spaces, dashes, and the invisible direction marks
# that come along when digits are copied out of Arabic text.
_IGNORED = frozenset(
    " \t\u00a0\u202f\u2009-\u2010\u2011\u2012\u2013\u2014_"
    "\u200b\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)
_LONGEST_INPUT = 200


@dataclass(eq=False)
class NotDigits(Invalid, code="digits.not_digits"):
    """Something that is not a digit stands at `position` (counted from 1 in the typed text)."""

    position: int
    character: str


@dataclass(eq=False)
class MeterNumberLength(Invalid, code="meter.number_length"):
    """A meter number has 11 or 13 digits (DRN) or 18 (PAN)."""

    digits: int


@dataclass(eq=False)
class CheckDigitWrong(Invalid, code="meter.check_digit"):
    """The number's last digit does not fit the others: a mistyped meter number."""

    number: str


@dataclass(eq=False)
class IssuerUnknown(Invalid, code="meter.issuer_unknown"):
    """A PAN begins with 600727 (11-digit DRN) or 0000 (13-digit DRN)."""

    number: str


def plain_digits(text: str) -> str:
    """ASCII digits of what was typed or pasted: any script's decimal digits are accepted,
    spaces, dashes and direction marks are dropped.

    Raises NotDigits for anything else. Superscripts and fractions are not decimal digits.
    """
    digits = []
    for position, character in enumerate(text[:_LONGEST_INPUT], start=1):
        if character in _IGNORED:
            continue
        value = unicodedata.decimal(character, -1)
        if value < 0:
            raise NotDigits(position, character if character.isprintable() else "?")
        digits.append(chr(48 + value))
    if len(text) > _LONGEST_INPUT:
        raise NotDigits(_LONGEST_INPUT + 1, "...")
    return "".join(digits)


_DOUBLED = str.maketrans("0123456789", "0246813579")
"""Twice a digit, the digits of that summed."""


def luhn_digit(digits: str) -> int:
    """Check digit (Luhn, modulo 10) for the digits in front of it."""
    doubled = digits[-1::-2].translate(_DOUBLED)
    return -sum(map(int, digits[-2::-2] + doubled)) % 10


@dataclass(frozen=True, slots=True, order=True)
class Drn:
    """Decoder reference number, 11 or 13 digits including its check digit: the meter number
    that customers see. Building one checks it."""

    number: str

    def __post_init__(self) -> None:
        if len(self.number) not in (11, 13):
            raise MeterNumberLength(len(self.number))
        if not (self.number.isascii() and self.number.isdecimal()):
            raise NotDigits(1, self.number[:1])
        if luhn_digit(self.number[:-1]) != ord(self.number[-1]) - 48:
            raise CheckDigitWrong(self.number)

    @classmethod
    def from_serial(cls, manufacturer: str, serial: int) -> Drn:
        """From a 2- or 4-digit manufacturer code and a serial of up to 8 digits."""
        body = f"{manufacturer}{serial:08d}"
        return cls(f"{body}{luhn_digit(body)}")

    @property
    def iin(self) -> str:
        """Issuer identification number; only the DRN's length decides it."""
        return "600727" if len(self.number) == 11 else "0000"

    @property
    def pan(self) -> MeterPan:
        return _pan_of(self.number)

    def __str__(self) -> str:
        return self.number


@dataclass(frozen=True, slots=True, order=True)
class MeterPan:
    """The 18-digit meter primary account number: IIN, DRN and a check digit of its own."""

    number: str

    def __post_init__(self) -> None:
        if len(self.number) != 18:
            raise MeterNumberLength(len(self.number))
        if not (self.number.isascii() and self.number.isdecimal()):
            raise NotDigits(1, self.number[:1])
        if not self.number.startswith(("600727", "0000")):
            raise IssuerUnknown(self.number)
        if luhn_digit(self.number[:-1]) != ord(self.number[-1]) - 48:
            raise CheckDigitWrong(self.number)
        Drn(self._drn_digits())

    def _drn_digits(self) -> str:
        return self.number[6:17] if self.number.startswith("600727") else self.number[4:17]

    @property
    def drn(self) -> Drn:
        return Drn(self._drn_digits())

    @property
    def iin(self) -> str:
        # Building the DRN would check it again, at the cost of a whole key derivation.
        return "600727" if self.number.startswith("600727") else "0000"

    def __str__(self) -> str:
        return self.number


@lru_cache(maxsize=4096)
def _pan_of(drn: str) -> MeterPan:
    # Kept, because one sale asks several times and each time four check digits are computed.
    body = Drn(drn).iin + drn
    return MeterPan(f"{body}{luhn_digit(body)}")


@lru_cache(maxsize=4096)
def meter_from_text(text: str) -> Drn:
    """The meter meant by what an operator typed or scanned: a DRN of 11 or 13 digits or a PAN.

    Raises NotDigits, MeterNumberLength, CheckDigitWrong, IssuerUnknown.
    """
    digits = plain_digits(text)
    if len(digits) == 18:
        return MeterPan(digits).drn
    return Drn(digits)
