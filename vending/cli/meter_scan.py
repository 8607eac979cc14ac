"""`raseed meter scan`: who is on a line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from drivers.device.diagnosis import troubles
from drivers.maps.model import MeterMap, Protocol
from drivers.maps.reading import shipped_map, shipped_maps
from drivers.opening import StationInvalid, open_modbus
from drivers.places import Place, parse_place
from drivers.scan import Found, likely_first, scan, serial_units
from drivers.scan import Progress as Step
from meters.errors import Invalid

from ..messages import phrase
from .context import Cli, Json, cli_of
from .meter_at import PlaceArg
from .meter_shown import found_table, found_told
from .parties import meter


@dataclass(eq=False)
class UnitsMalformed(Invalid, code="meter.units_malformed"):
    """Units to scan are given as 1-247 or 1,5,9."""

    text: str


@meter.command("scan")
def scan_line(
    ctx: typer.Context,
    place: PlaceArg,
    units: Annotated[str, typer.Option(metavar="1-247", help="Units to ask.")] = "1-247",
    expect: Annotated[
        str, typer.Option(metavar="SERIAL", help="A serial: units made from it are asked early.")
    ] = "",
    model: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only these models; repeat.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Who answers on a Modbus line. Nothing is ever written. A silent unit costs a third of a
    second: the whole line takes about a minute and a half."""
    cli = cli_of(ctx)
    maps = tuple(shipped_map(one) for one in model) if model else shipped_maps()
    scanned(cli, parse_place(place), units, expect, maps, as_json)


def scanned(
    cli: Cli,
    place: Place,
    units: str | None,
    expect: str,
    maps: tuple[MeterMap, ...],
    as_json: bool,
) -> None:
    known = [one for one in maps if one.protocol is Protocol.MODBUS]
    if units is None or place.station:
        wanted = [_unit(place)]
    else:
        wanted = likely_first(_units(units), known, serial_units(expect))
    place = replace(place, station="")
    line = open_modbus(place)
    found: list[Found] = []
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    try:
        hidden = not console.is_terminal
        with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
            task = bar.add_task(phrase("progress_scan", cli.language), total=len(wanted))

            def step(at: Step) -> None:
                bar.update(task, completed=at.done)

            stations = [str(unit) for unit in wanted]
            for one in scan(line, stations, known, lambda: datetime.now(UTC), step):
                found.append(one)
                if not as_json and console.is_terminal:
                    bar.console.print(f"{one.station}: {', '.join(one.models) or '?'}")
        seen = [one.value for one in troubles(line.counts)]
    finally:
        line.close()
    told = {"found": [found_told(one) for one in found], "asked": len(wanted), "line": seen}
    cli.show(told, as_json, lambda cli: found_table(cli, found, seen))
    if not found:
        raise typer.Exit(4)


def _unit(place: Place) -> int:
    if not place.station.isdecimal():
        raise StationInvalid(place.station, "1..247")
    return int(place.station)


def _units(text: str) -> list[int]:
    found: list[int] = []
    try:
        for part in text.split(","):
            first, _, last = part.partition("-")
            found += range(int(first), int(last or first) + 1)
    except ValueError:
        raise UnitsMalformed(text[:40]) from None
    if not found or not all(1 <= unit <= 247 for unit in found):
        raise UnitsMalformed(text[:40])
    return found
