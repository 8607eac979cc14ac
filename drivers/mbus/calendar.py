"""Dates and moments in records: what the codecs of the register maps read, and what is none."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from ..maps.datetimes import CODECS

_WITH_SECONDS: Final = 6
_HOURS: Final = 0x1F
_SECONDS: Final = 0x3F


def date_of(raw: bytes) -> date | None:
    """Type G, two bytes. None if there is none (all ones), or no such day."""
    try:
        return CODECS["mbus-g"].decode(raw).date()
    except ValueError:
        return None


def moment_of(raw: bytes) -> datetime | None:
    """Type F (four bytes), or type I (six), which has seconds before it and the day of the week for
    the century. None if it is marked as invalid, or no such moment."""
    try:
        if len(raw) != _WITH_SECONDS:
            return CODECS["mbus-f"].decode(raw)
        plain = bytes([raw[1], raw[2] & _HOURS, raw[3], raw[4]])
        return CODECS["mbus-f"].decode(plain).replace(second=raw[0] & _SECONDS)
    except ValueError:
        return None
