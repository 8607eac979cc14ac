"""`raseed meter read|identify|scan|command|check` at a line: for a technician with a meter in front
of them. `raseed meter read NUMBER` reads a meter of the records instead (`parties.py`)."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from drivers.device.diagnosis import troubles
from drivers.device.mapped import MappedDevice
from drivers.device.params import is_secret
from drivers.device.recognising import Expected
from drivers.device.settings import DeviceSettings
from drivers.link import Priority
from drivers.maps.model import MeterMap, Protocol
from drivers.maps.reading import shipped_map, shipped_maps
from drivers.opening import OpenLine, StationInvalid, open_line, open_modbus
from drivers.places import Place, is_place, parse_place
from drivers.scan import Found, Presence, likely_first, scan, serial_units
from drivers.scan import Progress as Step
from meters.device import CommandRecord, Identity, Outcome, Warrant
from meters.errors import Invalid, Refused
from meters.readings import Quality, Reading, Value

from ..messages import LOCAL_ZONE, phrase
from .asking import Reason
from .context import Cli, Json, cli_of
from .parties import meter, meter_read

_PASSWORD_ENV: Final = "RASEED_METER_PASSWORD"  # noqa: S105 - a name
_EXIT: Final = {Outcome.DONE: 0, Outcome.DECLINED: 3, Outcome.UNKNOWN: 5}

PlaceArg = Annotated[
    str,
    typer.Argument(
        metavar="PLACE",
        help="tcp://HOST:502/7, rtu-tcp://HOST:PORT/7 or serial:///dev/ttyUSB0/7?baud=9600",
    ),
]
Model = Annotated[
    str, typer.Option(metavar="ID", help="Register map of the model; see docs/meters.md.")
]
Serial = Annotated[
    str, typer.Option(metavar="NUMBER", help="Serial that must answer; nothing else is done else.")
]
Confirm = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="An unverified register or command, checked here; repeat."),
]
Zone = Annotated[str, typer.Option(metavar="ZONE", help="What the meter's clock is set to.")]
_ZONE: Final = LOCAL_ZONE.key


@dataclass(eq=False)
class ModelMissing(Invalid, code="meter.model_missing"):
    """Which model is it? Values can be read only by its register map."""

    place: str


@dataclass(eq=False)
class CommandUnconfirmed(Refused, code="meter.command_unconfirmed"):
    """Nobody has said yes to this command."""

    command: str
    danger: str


@dataclass(eq=False)
class ParameterMalformed(Invalid, code="meter.parameter_malformed"):
    """A parameter is given as name=value."""

    text: str


@dataclass(eq=False)
class SecretArgument(Invalid, code="meter.secret_argument"):
    """A password stands among the arguments. It is not repeated here."""

    parameter: str
    variable: str


@dataclass(eq=False)
class UnitsMalformed(Invalid, code="meter.units_malformed"):
    """Units to scan are given as 1-247 or 1,5,9."""

    text: str


@dataclass(eq=False)
class ZoneMalformed(Invalid, code="meter.zone_unknown"):
    """No time zone has this name."""

    zone: str


@meter.command("read")
def read(
    ctx: typer.Context,
    target: Annotated[
        str, typer.Argument(metavar="NUMBER|PLACE", help="A meter's number, or where it answers.")
    ],
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Values; default: all.")
    ] = None,
    model: Model = "",
    serial: Serial = "",
    confirm: Confirm = None,
    zone: Zone = _ZONE,
    as_json: Json = False,
) -> None:
    """Read a meter now: one of the records by its number (the reading is kept), or whichever
    answers at PLACE."""
    if not is_place(target):
        meter_read(ctx, target, as_json)
        return
    cli = cli_of(ctx)
    with _device(cli, target, model, serial, confirm, zone) as device:
        wanted = names or [
            name for name, one in device.map.registers.items() if one.access.readable
        ]
        with cli.progress("meter"):
            readings = device.read(wanted)
    told = {"model": device.model, "readings": [_reading(one) for one in readings]}
    cli.show(told, as_json, lambda cli: _readings_table(cli, readings))
    if not any(one.value is not None for one in readings):
        raise typer.Exit(4)


@meter.command("identify")
def identify(ctx: typer.Context, place: PlaceArg, model: Model = "", as_json: Json = False) -> None:
    """Who answers at PLACE, and what that model can do. Without --model every register map is
    tried (Modbus)."""
    cli = cli_of(ctx)
    if not model:
        _scan(cli, parse_place(place), None, "", shipped_maps(), as_json)
        return
    with _device(cli, place, model, "", None, _ZONE) as device, cli.progress("meter"):
        found = device.identify()
    can = sorted(one.value for one in device.capabilities)
    commands = sorted(device.map.commands)
    told = {**_identity(found), "map": device.map.label, "can": can, "commands": commands}
    cli.show(
        told,
        as_json,
        lambda cli: cli.facts(
            (
                *((name, value) for name, value in _identity(found).items() if value),
                ("register_map", device.map.label),
                ("can", ", ".join(can)),
                ("commands", ", ".join(commands) or "-"),
            )
        ),
    )


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
    _scan(cli, parse_place(place), units, expect, maps, as_json)


@meter.command("check")
def check(
    ctx: typer.Context,
    place: PlaceArg,
    model: Model,
    serial: Serial = "",
    confirm: Confirm = None,
    as_json: Json = False,
) -> None:
    """The commissioning checks of the model on readings of now, its flags, and how the line does.
    Exit code 3 if a check fails, 4 if one could not be made."""
    cli = cli_of(ctx)
    with _device(cli, place, model, serial, confirm, _ZONE) as device:
        with cli.progress("meter"):
            can = {one.value for one in device.capabilities}
            identity = device.assure()
            results = device.wiring() if "wiring" in can else []
            flags = sorted(device.flags()) if "flags" in can else []
        seen = [one.value for one in troubles(device.line.counts)]
    told = {
        "identity": _identity(identity),
        "checks": [{"name": r.name, "holds": r.holds, "detail": r.detail} for r in results],
        "flags": flags,
        "line": seen,
    }

    def people(cli: Cli) -> None:
        words = {True: "yes", False: "no", None: "check_open"}
        rows = [(r.name, cli.label(words[r.holds]), r.detail) for r in results]
        cli.table(("what", "holds", "detail"), rows)
        cli.facts((("flags", ", ".join(flags) or "-"),))
        for one in seen:
            cli.line(phrase(f"line_{one}", cli.language))

    cli.show(told, as_json, people)
    if any(result.holds is False for result in results):
        raise typer.Exit(3)
    if any(result.holds is None for result in results):
        raise typer.Exit(4)


@meter.command("command")
def command(
    ctx: typer.Context,
    place: PlaceArg,
    name: Annotated[str, typer.Argument(metavar="COMMAND", help="See `raseed meter identify`.")],
    params: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="Its parameters.")
    ] = None,
    *,
    reason: Reason,
    model: Model,
    serial: Serial = "",
    confirm: Confirm = None,
    zone: Zone = _ZONE,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the bytes; ask and send nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before sending.")] = False,
    record_file: Annotated[
        Path | None, typer.Option("--record", help="Append the record (JSON lines) here.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Give a meter a command of its register map, once; what became of it is read back. Exit code
    0 done, 3 declined, 5 not known: read before anything else. A meter's password comes from
    RASEED_METER_PASSWORD or is asked for, never an argument."""
    cli = cli_of(ctx)
    actor = cli.actor()
    warrant = Warrant(actor.name, actor.role.value, reason)
    given = _params(params or [])
    with _device(cli, place, model, serial, confirm, zone, writes=not dry_run) as device:
        given |= _secrets(cli, device.map, name, given)
        steps = device.rehearse(name, given, warrant)
        if dry_run:
            cli.show({"steps": steps}, as_json, lambda cli: _lines(cli, steps))
            return
        danger = device.map.commands[name].danger
        if danger != "none" and not yes:
            _confirmed(cli, name, danger)
        with cli.progress("command"):
            record = device.command(name, given, warrant)
    if record_file is not None:
        with record_file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(_record(record), ensure_ascii=False) + "\n")
    cli.show(_record(record), as_json, lambda cli: _record_facts(cli, record))
    raise typer.Exit(_EXIT[record.outcome])


