"""A meter at the end of a line, for commands that talk with it: which one, how it is reached."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer

from drivers.device.mapped import MappedDevice
from drivers.device.params import is_secret
from drivers.device.recognising import Expected
from drivers.device.settings import DeviceSettings
from drivers.link import Priority
from drivers.maps.model import MeterMap, Protocol
from drivers.maps.reading import shipped_ids, shipped_map
from drivers.opening import OpenLine, open_line
from drivers.places import Place, is_place, parse_place
from meters.errors import Invalid
from meters.gateway import MeterUnreachable

from ..keys.storage import read_private
from ..messages import LOCAL_ZONE, phrase
from ..meterwork import NOT_COMMISSIONED, Commissioned, MeterWorks
from ..parties import Meter
from .context import Cli

_PASSWORD_ENV: Final = "RASEED_METER_PASSWORD"  # noqa: S105 - a name
_WITH_PASSWORD: Final = (Protocol.DLT645, Protocol.IEC21)
_MAILBOX: Final = "token.mailbox"
ZONE: Final = LOCAL_ZONE.key

TargetArg = Annotated[
    str,
    typer.Argument(
        metavar="NUMBER|PLACE",
        help="A meter of the records, or where it answers: tcp://HOST:502/7, rtu-tcp://HOST:PORT/7,"
        " serial:///dev/ttyUSB0/7?baud=9600",
    ),
]
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


PasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--password-file",
        metavar="FILE",
        help="The meter's password, in a file that only you can read. Else"
        " RASEED_METER_PASSWORD, else it is asked for.",
        dir_okay=False,
    ),
]


@dataclass(eq=False)
class ModelMissing(Invalid, code="meter.model_missing"):
    """Which model is it? Values can be read only by its register map."""

    place: str


@dataclass(eq=False)
class SecretArgument(Invalid, code="meter.secret_argument"):
    """A password stands among the arguments. It is not repeated here."""

    parameter: str
    variable: str


@dataclass(eq=False)
class ZoneMalformed(Invalid, code="meter.zone_unknown"):
    """No time zone has this name."""

    zone: str


@dataclass(frozen=True, slots=True)
class Target:
    """The meter that is meant."""

    place: Place
    text: str
    """The place as it is written."""
    model: str
    """Register map; empty if nobody said."""
    number: str = ""
    """Of a meter on record."""
    known: Commissioned = NOT_COMMISSIONED
    """What was settled there when it was commissioned."""


def target_of(cli: Cli, text: str, model: str) -> Target:
    """A place as it is; a meter's number as its record says. Raises PlaceInvalid, MeterUnknown,
    MeterUnreachable (no address on record)."""
    if is_place(text):
        return Target(parse_place(text), text, model)
    with cli.raseed() as raseed:
        meter = raseed.service.meter(cli.actor(), text).meter
        if meter.gateway is None:
            raise MeterUnreachable(meter.number.number, "no address on record")
        return recorded(raseed.meter_works, meter, meter.gateway.place, model)


def recorded(works: MeterWorks, meter: Meter, place: str, model: str = "") -> Target:
    """A meter on record that is reached at `place`; `model` if the record's is not meant."""
    number, model = meter.number.number, model or meter.model
    is_known = model in shipped_ids()
    known = works.commissioned(number, shipped_map(model).label) if is_known else NOT_COMMISSIONED
    return Target(parse_place(place), place, model, number, known)


class Device(MappedDevice):
    """A device with its line at hand."""

    line: OpenLine


