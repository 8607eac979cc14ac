"""A whole line goes over to another speed or parity, meter by meter.

A meter that has changed is lost to whoever still speaks as before, and one that has not is lost to
the others. Therefore: first everybody is found and may be changed at all, or nothing is; then one
after the other, the slowest first, as its failure costs most; each is looked for at the new
settings, and its serial compared, before the next one is touched; and at the first that is not
there, it stops. What it then says is whom to bring back, and how far it came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

from meters.device import CommandRecord, Identity, Outcome, Warrant
from meters.errors import RaseedError, Refused

from .conversation import LineSettings
from .maps.model import MeterMap

COMMANDS: Final = ("set_line", "set_baud")
_CHOICES: Final = re.compile(r"enum\((.*)\)")


@dataclass(eq=False)
class LineNotChangeable(Refused, code="line.not_changeable"):
    """A meter of the line cannot be set like that: nothing was changed at any."""

    station: str
    model: str
    problem: str


@dataclass(frozen=True, slots=True)
class Member:
    """One meter of the line."""

    station: str
    map: MeterMap


class Changeable(Protocol):
    """What is asked of a meter here (a MappedDevice)."""

    def identify(self) -> Identity: ...

    def rehearse(self, name: str, params: Mapping[str, str], warrant: Warrant) -> list[str]: ...

    def command(self, name: str, params: Mapping[str, str], warrant: Warrant) -> CommandRecord: ...


Reach = Callable[[Member, LineSettings], AbstractContextManager[Changeable]]
"""A meter with its line open at these settings; the line is let go of at the end."""


class Now(Enum):
    """Where a meter is after its turn."""

    CHANGED = "changed"
    """It answers at the new settings, with the serial of before."""
    UNCHANGED = "unchanged"
    """It still answers at the old ones."""
    LOST = "lost"
    """It answers at neither: somebody must go there, or look for it by a scan."""
    UNTOUCHED = "untouched"
    """Its turn did not come."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What became of one meter."""

    member: Member
    now: Now
    serial: str
    record: CommandRecord | None = None
    """Of its command, if one was given and came to an end."""


def line_command(meter_map: MeterMap) -> str:
    """The model's own command for speed and parity; empty if it has none."""
    return next((name for name in COMMANDS if name in meter_map.commands), "")


def roll_back(turns: Sequence[Turn]) -> list[Turn]:
    """Meters that must be brought back to the old settings if the line is to go on as before, the
    last one first; empty if all have changed, or none."""
    changed = [turn for turn in turns if turn.now is Now.CHANGED]
    return [] if len(changed) == len(turns) else changed[::-1]


def change_line(
    members: Sequence[Member],
    old: LineSettings,
    new: LineSettings,
    warrant: Warrant,
    reach: Reach,
    extra: Mapping[str, str] | None = None,
) -> Iterator[Turn]:
    """Turn after turn, as they are done; the last ones are UNTOUCHED if one failed. `extra`
    are parameters that a command wants besides (a password).

    Before anything is changed, raises LineNotChangeable, MeterUnreachable and MeterMismatch for a
    meter that is not there as the records say, and what `command` raises for a warrant that does
    not do.
    """
    orders = {one.station: _order(one, new, extra or {}) for one in members}
    serials: dict[str, str] = {}
    for one in members:
        with reach(one, old) as device:
            serials[one.station] = device.identify().serial
            name, params = orders[one.station]
            device.rehearse(name, params, warrant)
    waiting = sorted(members, key=lambda one: -one.map.limits.turnaround_max_ms)
    while waiting:
        one = waiting.pop(0)
        turn = _turn(one, old, new, serials[one.station], orders[one.station], warrant, reach)
        yield turn
        if turn.now is not Now.CHANGED:
            break
    for one in waiting:
        yield Turn(one, Now.UNTOUCHED, serials[one.station])


def _turn(
    one: Member,
    old: LineSettings,
    new: LineSettings,
    serial: str,
    order: tuple[str, dict[str, str]],
    warrant: Warrant,
    reach: Reach,
) -> Turn:
    record = None
    try:
        with reach(one, old) as device:
            record = device.command(*order, warrant)
    except RaseedError:
        # Whether it was sent or not: where the meter answers is what counts.
        pass
    settings = [(new, Now.CHANGED), (old, Now.UNCHANGED)]
    if record is not None and record.outcome is Outcome.DECLINED:
        settings.reverse()
    for where, now in settings:
        if _answers(one, where, serial, reach):
            return Turn(one, now, serial, record)
    return Turn(one, Now.LOST, serial, record)


def _answers(one: Member, settings: LineSettings, serial: str, reach: Reach) -> bool:
    try:
        with reach(one, settings) as device:
            return device.identify().serial == serial
    except RaseedError:
        return False


def _order(one: Member, new: LineSettings, extra: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The model's own command for these settings, and its parameters. Raises LineNotChangeable."""
    name = line_command(one.map)
    if not name:
        raise LineNotChangeable(one.station, one.map.id, "no command")
    kinds = one.map.commands[name].params
    wanted = {
        "baud": (str(new.baud),),
        "parity": (f"{new.parity}{new.stop_bits}", new.parity, _WORDS[new.parity]),
    }
    params = {key: text for key, text in extra.items() if key in kinds}
    for key, texts in wanted.items():
        if key not in kinds:
            if key == "baud" or new.parity != one.map.line.default_parity:
                raise LineNotChangeable(one.station, one.map.id, f"no {key}")
            continue
        choices = _CHOICES.fullmatch(kinds[key])
        fitting = [t for t in texts if choices is None or t in choices[1].split(",")]
        if not fitting:
            raise LineNotChangeable(one.station, one.map.id, f"{key} {texts[0]}")
        params[key] = fitting[0]
    return name, params


_WORDS: Final = {"N": "none", "E": "even", "O": "odd"}
