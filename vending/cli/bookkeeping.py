"""`raseed ledger`: adjustments by two people, and closed months."""

from __future__ import annotations

from typing import Annotated

import typer

from ..accounting import Adjustment, AdjustmentState
from ..accounting.amounts import read_account, read_amount
from ..ledger import Posting
from ..messages import on_the_wall, term
from ..shapes import AdjustmentOut, PeriodActOut
from .asking import IdOption, Reason, given_or_new
from .context import Cli, Json, cli_of
from .paging import BeforeId, Limit

app = typer.Typer()

AdjustmentId = Annotated[str, typer.Argument(metavar="ID", help="Id of the request.")]
BookedOn = Annotated[str | None, typer.Option("--on", help="The day it belongs to, as 2026-10-31.")]
MonthArg = Annotated[str, typer.Argument(metavar="MONTH", help="As 2026-11.")]
AmountArg = Annotated[str, typer.Argument(metavar="AMOUNT", help="ILS, kWh or m3, as 12.50.")]


@app.command("adjust")
def adjust(
    ctx: typer.Context,
    amount: AmountArg,
    debit: Annotated[str, typer.Option(help="Account, as 5010 or 1010:P1.")],
    credit: Annotated[str, typer.Option(help="Account, as 4010 or 2010:A1.")],
    reason: Reason,
    id: IdOption = None,
    booked_on: BookedOn = None,
    as_json: Json = False,
) -> None:
    """Ask for an entry from one account to another. A second person approves it."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        chart = raseed.reports.chart
        (to, to_holder), (by, by_holder) = read_account(debit, chart), read_account(credit, chart)
        moved = read_amount(amount, to.unit)
        lines = (
            Posting(to.code, to_holder, to.unit, moved),
            Posting(by.code, by_holder, by.unit, -moved),
        )
        made = raseed.bookkeeping.adjust(
            cli.actor(), given_or_new(id), lines, reason, booked_on=booked_on
        )
    show_adjustment(cli, made, as_json)


@app.command("write-off")
def write_off(
    ctx: typer.Context,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="As 1010:P1.")],
    amount: AmountArg,
    reason: Reason,
    id: IdOption = None,
    booked_on: BookedOn = None,
    as_json: Json = False,
) -> None:
    """Ask for money that will not come to be given up. A second person approves it."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        given, holder = read_account(account, raseed.reports.chart)
        made = raseed.bookkeeping.write_off(
            cli.actor(),
            given_or_new(id),
            given.code,
            holder,
            read_amount(amount, given.unit),
            reason,
            booked_on=booked_on,
        )
    show_adjustment(cli, made, as_json)


@app.command("reverse")
def reverse(
    ctx: typer.Context,
    entry: Annotated[int, typer.Argument(metavar="ENTRY", help="Number of the entry.")],
    reason: Reason,
    id: IdOption = None,
    as_json: Json = False,
) -> None:
    """Ask for an adjustment or write-off to be taken back. A second person approves it."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        made = raseed.bookkeeping.reverse(cli.actor(), given_or_new(id), entry, reason)
    show_adjustment(cli, made, as_json)


@app.command("approve")
def approve(ctx: typer.Context, id: AdjustmentId, as_json: Json = False) -> None:
    """Post a request that somebody else made."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        made = raseed.bookkeeping.approve(cli.actor(), id)
    show_adjustment(cli, made, as_json)


@app.command("void")
def void(ctx: typer.Context, id: AdjustmentId, reason: Reason, as_json: Json = False) -> None:
    """End a request without booking it."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        made = raseed.bookkeeping.void(cli.actor(), id, reason)
    show_adjustment(cli, made, as_json)


@app.command("adjustments")
def adjustments(
    ctx: typer.Context,
    pending: Annotated[bool, typer.Option("--pending", help="Those that wait.")] = False,
    before: BeforeId = None,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """Requests, latest first."""
    cli = cli_of(ctx)
    state = AdjustmentState.PENDING if pending else None
    with cli.raseed() as raseed:
        found = raseed.reports.adjustments(cli.actor(), state, limit, before=before)
    rows = [AdjustmentOut.of(one) for one in found]
    cli.show(
        rows,
        as_json,
        lambda cli: cli.table(
            ("id", "kind", "state", "requested_by", "decided_by", "entry", "amount", "reason"),
            (
                (
                    row.id,
                    term(row.kind, cli.language),
                    term(row.state, cli.language),
                    row.requested_by,
                    row.decided_by or "",
                    row.entry or "",
                    _moved(row),
                    row.reason,
                )
                for row in rows
            ),
        ),
    )


@app.command("close")
def close(ctx: typer.Context, month: MonthArg, as_json: Json = False) -> None:
    """Close a month that is over: nothing is booked before its end any more."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        act = raseed.bookkeeping.close(cli.actor(), month)
        shown = PeriodActOut.of(act, raseed.reports.chart)
    cli.show(shown, as_json, lambda cli: _act(cli, shown))


@app.command("reopen")
def reopen(ctx: typer.Context, month: MonthArg, reason: Reason, as_json: Json = False) -> None:
    """Open the month that was closed last (supervisors)."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        act = raseed.bookkeeping.reopen(cli.actor(), month, reason)
        shown = PeriodActOut.of(act, raseed.reports.chart)
    cli.show(shown, as_json, lambda cli: _act(cli, shown))


@app.command("periods")
def periods(ctx: typer.Context, as_json: Json = False) -> None:
    """Every closing and reopening, the first one first."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.reports.periods(cli.actor())
        rows = [PeriodActOut.of(one, raseed.reports.chart) for one in found]
    cli.show(
        rows,
        as_json,
        lambda cli: cli.table(
            ("month", "act", "actor", "entry", "reason"),
            (
                (row.month, term(row.act, cli.language), row.actor, row.entry, row.reason)
                for row in rows
            ),
        ),
    )


def _moved(one: AdjustmentOut) -> str:
    """All that it moves: whoever approves it must see that."""
    return ", ".join(
        f"{f'{line.account}:{line.holder}' if line.holder else line.account}"
        f" {line.amount.value} {line.amount.unit}"
        for line in one.lines
    )


def show_adjustment(cli: Cli, made: Adjustment, as_json: bool) -> None:
    """A request for an entry, as it stands."""
    shown = AdjustmentOut.of(made)

    def people(cli: Cli) -> None:
        cli.facts(
            (
                ("id", shown.id),
                ("kind", term(shown.kind, cli.language)),
                ("state", term(shown.state, cli.language)),
                ("reason", shown.reason),
                ("requested_by", shown.requested_by),
            )
        )
        if shown.reverses is not None:
            cli.facts((("reverses", shown.reverses),))
        if shown.decided_by is not None:
            cli.facts((("decided_by", shown.decided_by), ("entry", shown.entry or "-")))
        cli.table(
            ("ledger_account", "holder", "amount"),
            (
                (line.account, line.holder, f"{line.amount.value} {line.amount.unit}")
                for line in shown.lines
            ),
        )

    cli.show(shown, as_json, people)


def _act(cli: Cli, act: PeriodActOut) -> None:
    until = act.closed_until
    cli.facts(
        (
            ("month", act.month),
            ("act", term(act.act, cli.language)),
            ("actor", act.actor),
            ("closed_until", "-" if until is None else on_the_wall(until, seconds=True)),
        )
    )
