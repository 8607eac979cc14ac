"""The scenario file: sites, lines, meters by model, and what breaks when. TOML:

    seed = 2026
    start = "2026-03-01T08:00:00+03:00"    # the meters' clock at the start; now if absent
    speed = "1"                            # virtual seconds in a real one
    world = "payment-meters.json"          # private file beside this one: simulators/world.py
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
    payment = "north"                      # and our payment meters behind this gateway of the world

    [[line]]                               # the meter at the head of a site's feeder: it sees what
    name = "substation"                    # everybody there draws of electricity, or of water, and
    site = "north"                         # per mille more that is lost
    meter = [{model = "schneider-iem3155", feeder = true, losses = 80}]

    [[line]]                               # a variant that its register map tells of (the first
    name = "flats"                         # one if nothing is said), and what it says of its
    site = "north"                         # firmware: another one than was commissioned is read,
    meter = [{model = "schneider-iem3155", variant = "basic", firmware = "9.9"}]   # not written

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

Payment meters keep the units that the world file gives them, and their loads; the others take the
units that are left. With a world there is a keypad too (keypad.py).

On a line of a protocol other than Modbus `tcp` carries the bytes of the serial line. Lines of a
share are called SHARE-1, SHARE-2 ..., where SHARE is its `name`, or its model without one.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, TypeVar

from drivers.maps.errors import MapUnknown
from drivers.maps.model import MeterMap, Protocol
from drivers.maps.reading import load_map, shipped_map

from . import calendar
from .documents import Place, WorldInvalid
from .faults.registry import FaultInvalid, make, seconds
from .feeder import LOSSES
from .loads import Seasons, Use
from .plans import FaultPlan, LinePlan, MeterPlan, Scenario, SharePlan
from .variants import unsayable
from .world import World, read_world

CARRIERS: Final = ("tcp", "rtu-tcp", "pty")
MOST_METERS: Final = 100_000
_MOST_ON_LINE: Final = {
    Protocol.MODBUS: 247,
    Protocol.MBUS: 250,
    Protocol.IEC21: 1000,
    Protocol.DLT645: 1000,
}


def read_scenario(path: Path, now: datetime) -> Scenario:
    """A scenario file; `now` is its start if it names none. Maps beside the file, in a folder
    `meters`, are known as well as the shipped ones. Raises WorldInvalid; WorldUnprotected if others
    may read the world file that it names."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WorldInvalid("file", error.strerror or "cannot be read") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WorldInvalid("file", str(error)) from None
    return parse_scenario(document, now, path.parent)


def parse_scenario(document: dict[str, Any], now: datetime, beside: Path | None = None) -> Scenario:
    """As `read_scenario`, from a parsed document; `beside`: the folder of the file."""
    folder = None if beside is None else beside / "meters"
    top = Place("scenario", document)
    seed = top.take("seed", int, 1)
    zone_s = calendar.zone(top.take("zone", str, "+00:00"))
    told = top.take("start", str, None)
    start = now if told is None else calendar.start(told)
    speed = _number(top.name, "speed", top.take("speed", (str, int), "1"))
    if not 0 < speed <= 100_000:
        raise WorldInvalid(top.name, "speed must be above 0, 100000 at most")
    seasons = Seasons(
        ramadan=calendar.periods("ramadan", top.take("ramadan", list, [])),
        heat=calendar.periods("heat", top.take("heat", list, [])),
        weekend=calendar.weekend(top.take("weekend", list, ["fri", "sat"])),
        offset_s=zone_s,
    )
    sites = _rows(top, "site")
    names = tuple(site.take("name", str) for site in sites) or ("town",)
    for site in sites:
        site.end()
    world = _world(top.take("world", str, None), beside)
    lines = tuple(_line(row, names, folder, world) for row in _rows(top, "line"))
    shares = tuple(_share(row, folder) for row in _rows(top, "share"))
    faults = tuple(_fault(row, start, zone_s) for row in _rows(top, "fault"))
    top.end()
    called = [line.name for line in lines]
    if len(set(called)) != len(called):
        raise WorldInvalid("line", "a name stands twice")
    drns = [meter.drn for line in lines for meter in line.payment]
    if len(set(drns)) != len(drns):
        raise WorldInvalid("line", "a gateway of the world stands on two lines")
    return Scenario(
        seed, start, speed, zone_s, seasons, names, lines, shares, faults, world.keypad_port
    )


