"""`raseed ledger`."""

from __future__ import annotations

from dataclasses import dataclass

import typer

from meters.errors import Broken

from ..shapes import EntryOut, LedgerReportOut
from .context import Cli, Json, VendIdArg, cli_of

app = typer.Typer(no_args_is_help=True, help="The books.")


@dataclass(eq=False)
class LedgerDiffers(Broken, code="ledger.differs"):
    """The verification found a difference; `entry` is the first journal entry that differs."""

    entry: int
    what: str
    detail: str


@app.command("verify")
def verify(ctx: typer.Context, as_json: Json = False) -> None:
    """Recompute every sum, hash and link; exit code 70 if anything differs."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed, cli.progress("verify"):
        report = raseed.service.verify(cli.actor())
    shown = LedgerReportOut.of(report)
    cli.show(
        shown,
        as_json,
        lambda cli: cli.facts(
            (("entries", shown.entries), ("postings", shown.postings), ("head", shown.head))
        ),
    )
    if report.problem is not None:
        raise LedgerDiffers(report.problem.entry, report.problem.what, report.problem.detail)
    if not as_json:
        cli.line(cli.label("books_right"))


@app.command("entries")
def entries(ctx: typer.Context, vend_id: VendIdArg, as_json: Json = False) -> None:
    """The journal entries of one sale."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        rows = [EntryOut.of(one) for one in raseed.service.entries(cli.actor(), vend_id)]

    def people(cli: Cli) -> None:
        for row in rows:
            cli.facts((("entry", row.number), ("head", row.hash)))
            cli.table(
                ("ledger_account", "holder", "amount"),
                (
                    (line.account, line.holder, f"{line.amount.value} {line.amount.unit}")
                    for line in row.postings
                ),
            )

    cli.show(rows, as_json, people)
