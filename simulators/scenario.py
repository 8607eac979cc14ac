"""The scenario file: sites, lines, meters by model, and what breaks when. TOML:

    seed = 2026
    start = "2026-03-01T08:00:00+03:00"    # the meters' clock at the start; now if absent
    speed = "1"                            # virtual seconds in a real one
    zone = "+03:00"                        # of the meters' clocks, of days and of `at` below
    weekend = ["fri", "sat"]
    ramadan = [["2026-02-18", "2026-03-19"]]
    heat = []

    [[site]]
    name = "north"

    [[line]]                               # a line with the meters that it names
    name = "n1"
    site = "north"
    carrier = "tcp"                        # tcp, rtu-tcp, pty
    port = 0                               # 0: a free one
    meter = [{model = "eastron-sdm120", count = 20, use = "home", size = 3000}]

    [[share]]                              # what `--meters N` is made of, by weight
    model = "eastron-sdm120"
    weight = 5
    carrier = "tcp"
    per_line = 200
    use = "home"
    size = [1000, 6000]

    [[fault]]
    at = "08:10"                           # of the first day, `+10m` after the start, or a moment
    for = "5m"                             # for good if absent
    target = "line:n1"                     # site:, line:, meter:LINE/UNIT, model:, or *
    name = "bit_noise"
    rate = "1e-4"

On a line of a protocol other than Modbus `tcp` carries the bytes of the serial line. Lines of a
share are called SHARE-1, SHARE-2 ..., where SHARE is its `name`, or its model without one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, TypeVar

from drivers.maps.errors import MapUnknown
from drivers.maps.model import MeterMap, Protocol
from drivers.maps.reading import load_map, shipped_map

from .documents import Place, WorldInvalid
from .faults.base import FaultInvalid, make, seconds
from .loads import Seasons, Use

CARRIERS: Final = ("tcp", "rtu-tcp", "pty")
MOST_METERS: Final = 100_000
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ZONE: Final = re.compile(r"([+-])([0-9]{2}):([0-9]{2})")
_CLOCK: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")
_MOST_ON_LINE: Final = {
    Protocol.MODBUS: 247,
    Protocol.MBUS: 250,
    Protocol.IEC21: 1000,
    Protocol.DLT645: 1000,
}


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


@dataclass(frozen=True, slots=True)
class LinePlan:
    """One line."""

    name: str
    site: str
    carrier: str
    port: int
    meters: tuple[MeterPlan, ...]
    strict_baud: bool = False
    paced: bool = False

    @property
    def protocol(self) -> Protocol:
        return self.meters[0].map.protocol


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

    def lines_for(self, meters: int) -> tuple[LinePlan, ...]:
        """The named lines, and as many more by shares as make `meters` of them altogether.
        Raises WorldInvalid if that cannot be."""
        named = sum(plan.count for line in self.lines for plan in line.meters)
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
            plan = MeterPlan(
                share.meter.map,
                here,
                share.meter.use,
                share.meter.least,
                share.meter.most,
                share.meter.credit,
            )
            site = self.sites[number % len(self.sites)]
            yield LinePlan(f"{share.name}-{number + 1}", site, share.carrier, 0, (plan,))


def read_scenario(path: Path, now: datetime) -> Scenario:
    """A scenario file; `now` is its start if it names none. Maps beside the file, in a folder
    `meters`, are known as well as the shipped ones. Raises WorldInvalid."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WorldInvalid("file", error.strerror or "cannot be read") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WorldInvalid("file", str(error)) from None
    return parse_scenario(document, now, path.parent / "meters")


