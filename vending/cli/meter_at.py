"""A meter at the end of a line, for commands that talk with it: which one, how it is reached."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer

from drivers.device.mapped import MappedDevice
from drivers.device.recognising import Expected
from drivers.device.settings import DeviceSettings
from drivers.link import Priority
from drivers.maps.model import MeterMap
from drivers.maps.reading import shipped_ids, shipped_map
from drivers.opening import OpenLine, open_line
from drivers.places import Place, is_place, parse_place
from meters.errors import Invalid
from meters.gateway import MeterWithoutAddress

from ..messages import LOCAL_ZONE, phrase
from ..meterwork import NOT_COMMISSIONED, Commissioned, MeterWorks
from ..parties import Meter
from .context import Cli

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


@dataclass(eq=False)
class ModelMissing(Invalid, code="meter.model_missing"):
    """Which model is it? Values can be read only by its register map."""

    place: str


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
    MeterWithoutAddress."""
    if is_place(text):
        return Target(parse_place(text), text, model)
    with cli.raseed() as raseed:
        meter = raseed.service.meter(cli.actor(), text).meter
        if meter.gateway is None:
            raise MeterWithoutAddress(meter.number.number)
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
        firmware=target.known.firmware,
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
