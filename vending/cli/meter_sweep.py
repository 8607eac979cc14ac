"""`raseed meter sweep`: all meters on record, once or again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from drivers.follow import Following, Movement, doubtful
from drivers.keeping import Lines
from drivers.link import Priority
from drivers.maps.counters import Advance, Suspicious
from drivers.maps.model import MeterMap
from drivers.maps.reading import shipped_ids, shipped_map
from drivers.modbus.payment_meter import MAP_ID
from drivers.outage import Outage
from drivers.sweep import Member, Seen, Sweep

from ..messages import on_the_wall, phrase, words_for
from ..meterwork import MeterWorks
from ..parties import Meter
from .context import Cli, Json, cli_of
from .meter_at import recorded, settings_of
from .meter_shown import reading_told, text
from .parties import meter
from .rounds import Every, Rounds, Settle, again, owned, recalled, remember

_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class _Round:
    """What one round brought."""

    at: datetime
    seen: Sequence[Seen]
    movements: Sequence[Movement]
    outages: Sequence[Outage]

    @property
    def exit_code(self) -> int:
        strange = any(one.problem and not one.is_silent for one in self.seen)
        if strange or doubtful(self.movements):
            return 3
        return 4 if self.outages else 0


@meter.command("sweep")
def sweep(
    ctx: typer.Context,
    *,
    keep: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Remember the counters there, and tell what flowed since.",
            dir_okay=False,
        ),
    ] = None,
    settle: Settle = None,
    every: Every = 0,
    rounds: Rounds = 0,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Read the counter and the balance of every meter on record that has an address: lines side by
    side, the meters of one line in turns. Many silent meters of one line are told as one outage of
    that line. What a counter cannot have counted is told, and held back until somebody has looked.
    Exit code 3 if a meter needs somebody, 4 if one does not answer."""
    cli = cli_of(ctx)
    asking: list[Member] = []
    moving = sweep_of(asking)
    with nullcontext() if keep is None else owned(keep):
        following = Following() if keep is None else recalled(keep, Following.recalled, Following)
        for settled in again(settle, every, rounds):
            # As they stand on record now: others have come, or moved to another line.
            if asking != (now := list(members(cli))):
                asking, moving = now, sweep_of(now)
            with cli.progress("sweep"):
                found = _round(moving, following, settled)
            if keep is not None:
                remember(keep, following.kept())
            cli.show(_told(found), as_json, lambda cli, one=found: _shown(cli, one))  # type: ignore[misc]
    if found.exit_code:
        raise typer.Exit(found.exit_code)


def sweep_of(
    asking: Sequence[Member], asked: Callable[[MeterMap], list[str]] | None = None
) -> Sweep:
    """With lines of its own, by the machine's clock. `asked` as `Sweep` has it."""
    return Sweep(asking, Lines().at, lambda: datetime.now(UTC), asked=asked)


def members(cli: Cli) -> Iterator[Member]:
    """Meters on record that can be reached and whose model is known; a payment meter's need not be
    told."""
    with cli.raseed() as raseed:
        after = ""
        while files := raseed.service.meters(cli.actor(), after=after, limit=_PAGE):
            for file in files:
                if (member := member_of(raseed.meter_works, file.meter)) is not None:
                    yield member
            after = files[-1].meter.number.number


def member_of(works: MeterWorks, known: Meter) -> Member | None:
    """A meter on record as it is read now; None if it has no address, or nobody knows its model."""
    model = known.model or MAP_ID
    if known.gateway is None or model not in shipped_ids():
        return None
    target = recorded(works, known, known.gateway.place, model)
    meter_map = shipped_map(model)
    settings = settings_of(target, meter_map, Priority.BILLING)
    return Member(target.number, target.place, meter_map, settings)


def _round(moving: Sweep, following: Following, settled: set[str]) -> _Round:
    at = datetime.now(UTC)
    seen: list[Seen] = []
    movements: list[Movement] = []
    for one in moving.round():
        seen.append(one)
        movements += following.took(one, settle=one.member.name in settled)
    seen.sort(key=lambda one: one.member.name)
    movements.sort(key=lambda one: one.meter)
    return _Round(at, seen, movements, following.outages())


def _told(found: _Round) -> dict[str, Any]:
    return {
        "at": found.at.isoformat(),
        "readings": [_movement_told(one) for one in found.movements],
        "problems": {one.member.name: one.problem for one in found.seen if one.problem},
        "outages": [
            {
                "line": one.place,
                "whole": one.whole,
                "meters": list(one.meters),
                "since": one.since.isoformat(),
            }
            for one in found.outages
        ],
    }


def _movement_told(one: Movement) -> dict[str, Any]:
    told: dict[str, Any] = {"meter": one.meter, **reading_told(one.reading)}
    match one.verdict:
        case Advance() as moved:
            told |= {"flowed": text(moved.delta), "flowed_uncertainty": text(moved.uncertainty)}
        case Suspicious() as held:
            told |= {"doubt": held.doubt.value}
    return told


def _shown(cli: Cli, found: _Round) -> None:
    def flowed(one: Movement) -> str:
        match one.verdict:
            case Advance() as moved:
                return f"{text(moved.delta)} {one.reading.unit}"
            case Suspicious() as held:
                return cli.label(f"doubt_{held.doubt.value}")
        return ""

    def quality(one: Movement) -> str:
        words = cli.label(f"quality_{one.reading.quality.value}")
        return f"{words} ({one.reading.reason})" if one.reading.reason else words

    rows = [
        (
            one.meter,
            one.reading.name,
            f"{text(one.reading.value) or '-'} {one.reading.unit}".rstrip(),
            flowed(one),
            quality(one),
        )
        for one in found.movements
    ]
    cli.table(("meter", "reading_name", "reading_value", "flowed", "quality"), rows)
    for seen in found.seen:
        if seen.error is not None and not seen.is_silent:
            cli.line(f"{seen.member.name}: {words_for(seen.error, cli.language)}")
    for outage in found.outages:
        words = "outage_line" if outage.whole else "outage_meter"
        facts = {
            "line": outage.place,
            "meters": ", ".join(outage.meters),
            "count": str(len(outage.meters)),
            "since": on_the_wall(outage.since, seconds=True),
        }
        cli.line(phrase(words, cli.language, **facts))
