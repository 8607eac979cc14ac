"""`raseed meter set-line`: a whole serial line goes over to another speed or parity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from drivers.conversation import LineSettings
from drivers.maps.reading import shipped_map
from drivers.places import Place, parse_place
from drivers.relining import Member, Now, Turn, change_line, line_command, roll_back
from meters.device import CommandRecord, Warrant
from meters.errors import Invalid

from ..messages import phrase
from ..meterwork import MeterWorks
from .asking import Reason
from .context import Cli, Json, cli_of
from .meter_at import Device, PlaceArg, Target, device_at
from .meter_command import confirmed, kept, recording
from .meter_passwords import PasswordFile, secret, secrets_of
from .meter_shown import record_told
from .parties import meter

_EXIT: Final = {Now.UNCHANGED: 3, Now.LOST: 5}


@dataclass(eq=False)
class MemberMalformed(Invalid, code="meter.member_malformed"):
    """A meter of the line is given as unit=model."""

    text: str


@meter.command("set-line")
def set_line(
    ctx: typer.Context,
    place: PlaceArg,
    *,
    member: Annotated[
        list[str],
        typer.Option("--meter", metavar="UNIT=MODEL", help="Every meter of the line; repeat."),
    ],
    baud: Annotated[int, typer.Option(min=300, max=115_200, help="The line's speed from now on.")],
    parity: Annotated[str, typer.Option(metavar="N|E|O", help="Its parity.")] = "N",
    reason: Reason,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before sending.")] = False,
    password_file: PasswordFile = None,
    as_json: Json = False,
) -> None:
    """All meters of a line, one after the other, the slowest first; each is looked for at the new
    settings before the next one. PLACE tells the settings of now (?baud=2400). Stops at the first
    that does not answer there, and says which ones to bring back. Meters that want a password get
    one and the same, which is asked for once. Exit code 3 if one has not
    changed, 5 if one is lost."""
    cli = cli_of(ctx)
    actor = cli.actor()
    warrant = Warrant(actor.name, actor.role.value, reason)
    line = replace(parse_place(place), station="")
    members = [_member(text) for text in member]
    old = line.settings(members[0].map.line)
    new = LineSettings(baud, old.data_bits, parity.upper(), old.stop_bits)
    if not yes:
        confirmed(cli, "set_line", "bus")
    secrets = passwords_for(cli, members, password_file)
    turns: list[Turn] = []
    with recording(cli) as works, cli.progress("command"):
        reach = _Reach(cli, line, works)
        for turn in change_line(members, old, new, warrant, reach, secrets):
            turns.append(turn)
    back = [turn.member.station for turn in roll_back(turns)]
    told = {"meters": [_told(turn) for turn in turns], "roll_back": back}

    def people(cli: Cli) -> None:
        rows = [
            (t.member.station, t.member.map.id, t.serial, cli.label(f"line_{t.now.value}"))
            for t in turns
        ]
        cli.table(("station", "model", "serial", "outcome"), rows)
        if back:
            cli.line(phrase("line_roll_back", cli.language, units=", ".join(back)))

    cli.show(told, as_json, people)
    worst = max((_EXIT.get(turn.now, 0) for turn in turns), default=0)
    if worst:
        raise typer.Exit(worst)


def passwords_for(cli: Cli, members: Sequence[Member], file: Path | None) -> dict[str, str]:
    """What the meters' commands want to see before they change the line; nothing is asked for where
    none of them wants any."""
    wanted = {name for one in members for name in secrets_of(one.map, line_command(one.map))}
    told = secret(cli, file) if wanted else ""
    return dict.fromkeys(sorted(wanted), told) if told else {}


class _Recorded:
    """A device whose commands are written down."""

    def __init__(self, device: Device, works: MeterWorks | None, target: Target) -> None:
        self._device = device
        self._works = works
        self._target = target
        self.identify = device.identify
        self.rehearse = device.rehearse

    def command(self, name: str, params: Any, warrant: Warrant) -> CommandRecord:
        return kept(self._works, self._device, name, params, warrant, self._target, "")


class _Reach:
    """Opens the line at the settings of before or after, for one meter."""

    def __init__(self, cli: Cli, line: Place, works: MeterWorks | None) -> None:
        self._cli = cli
        self._line = line
        self._works = works

    @contextmanager
    def __call__(self, one: Member, settings: LineSettings) -> Iterator[_Recorded]:
        place = replace(
            self._line,
            station=one.station,
            baud=settings.baud,
            parity=settings.parity,
            bits=settings.data_bits,
            stop=settings.stop_bits,
        )
        target = Target(place, f"{place.transport}://{place.line}/{one.station}", one.map.id)
        with device_at(self._cli, target) as device:
            yield _Recorded(device, self._works, target)


def _member(text: str) -> Member:
    station, equals, model = text.partition("=")
    if not equals or not station.isdecimal():
        raise MemberMalformed(text[:60])
    return Member(station, shipped_map(model))


def _told(turn: Turn) -> dict[str, Any]:
    return {
        "station": turn.member.station,
        "model": turn.member.map.id,
        "serial": turn.serial,
        "now": turn.now.value,
        "record": None if turn.record is None else record_told(turn.record),
    }
