"""`raseed meter state|events|profile`: what a meter tells of itself, beside its registers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Annotated, Any, Final

import typer

from meters.account import CreditAccount, Supply
from meters.device import Capability, ClockReading, NotCapable
from meters.errors import Invalid, RaseedError
from meters.readings import Quality, Reading

from .context import Cli, Json, cli_of
from .meter_at import (
    ZONE,
    Confirm,
    Device,
    Model,
    Serial,
    TargetArg,
    Zone,
    device_at,
    target_of,
    zone_of,
)
from .meter_passwords import PasswordFile, given_password
from .meter_shown import reading_told, text
from .parties import meter

_MOMENT: Final = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]
_TIME: Final = "%Y-%m-%d %H:%M:%S"
From = Annotated[
    datetime, typer.Option("--from", formats=_MOMENT, help="Begin, in the meter's own time.")
]
To = Annotated[datetime, typer.Option("--to", formats=_MOMENT, help="End, in the meter's time.")]
Since = Annotated[
    datetime | None,
    typer.Option("--since", formats=_MOMENT, help="Only later ones, in the meter's own time."),
]


@dataclass(eq=False)
class ProfileBackwards(Invalid, code="meter.profile_backwards"):
    """The load profile was asked for from a moment that lies behind the last one."""

    begin: str
    end: str


@meter.command("state")
def state(
    ctx: typer.Context,
    target: TargetArg,
    model: Model = "",
    serial: Serial = "",
    confirm: Confirm = None,
    zone: Zone = ZONE,
    as_json: Json = False,
) -> None:
    """How a meter is doing: its clock against ours, its supply and why it is cut, the credit that
    it holds, its flags; of these, what the model can tell. Exit code 4 if one of them could not be
    had."""
    cli = cli_of(ctx)
    with device_at(cli, target_of(cli, target, model), serial, confirm, zone) as device:
        device.meet()
        asked = [part for part in _PARTS if part in device.capabilities]
        if not asked:
            raise NotCapable(device.map.id, "state")
        told: dict[str, Any] = {"model": device.model, "problems": {}}
        rows: list[tuple[str, object]] = []
        with cli.progress("meter"):
            for part in asked:
                name, ask = _PARTS[part]
                try:
                    told[name], shown = ask(cli, device)
                except RaseedError as error:
                    told["problems"][name] = error.code
                    shown = [(name, f"- ({getattr(error, 'reason', error.code)})")]
                rows += shown
    cli.show(told, as_json, lambda cli: cli.facts(rows))
    if told["problems"]:
        raise typer.Exit(4)


@meter.command("events")
def events(
    ctx: typer.Context,
    target: TargetArg,
    since: Since = None,
    model: Model = "",
    serial: Serial = "",
    zone: Zone = ZONE,
    as_json: Json = False,
) -> None:
    """The meter's own event log, oldest first, as far back as it goes."""
    cli = cli_of(ctx)
    after = None if since is None else since.replace(tzinfo=zone_of(zone))
    meant = target_of(cli, target, model)
    with device_at(cli, meant, serial, zone=zone) as device, cli.progress("meter"):
        device.assure()
        found = device.events(after)
    rows = [
        {"at": one.at.isoformat(), "code": one.code, "detail": one.detail or None} for one in found
    ]
    cli.show(
        {"model": device.model, "events": rows},
        as_json,
        lambda cli: cli.table(
            ("at", "event", "detail"),
            [(_local(one.at, zone), one.code, one.detail) for one in found],
        ),
    )


@meter.command("profile")
def profile(
    ctx: typer.Context,
    target: TargetArg,
    begin: From,
    end: To,
    model: Model = "",
    serial: Serial = "",
    zone: Zone = ZONE,
    password_file: PasswordFile = None,
    as_json: Json = False,
) -> None:
    """The meter's load profile: what flowed until when. Gaps stay gaps. Meters that want a password
    before they tell it get that of --password-file or of RASEED_METER_PASSWORD."""
    cli = cli_of(ctx)
    if begin > end:
        # No meter is asked: some would answer with nothing, as if there were nothing.
        raise ProfileBackwards(f"{begin:{_TIME}}", f"{end:{_TIME}}")
    found = target_of(cli, target, model)
    first, last = (one.replace(tzinfo=zone_of(zone)) for one in (begin, end))
    password = given_password(found.model, password_file)
    with (
        device_at(cli, found, serial, zone=zone, password=password) as device,
        cli.progress("meter"),
    ):
        device.assure()
        intervals = device.profile(first, last)
    rows = [
        {
            "end": one.end.isoformat(),
            "value": text(one.value),
            "unit": one.unit,
            "status": sorted(one.status),
        }
        for one in intervals
    ]
    cli.show(
        {"model": device.model, "intervals": rows},
        as_json,
        lambda cli: cli.table(
            ("at", "reading_value", "unit", "detail"),
            [
                (_local(one.end, zone), text(one.value), one.unit, ", ".join(sorted(one.status)))
                for one in intervals
            ],
        ),
    )


_Rows = Sequence[tuple[str, object]]
_Part = tuple[Any, _Rows]


def _clock(cli: Cli, device: Device) -> _Part:  # noqa: ARG001 - a part
    found: ClockReading = device.read_clock()
    drift = round(found.drift.total_seconds())
    told = {
        "meter": found.meter.isoformat(),
        "head_end": found.head_end.isoformat(),
        "drift_s": drift,
    }
    shown = found.meter.astimezone(device.settings.zone)
    return told, [("meter_clock", f"{shown:{_TIME}}"), ("clock_drift", f"{drift:+d} s")]


def _supply(cli: Cli, device: Device) -> _Part:
    found: Supply = device.read_supply()
    told = {
        "output": found.output,
        "state": found.state.name.lower(),
        "reasons": sorted(found.reasons),
        "travel": found.travel or None,
    }
    words = cli.label("on" if found.output else "off")
    rows: list[tuple[str, object]] = [
        ("supply", f"{words} ({found.travel})" if found.travel else words)
    ]
    if found.reasons:
        rows.append(("reasons", ", ".join(sorted(found.reasons))))
    return told, rows


def _account(cli: Cli, device: Device) -> _Part:
    found: CreditAccount = device.account()
    told: dict[str, Reading] = {
        field.name: reading
        for field in fields(found)
        if (reading := getattr(found, field.name)) is not None
    }
    rows = [(f"account_{name}", _with_quality(cli, one)) for name, one in told.items()]
    parts: dict[str, Any] = {name: reading_told(one) for name, one in told.items()}
    return {**parts, "is_low": found.is_low}, rows


def _flags(cli: Cli, device: Device) -> _Part:  # noqa: ARG001 - a part
    found = sorted(device.flags())
    return found, [("flags", ", ".join(found) or "-")]


_PARTS: Final[Mapping[Capability, tuple[str, Callable[[Cli, Device], _Part]]]] = {
    Capability.READ_CLOCK: ("clock", _clock),
    Capability.READ_SUPPLY: ("supply", _supply),
    Capability.ACCOUNT: ("account", _account),
    Capability.FLAGS: ("flags", _flags),
}
"""What is told of a meter's state: by what it needs, its name and how it is had."""


def _with_quality(cli: Cli, one: Reading) -> str:
    value = f"{text(one.value)} {one.unit}".strip() or "-"
    if one.quality is Quality.GOOD:
        return value
    return f"{value} ({cli.label(f'quality_{one.quality.value}')}: {one.reason})"


def _local(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(zone_of(zone)):{_TIME}}"
