"""`raseed meter commission`: somebody stands before a meter on record, and says what it is."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import typer

from drivers.device.values import plain
from drivers.maps.expressions import expression
from drivers.maps.model import MeterMap, Trust
from drivers.maps.variants import FIRMWARE
from meters.device import Capability, CheckResult, Identity, ReadingUnknown
from meters.errors import Invalid, Refused
from meters.readings import Reading

from ..messages import phrase
from ..meterwork import NOT_COMMISSIONED
from .asking import Reason
from .context import Cli, Json, cli_of
from .meter_at import ZONE, Device, Serial, Zone, device_at, target_of
from .meter_shown import checks_table, checks_told, identity_told, reading_told, readings_table
from .parties import meter


@dataclass(eq=False)
class CheckFailed(Refused, code="meter.check_failed"):
    """A commissioning check does not hold, or one that settles what is to be confirmed could not be
    made."""

    check: str
    detail: str


@dataclass(eq=False)
class NotOnRecord(Invalid, code="meter.not_on_record"):
    """A place was told, and the records know meters by their numbers."""

    place: str


@dataclass(eq=False)
class CommissioningUnconfirmed(Refused, code="meter.commissioning_unconfirmed"):
    """Nobody has said that the meter's display shows the same."""

    meter: str


@meter.command("commission")
def commission(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="A meter of the records.")],
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...",
            help="Unverified registers and commands that are checked here, at this meter;"
            " `firmware` if the register map does not know the meter's.",
        ),
    ] = None,
    *,
    reason: Reason,
    despite: Annotated[
        list[str] | None,
        typer.Option(metavar="CHECK", help="A check that may fail, for the reason; repeat."),
    ] = None,
    serial: Serial = "",
    zone: Zone = ZONE,
    yes: Annotated[bool, typer.Option("--yes", help="The display shows the same.")] = False,
    as_json: Json = False,
) -> None:
    """Put a meter into service: who answers at its address, whether the model's checks hold, and
    that what no source settles is right at this very meter. It is kept with the reason; from then
    on only this serial is read under the number, what was confirmed counts, and commands are sent
    as long as the same firmware answers. A meter that was replaced, or got another firmware, is
    commissioned again."""
    cli = cli_of(ctx)
    actor = cli.actor()
    target = target_of(cli, number, "")
    if not target.number:
        raise NotOnRecord(number[:60])
    # Whoever answers now is the one that is commissioned.
    target = replace(target, known=NOT_COMMISSIONED)
    confirmed = list(dict.fromkeys(names or []))
    with device_at(cli, target, serial, confirmed, zone) as device:
        _must_be_known(device.map, confirmed)
        with cli.progress("meter"):
            identity = device.assure()
            results = device.wiring() if Capability.WIRING in device.capabilities else []
            readings = device.read(_readable(device, confirmed))
        _must_hold(device.map, results, confirmed, despite or [])
        left_open = _left_open(device.map, identity, confirmed)
    told = _told(target.number, identity, results, readings, confirmed, left_open)
    if not as_json:
        _show(cli, identity, results, readings, left_open)
    if not yes and not _agrees(cli):
        raise CommissioningUnconfirmed(target.number)
    with cli.raseed() as raseed:
        raseed.meter_works.commission(
            str(uuid.uuid4()),
            actor,
            reason,
            meter=target.number,
            place=target.text,
            model=device.map.label,
            serial=identity.serial or identity.number,
            confirmed=confirmed,
            seen=_seen(results, readings),
            firmware=identity.firmware,
        )
    cli.show(told, as_json, lambda cli: cli.line(phrase("commissioned", cli.language)))


def _must_be_known(meter_map: MeterMap, confirmed: Sequence[str]) -> None:
    """Raises ReadingUnknown for a name that the model does not have. A firmware is confirmed where
    the model's variants are told by something."""
    known = {*meter_map.registers, *meter_map.commands}
    if meter_map.variants:
        known.add(FIRMWARE)
    for name in confirmed:
        if name not in known:
            raise ReadingUnknown(meter_map.id, name[:60])


def _left_open(meter_map: MeterMap, identity: Identity, confirmed: Sequence[str]) -> list[str]:
    """What no source settles and nobody confirms now: a firmware that no variant knows, and what is
    unverified of what this meter has."""
    variant = next((one for one in meter_map.variants if one.name == identity.variant), None)
    absent = variant.absent if variant is not None else frozenset()
    trusts = {name: one.trust for name, one in meter_map.registers.items()}
    trusts |= {name: one.trust for name, one in meter_map.commands.items()}
    unsure = [
        name for name, trust in trusts.items() if trust is Trust.UNVERIFIED and name not in absent
    ]
    if meter_map.variants and variant is None:
        unsure.insert(0, FIRMWARE)
    return [name for name in unsure if name not in confirmed]


def _readable(device: Device, names: Sequence[str]) -> list[str]:
    registers = device.map.registers
    return [name for name in names if name in registers and registers[name].access.readable]


def _must_hold(
    meter_map: MeterMap,
    results: Sequence[CheckResult],
    confirmed: Sequence[str],
    despite: Sequence[str],
) -> None:
    """Raises CheckFailed. What a check is there to settle cannot be confirmed against it."""
    settles = {check.name: set(expression(check.holds).names) for check in meter_map.checks}
    for result in results:
        decides = not settles[result.name].isdisjoint(confirmed)
        fails = result.holds is False and result.name not in despite
        if fails or (decides and result.holds is not True):
            raise CheckFailed(result.name, result.detail)


def _seen(results: Sequence[CheckResult], readings: Sequence[Reading]) -> dict[str, str]:
    """What it was settled by, for the record."""
    words = {True: "holds", False: "fails", None: "open"}
    checks = ", ".join(f"{one.name} {words[one.holds]}" for one in results)
    values = ", ".join(f"{one.name} = {plain(one.value)} {one.unit}".rstrip() for one in readings)
    return {"checks": checks, "values": values}


def _agrees(cli: Cli) -> bool:
    return sys.stdin.isatty() and typer.confirm(phrase("ask_commission", cli.language), err=True)


def _told(
    number: str,
    identity: Identity,
    results: Sequence[CheckResult],
    readings: Sequence[Reading],
    confirmed: Sequence[str],
    left_open: Sequence[str],
) -> dict[str, Any]:
    return {
        "meter": number,
        "identity": identity_told(identity),
        "checks": checks_told(results),
        "readings": [reading_told(one) for one in readings],
        "confirmed": list(confirmed),
        "open": list(left_open),
    }


def _show(
    cli: Cli,
    identity: Identity,
    results: Sequence[CheckResult],
    readings: list[Reading],
    left_open: Sequence[str],
) -> None:
    cli.facts((name, value) for name, value in identity_told(identity).items() if value)
    if results:
        checks_table(cli, results)
    if readings:
        readings_table(cli, readings)
    cli.facts((("still_open", ", ".join(left_open) or "-"),))
