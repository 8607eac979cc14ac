"""Readings by name: what must be asked for along with them, and how far they may be trusted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from meters.device import ReadingUnknown
from meters.readings import Quality, Reading, Value

from ..link import Fetched
from ..maps.decoding import deciders_of, reading_of
from ..maps.model import Kind, MeterMap, Register

BILLED: Final = frozenset({Kind.COUNTER, Kind.MONEY, Kind.CREDIT})
"""What money hangs on: read only together with proof that the values are of now."""
CLOCK: Final = "clock"
_DOUBTS: Final = {"unit_from": "unit_doubtful", "order_from": "order_doubtful"}
"""By what a reading hangs on: why it is doubted if that is."""
FROZEN_AFTER: Final = timedelta(seconds=2)
"""A clock of whole seconds that has not moved in more than this has stopped, or somebody between
the meter and us answers from memory."""


def full_names(map: MeterMap, names: Iterable[str]) -> list[str]:
    """Each once, in this order, a repeated register as all of its places. Raises ReadingUnknown."""
    found: dict[str, None] = {}
    for name in names:
        if name in map.repeats:
            found |= {f"{name}[{i}]": None for i in range(map.repeats[name])}
        elif name in map.registers and map.registers[name].access.readable:
            found[name] = None
        else:
            raise ReadingUnknown(map.id, name[:60])
    return list(found)


def wanted(map: MeterMap, names: Sequence[str]) -> list[Register]:
    """The registers of these names and those that decide their units and orders of bytes."""
    return [map.registers[name] for name in dict.fromkeys([*names, *deciders_of(map, names)])]


def readings_of(
    map: MeterMap,
    names: Sequence[str],
    fetched: Mapping[str, Fetched],
    now: datetime,
    confirmed: Collection[str],
) -> dict[str, Reading]:
    """What the meter said, by name: deciders first, because they say what the rest means. What an
    unverified decider says is doubted as much as it is itself."""
    deciders: dict[str, Value] = {}
    doubted: set[str] = set()
    readings: dict[str, Reading] = {}
    for name in dict.fromkeys([*deciders_of(map, names), *names]):
        register = map.registers[name]
        reading = reading_of(register, fetched[name], deciders, now, map, confirmed)
        if reading.quality is Quality.GOOD:
            for decider, reason in _DOUBTS.items():
                if getattr(register, decider) in doubted:
                    reading = replace(reading, quality=Quality.SUSPECT, reason=reason)
        if reading.value is not None:
            deciders[name] = reading.value
        if reading.quality is not Quality.GOOD:
            doubted.add(name)
        readings[name] = reading
    return {name: readings[name] for name in names}


def timed(readings: Mapping[str, Reading], zone: tzinfo) -> dict[str, Reading]:
    """With what the meter's clock, of this zone, showed in the same fetch, where it was read."""
    clock = readings.get(CLOCK)
    if clock is None or not isinstance(clock.value, datetime):
        return dict(readings)
    shown = moment_of(clock.value, zone)
    return {name: replace(reading, meter_time=shown) for name, reading in readings.items()}


def moment_of(shown: datetime, zone: tzinfo) -> datetime:
    """What a meter's clock means, in UTC. Of two moments with the same name, when the clocks go
    back, it means the earlier."""
    return shown.replace(tzinfo=zone).astimezone(UTC)


class Freshness:
    """Tells a meter from the memory of a gateway that has lost it: the meter's clock goes on."""

    def __init__(self) -> None:
        self._seen: tuple[str, datetime] | None = None

    def judged(self, readings: Mapping[str, Reading]) -> dict[str, Reading]:
        """The readings of one fetch, SUSPECT with reason `stale` if the clock among them shows what
        it showed before."""
        clock = readings.get(CLOCK)
        if clock is None or not clock.raw:
            return dict(readings)
        before, self._seen = self._seen, (clock.raw, clock.read_at)
        if before is None or before[0] != clock.raw:
            return dict(readings)
        # The moment of the first sight stays, or a fast reader would never see a clock stand.
        self._seen = before
        if clock.read_at - before[1] <= FROZEN_AFTER:
            return dict(readings)
        return {
            name: replace(reading, quality=Quality.SUSPECT, reason="stale")
            if reading.quality is Quality.GOOD
            else reading
            for name, reading in readings.items()
        }
