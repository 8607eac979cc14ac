"""What is remembered, round by round, of meters whose credit the house holds: how much each has
counted since then, how fast, whether its supply was on, and what it was told last.

What it has counted is always taken from where the counter stood when the holding began, which is on
record (`Hold`). So a memory that is lost gives nobody credit: it only forgets how fast a meter that
does not answer used to draw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from meters.heldcredit import UNITS, Hold, LastSeen, Order
from meters.readings import Quality

from .device.supply import supply_of
from .follow import MemoryUnreadable, Movement, doubtful, most_per_hour
from .maps.counters import Advance, difference
from .maps.errors import RegisterContent
from .maps.model import MeterMap
from .sweep import Seen, billed

_FORMAT: Final = 1
OUTPUT: Final = ("supply.output", "supply.state")
"""What tells whether the supply is on, as far as a model has it."""
_SCALES: Final = {unit: scale for units in UNITS.values() for unit, scale in units.items()}
_PACE_FROM: Final = timedelta(hours=1)
"""A shorter time says nothing of how fast a house draws."""
_PACE_ANEW: Final = timedelta(hours=24)
"""Days differ; nights and evenings differ more."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What is known of it."""

    at: datetime
    used: Decimal
    """Since the holding began, kWh or m3."""
    flows: bool | None = None
    cut: bool = False
    unsure: bool = False
    """As `LastSeen` has them."""
    told: bool = False
    """It was given an order after it was read. What it counted in between tells nothing of that."""
    leaks: bool = False
    """It says that it is off, as it did before, and has counted since: its relay is welded, or
    bridged."""
    per_hour: Decimal = Decimal(0)
    pace_since: datetime | None = None
    pace_used: Decimal = Decimal(0)
    """How much had been used then: what `per_hour` is measured from."""

    def seen(self, given: Decimal) -> LastSeen:
        """With all the credit that was given until now, kWh or m3."""
        left = given - self.used
        return LastSeen(self.at, left, self.per_hour, self.flows, self.cut, self.unsure)


class Holding:
    """The memory."""

    def __init__(self) -> None:
        self._known: dict[str, Counted] = {}

    def took(
        self, hold: Hold, meter_map: MeterMap, seen: Seen, movements: Sequence[Movement]
    ) -> bool:
        """With what one meter said in a round, and what its counters make of it. True if it says
        where the credit stands: it was reached, and nobody doubts its count."""
        used = None if doubtful(movements) else _used(hold, meter_map, seen)
        if used is None:
            return False
        before, flows = self.known(hold), _flows(seen)
        # A model that does not tell is on if it counts. Whoever is on was switched on since, and
        # who cuts it off then has reasons of his own.
        counts = used > before.used and not before.told
        is_on = counts if flows is None else flows
        self._known[hold.meter] = replace(
            _paced(before, seen.at, used),
            at=seen.at,
            used=used,
            flows=flows,
            cut=before.cut and not is_on,
            unsure=before.unsure and flows is None and not is_on,
            told=False,
            leaks=counts and before.flows is False and flows is False,
        )
        return True

    def known(self, hold: Hold) -> Counted:
        """Before it was ever read: what the record says."""
        if self.is_new(hold):
            began = hold.counter.read_at
            return Counted(began, Decimal(0), pace_since=began)
        return self._known[hold.meter]

    def is_new(self, hold: Hold) -> bool:
        """Whether nothing is remembered of this holding; an earlier one of the meter is another."""
        known = self._known.get(hold.meter)
        return known is None or known.at < hold.counter.read_at

    def begun(self, hold: Hold, order: Order) -> None:
        """An order is given now. Until it is known what became of it, it may have been carried out:
        who was cut for the credit is switched on by it, also if nobody heard the meter's answer."""
        known = replace(self.known(hold), told=True)
        if order is Order.CUT:
            known = replace(known, cut=True, unsure=True)
        self._known[hold.meter] = known

    def undone(self, hold: Hold, before: Counted) -> None:
        """The order that was begun has changed nothing: all is as it was `before`."""
        self._known[hold.meter] = before

    def obeyed(self, hold: Hold, order: Order) -> None:
        """The order that was begun was carried out."""
        known = self.known(hold)
        flows = None if known.flows is None else order is Order.CONNECT
        cut = order is Order.CUT
        self._known[hold.meter] = replace(known, flows=flows, cut=cut, unsure=False, told=True)

    def forget_others(self, holds: Sequence[Hold]) -> None:
        """Of meters whose credit is no longer held."""
        kept = {hold.meter for hold in holds}
        self._known = {meter: one for meter, one in self._known.items() if meter in kept}

    def kept(self) -> dict[str, Any]:
        """The memory in plain values, for `recalled`."""
        return {
            "format": _FORMAT,
            "meters": {meter: _written(one) for meter, one in self._known.items()},
        }

    @classmethod
    def recalled(cls, kept: Mapping[str, Any]) -> Holding:
        """Raises MemoryUnreadable for what `kept` has not made."""
        made = cls()
        try:
            if kept["format"] != _FORMAT:
                raise ValueError("another format")
            made._known = {meter: _read(row) for meter, row in kept["meters"].items()}
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise MemoryUnreadable(str(error)[:80] or type(error).__name__) from None
        return made