# --- The line ---------------------------------------------------------------------------------


class _Device(MappedDevice):
    """A device with its line at hand."""

    line: OpenLine


@contextmanager
def _device(
    cli: Cli,
    place_text: str,
    model: str,
    serial: str,
    confirm: list[str] | None,
    zone: str,
    *,
    writes: bool = False,
) -> Iterator[_Device]:
    place = parse_place(place_text)
    if not model:
        raise ModelMissing(place_text[:80])
    meter_map = shipped_map(model)
    password = _password(cli, meter_map) if writes else ""
    line = open_line(place, meter_map, password)
    station = place.station or str(meter_map.line.default_unit)
    settings = DeviceSettings(
        unit=station,
        expected=Expected(serial=serial),
        confirmed=frozenset(confirm or ()),
        zone=_zone(zone),
        # Somebody stands there and waits: a meter that rests is asked all the same.
        priority=Priority.COMMISSIONING,
    )
    try:
        link = line.link(meter_map, place.station)
        device = _Device(
            meter_map,
            link,
            lambda: datetime.now(UTC),
            time.sleep,
            settings,
            ask=_asker(cli),
            elsewhere=lambda station: line.link(meter_map, station),
        )
        device.line = line
        yield device
    finally:
        line.close()


def _password(cli: Cli, meter_map: MeterMap) -> str:
    """Of protocols that want one; Modbus meters have theirs as a parameter of the command."""
    if meter_map.protocol not in (Protocol.DLT645, Protocol.IEC21):
        return ""
    return _secret(cli)