def parse_scenario(document: dict[str, Any], now: datetime, folder: Path | None = None) -> Scenario:
    """As `read_scenario`, from a parsed document."""
    top = Place("scenario", document)
    seed = top.take("seed", int, 1)
    zone_s = _zone(top.take("zone", str, "+00:00"))
    start = _start(top.take("start", str, None), now)
    speed = _number(top.name, "speed", top.take("speed", (str, int), "1"))
    if not 0 < speed <= 100_000:
        raise WorldInvalid(top.name, "speed must be above 0, 100000 at most")
    seasons = Seasons(
        ramadan=_periods("ramadan", top.take("ramadan", list, [])),
        heat=_periods("heat", top.take("heat", list, [])),
        weekend=_weekend(top.take("weekend", list, ["fri", "sat"])),
        offset_s=zone_s,
    )
    sites = _rows(top, "site")
    names = tuple(site.take("name", str) for site in sites) or ("town",)
    for site in sites:
        site.end()
    lines = tuple(_line(row, names, folder) for row in _rows(top, "line"))
    shares = tuple(_share(row, folder) for row in _rows(top, "share"))
    faults = tuple(_fault(row, start, zone_s) for row in _rows(top, "fault"))
    top.end()
    called = [line.name for line in lines]
    if len(set(called)) != len(called):
        raise WorldInvalid("line", "a name stands twice")
    return Scenario(seed, start, speed, zone_s, seasons, names, lines, shares, faults)


def _rows(top: Place, key: str) -> list[Place]:
    return [Place(f"{key} {i + 1}", row) for i, row in enumerate(top.take(key, list, []))]


def _line(row: Place, sites: tuple[str, ...], folder: Path | None) -> LinePlan:
    name = row.take("name", str)
    site = row.take("site", str, sites[0])
    if site not in sites:
        raise WorldInvalid(row.name, f"no site {site[:40]}")
    meters = tuple(
        _meter(Place(f"{row.name} meter {i + 1}", one), folder)
        for i, one in enumerate(row.take("meter", list))
    )
    plan = LinePlan(
        name,
        site,
        _carrier(row),
        row.take("port", int, 0),
        meters,
        row.take("strict_baud", bool, False),
        row.take("paced", bool, False),
    )
    row.end()
    if not meters or len({one.map.protocol for one in meters}) != 1:
        raise WorldInvalid(row.name, "needs meters, all of one protocol")
    if sum(one.count for one in meters) > _MOST_ON_LINE[plan.protocol]:
        raise WorldInvalid(row.name, f"{_MOST_ON_LINE[plan.protocol]} meters at most")
    if plan.carrier == "rtu-tcp" and plan.protocol is not Protocol.MODBUS:
        raise WorldInvalid(row.name, "rtu-tcp is for Modbus; tcp carries the line's bytes")
    return plan


def _meter(row: Place, folder: Path | None) -> MeterPlan:
    plan = _meter_of(row, folder, row.take("count", int, 1))
    row.end()
    return plan


def _meter_of(row: Place, folder: Path | None, count: int) -> MeterPlan:
    model = row.take("model", str)
    meter_map = find_map(model, folder, row.name)
    is_water = [one.value for one in meter_map.commodity] == ["water"]
    use = _one_of(row, row.take("use", str, "water" if is_water else "home"), tuple(Use), "use")
    size = row.take("size", (int, list), [200, 900] if is_water else [1000, 6000])
    least, most = (size, size) if isinstance(size, int) else (size[0], size[-1])
    if count < 0 or count > MOST_METERS or not 0 < least <= most:
        raise WorldInvalid(row.name, "needs count >= 0 and 0 < size, from the least to the most")
    return MeterPlan(meter_map, count, use, least, most, row.take("credit", int, None))


def _share(row: Place, folder: Path | None) -> SharePlan:
    meter = _meter_of(row, folder, 0)
    most = _MOST_ON_LINE[meter.map.protocol]
    plan = SharePlan(
        row.take("name", str, meter.map.id),
        row.take("weight", int, 1),
        row.take("per_line", int, min(200, most)),
        _carrier(row),
        meter,
    )
    row.end()
    if plan.weight < 1 or not 1 <= plan.per_line <= most:
        raise WorldInvalid(row.name, f"needs weight >= 1 and per_line of 1 to {most}")
    return plan


