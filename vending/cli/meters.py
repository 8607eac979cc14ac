"""`raseed meter read|identify|check`: a meter of the records by its number, or whichever answers at
a place, for a technician in front of it."""

from __future__ import annotations

from typing import Annotated

import typer

from drivers.device.diagnosis import troubles
from drivers.maps.reading import shipped_maps
from drivers.modbus.payment_meter import MAP_ID

from ..messages import phrase
from .context import Cli, Json, cli_of
from .meter_at import ZONE, Confirm, Model, Serial, TargetArg, Zone, device_at, target_of
from .meter_scan import scanned
from .meter_shown import (
    checks_table,
    checks_told,
    identity_told,
    reading_told,
    readings_table,
)
from .parties import meter, meter_read


@meter.command("read")
def read(
    ctx: typer.Context,
    target: TargetArg,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Values; default: all.")
    ] = None,
    model: Model = "",
    serial: Serial = "",
    confirm: Confirm = None,
    zone: Zone = ZONE,
    as_json: Json = False,
) -> None:
    """Read a meter now: one of the records by its number, or whichever answers at PLACE. Of a
    payment meter on record whose values are not named, the reading is kept."""
    cli = cli_of(ctx)
    found = target_of(cli, target, model)
    if found.number and not names and found.model in ("", MAP_ID):
        meter_read(ctx, target, as_json)
        return
    with device_at(cli, found, serial, confirm, zone) as device:
        wanted = names or [
            name for name, one in device.map.registers.items() if one.access.readable
        ]
        with cli.progress("meter"):
            readings = device.read(wanted)
    told = {"model": device.model, "readings": [reading_told(one) for one in readings]}
    cli.show(told, as_json, lambda cli: readings_table(cli, readings))
    if not any(one.value is not None for one in readings):
        raise typer.Exit(4)


@meter.command("identify")
def identify(
    ctx: typer.Context, target: TargetArg, model: Model = "", as_json: Json = False
) -> None:
    """Who answers there, and what that model can do. At a PLACE without --model every register map
    is tried (Modbus)."""
    cli = cli_of(ctx)
    wanted = target_of(cli, target, model)
    if not wanted.model:
        scanned(cli, wanted.place, None, "", shipped_maps(), as_json)
        return
    with device_at(cli, wanted) as device, cli.progress("meter"):
        found = device.identify()
    can = sorted(one.value for one in device.capabilities)
    commands = device.commands
    told = {
        **identity_told(found),
        "map": device.map.label,
        "can": can,
        "commands": commands,
        "read_only": device.is_read_only,
    }
    only = [("read_only", cli.label("yes"))] if device.is_read_only else []
    cli.show(
        told,
        as_json,
        lambda cli: cli.facts(
            (
                *((name, value) for name, value in identity_told(found).items() if value),
                *only,
                ("register_map", device.map.label),
                ("can", ", ".join(can)),
                ("commands", ", ".join(commands) or "-"),
            )
        ),
    )


@meter.command("check")
def check(
    ctx: typer.Context,
    target: TargetArg,
    model: Model = "",
    serial: Serial = "",
    confirm: Confirm = None,
    as_json: Json = False,
) -> None:
    """The commissioning checks of the model on readings of now, its flags, and how the line does.
    Exit code 3 if a check fails, 4 if one could not be made."""
    cli = cli_of(ctx)
    with device_at(cli, target_of(cli, target, model), serial, confirm) as device:
        with cli.progress("meter"):
            can = {one.value for one in device.capabilities}
            identity = device.assure()
            results = device.wiring() if "wiring" in can else []
            flags = sorted(device.flags()) if "flags" in can else []
        seen = [one.value for one in troubles(device.line.counts)]
    told = {
        "identity": identity_told(identity),
        "checks": checks_told(results),
        "flags": flags,
        "line": seen,
    }

    def people(cli: Cli) -> None:
        checks_table(cli, results)
        cli.facts((("flags", ", ".join(flags) or "-"),))
        for one in seen:
            cli.line(phrase(f"line_{one}", cli.language))

    cli.show(told, as_json, people)
    if any(result.holds is False for result in results):
        raise typer.Exit(3)
    if any(result.holds is None for result in results):
        raise typer.Exit(4)