def asked(meter_map: MeterMap) -> list[str]:
    """What a round asks of a meter whose credit is held: its counter, and whether it is on."""
    readable = {name for name, one in meter_map.registers.items() if one.access.readable}
    return [*billed(meter_map), *(name for name in OUTPUT if name in readable)]


def _used(hold: Hold, meter_map: MeterMap, seen: Seen) -> Decimal | None:
    """None if the round does not tell."""
    reading = next((one for one in seen.readings if one.name == hold.counter.name), None)
    if reading is None or hold.counter.map.partition("@")[0] != meter_map.id:
        return None
    register = meter_map.registers[reading.name]
    most = most_per_hour(meter_map, reading.unit or register.unit)
    found = difference(register, hold.counter, reading, most)
    return found.delta * _SCALES[reading.unit] if isinstance(found, Advance) else None


def _flows(seen: Seen) -> bool | None:
    found = {one.name: one for one in seen.readings if one.name in OUTPUT}
    if not found or any(one.quality is Quality.BAD for one in found.values()):
        return None
    try:
        return supply_of(found, seen.member.map.commodity[0]).output
    except RegisterContent:
        return None


def _paced(before: Counted, now: datetime, used: Decimal) -> Counted:
    """How fast it draws, by the time since the pace was last measured anew."""
    since = before.pace_since or before.at
    passed = now - since
    if passed < _PACE_FROM:
        return before
    hours = Decimal(passed // timedelta(seconds=1)) / 3600
    per_hour = max((used - before.pace_used) / hours, Decimal(0))
    measured = replace(before, per_hour=per_hour, pace_since=since)
    if passed < _PACE_ANEW:
        return measured
    return replace(measured, pace_since=now, pace_used=used)


def _written(one: Counted) -> dict[str, Any]:
    return {
        "at": one.at.isoformat(),
        "used": str(one.used),
        "flows": one.flows,
        "cut": one.cut,
        "unsure": one.unsure,
        "told": one.told,
        "leaks": one.leaks,
        "per_hour": str(one.per_hour),
        "pace_since": None if one.pace_since is None else one.pace_since.isoformat(),
        "pace_used": str(one.pace_used),
    }


def _read(row: Mapping[str, Any]) -> Counted:
    flows, since = row["flows"], row["pace_since"]
    # Files of before these were kept have none of the last three.
    told = {name: row.get(name, False) for name in ("unsure", "told", "leaks")}
    told["cut"] = row["cut"]
    if not all(isinstance(one, bool) for one in (*told.values(), flows is None or flows)):
        raise TypeError("flows and the like are yes or no")
    return Counted(
        at=datetime.fromisoformat(row["at"]),
        used=Decimal(row["used"]),
        flows=flows,
        **told,
        per_hour=Decimal(row["per_hour"]),
        pace_since=None if since is None else datetime.fromisoformat(since),
        pace_used=Decimal(row["pace_used"]),
    )
