"""A scenario come to life: its meters on their lines, and its faults when their time comes.

Pure but for the clock that is passed in; `simulators.serving` puts the lines on ports.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TextIO

from meters.identity import Drn

from .building import Breakable, Builder, TownLine, model_of
from .documents import WorldInvalid
from .faults.base import Fault, Layer
from .faults.registry import make
from .faults.sets import FaultSet
from .hosted import NOT_HERE, HostedMeter
from .logbook import Logbook
from .mapped import MappedMeter
from .plans import FaultPlan, Scenario

_ON_LINES: Final = frozenset({Layer.GATEWAY})
_ON_EITHER: Final = frozenset({Layer.WIRE})

Tell = Callable[[datetime, FaultPlan, str], object]
"""When, which fault, and `begin` or `end`."""


def _nobody(when: datetime, plan: FaultPlan, what: str) -> None:
    """Nobody is told."""


@dataclass(order=True, slots=True)
class _Event:
    at: float
    order: int
    pushed: int
    act: Callable[[], None] = field(compare=False)


class Town:
    """Every meter of a scenario."""

    def __init__(
        self,
        scenario: Scenario,
        seconds: Callable[[], float],
        *,
        meters: int = 0,
        log: TextIO | None = None,
        tell: Tell = _nobody,
    ) -> None:
        """`seconds` since 1970 of the world's clock; `meters`: at least so many, by the shares;
        `tell` is told of each planned fault when it begins and when it is over everywhere. Raises
        WorldInvalid."""
        self.scenario = scenario
        self.seconds = seconds
        self.log = Logbook(seconds, log)
        self._tell = tell
        self.lines: dict[str, TownLine] = {}
        self._events: list[_Event] = []
        self._pushed = 0
        builder = Builder(scenario, seconds)
        self.now: Callable[[], datetime] = builder.now
        """The world's clock."""
        for plan in scenario.lines_for(meters):
            self.lines[plan.name] = builder.line(plan)
        self.payment: dict[Drn, HostedMeter] = {
            one.meter.drn: one for line in self.lines.values() for one in line.payment
        }
        """Payment meters of all lines, by their numbers."""
        start = scenario.start.timestamp()
        for number, fault in enumerate(scenario.faults):
            self._plan(start, number, fault)

    def everyone(self) -> Iterator[MappedMeter]:
        """Every meter but the payment meters, line by line."""
        for line in self.lines.values():
            yield from line.meters

    def advance(self) -> float | None:
        """Begin and end the faults whose time has come; when the next one's comes, in seconds
        since 1970."""
        now = self.seconds()
        while self._events and self._events[0].at <= now:
            heapq.heappop(self._events).act()
        return self._events[0].at if self._events else None

    def inject(self, plan: FaultPlan, number: int = 0) -> Callable[[], None]:
        """Begin a fault now; what ends it."""
        ends = list(self._begin(plan, number))

        def end() -> None:
            for one, _ in ends:
                one()

        return end

    def _plan(self, start: float, number: int, plan: FaultPlan) -> None:
        # What it is for must be there from the beginning, not only when it begins.
        self._targets(plan)

        def act() -> None:
            begun = list(self._begin(plan, number))
            self._tell(self.now(), plan, "begin")
            if plan.lasts is None:
                return
            for end, lingers in begun:
                self._at(start + plan.at + plan.lasts + lingers, number, end)
            last = max(lingers for _, lingers in begun)
            # Behind the ends themselves: what was pushed first goes first at the same moment.
            self._at(start + plan.at + plan.lasts + last, number, over)

        def over() -> None:
            self._tell(self.now(), plan, "end")

        self._at(start + plan.at, number, act)

    def _at(self, at: float, order: int, act: Callable[[], None]) -> None:
        self._pushed += 1
        heapq.heappush(self._events, _Event(at, order, self._pushed, act))

    def _targets(self, plan: FaultPlan) -> tuple[list[TownLine], list[tuple[str, Breakable]]]:
        """The lines it sits on, or else the meters. Raises WorldInvalid."""
        kind, _, name = plan.target.partition(":")
        lines = [line for line in self.lines.values() if _is_in(line, kind, name)]
        meters = [
            (f"meter:{line.name}/{number}", meter)
            for line in self.lines.values()
            for number, meter in line.numbers.items()
            if line in lines
            or (kind == "meter" and name == f"{line.name}/{number}")
            or (kind == "model" and name == model_of(meter))
        ]
        if not lines and not meters:
            raise WorldInvalid("fault", f"nothing is called {plan.target[:60]}")
        fault = make(plan.name, plan.parameters)
        if fault.jams and not lines:
            struck = {id(meter) for _, meter in meters}
            lines = [
                line
                for line in self.lines.values()
                if any(id(meter) in struck for meter in line.numbers.values())
            ]
        if fault.layer in _ON_LINES or (fault.layer in _ON_EITHER and lines):
            if not lines:
                raise WorldInvalid("fault", f"{plan.name} sits on a line, not on a meter")
            return lines, []
        if plan.name in NOT_HERE:
            meters = [one for one in meters if not isinstance(one[1], HostedMeter)]
            if not meters:
                raise WorldInvalid("fault", f"{plan.name} means nothing to a payment meter")
        return [], meters

    def _begin(self, plan: FaultPlan, number: int) -> Iterable[tuple[Callable[[], None], float]]:
        lines, meters = self._targets(plan)
        for line in lines:
            yield self._on_line(plan, number, line), 0.0
        for order, (target, meter) in enumerate(meters):
            fault = self._fresh(plan, number, target)
            yield self._on_meter(plan, fault, target, meter), fault.lingers(order)

    def _fresh(self, plan: FaultPlan, number: int, target: str) -> Fault:
        fault = make(plan.name, plan.parameters)
        fault.bind(f"{self.scenario.seed} {number} {target}", self.log.hitter(target, plan.name))
        self.log.write(target, plan.name, "begin", plan.parameters)
        return fault

    def _on_line(self, plan: FaultPlan, number: int, line: TownLine) -> Callable[[], None]:
        target = f"line:{line.name}"
        fault = self._fresh(plan, number, target)
        line.carries.faults = line.carries.faults.plus(fault)

        def end() -> None:
            line.carries.faults = line.carries.faults.minus(fault)
            self._over(plan, target)

        return end

    def _on_meter(
        self, plan: FaultPlan, fault: Fault, target: str, meter: Breakable
    ) -> Callable[[], None]:
        meter.faults = meter.faults.plus(fault)
        fault.begin(meter.place, int(self.seconds()))
        meter.forget()

        def end() -> None:
            meter.faults = FaultSet(meter.faults.all).minus(fault)
            fault.end(meter.place, int(self.seconds()))
            if fault.restarts:
                meter.restart()
            meter.forget()
            self._over(plan, target)

        return end

    def _over(self, plan: FaultPlan, target: str) -> None:
        hits = self.log.hits[target, plan.name]
        self.log.write(target, plan.name, "end", {**plan.parameters, "hits": hits})


def _is_in(line: TownLine, kind: str, name: str) -> bool:
    return (
        kind == "*"
        or (kind == "site" and line.plan.site == name)
        or (kind == "line" and line.name == name)
    )
