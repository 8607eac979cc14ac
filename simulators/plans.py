"""What a scenario file plans: meters on lines, shares of more meters, faults. Data only;
`scenario.py` reads it, `town.py` brings it to life.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from drivers.maps.model import MeterMap, Protocol
from meters.account import Commodity

from . import world
from .documents import WorldInvalid
from .loads import Seasons, Use


@dataclass(frozen=True, slots=True)
class MeterPlan:
    """Some meters of one model on a line."""

    map: MeterMap
    count: int
    use: Use
    least: int
    """Size of the draw, W or litres an hour, between least and most."""
    most: int
    credit: int | None = None
    """Wh or litres at the start, of a meter that holds its credit; by chance if absent."""
    losses: int | None = None
    """Of the meter at the head of its site's feeder, which sees what everybody there draws and so
    much more, per mille; None for everybody else."""
    variant: str = ""
    """Of the model; the first that a stand-in can be if empty."""
    firmware: str = ""
    """That it tells; its variant's or its model's usual one if empty."""

    @property
    def is_water(self) -> bool:
        return Commodity.WATER in self.map.commodity and len(self.map.commodity) == 1


@dataclass(frozen=True, slots=True)
class LinePlan:
    """One line."""

    name: str
    site: str
    carrier: str
    port: int
    meters: tuple[MeterPlan, ...]
    payment: tuple[world.MeterPlan, ...] = ()
    """Our own payment meters, at the units that their world file gives them."""
    strict_baud: bool = False
    paced: bool = False

    @property
    def protocol(self) -> Protocol:
        return self.meters[0].map.protocol if self.meters else Protocol.MODBUS


@dataclass(frozen=True, slots=True)
class SharePlan:
    """A part of the meters that are asked for by number."""

    name: str
    weight: int
    per_line: int
    carrier: str
    meter: MeterPlan


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """One fault, when and where."""

    at: float
    """Seconds after the start."""
    lasts: float | None
    target: str
    name: str
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that a scenario file says."""

    seed: int
    start: datetime
    speed: float
    zone_s: int
    seasons: Seasons
    sites: tuple[str, ...]
    lines: tuple[LinePlan, ...]
    shares: tuple[SharePlan, ...]
    faults: tuple[FaultPlan, ...]
    keypad_port: int = 0
    """Where payment meters have their keypad; 0: a free one."""

    def lines_for(self, meters: int) -> tuple[LinePlan, ...]:
        """The named lines, and as many more by shares as make `meters` of them altogether.
        Raises WorldInvalid if that cannot be."""
        named = sum(plan.count for line in self.lines for plan in line.meters)
        named += sum(len(line.payment) for line in self.lines)
        wanted = meters - named
        if wanted <= 0:
            return self.lines
        if not self.shares:
            raise WorldInvalid("share", f"none, and {wanted} meters more are wanted")
        weights = sum(share.weight for share in self.shares)
        lines = list(self.lines)
        given = so_far = 0
        for share in self.shares:
            so_far += share.weight
            count = wanted * so_far // weights - given
            given += count
            lines += self._shared(share, count)
        return tuple(lines)

    def _shared(self, share: SharePlan, count: int) -> Iterable[LinePlan]:
        for number, begin in enumerate(range(0, count, share.per_line)):
            here = min(share.per_line, count - begin)
            plan = replace(share.meter, count=here)
            site = self.sites[number % len(self.sites)]
            yield LinePlan(f"{share.name}-{number + 1}", site, share.carrier, 0, (plan,))
