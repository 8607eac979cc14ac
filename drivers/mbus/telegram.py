"""What an M-Bus meter answers, however its telegram is made: who it is, and its records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from .units import Meaning

# Modes of EN 13757-7. Old meters have check sums of their own here, whose bits are other modes.
_ENCRYPTED: Final = frozenset({2, 3, 4, 5, 7, 8, 9, 10, 13})
_ANYTHING: Final = "F" * 8


class NotATelegram(ValueError):
    """The bytes are none that we can read; the text is why."""


Content = Decimal | str | date | datetime | None


@dataclass(frozen=True, slots=True)
class Record:
    """One value of a telegram."""

    key: str
    """Its DIF, DIFE, VIF, VIFE in hex: `04 13`; in the fixed structure `FIXED 1`, `FIXED 2`."""
    storage: int
    tariff: int
    subunit: int
    function: str
    """`instant`, `maximum`, `minimum`, `error` (what stood while the meter was in error)."""
    meaning: Meaning
    data: bytes
    """As on the wire, low byte first."""
    value: Content
    """In the unit of the meaning; None if there is none."""
    problem: str = ""
    """Why there is no value: `no_data`, `not_bcd`, `invalid_date`, `maker` ..."""


@dataclass(frozen=True, slots=True)
class Telegram:
    """One answer of a meter."""

    identification: str
    """8 digits."""
    maker: str
    """Three letters; empty in the fixed structure, which does not tell it."""
    version: int
    medium: int
    access: int
    """Counts the answers."""
    status: int
    """Bits 2 low power, 3 permanent error, 4 temporary error."""
    signature: int
    """Of old meters anything; of new ones it tells how the records are encrypted."""
    records: tuple[Record, ...]
    more: bool
    """Another telegram holds further records."""
    address: int
    """Primary."""

    @property
    def is_encrypted(self) -> bool:
        """The records are not for us, and left out."""
        return self.signature >> 8 & 0x1F in _ENCRYPTED

    @property
    def secondary(self) -> str:
        """16 hex digits as the selection wants them, see `secondary_address`."""
        return secondary_address(self.identification, self.maker, self.version, self.medium)


def secondary_address(identification: str, maker: str, version: int, medium: int) -> str:
    """Identification as printed, then maker, version and medium as on the wire: the notation of
    libmbus, and so of most tools. Of a meter that does not tell its maker, wildcards behind the
    identification."""
    if not maker:
        return identification + _ANYTHING
    word = maker_word(maker).to_bytes(2, "little")
    return identification + (word + bytes([version, medium])).hex().upper()


def maker_letters(word: int) -> str:
    """Three letters of five bits each, as IEC 62056-21 gives them out."""
    return "".join(chr(64 + (word >> shift & 0x1F)) for shift in (10, 5, 0))


def maker_word(letters: str) -> int:
    first, second, third = (ord(letter) - 64 for letter in letters)
    return first << 10 | second << 5 | third
