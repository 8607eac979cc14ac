"""`raseed ledger`: balances, statements, takings, exports. Nothing here changes the books."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from meters.errors import Invalid

from ..accounting.amounts import read_account
from ..exports import FORMATS, export_format
from ..messages import entry_term, on_the_wall, term
from ..shapes import (
    AccountStatementOut,
    CustomerStatementOut,
    Measure,
    OperatorStatementOut,
    TakingOut,
    TrialBalanceOut,
)
from .context import Cli, Json, cli_of

app = typer.Typer()

Month = Annotated[str | None, typer.Option(help="As 2026-11; default: everything.")]
First = Annotated[str | None, typer.Option("--from", help="First day, as 2026-11-01.")]
Last = Annotated[str | None, typer.Option("--to", help="Last day, as 2026-11-30.")]


@dataclass(eq=False)
class ExportFileUnusable(Invalid, code="export.file_unusable"):
    """The export cannot be written there, or a file is there already."""

    path: str
    reason: str


@app.command("balances")
def balances(ctx: typer.Context, month: Month = None, as_json: Json = False) -> None:
    """The trial balance: what stood in each account, what moved, what stands there."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.reports.balances(cli.actor(), month)
        shown = TrialBalanceOut.of(found, raseed.reports.chart)

    def people(cli: Cli) -> None:
        cli.table(
            ("ledger_account", "name", "opening", "debit", "credit", "closing", "unit"),
            (
                (
                    row.account,
                    cli.name(row.name.ar, row.name.en),
                    row.opening.value,
                    row.debit.value,
                    row.credit.value,
                    row.closing.value,
                    row.closing.unit,
                )
                for row in shown.accounts
            ),
        )
        if shown.balanced:
            cli.line(cli.label("balanced"))

    cli.show(shown, as_json, people)


@app.command("account")
def account(
    ctx: typer.Context,
    which: Annotated[str, typer.Argument(metavar="ACCOUNT", help="As 1010 or 1010:P1.")],
    first: First = None,
    last: Last = None,
    as_json: Json = False,
) -> None:
    """The postings to one account, of one holder or of all."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found, holder = read_account(which, raseed.reports.chart)
        shown = AccountStatementOut.of(
            raseed.reports.account(cli.actor(), found.code, holder, first, last)
        )

    def people(cli: Cli) -> None:
        cli.facts((("opening", _text(shown.opening)),))
        cli.table(
            ("entry", "time", "kind", "receipt", "holder", "actor", "amount"),
            (
                (
                    line.entry,
                    on_the_wall(line.at, seconds=True),
                    kind_of_entry(cli, line.kind),
                    line.receipt,
                    line.holder,
                    line.actor,
                    line.amount.value,
                )
                for line in shown.lines
            ),
        )
        cli.facts((("closing", _text(shown.closing)),))

    cli.show(shown, as_json, people)


@app.command("statement")
def statement(
    ctx: typer.Context,
    agreement: Annotated[str, typer.Argument(metavar="AGREEMENT", help="Its number.")],
    first: First = None,
    last: Last = None,
    as_json: Json = False,
) -> None:
    """A customer's statement for one agreement: what was bought, paid of debts, and carried."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        shown = CustomerStatementOut.of(
            raseed.reports.customer(cli.actor(), agreement, first, last)
        )

    def people(cli: Cli) -> None:
        cli.facts(
            (
                ("agreement", shown.agreement),
                ("name", cli.name(shown.name.ar, shown.name.en)),
                ("meter", shown.meter),
                ("opening", _text(shown.opening)),
            )
        )
        cli.table(
            ("time", "kind", "receipt", "paid", "net", "vat", "units", "debts", "owed", "carried"),
            (
                (
                    on_the_wall(line.at, seconds=True),
                    kind_of_entry(cli, line.kind, line.sale_kind),
                    line.receipt,
                    line.paid.value,
                    line.net.value,
                    line.vat.value,
                    "" if line.units is None else _text(line.units),
                    line.debts.value,
                    line.owed.value,
                    line.carried.value,
                )
                for line in shown.lines
            ),
        )
        cli.facts((("closing", _text(shown.closing)), ("owed", _text(shown.closing_owed))))

    cli.show(shown, as_json, people)


