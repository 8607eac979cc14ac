"""Relay and valve in COSEM words (disconnect control, class 70), and when they are left alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from meters.account import Commodity, Supply, SupplyState
from meters.device import Outcome
from meters.errors import Refused
from meters.readings import Reading

from ..maps.errors import RegisterContent
from .values import plain

_FLOWS: Final = {
    Commodity.WATER: {"on", "connected", "supplied", "open", "opened"},
    Commodity.ELECTRICITY: {"on", "connected", "supplied", "closed"},
}
"""An open valve lets water pass, an open relay stops the current."""
_STOPPED: Final = {
    Commodity.WATER: {"off", "disconnected", "interrupted", "closed"},
    Commodity.ELECTRICITY: {"off", "disconnected", "interrupted", "open", "opened", "tripped"},
}
_READY: Final = {"ready", "ready_for_reconnection", "armed"}
_TRAVEL: Final = {"opening", "closing", "moving"}

DRAWN: Final[Mapping[str, Decimal]] = {
    "power.active": Decimal(10),
    "current.l1": Decimal("0.1"),
    "flow": Decimal("0.005"),
}
"""What says that something still flows, and above what: below it is the meter's own noise. In the
units of the vocabulary (W, A, m3/h), by whichever a model has first."""


@dataclass(eq=False)
class SupplyResting(Refused, code="meter.supply_resting"):
    """The relay or valve was told something a moment ago: it may be told again in `seconds`."""

    seconds: int


class Rest:
    """Keeps a supply from being told again and again: a welded relay gets no better by it, a valve
    needs its travel, and a balance around zero would make the relay chatter."""

    def __init__(
        self,
        after_done: timedelta = timedelta(seconds=10),
        after_trouble: timedelta = timedelta(seconds=60),
    ) -> None:
        self._after = {
            Outcome.DONE: after_done,
            Outcome.DECLINED: after_trouble,
            Outcome.UNKNOWN: after_trouble,
        }
        self._until: datetime | None = None

    def check(self, now: datetime) -> None:
        """Raises SupplyResting."""
        if self._until is not None and now < self._until:
            raise SupplyResting(int((self._until - now).total_seconds()) + 1)

    def told(self, outcome: Outcome, now: datetime) -> None:
        self._until = now + self._after[outcome]


def supply_of(readings: Mapping[str, Reading], commodity: Commodity) -> Supply:
    """From `supply.output`, `supply.state`, `supply.reasons`, as far as the model has them. One
    tells the other where only one is there. Raises RegisterContent for words that are none of
    ours."""
    known = _FLOWS[commodity] | _STOPPED[commodity] | _READY | _TRAVEL
    output = _words(readings, "supply.output", known)
    state = _words(readings, "supply.state", known)
    if not output and not state:
        # Told in bits, and neither is set: the valve is on its way.
        output = frozenset({"moving"})
    travel = next(iter((output | state) & _TRAVEL), "")
    flows = _decide(output or state, commodity)
    if state & _READY:
        found = SupplyState.READY_FOR_RECONNECTION
    else:
        told = _decide(state, commodity) if state - _TRAVEL else flows
        found = SupplyState.CONNECTED if told else SupplyState.DISCONNECTED
    reasons = readings.get("supply.reasons")
    why = reasons.value if reasons is not None and isinstance(reasons.value, frozenset) else ()
    return Supply(output=flows, state=found, reasons=frozenset(why), travel=travel)


def _words(readings: Mapping[str, Reading], name: str, known: set[str]) -> frozenset[str]:
    """What a register says of the supply; its bits may tell other things besides."""
    found = readings.get(name)
    if found is None or found.value is None:
        return frozenset()
    if isinstance(found.value, frozenset):
        return found.value & known
    return frozenset({plain(found.value)})


def _decide(words: frozenset[str], commodity: Commodity) -> bool:
    """On the way counts as flowing: a valve that is closing still lets water through."""
    if words & (_FLOWS[commodity] | _TRAVEL):
        return True
    if words & (_STOPPED[commodity] | _READY):
        return False
    raise RegisterContent("supply.output", "neither on nor off")