def _world(name: str | None, beside: Path | None) -> World:
    """The file of payment meters; an empty world if there is none."""
    if name is None:
        return World({})
    if beside is None:
        raise WorldInvalid("world", "the scenario is no file that another could lie beside")
    return read_world(beside / name)


def _rows(top: Place, key: str) -> list[Place]:
    return [Place(f"{key} {i + 1}", row) for i, row in enumerate(top.take(key, list, []))]


def _line(row: Place, sites: tuple[str, ...], folder: Path | None, world: World) -> LinePlan:
    name = row.take("name", str)
    site = row.take("site", str, sites[0])
    if site not in sites:
        raise WorldInvalid(row.name, f"no site {site[:40]}")
    meters = tuple(
        _meter(Place(f"{row.name} meter {i + 1}", one), folder)
        for i, one in enumerate(row.take("meter", list, []))
    )
    gateway = row.take("payment", str, None)
    if gateway is not None and gateway not in world.gateways:
        raise WorldInvalid(row.name, f"the world has no gateway {gateway[:40]}")
    payment = () if gateway is None else world.gateways[gateway].meters
    plan = LinePlan(
        name,
        site,
        _carrier(row),
        row.take("port", int, 0),
        meters,
        payment,
        row.take("strict_baud", bool, False),
        row.take("paced", bool, False),
    )
    row.end()
    protocols = {one.map.protocol for one in meters} | ({Protocol.MODBUS} if payment else set())
    if len(protocols) != 1:
        raise WorldInvalid(row.name, "needs meters, all of one protocol")
    if sum(one.count for one in meters) + len(payment) > _MOST_ON_LINE[plan.protocol]:
        raise WorldInvalid(row.name, f"{_MOST_ON_LINE[plan.protocol]} meters at most")
    if plan.carrier == "rtu-tcp" and plan.protocol is not Protocol.MODBUS:
        raise WorldInvalid(row.name, "rtu-tcp is for Modbus; tcp carries the line's bytes")
    if plan.paced and plan.carrier != "pty":
        raise WorldInvalid(row.name, "paced is for a pty: a gateway passes on what it has")
    if plan.port and plan.carrier == "pty":
        raise WorldInvalid(row.name, "a pty has a path of its own, and no port")
    return plan


def _meter(row: Place, folder: Path | None) -> MeterPlan:
    plan = _meter_of(row, folder, row.take("count", int, 1))
    row.end()
    return plan


def _meter_of(row: Place, folder: Path | None, count: int) -> MeterPlan:
    model = row.take("model", str)
    meter_map = find_map(model, folder, row.name)
    variant, firmware = row.take("variant", str, ""), row.take("firmware", str, "")
    if problem := unsayable(meter_map, variant, firmware):
        raise WorldInvalid(row.name, problem)
    plan = _use_of(row, meter_map, count)
    return replace(plan, variant=variant, firmware=firmware)


def _use_of(row: Place, meter_map: MeterMap, count: int) -> MeterPlan:
    if row.take("feeder", bool, False):
        return _feeder(row, meter_map, count)
    is_water = [one.value for one in meter_map.commodity] == ["water"]
    use = _one_of(row, row.take("use", str, "water" if is_water else "home"), tuple(Use), "use")
    size = row.take("size", (int, list), [200, 900] if is_water else [1000, 6000])
    least, most = (size, size) if isinstance(size, int) else (size[0], size[-1])
    if count < 0 or count > MOST_METERS or not 0 < least <= most:
        raise WorldInvalid(row.name, "needs count >= 0 and 0 < size, from the least to the most")
    return MeterPlan(meter_map, count, use, least, most, row.take("credit", int, None))


def _feeder(row: Place, meter_map: MeterMap, count: int) -> MeterPlan:
    losses = row.take("losses", int, LOSSES)
    if count != 1 or not 0 <= losses <= 1000 or "account.balance" in meter_map.registers:
        problem = "a feeder has one meter, without credit, and losses of 0 to 1000 per mille"
        raise WorldInvalid(row.name, problem)
    return MeterPlan(meter_map, 1, Use.FLAT, 1, 1, None, losses)


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
    at = calendar.moment(row.name, row.take("at", str, "+0s"), start, zone_s)
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