@app.command("takings")
def takings(
    ctx: typer.Context,
    point: Annotated[str | None, typer.Option(help="Of this vending point only.")] = None,
    first: First = None,
    last: Last = None,
    as_json: Json = False,
) -> None:
    """What was taken and given back, per point, day, operator and way of paying; today by
    default."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.reports.takings(cli.actor(), point, first, last)
    rows = [TakingOut.of(row) for row in found]
    cli.show(rows, as_json, lambda cli: _takings(cli, rows))


@app.command("operator")
def operator(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(metavar="CODE", help="The operator's code.")],
    first: First = None,
    last: Last = None,
    as_json: Json = False,
) -> None:
    """What one operator sold and earned, and how their deposit moved."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        shown = OperatorStatementOut.of(raseed.reports.operator(cli.actor(), code, first, last))

    def people(cli: Cli) -> None:
        cli.facts(
            (
                ("operator", shown.operator),
                ("name", cli.name(shown.name.ar, shown.name.en)),
                ("settlement", term(shown.settlement, cli.language)),
                ("sales", shown.sales),
                ("voids", shown.voids),
                ("commission", _text(shown.commission)),
            )
        )
        _takings(cli, shown.takings)
        cli.facts((("opening", _text(shown.opening)),))
        cli.table(
            ("entry", "time", "kind", "receipt", "actor", "amount", "deposit"),
            (
                (
                    line.entry,
                    on_the_wall(line.at, seconds=True),
                    kind_of_entry(cli, line.kind),
                    line.receipt,
                    line.actor,
                    line.amount.value,
                    line.balance.value,
                )
                for line in shown.lines
            ),
        )
        cli.facts((("closing", _text(shown.closing)),))

    cli.show(shown, as_json, people)


@app.command("export")
def export(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="FORMAT", help=", ".join(FORMATS))],
    out: Annotated[Path, typer.Option("--out", help="A new file.")],
    month: Month = None,
) -> None:
    """The journal for another program: hledger, beancount, a spreadsheet."""
    cli = cli_of(ctx)
    wanted = export_format(name)
    with (
        cli.raseed() as raseed,
        cli.progress("export"),
        raseed.reports.journal(cli.actor(), month) as view,
        _whole_file(out) as file,
    ):
        wanted.write(view, file, cli.language)
    cli.facts((("written", out),))


@contextmanager
def _whole_file(path: Path) -> Iterator[BinaryIO]:
    """A new file, which is taken away again where it is not written to its end: cut short it would
    look like a whole one. Raises ExportFileUnusable."""
    with _new_file(path) as file:
        try:
            yield file
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def _new_file(path: Path) -> BinaryIO:
    """The journal names people: nobody else on the machine reads it."""
    try:
        return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")
    except OSError as error:
        raise ExportFileUnusable(str(path), error.strerror or type(error).__name__) from None


def _takings(cli: Cli, rows: Sequence[TakingOut]) -> None:
    cli.table(
        ("point", "day", "operator", "tender", "sales", "amount", "voids", "given_back", "net"),
        (
            (
                row.point,
                row.day,
                row.operator,
                term(row.tender, cli.language)
                + (f" ({term('on_deposit', cli.language)})" if row.on_deposit else ""),
                row.sales,
                row.amount.value,
                row.voids,
                row.given_back.value,
                _text(row.net),
            )
            for row in rows
        ),
    )


def kind_of_entry(cli: Cli, kind: str, sale_kind: str = "") -> str:
    """Words for a kind of entry; of a sale, for what it was."""
    if kind in ("sale", "payment"):
        return term(f"sale_{sale_kind}" if sale_kind else kind, cli.language)
    return entry_term(kind, cli.language)


def _text(measure: Measure) -> str:
    return f"{measure.value} {measure.unit}"