def _secrets(cli: Cli, meter_map: MeterMap, name: str, given: Mapping[str, str]) -> dict[str, str]:
    """Passwords that the command wants. Raises SecretArgument for one that stands among the
    arguments, where the whole machine can read it."""
    found = {}
    wanted = meter_map.commands[name].params if name in meter_map.commands else {}
    for param, kind in wanted.items():
        if not is_secret(param, kind) or param == "token":
            continue
        if param in given:
            raise SecretArgument(param, _PASSWORD_ENV)
        if secret := _secret(cli):
            found[param] = secret
    return found


def _secret(cli: Cli) -> str:
    """From the environment or a hidden prompt; empty if there is neither."""
    ask = cli.asker("ask_meter_password")
    return os.environ.get(_PASSWORD_ENV) or (ask() if ask is not None else "")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ZoneMalformed(name[:40]) from None


def _asker(cli: Cli) -> Callable[[str], bool] | None:
    """Puts a command's question to the person at the terminal, if one is there."""
    if not sys.stdin.isatty():
        return None

    def ask(code: str) -> bool:
        return typer.confirm(phrase(f"ask_{code}", cli.language), err=True)

    return ask


def _confirmed(cli: Cli, name: str, danger: str) -> None:
    """Raises CommandUnconfirmed."""
    question = phrase(
        "ask_command", cli.language, command=name, danger=cli.label(f"danger_{danger}")
    )
    if not sys.stdin.isatty() or not typer.confirm(question, err=True):
        raise CommandUnconfirmed(name, danger)


def _params(texts: list[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            # What stands there may be a secret without its name.
            raise ParameterMalformed(name[:20] if equals else "")
        found[name] = value
    return found


# --- Scanning ---------------------------------------------------------------------------------


def _scan(
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
    told = {"found": [_found(one) for one in found], "asked": len(wanted), "line": seen}
    cli.show(told, as_json, lambda cli: _found_table(cli, found, seen))
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


# --- Showing ----------------------------------------------------------------------------------


def _text(value: Value | None) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, frozenset):
        return ",".join(sorted(value))
    return value.isoformat(sep=" ") if isinstance(value, datetime) else value


def _reading(one: Reading) -> dict[str, Any]:
    return {
        "name": one.name,
        "value": None if one.value is None else _text(one.value),
        "unit": one.unit,
        "quality": one.quality.value,
        "reason": one.reason,
        "raw": one.raw,
        "source": one.source,
        "map": one.map,
        "read_at": one.read_at.isoformat(),
        "latency_ms": one.latency_ms,
        "uncertainty": None if one.uncertainty is None else _text(one.uncertainty),
    }


def _readings_table(cli: Cli, readings: list[Reading]) -> None:
    def quality(one: Reading) -> str:
        words = cli.label(f"quality_{one.quality.value}")
        return words if one.quality is Quality.GOOD else f"{words} ({one.reason})"

    rows = [(one.name, _text(one.value) or "-", one.unit, quality(one)) for one in readings]
    cli.table(("what", "reading_value", "unit", "quality"), rows)


def _identity(found: Identity) -> Mapping[str, str]:
    return {
        "maker": found.maker,
        "model": found.model,
        "serial": found.serial,
        "number": found.number,
        "firmware": found.firmware,
        "station": found.address,
    }


def _found(one: Found) -> dict[str, Any]:
    identity = _identity(one.identity) if one.identity is not None else None
    return {
        "station": one.station,
        "presence": one.presence.value,
        "models": list(one.models),
        "identity": identity,
    }


def _found_table(cli: Cli, found: list[Found], seen: list[str]) -> None:
    def who(one: Found) -> tuple[str, str, str, str]:
        if one.presence is Presence.CONFLICT:
            return (one.station, cli.label("station_conflict"), "", "")
        models = " / ".join(one.models) or cli.label("model_unknown")
        identity = one.identity
        serial = (identity.serial or identity.number) if identity else ""
        return (one.station, models, serial, identity.firmware if identity else "")

    cli.table(("station", "model", "serial", "firmware"), [who(one) for one in found])
    for one in seen:
        cli.line(phrase(f"line_{one}", cli.language))


def _record(record: CommandRecord) -> dict[str, Any]:
    return {
        "command": record.command,
        "params": dict(record.params),
        "actor": record.warrant.actor,
        "role": record.warrant.role,
        "reason": record.warrant.reason,
        "outcome": record.outcome.value,
        "detail": record.detail,
        "at": record.at.isoformat(),
        "frames": [{"sent": one.sent, "hex": one.hex} for one in record.frames],
    }


def _record_facts(cli: Cli, record: CommandRecord) -> None:
    cli.facts(
        (
            ("command", record.command),
            ("outcome", cli.label(f"outcome_{record.outcome.value}")),
            ("detail", record.detail),
            ("frames", len(record.frames)),
        )
    )
    if record.outcome is Outcome.UNKNOWN:
        cli.line(phrase("command_unknown", cli.language))


def _lines(cli: Cli, lines: list[str]) -> None:
    for one in lines:
        cli.line(one)
