"""Flags and event logs: what a meter says of tampering and trouble, in our words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Final

from meters.device import MeterEvent
from meters.readings import Quality, Reading

from .values import plain

_UNSET: Final = frozenset({"", "0", "no", "off", "ok", "good", "none", "normal", "closed", "false"})
_SUPPLY_WORDS: Final = frozenset({"open", "closed", "on", "off", "opening", "closing"})
"""Bits of a status word that tell where a valve stands, and no trouble."""


def flags_of(readings: Iterable[Reading]) -> frozenset[str]:
    """Names of flags that are set. A flag that could not be read is told as `unread.NAME`: silence
    about a magnet must not look like no magnet."""
    found: set[str] = set()
    for reading in readings:
        short = reading.name.removeprefix("flag.")
        if reading.quality is Quality.BAD or reading.value is None:
            found.add(f"unread.{short}")
        elif isinstance(reading.value, frozenset):
            found |= reading.value - _SUPPLY_WORDS
        elif reading.name.startswith("flag.") and plain(reading.value) not in _UNSET:
            found.add(short)
    return frozenset(found)


def events_of(readings: Mapping[str, Reading], zone: tzinfo) -> list[MeterEvent]:
    """From the places `event_log.time[i]`, `.code[i]`, `.detail[i]`, oldest first. A place without
    a time is an empty one."""
    events = []
    for name, reading in readings.items():
        if not name.startswith("event_log.time") or not isinstance(reading.value, datetime):
            continue
        place = name.removeprefix("event_log.time")
        code = readings.get(f"event_log.code{place}")
        detail = readings.get(f"event_log.detail{place}")
        at = reading.value.replace(tzinfo=zone).astimezone(UTC)
        events.append(MeterEvent(at, _code(code), plain(detail.value) if detail else ""))
    return sorted(events, key=lambda event: event.at)


def _code(reading: Reading | None) -> str:
    """Of an enum the word; a bare number is the maker's own."""
    if reading is None or reading.value is None:
        return "maker.unknown"
    text = plain(reading.value)
    return f"maker.{text}" if isinstance(reading.value, Decimal) else text
