"""What is remembered from one round of readings to the next: where each counter stood, and who has
been silent since when. So it is told what flowed, what may not be billed before somebody has looked
(`maps/counters.py`), and one outage instead of as many silent meters (`outage.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from meters.errors import Broken
from meters.readings import Quality, Reading

from .maps.counters import Doubt, Suspicious, Trail, Verdict
from .maps.model import Kind, MeterMap
from .outage import Outage, Silence, outages
from .sweep import Seen

_FORMAT: Final = 1
_FLOWS: Final = {
    "kWh": ("power.active", Decimal("0.001")),
    "Wh": ("power.active", Decimal(1)),
    "m3": ("flow", Decimal(1)),
    "l": ("flow", Decimal(1000)),
}
"""By a counter's unit: what flows into it, and how much of it in an hour one of that makes."""
_OF_READING: Final = (Doubt.NOT_GOOD, Doubt.NOT_LATER)
_USUAL: Final = {
    "kWh": Decimal(100),
    "Wh": Decimal(100_000),
    "m3": Decimal(50),
    "l": Decimal(50_000),
}
"""More than a house's fuse or pipe lets through in an hour, where the model does not say what it
can measure at most."""


@dataclass(eq=False)
class MemoryUnreadable(Broken, code="meter.sweep_memory"):
    """What was kept of the last round cannot be read."""

    problem: str


@dataclass(frozen=True, slots=True)
class Movement:
    """One value of a meter in a round."""

    meter: str
    reading: Reading
    verdict: Verdict | None = None
    """Of a counter, what flowed since the last reading that nobody doubts; None for the first one,
    and for what is no counter."""


class Following:
    """The memory of a sweep."""

    def __init__(self) -> None:
        self._trails: dict[tuple[str, str], Trail] = {}
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._since: dict[str, datetime] = {}
        """Of those that were silent when they were last heard of."""
        self._silences: dict[str, Silence] = {}
        """Of all that were asked."""
        self._told: list[Outage] = []

    def took(self, seen: Seen, settle: bool = False) -> list[Movement]:
        """With what one meter said. `settle`: somebody has looked at it, and its counters truly
        stand where they stand now."""
        member = seen.member
        since = None
        if seen.is_silent:
            since = self._since.setdefault(member.name, seen.at)
        else:
            self._since.pop(member.name, None)
        self._silences[member.name] = Silence(member.name, member.place.line, since)
        return [self._moved(member.name, member.map, one, settle) for one in seen.readings]

    def outages(self) -> list[Outage]:
        """After a round: what is silent now, oldest first, a whole line as one."""
        self._told = outages(self._silences.values(), self._told)
        return list(self._told)

    def kept(self) -> dict[str, Any]:
        """The memory in plain values, for `recalled`."""
        return {
            "format": _FORMAT,
            "counters": [
                {"meter": meter, **_written(one)} for (meter, _), one in self._standing().items()
            ],
            "silent": {meter: since.isoformat() for meter, since in self._since.items()},
            "outages": [
                {"place": one.place, "meters": list(one.meters), "since": one.since.isoformat()}
                for one in self._told
                if one.whole
            ],
        }

    @classmethod
    def recalled(cls, kept: Mapping[str, Any]) -> Following:
        """Raises MemoryUnreadable for what `kept` has not made."""
        made = cls()
        try:
            if kept["format"] != _FORMAT:
                raise ValueError("another format")
            for row in kept["counters"]:
                one = _read(row)
                made._kept[row["meter"], one.last.name] = one
            for meter, since in kept["silent"].items():
                made._since[meter] = datetime.fromisoformat(since)
            for row in kept["outages"]:
                began = datetime.fromisoformat(row["since"])
                made._told.append(Outage(row["place"], tuple(row["meters"]), began, whole=True))
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise MemoryUnreadable(str(error)[:80] or type(error).__name__) from None
        return made

    def _moved(self, meter: str, meter_map: MeterMap, reading: Reading, settle: bool) -> Movement:
        register = meter_map.registers[reading.name]
        if register.kind is not Kind.COUNTER:
            return Movement(meter, reading)
        key = (meter, reading.name)
        trail = self._trails.get(key) or self._begun(key, meter_map, reading)
        if settle and reading.quality is Quality.GOOD:
            self._trails[key] = trail.confirm(reading)
            return Movement(meter, reading)
        self._trails[key], verdict = trail.take(reading)
        return Movement(meter, reading, verdict)

    def _begun(self, key: tuple[str, str], meter_map: MeterMap, reading: Reading) -> Trail:
        """Goes on from what was kept, if that is of the same model."""
        register = meter_map.registers[reading.name]
        trail = Trail(register, most_per_hour(meter_map, reading.unit or register.unit))
        kept = self._kept.pop(key, None)
        if kept is None or kept.last.map.partition("@")[0] != meter_map.id:
            return trail
        held = None if kept.doubt is None else Suspicious(kept.doubt, kept.last, kept.last)
        return Trail(register, trail.most_per_hour, kept.last, held)

    def _standing(self) -> dict[tuple[str, str], _Kept]:
        """Of meters that were not heard of this time, what was kept before stays."""
        told = {
            key: _Kept(trail.last, None if trail.held is None else trail.held.doubt)
            for key, trail in self._trails.items()
            if trail.last is not None
        }
        return {**self._kept, **told}


def most_per_hour(meter_map: MeterMap, unit: str) -> Decimal:
    """What a counter of this model and unit can count in an hour at most: the upper end of what the
    model measures, else what no house draws."""
    name, factor = _FLOWS.get(unit, ("", Decimal(1)))
    instant = meter_map.registers.get(name)
    if instant is not None and instant.most is not None:
        return instant.most * factor
    return _USUAL.get(unit, max(_USUAL.values()))


@dataclass(frozen=True, slots=True)
class _Kept:
    """Where a counter stood, and why it is doubted since."""

    last: Reading
    doubt: Doubt | None


def _written(one: _Kept) -> dict[str, str]:
    last = one.last
    return {
        "name": last.name,
        "value": str(last.value),
        "unit": last.unit,
        "read_at": last.read_at.isoformat(),
        "uncertainty": "" if last.uncertainty is None else str(last.uncertainty),
        "source": last.source,
        "map": last.map,
        "raw": last.raw,
        "doubt": "" if one.doubt is None else one.doubt.value,
    }


def _read(row: Mapping[str, str]) -> _Kept:
    last = Reading(
        name=row["name"],
        value=Decimal(row["value"]),
        unit=row["unit"],
        raw=row["raw"],
        quality=Quality.GOOD,
        reason="",
        read_at=datetime.fromisoformat(row["read_at"]),
        latency_ms=0,
        source=row["source"],
        map=row["map"],
        uncertainty=Decimal(row["uncertainty"]) if row["uncertainty"] else None,
    )
    return _Kept(last, Doubt(row["doubt"]) if row["doubt"] else None)


def doubtful(movements: Iterable[Movement]) -> list[Movement]:
    """Counters that somebody must look at. (A reading that is not GOOD says nothing of the
    counter.)"""
    return [
        one
        for one in movements
        if isinstance(one.verdict, Suspicious) and one.verdict.doubt not in _OF_READING
    ]
