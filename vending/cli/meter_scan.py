"""`raseed meter scan`: who is on a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from drivers.device.diagnosis import troubles
from drivers.lines import LineDown
from drivers.maps.model import MeterMap, Protocol
from drivers.maps.reading import shipped_map, shipped_maps
from drivers.opening import SerialPlace, StationInvalid, open_line, open_modbus
from drivers.places import Place, parse_place
from drivers.scan import Found, likely_first, likely_settings, scan, serial_units
from drivers.scan import Progress as Step
from drivers.searching import addresses_of, search_line
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


@dataclass(eq=False)
class AddressesMalformed(Invalid, code="meter.addresses_malformed"):
    """Addresses to call are given as 26000001-26000040,31415926."""

    text: str


@dataclass(eq=False)
class NotCalledByAddress(Invalid, code="meter.not_called_by_address"):
    """Addresses to call were given, and meters of these models are found otherwise."""

    models: str


@meter.command("scan")
def scan_line(
    ctx: typer.Context,
    place: PlaceArg,
    units: Annotated[str, typer.Option(metavar="1-247", help="Units to ask.")] = "1-247",
    expect: Annotated[
        str, typer.Option(metavar="SERIAL", help="A serial: units made from it are asked early.")
    ] = "",
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID", help="Only these models; repeat. Of another protocol: its own search."
        ),
    ] = None,
    addresses: Annotated[
        str,
        typer.Option(
            metavar="26000001-26000040,...",
            help="IEC 62056-21 meters to call by address; without, whoever is there alone.",
        ),
    ] = "",
    any_settings: Annotated[
        bool,
        typer.Option(
            "--any-settings", help="Try one speed and parity after the other until a meter answers."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Who answers on a line. Nothing is ever written. A silent Modbus unit costs a third of a
    second: the whole line takes about a minute and a half, and as long again for each further
    setting. With --model of a DL/T 645, M-Bus or IEC 62056-21 meter that protocol is spoken."""
    cli = cli_of(ctx)
    maps = tuple(shipped_map(one) for one in model) if model else shipped_maps()
    called = _addresses(addresses, maps) if addresses else []
    scanned(cli, parse_place(place), units, expect, maps, as_json, any_settings, called)


@dataclass
class _Bar:
    """What is found, and how far it has come."""

    cli: Cli
    tells: bool
    found: list[Found] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    settings: str = ""
    """Of the line, where somebody answered."""

    @contextmanager
    def moving(self, total: int | None) -> Iterator[Callable[[int], None]]:
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
        hidden = not console.is_terminal
        with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
            task = bar.add_task(phrase("progress_scan", self.cli.language), total=total)
            self._print = bar.console.print if self.tells and not hidden else None
            yield lambda done: bar.update(task, completed=done)

    def add(self, one: Found) -> None:
        self.found.append(one)
        if self._print is not None:
            self._print(f"{one.station}: {', '.join(one.models) or '?'}")

    _print: Callable[..., None] | None = None


def scanned(
    cli: Cli,
    place: Place,
    units: str | None,
    expect: str,
    maps: tuple[MeterMap, ...],
    as_json: bool,
    any_settings: bool = False,
    addresses: Sequence[str] = (),
) -> None:
    """Scans and shows. `addresses`: to be called one by one, where a protocol wants that. Ends
    the program with 4 if nobody was found."""
    known = [one for one in maps if one.protocol is Protocol.MODBUS]
    others = [] if known else list(maps)
    if others or (units is None or place.station):
        wanted = [] if others else [_unit(place)]
    else:
        wanted = likely_first(_units(units), known, serial_units(expect))
    place = replace(place, station="")
    bar, asked, refused = _Bar(cli, not as_json), 0, None
    for one in _places(place, known or others) if any_settings else [place]:
        asked += len(wanted)
        try:
            if others:
                asked += len(addresses)
                _search(one, others, bar, addresses)
            else:
                _modbus(one, [str(unit) for unit in wanted], known, bar)
        except LineDown as error:
            # A port may refuse one setting and take another.
            if not any_settings:
                raise
            refused = error
            continue
        refused = None
        if bar.found:
            bar.settings = _written(one) if any_settings else ""
            break
    if refused is not None and not bar.found:
        raise refused
    rows = [found_told(one) for one in bar.found]
    told = {"found": rows, "asked": asked, "line": sorted(bar.seen), "settings": bar.settings}
    cli.show(told, as_json, lambda cli: found_table(cli, bar.found, sorted(bar.seen), bar.settings))
    if not bar.found:
        raise typer.Exit(4)


def _modbus(place: Place, stations: list[str], known: list[MeterMap], bar: _Bar) -> None:
    line = open_modbus(place)
    try:
        with bar.moving(len(stations)) as moved:

            def step(at: Step) -> None:
                moved(at.done)

            for one in scan(line, stations, known, lambda: datetime.now(UTC), step):
                bar.add(one)
        bar.seen |= {one.value for one in troubles(line.counts)}
    finally:
        line.close()


def _search(place: Place, maps: list[MeterMap], bar: _Bar, addresses: Sequence[str]) -> None:
    """By the protocols' own wildcards, or by addresses."""
    for meter_map in maps:
        line = open_line(place, meter_map)
        assert isinstance(line, SerialPlace)
        try:
            with bar.moving(len(addresses) or None) as moved:
                for one in search_line(line, meter_map, _counting(moved), addresses):
                    bar.add(one)
        finally:
            line.close()


def _counting(moved: Callable[[int], None]) -> Callable[[str, int], None]:
    """Moves the bar by one with each thing that is asked for."""
    calls = count()
    return lambda _address, _found: moved(next(calls))


def _places(place: Place, maps: list[MeterMap]) -> list[Place]:
    """The same line with one setting after the other; what was said stays as it was said."""
    found = [
        replace(
            place,
            baud=place.baud or one.baud,
            parity=place.parity or one.parity,
            bits=place.bits or one.data_bits,
            stop=place.stop or one.stop_bits,
        )
        for one in likely_settings(maps)
    ]
    return list(dict.fromkeys(found))


def _written(place: Place) -> str:
    return f"baud={place.baud}&parity={place.parity}&bits={place.bits}&stop={place.stop}"


def _unit(place: Place) -> int:
    if not place.station.isdecimal():
        raise StationInvalid(place.station, "1..247")
    return int(place.station)


def _addresses(text: str, maps: Sequence[MeterMap]) -> list[str]:
    others = [one.id for one in maps if one.protocol is not Protocol.IEC21]
    if others:
        raise NotCalledByAddress(", ".join(others[:3]))
    try:
        return addresses_of(text)
    except ValueError:
        raise AddressesMalformed(text[:40]) from None


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
