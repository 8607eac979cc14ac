"""`raseed meter hold|release|credit`: meters that hold no credit themselves."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer

from drivers.sweep import BALANCE, billed
from meters.device import NotCapable, Outcome
from meters.errors import Refused
from meters.gateway import MeterUnreachable
from meters.heldcredit import UNITS, Order
from meters.identity import meter_from_text
from meters.readings import Quality, Reading

from ..messages import on_the_wall, phrase, term
from .asking import Reason
from .context import Cli, Json, cli_of
from .credit_rounds import CreditMemory, CreditRounds, Row
from .meter_at import Device, Target, device_at, target_of
from .meter_shown import text
from .parties import meter
from .rounds import Every, Rounds, again, owned, recalled, remember


@dataclass(eq=False)
class HoldsOwnCredit(Refused, code="held_credit.own"):
    """The model holds its credit itself."""

    model: str


@dataclass(eq=False)
class CounterNotGood(Refused, code="held_credit.counter_not_good"):
    """A holding begins with a reading that nobody doubts."""

    name: str
    reason: str


@meter.command("hold")
def hold(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="A meter of the records.")],
    *,
    reason: Reason,
    as_json: Json = False,
) -> None:
    """From now on the house holds this meter's credit: what is bought for it counts up, what its
    counter shows counts down, and `raseed meter credit` switches its supply. It begins with
    nothing. For models with a relay or a valve that hold no credit themselves."""
    cli = cli_of(ctx)
    actor = cli.actor()
    target = _on_record(cli, number)
    with device_at(cli, target) as device, cli.progress("meter"):
        counter = _counter(device)
    with cli.raseed() as raseed:
        raseed.held_credits.begin(
            str(uuid.uuid4()), actor, reason,
            counter=counter, meter=target.number, place=target.text,
        )  # fmt: skip
    told = {"meter": target.number, "counter": text(counter.value), "unit": counter.unit}
    cli.show(told, as_json, lambda cli: cli.line(phrase("credit_held", cli.language, **told)))


@meter.command("release")
def release(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="A meter of the records.")],
    *,
    reason: Reason,
) -> None:
    """The house no longer holds this meter's credit. Its supply stays as it is."""
    cli = cli_of(ctx)
    wanted = meter_from_text(number).number
    with cli.raseed() as raseed:
        raseed.held_credits.end(str(uuid.uuid4()), cli.actor(), reason, wanted)
    cli.line(phrase("credit_released", cli.language, meter=wanted))


@meter.command("credit")
def credit(
    ctx: typer.Context,
    *,
    keep: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="Remember there how fast each draws, and what it was told.",
            dir_okay=False,
        ),
    ],
    switch: Annotated[
        bool, typer.Option("--switch", help="Give the orders that are due; else only tell them.")
    ] = False,
    every: Every = 0,
    rounds: Rounds = 0,
    as_json: Json = False,
) -> None:
    """Read every meter whose credit the house holds: what is left, who is to be cut off or switched
    on, and who cannot be reached. While a meter is not reached its customer's class decides how far
    it may go beyond its credit, and whether it then stays on or is to be cut off by hand. Exit code
    3 if somebody must see to a meter, 4 if one was not read."""
    cli = cli_of(ctx)
    actor = cli.actor()
    with owned(keep), cli.raseed() as raseed:
        memory = recalled(keep, CreditMemory.recalled, CreditMemory)

        def write() -> None:
            remember(keep, memory.kept())

        moving = CreditRounds(raseed, actor, memory)
        for _ in again(None, every, rounds):
            with cli.progress("sweep"):
                rows = moving.round()
            write()
            if switch:
                rows = moving.switched(cli, rows, write)
            over = raseed.held_credits.over(actor)
            cli.show(
                _told(rows, over),
                as_json,
                lambda cli, rows=rows, over=over: _shown(cli, rows, over),  # type: ignore[misc]
            )
    if code := _exit_code(rows, over):
        raise typer.Exit(code)


def _on_record(cli: Cli, number: str) -> Target:
    """Raises NotDigits ... (a place is no number), MeterUnreachable."""
    return target_of(cli, meter_from_text(number).number, "")


def _counter(device: Device) -> Reading:
    """What is billed of this meter, as it stands now. Raises NotCapable, HoldsOwnCredit,
    CounterNotGood, MeterUnreachable."""
    model = device.map
    for order in Order:
        if order.value not in model.commands:
            raise NotCapable(model.id, order.value)
    names = billed(model)
    if BALANCE in names:
        raise HoldsOwnCredit(model.id)
    if not names or model.registers[names[0]].unit not in chain(*UNITS.values()):
        raise NotCapable(model.id, "read")
    (reading,) = device.read(names)
    if reading.quality is Quality.BAD:
        raise MeterUnreachable(model.id, reading.reason)
    if reading.quality is not Quality.GOOD:
        raise CounterNotGood(reading.name, reading.reason)
    return reading


def _exit_code(rows: Sequence[Row], over: Sequence[str]) -> int:
    if over or any(one.needs_somebody for one in rows):
        return 3
    return 4 if any(one.problem or one.is_tried_again for one in rows) else 0


def _told(rows: Sequence[Row], over: Sequence[str]) -> dict[str, Any]:
    return {"meters": [_row_told(one) for one in rows], "taken_out": list(over)}


def _row_told(one: Row) -> dict[str, Any]:
    found = one.judgement
    return {
        "meter": one.meter,
        "class": one.customer_class,
        "standing": found.standing.value,
        "left": text(found.left),
        "unit": one.unit,
        "read_at": one.at.isoformat(),
        "credit_ended": None if found.ended is None else found.ended.isoformat(),
        "order": None if found.order is None else found.order.value,
        "outcome": one.outcome or None,
        "problem": one.problem or None,
        "visit": found.needs_visit,
    }


def _shown(cli: Cli, rows: Sequence[Row], over: Sequence[str]) -> None:
    def due(one: Row) -> str:
        if one.judgement.needs_visit:
            return cli.label(f"visit_{one.judgement.standing.value}")
        order = one.judgement.order
        if order is None:
            return ""
        words = cli.label(f"due_{order.value}")
        if one.outcome in {outcome.value for outcome in Outcome}:
            return f"{words}: {cli.label(f'outcome_{one.outcome}')}"
        return f"{words}: {one.outcome}" if one.outcome else words

    cli.table(
        ("meter", "customer_class", "standing", "credit_left", "read_at", "due", "detail"),
        [
            (
                one.meter,
                term(one.customer_class, cli.language) or "-",
                cli.label(f"standing_{one.judgement.standing.value}"),
                f"{one.judgement.left:z.1f} {one.unit}",
                on_the_wall(one.at, seconds=True),
                due(one),
                term(one.problem, cli.language),
            )
            for one in rows
        ],
    )
    for number in over:
        cli.line(phrase("credit_over", cli.language, meter=number))
