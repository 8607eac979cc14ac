"""`raseed meter command`, and the records of what was commanded."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from drivers.device.params import shown_params
from drivers.maps.reading import shipped_map
from meters.device import CommandRecord, Outcome, Warrant
from meters.errors import Invalid, RaseedError, Refused
from meters.identity import meter_from_text

from ..messages import phrase
from ..meterwork import MeterWorks
from ..surroundings import books_are_lost
from .asking import Reason
from .context import Cli, Json, cli_of
from .meter_at import (
    ZONE,
    Confirm,
    Device,
    Model,
    Serial,
    Target,
    TargetArg,
    Zone,
    device_at,
    target_of,
)
from .meter_passwords import PasswordFile, password_for, secrets_for
from .meter_shown import lines, record_facts, record_told, work_told, works_table
from .paging import BeforeId, Limit
from .parties import meter

_EXIT: Final = {Outcome.DONE: 0, Outcome.DECLINED: 3, Outcome.UNKNOWN: 5}


@dataclass(eq=False)
class CommandUnconfirmed(Refused, code="meter.command_unconfirmed"):
    """Nobody has said yes to this command."""

    command: str
    danger: str


@dataclass(eq=False)
class ParameterMalformed(Invalid, code="meter.parameter_malformed"):
    """A parameter is given as name=value."""

    text: str


@meter.command("command")
def command(
    ctx: typer.Context,
    target: TargetArg,
    name: Annotated[str, typer.Argument(metavar="COMMAND", help="See `raseed meter identify`.")],
    params: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="Its parameters.")
    ] = None,
    *,
    reason: Reason,
    model: Model = "",
    serial: Serial = "",
    confirm: Confirm = None,
    zone: Zone = ZONE,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the bytes; ask and send nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before sending.")] = False,
    password_file: PasswordFile = None,
    record_file: Annotated[
        Path | None, typer.Option("--record", help="Append the record (JSON lines) here.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Give a meter a command of its register map, once; what became of it is read back. Exit code
    0 done, 3 declined, 5 not known: read before anything else. A meter's password comes from
    a file, from RASEED_METER_PASSWORD or is asked for, never an argument."""
    cli = cli_of(ctx)
    actor = cli.actor()
    warrant = Warrant(actor.name, actor.role.value, reason)
    given = _params(params or [])
    found = target_of(cli, target, model)
    password = ""
    if not dry_run and found.model:
        password = password_for(cli, shipped_map(found.model), password_file)
    with device_at(cli, found, serial, confirm, zone, password=password) as device:
        given |= secrets_for(cli, device.map, name, given, password_file)
        steps = device.rehearse(name, given, warrant)
        if dry_run:
            cli.show({"steps": steps}, as_json, lambda cli: lines(cli, steps))
            return
        danger = device.map.commands[name].danger
        if danger != "none" and not yes:
            confirmed(cli, name, danger)
        with recording(cli) as works, cli.progress("command"):
            record = kept(works, device, name, given, warrant, found, serial)
    if record_file is not None:
        with record_file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record_told(record), ensure_ascii=False) + "\n")
    cli.show(record_told(record), as_json, lambda cli: record_facts(cli, record))
    raise typer.Exit(_EXIT[record.outcome])


@meter.command("commands")
def commands(
    ctx: typer.Context,
    number: Annotated[
        str, typer.Argument(metavar="[METER]", help="Meter number; all if not told.")
    ] = "",
    before: BeforeId = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """What was commanded to meters, latest first: who, why, and what became of it. A command that
    is still `begun` may have happened."""
    cli = cli_of(ctx)
    wanted = meter_from_text(number).number if number else ""
    with cli.raseed() as raseed:
        found = raseed.meter_works.listed(cli.actor(), wanted, limit, before=before)
    told = {"commands": [work_told(one) for one in found]}
    cli.show(told, as_json, lambda cli: works_table(cli, found))


@contextmanager
def recording(cli: Cli) -> Iterator[MeterWorks | None]:
    """The books for the record, opened before anything is sent; None where there are none, as on a
    technician's own machine."""
    if books_are_lost(cli.settings):
        yield None
        return
    with cli.raseed() as raseed:
        yield raseed.meter_works


def kept(
    works: MeterWorks | None,
    device: Device,
    name: str,
    given: Mapping[str, str],
    warrant: Warrant,
    target: Target,
    serial: str,
    beside: Mapping[str, str] | None = None,
) -> CommandRecord:
    """The command, done and written down, with what stands `beside` its parameters. Raises what
    `Device.command` raises."""
    if works is None:
        return device.command(name, given, warrant)
    work = works.begin(
        str(uuid.uuid4()),
        warrant,
        name,
        {**(beside or {}), **shown_params(device.map.commands[name], given)},
        meter=target.number,
        place=target.text,
        model=device.map.label,
        serial=serial,
    )
    try:
        record = device.command(name, given, warrant)
    except RaseedError as error:
        works.failed(work, error)
        raise
    works.end(work, record)
    return record


def confirmed(cli: Cli, name: str, danger: str) -> None:
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
