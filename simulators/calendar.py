"""Moments and days as scenario files write them. What is wrong is WorldInvalid with its place."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Final

from .documents import WorldInvalid
from .faults.registry import seconds

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ZONE: Final = re.compile(r"([+-])([0-9]{2}):([0-9]{2})")
_CLOCK: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")


def zone(text: str) -> int:
    """`+03:00` in seconds."""
    match = _ZONE.fullmatch(text)
    if not match:
        raise WorldInvalid("zone", "is written like +03:00")
    return (1 if match[1] == "+" else -1) * (int(match[2]) * 3600 + int(match[3]) * 60)


def start(text: str) -> datetime:
    """An ISO 8601 moment with its zone, in UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise WorldInvalid("start", "is not an ISO 8601 time") from None
    if found.tzinfo is None:
        raise WorldInvalid("start", "needs a time zone")
    return found.astimezone(UTC)


def moment(place: str, text: str, begin: datetime, zone_s: int) -> float:
    """`08:10` of the first day, `+10m` after the start, or an ISO 8601 moment (in the zone if it
    has none), in seconds after `begin`."""
    local = begin.astimezone(timezone(timedelta(seconds=zone_s)))
    try:
        if text.startswith("+"):
            return seconds(text[1:])
        if match := _CLOCK.fullmatch(text):
            hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
            found = local.replace(hour=hour, minute=minute, second=second, microsecond=0)
        else:
            found = datetime.fromisoformat(text)
            found = found.replace(tzinfo=found.tzinfo or local.tzinfo)
    except ValueError:
        raise WorldInvalid(place, "at is 08:10, +10m or an ISO 8601 time") from None
    return (found - begin).total_seconds()


def periods(key: str, rows: list[Any]) -> tuple[tuple[date, date], ...]:
    """Pairs of first and last days."""
    try:
        return tuple((date.fromisoformat(one), date.fromisoformat(two)) for one, two in rows)
    except (TypeError, ValueError):
        raise WorldInvalid(key, "is a list of pairs of dates") from None


def weekend(names: list[Any]) -> frozenset[int]:
    """Days of the week by number, Monday being 0."""
    if not all(name in _DAYS for name in names):
        raise WorldInvalid("weekend", f"days are {', '.join(_DAYS)}")
    return frozenset(_DAYS.index(name) for name in names)
