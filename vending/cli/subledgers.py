"""`raseed ledger entry`, `holders`, `breakdown`: what is inside an entry, an account, and sales."""

from __future__ import annotations

from typing import Annotated

import typer

from ..messages import on_the_wall
from ..shapes import AccountHoldersOut, BreakdownOut, EntryOut
from .context import Cli, Json, cli_of
from .statements import First, Last, kind_of_entry

app = typer.Typer()


@app.command("entry")
def entry(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ENTRY", min=1, help="Number of the entry.")],
    as_json: Json = False,
) -> None:
    """One journal entry with all its lines, whatever it was booked for."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        shown = EntryOut.of(raseed.reports.entry(cli.actor(), number))

    def people(cli: Cli) -> None:
        cli.facts(
            (
                ("entry", shown.number),
                ("time", on_the_wall(shown.at, seconds=True)),
                ("kind", kind_of_entry(cli, shown.kind)),
                ("cause", shown.cause),
                ("actor", shown.actor),
                ("point", shown.point),
                ("head", shown.hash),
            )
        )
        cli.table(
            ("ledger_account", "holder", "amount"),
            (
                (line.account, line.holder, f"{line.amount.value} {line.amount.unit}")
                for line in shown.postings
            ),
        )

    cli.show(shown, as_json, people)


@app.command("holders")
def holders(
    ctx: typer.Context,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="As 1210.")],
    on: Annotated[
        str | None, typer.Option(help="At the end of this day, as 2026-11-30; default: now.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Who holds what of an account: debts outstanding (1210), deposits (2030), tills (1010)."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        shown = AccountHoldersOut.of(raseed.reports.holders(cli.actor(), account.strip(), on))

    def people(cli: Cli) -> None:
        cli.table(
            ("holder", "name", "amount"),
            (
                (row.holder, cli.name(row.name.ar, row.name.en), row.amount.value)
                for row in shown.holders
            ),
        )
        cli.facts((("sum", f"{shown.total.value} {shown.total.unit}"),))

    cli.show(shown, as_json, people)


@app.command("breakdown")
def breakdown(
    ctx: typer.Context, first: First = None, last: Last = None, as_json: Json = False
) -> None:
    """What sales were made of: units by price, taxes and what was taxed, charges, supports by
    who bears them, debts paid."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.reports.breakdown(cli.actor(), first, last)
    rows = [BreakdownOut.of(row) for row in found]
    columns = ("ledger_account", "commodity", "kind", "name", "rate", "payer", "base")
    sums = ("amount", "taken_back", "net")
    cli.show(
        rows,
        as_json,
        lambda cli: cli.table(
            (*columns, *sums),
            (
                (
                    row.account,
                    cli.label(row.commodity),
                    cli.label(f"line_{row.kind}"),
                    cli.name(row.name.ar, row.name.en) or row.code,
                    row.rate,
                    row.payer,
                    "" if row.base is None else f"{row.base.value} {row.base.unit}",
                    row.amount.value,
                    row.taken_back.value,
                    f"{row.net.value} {row.net.unit}",
                )
                for row in rows
            ),
        ),
    )
