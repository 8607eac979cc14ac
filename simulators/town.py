"""A scenario come to life: its meters on their lines, and its faults when their time comes.

Pure but for the clock that is passed in; `simulators.serving` puts the lines on ports.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TextIO

from drivers.maps.model import Protocol

from .documents import WorldInvalid
from .faults.base import Fault, FaultSet, Layer, make
from .loads import PER_UNIT, Draw, Feeder, Use, mix
from .logbook import Logbook
from .mapped import MappedMeter
from .nodes import NODES
from .premises import Premises, Switch
from .scenario import FaultPlan, LinePlan, MeterPlan, Scenario
from .serving.bus import SerialBus
from .serving.line import Line

_VALVE_S: Final = 20
_ON_LINES: Final = frozenset({Layer.GATEWAY})
_ON_EITHER: Final = frozenset({Layer.WIRE})


@dataclass(slots=True)
class TownLine:
    """A line and who is on it."""

    plan: LinePlan
    carries: Line | SerialBus
    meters: list[MappedMeter] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.plan.name


@dataclass(order=True, slots=True)
class _Event:
    at: float
    order: int
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
    ) -> None:
        """`seconds` since 1970 of the world's clock; `meters`: at least so many, by the shares.
        Raises WorldInvalid."""
        self.scenario = scenario
        self.seconds = seconds
        self.log = Logbook(seconds, log)
        self.lines: dict[str, TownLine] = {}
        self._events: list[_Event] = []
        self._made = 0
        for plan in scenario.lines_for(meters):
            self.lines[plan.name] = self._line(plan)
        start = scenario.start.timestamp()
        for number, fault in enumerate(scenario.faults):
            self._plan(start, number, fault)

    def everyone(self) -> Iterator[MappedMeter]:
        """Every meter, line by line."""
        for line in self.lines.values():
            yield from line.meters

    def feeder(self, site: str, losses: int = 80) -> Feeder:
        """What the meter at the head of a site's feeder would count, with so many per mille of
        losses."""
        flows = [
            meter.place.flow
            for line in self.lines.values()
            if line.plan.site == site
            for meter in line.meters
        ]
        return Feeder([flow for flow in flows if isinstance(flow, Draw)], losses)

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

    # --- Building -------------------------------------------------------------------------------

    def _line(self, plan: LinePlan) -> TownLine:
        if plan.protocol is Protocol.MODBUS:
            line = Line(plan.name, seconds=self.seconds, strict_baud=plan.strict_baud)
            town_line = TownLine(plan, line)
            unit = 0
            for meter_plan in plan.meters:
                for _ in range(meter_plan.count):
                    unit += 1
                    meter = self._meter(meter_plan, unit, line.move)
                    line.place(unit, meter)
                    town_line.meters.append(meter)
            return town_line
        bus = SerialBus(plan.name, seconds=self.seconds)
        town_line = TownLine(plan, bus)
        for meter_plan in plan.meters:
            for number in range(meter_plan.count):
                meter = self._meter(meter_plan, number + 1, _stays)
                bus.nodes.append(NODES[plan.protocol](meter))
                town_line.meters.append(meter)
        return town_line

    def _meter(
        self, plan: MeterPlan, unit: int, moved: Callable[[MappedMeter, int], None]
    ) -> MappedMeter:
        scenario = self.scenario
        self._made += 1
        seed = mix(scenario.seed, self._made)
        start = int(scenario.start.timestamp())
        size = plan.least + mix(seed, 1) % (plan.most - plan.least + 1)
        draw = Draw(seed & 0xFFFFFFFF, plan.use, size, start, scenario.seasons)
        is_water = plan.use is Use.WATER
        place = Premises(draw, start)
        place.forward = mix(seed, 2) % (900_000 if is_water else 9_000_000) * PER_UNIT
        if is_water:
            travel = plan.map.quirks.get("valve_travel_s", _VALVE_S)
            place.switch = Switch(travel_s=travel if isinstance(travel, int) else _VALVE_S)
        if "account.balance" in plan.map.registers:
            credit = plan.credit
            if credit is None:
                credit = 5_000 + mix(seed, 3) % (40_000 if is_water else 400_000)
            place.balance = credit * PER_UNIT
        return MappedMeter(
            plan.map,
            place,
            self.seconds,
            seed=seed & 0xFFFFFFFF,
            unit=unit,
            serial=str(26_000_000 + self._made),
            zone_s=scenario.zone_s,
            moved=moved,
        )

    # --- Breaking -------------------------------------------------------------------------------

    def _plan(self, start: float, number: int, plan: FaultPlan) -> None:
        # What it is for must be there from the beginning, not only when it begins.
        self._targets(plan)

        def act() -> None:
            for end, lingers in self._begin(plan, number):
                if plan.lasts is not None:
                    heapq.heappush(
                        self._events,
                        _Event(start + plan.at + plan.lasts + lingers, number, end),
                    )

        heapq.heappush(self._events, _Event(start + plan.at, number, act))

    def _targets(self, plan: FaultPlan) -> tuple[list[TownLine], list[tuple[str, MappedMeter]]]:
        """The lines it sits on, or else the meters. Raises WorldInvalid."""
        kind, _, name = plan.target.partition(":")
        lines = [line for line in self.lines.values() if _is_in(line, kind, name)]
        meters = [
            (f"meter:{line.name}/{place + 1}", meter)
            for line in self.lines.values()
            for place, meter in enumerate(line.meters)
            if line in lines
            or (kind == "meter" and name == f"{line.name}/{place + 1}")
            or (kind == "model" and name == meter.map.id)
        ]
        if not lines and not meters:
            raise WorldInvalid("fault", f"nothing is called {plan.target[:60]}")
        layer = make(plan.name, plan.parameters).layer
        if layer in _ON_LINES or (layer in _ON_EITHER and lines):
            if not lines:
                raise WorldInvalid("fault", f"{plan.name} sits on a line, not on a meter")
            return lines, []
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
        self, plan: FaultPlan, fault: Fault, target: str, meter: MappedMeter
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


def _stays(meter: MappedMeter, unit: int) -> None:
    """On a bus a meter has no place of its own."""


def _is_in(line: TownLine, kind: str, name: str) -> bool:
    return (
        kind == "*"
        or (kind == "site" and line.plan.site == name)
        or (kind == "line" and line.name == name)
    )