@contextmanager
def device_at(
    cli: Cli,
    target: Target,
    serial: str = "",
    confirm: list[str] | None = None,
    zone: str = ZONE,
    *,
    password: str = "",
) -> Iterator[Device]:
    """The meter, with its line open as long as it is talked with. `password`: see `open_line`.
    Raises ModelMissing."""
    if not target.model:
        raise ModelMissing(target.text[:80])
    place, meter_map = target.place, shipped_map(target.model)
    line = open_line(place, meter_map, password)
    # Somebody stands there and waits: a meter that rests is asked all the same.
    settings = settings_of(target, meter_map, Priority.COMMISSIONING, serial, confirm, zone)
    try:
        link = line.link(meter_map, place.station)
        device = Device(
            meter_map,
            link,
            lambda: datetime.now(UTC),
            time.sleep,
            settings,
            ask=asker(cli),
            elsewhere=lambda station: line.link(meter_map, station),
        )
        device.line = line
        yield device
    finally:
        line.close()


def settings_of(
    target: Target,
    meter_map: MeterMap,
    priority: Priority,
    serial: str = "",
    confirm: list[str] | None = None,
    zone: str = ZONE,
) -> DeviceSettings:
    return DeviceSettings(
        unit=target.place.station or str(meter_map.line.default_unit),
        expected=_expected(target, meter_map, serial),
        confirmed=target.known.confirmed.union(confirm or ()),
        zone=zone_of(zone),
        priority=priority,
    )


def _expected(target: Target, meter_map: MeterMap, serial: str) -> Expected:
    """Who must answer: the serial that is given, else who was commissioned. A meter that takes
    tokens tells the very number that it is on record by; what others call their number is their
    maker's."""
    tells = {step.role for step in meter_map.identify}
    known = target.known.serial
    if _MAILBOX in meter_map.registers and "number" in tells:
        return Expected(serial=serial, number=target.number)
    if "serial" in tells or serial:
        return Expected(serial=serial or known)
    return Expected(number=known if "number" in tells else "")


def password_for(cli: Cli, meter_map: MeterMap, file: Path | None) -> str:
    """Of protocols that want one; Modbus meters have theirs as a parameter of the command."""
    if meter_map.protocol not in _WITH_PASSWORD:
        return ""
    return secret(cli, file)


def secrets_of(meter_map: MeterMap, name: str) -> list[str]:
    """Parameters of a command that nobody may give among the arguments. (A token is one of its
    own: it is worth nothing but at its meter.)"""
    wanted = meter_map.commands[name].params if name in meter_map.commands else {}
    return [one for one, kind in wanted.items() if is_secret(one, kind) and one != "token"]


def secrets_for(
    cli: Cli, meter_map: MeterMap, name: str, given: Mapping[str, str], file: Path | None
) -> dict[str, str]:
    """Passwords that the command wants. Raises SecretArgument for one that stands among the
    arguments, where the whole machine can read it."""
    found = {}
    for param in secrets_of(meter_map, name):
        if param in given:
            raise SecretArgument(param, _PASSWORD_ENV)
        if told := secret(cli, file):
            found[param] = told
    return found


def given_password(target: Target, file: Path | None) -> str:
    """For reading what few meters lock: nobody is asked. Raises what `read_private` raises."""
    locked = target.model and shipped_map(target.model).protocol in _WITH_PASSWORD
    return _given(file) if locked else ""


def secret(cli: Cli, file: Path | None) -> str:
    """From a private file, the environment or a hidden prompt; empty if there is none of them.
    Raises what `read_private` raises."""
    ask = cli.asker("ask_meter_password")
    return _given(file) or (ask() if file is None and ask is not None else "")


def _given(file: Path | None) -> str:
    if file is not None:
        return read_private(file).decode("utf-8", "replace").strip()
    return os.environ.get(_PASSWORD_ENV, "")


def zone_of(name: str) -> ZoneInfo:
    """Raises ZoneMalformed."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ZoneMalformed(name[:40]) from None


def asker(cli: Cli) -> Callable[[str], bool] | None:
    """Puts a command's question to the person at the terminal, if one is there."""
    if not sys.stdin.isatty():
        return None

    def ask(code: str) -> bool:
        return typer.confirm(phrase(f"ask_{code}", cli.language), err=True)

    return ask
