"""Dates and moments as M-Bus meters write them (annex A of EN 13757-3)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

_CENTURY: Final = 100


def date_of(raw: bytes) -> date | None:
    """Type G, two bytes. None if there is none (all ones), or no such day."""
    day, month, year = _calendar(raw)
    try:
        return date(year, month, day)
    except ValueError:
        return None


def moment_of(raw: bytes) -> datetime | None:
    """Type F (four bytes), or type I (six), which has seconds before it and the day of the week for
    the century. None if it is marked as invalid, or no such moment."""
    has_seconds = len(raw) == 6
    seconds = raw[0] & 0x3F if has_seconds else 0
    minutes, hours, *days = raw[1:5] if has_seconds else raw
    if minutes & 0x80:
        return None
    day, month, year = _calendar(bytes(days))
    century = 0 if has_seconds else hours >> 5 & 3
    if century:
        year = 1900 + _CENTURY * century + year % _CENTURY
    try:
        return datetime(year, month, day, hours & 0x1F, minutes & 0x3F, seconds)  # noqa: DTZ001
    except ValueError:
        return None


def _calendar(raw: bytes) -> tuple[int, int, int]:
    year = (raw[1] & 0xF0) >> 1 | raw[0] >> 5
    # Without a century: 81 to 99 are of the last one (annex A).
    full = 1900 + year if year > 80 else 2000 + year
    return raw[0] & 0x1F, raw[1] & 0x0F, full if year < _CENTURY else 0