def _fault(row: Place, start: datetime, zone_s: int) -> FaultPlan:
    at = _moment(row, row.take("at", str, "+0s"), start, zone_s)
    lasts = row.take("for", str, None)
    target = row.take("target", str, "*")
    name = row.take("name", str)
    parameters = row.rest()
    try:
        make(name, parameters)
    except FaultInvalid as error:
        raise WorldInvalid(row.name, f"{error.fault}: {error.problem}") from None
    try:
        return FaultPlan(at, None if lasts is None else seconds(lasts), target, name, parameters)
    except ValueError:
        raise WorldInvalid(row.name, "for is written like 90s, 5m, 1h30m") from None


def find_map(model: str, folder: Path | None, place: str) -> MeterMap:
    """A map from the folder beside the scenario, else a shipped one. Raises WorldInvalid."""
    if folder is not None and re.fullmatch(r"[a-z0-9-]+", model):
        file = folder / f"{model}.toml"
        if file.is_file():
            return load_map(file.read_text(encoding="utf-8"), model)
    try:
        return shipped_map(model)
    except MapUnknown:
        raise WorldInvalid(place, f"no meter model {model[:40]}") from None


def _carrier(row: Place) -> str:
    carrier: str = row.take("carrier", str, "tcp")
    if carrier not in CARRIERS:
        raise WorldInvalid(row.name, f"carrier must be one of {', '.join(CARRIERS)}")
    return carrier


_E = TypeVar("_E", bound=Use)


def _one_of(row: Place, text: str, choices: tuple[_E, ...], key: str) -> _E:
    for choice in choices:
        if choice.value == text:
            return choice
    known = ", ".join(str(choice.value) for choice in choices)
    raise WorldInvalid(row.name, f"{key} must be one of {known}")


def _number(place: str, key: str, value: str | int) -> float:
    try:
        return float(Decimal(str(value)))
    except InvalidOperation:
        raise WorldInvalid(place, f"{key} is no number") from None


def _zone(text: str) -> int:
    match = _ZONE.fullmatch(text)
    if not match:
        raise WorldInvalid("zone", "is written like +03:00")
    return (1 if match[1] == "+" else -1) * (int(match[2]) * 3600 + int(match[3]) * 60)


def _start(text: str | None, now: datetime) -> datetime:
    try:
        start = datetime.fromisoformat(text) if text else now
    except ValueError:
        raise WorldInvalid("start", "is not an ISO 8601 time") from None
    if start.tzinfo is None:
        raise WorldInvalid("start", "needs a time zone")
    return start.astimezone(UTC)


def _moment(row: Place, text: str, start: datetime, zone_s: int) -> float:
    local = start.astimezone(timezone(timedelta(seconds=zone_s)))
    try:
        if text.startswith("+"):
            return seconds(text[1:])
        if match := _CLOCK.fullmatch(text):
            hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
            moment = local.replace(hour=hour, minute=minute, second=second, microsecond=0)
        else:
            moment = datetime.fromisoformat(text)
            moment = moment.replace(tzinfo=moment.tzinfo or local.tzinfo)
    except ValueError:
        raise WorldInvalid(row.name, "at is 08:10, +10m or an ISO 8601 time") from None
    return (moment - start).total_seconds()


def _periods(key: str, rows: list[Any]) -> tuple[tuple[date, date], ...]:
    try:
        return tuple((date.fromisoformat(one), date.fromisoformat(two)) for one, two in rows)
    except (TypeError, ValueError):
        raise WorldInvalid(key, "is a list of pairs of dates") from None


def _weekend(names: list[Any]) -> frozenset[int]:
    if not all(name in _DAYS for name in names):
        raise WorldInvalid("weekend", f"days are {', '.join(_DAYS)}")
    return frozenset(_DAYS.index(name) for name in names)
