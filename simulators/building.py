"""The meters of a scenario, built on their lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count, islice
from typing import Final, Protocol

from drivers.maps import model
from meters.account import Commodity

from .faults.sets import FaultSet
from .feeder import Behind, Feeder
from .hosted import HostedMeter, hosted
from .loads import PER_UNIT, Draw, Use, mix
from .mapped import MappedMeter
from .nodes import NODES
from .plans import LinePlan, MeterPlan, Scenario
from .premises import Premises, Switch
from .serving.bus import SerialBus
from .serving.line import Line

PAYMENT: Final = "raseed-payment"
_VALVE_S: Final = 20


class Breakable(Protocol):
    """What a fault needs of a meter."""

    faults: FaultSet
    place: Premises

    def forget(self) -> None:
        """Something has changed at its premises."""
        ...

    def restart(self) -> None: ...


@dataclass(slots=True)
class TownLine:
    """A line and who is on it."""

    plan: LinePlan
    carries: Line | SerialBus
    meters: list[MappedMeter] = field(default_factory=list)
    payment: list[HostedMeter] = field(default_factory=list)
    numbers: dict[int, Breakable] = field(default_factory=dict)
    """All of them, by the number that faults call them by: the unit at which they began."""

    @property
    def name(self) -> str:
        return self.plan.name


class Builder:
    """Builds line after line; the number of a meter among all that were built decides its seed and
    its serial."""

    def __init__(self, scenario: Scenario, seconds: Callable[[], float]) -> None:
        """`seconds` since 1970 of the world's clock."""
        self._scenario = scenario
        self._seconds = seconds
        self._made = 0
        self._behind: dict[tuple[str, bool], list[Behind]] = {}
        """Who draws what on which site, for the meters at the heads of their feeders: by site, and
        whether it is water."""

    def now(self) -> datetime:
        """The world's clock."""
        return datetime.fromtimestamp(self._seconds(), UTC)

    def line(self, plan: LinePlan) -> TownLine:
        """The line with all its meters."""
        if plan.protocol is not model.Protocol.MODBUS:
            return self._bus(plan)
        line = Line(plan.name, seconds=self._seconds, strict_baud=plan.strict_baud)
        town_line = TownLine(plan, line)
        for one in plan.payment:
            meter = hosted(one, self.now)
            self._on_site(plan.site, one.commodity is Commodity.WATER).append(meter)
            line.place(one.unit, meter)
            town_line.payment.append(meter)
            town_line.numbers[one.unit] = meter
        units = (unit for unit in count(1) if unit not in town_line.numbers)
        for meter_plan in plan.meters:
            for unit in islice(units, meter_plan.count):
                mapped = self._meter(plan.site, meter_plan, unit, line.move)
                line.place(unit, mapped)
                town_line.meters.append(mapped)
        town_line.numbers |= {one.unit: one for one in town_line.meters}
        return town_line

    def _bus(self, plan: LinePlan) -> TownLine:
        bus = SerialBus(plan.name, seconds=self._seconds)
        town_line = TownLine(plan, bus)
        for meter_plan in plan.meters:
            for number in range(meter_plan.count):
                meter = self._meter(plan.site, meter_plan, number + 1, _stays)
                bus.nodes.append(NODES[plan.protocol](meter))
                town_line.meters.append(meter)
        town_line.numbers |= dict(enumerate(town_line.meters, start=1))
        return town_line

    def _on_site(self, site: str, is_water: bool) -> list[Behind]:
        return self._behind.setdefault((site, is_water), [])

    def _meter(
        self,
        site: str,
        plan: MeterPlan,
        unit: int,
        moved: Callable[[MappedMeter, int], None],
    ) -> MappedMeter:
        scenario = self._scenario
        self._made += 1
        seed = mix(scenario.seed, self._made)
        start = int(scenario.start.timestamp())
        size = plan.least + mix(seed, 1) % (plan.most - plan.least + 1)
        is_water = plan.use is Use.WATER
        behind = self._on_site(site, plan.is_water)
        if plan.losses is None:
            draw = Draw(seed & 0xFFFFFFFF, plan.use, size, start, scenario.seasons)
            place = Premises(draw, start)
            behind.append(place)
        else:
            place = Premises(Feeder(behind, start, plan.losses), start)
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
            self._seconds,
            seed=seed & 0xFFFFFFFF,
            unit=unit,
            serial=str(26_000_000 + self._made),
            zone_s=scenario.zone_s,
            variant=plan.variant,
            firmware=plan.firmware,
            moved=moved,
        )


def model_of(meter: Breakable) -> str:
    """Id of its register map."""
    return meter.map.id if isinstance(meter, MappedMeter) else PAYMENT


def _stays(meter: MappedMeter, unit: int) -> None:
    """On a bus a meter has no place of its own."""
