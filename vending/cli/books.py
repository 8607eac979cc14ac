"""`raseed ledger`: proof, seals and the daily check. What else belongs to the group is in
`bookkeeping.py` and `statements.py`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from meters.errors import Broken

from ..ledger.attestations import PROBLEMS
from ..messages import on_the_wall
from ..shapes import DailyCheckOut, DayClosedOut, EntryOut, LedgerReportOut, SealOut
from .context import Cli, Json, VendIdArg, cli_of

app = typer.Typer(no_args_is_help=True, help="The books.")


@dataclass(eq=False)
class LedgerDiffers(Broken, code="ledger.differs"):
    """The verification found a difference; `entry` is the first journal entry that differs."""

    entry: int
    what: str
    detail: str


@dataclass(eq=False)
class AttestedDiffers(Broken, code="ledger.attested_differs"):
    """A row beside the journal is not what was written, or what tells of it was changed."""

    what: str
    """See `ledger.attestations.PROBLEMS`."""
    detail: str


@dataclass(eq=False)
class KeptSealDiffers(Broken, code="ledger.kept_seal_differs"):
    """The books do not hold the seal that was kept outside them."""

    sealed: str


@dataclass(eq=False)
class CheckDiffers(Broken, code="ledger.check_differs"):
    """Tokens, ledger and receipts of a day do not agree; the first difference."""

    day: str
    what: str
    expected: int
    found: int


@app.command("verify")
def verify(
    ctx: typer.Context,
    against: Annotated[
        str | None, typer.Option(metavar="CODE", help="A seal's code, kept outside the books.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes; default: one for each core.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Recompute every sum, hash and link; exit code 70 if anything differs."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed, cli.progress("verify"):
        keeping = raseed.proving(jobs or os.cpu_count() or 1)
        report = keeping.verify(cli.actor(), against)
    shown = LedgerReportOut.of(report)
    cli.show(
        shown,
        as_json,
        lambda cli: cli.facts(
            (
                ("entries", shown.entries),
                ("postings", shown.postings),
                ("seals", shown.seals),
                ("head", shown.head),
            )
        ),
    )
    problem = report.problem
    if problem is not None:
        if problem.what in ("seal_missing", "seal_other"):
            raise KeptSealDiffers(problem.detail)
        if problem.what in PROBLEMS:
            raise AttestedDiffers(problem.what, problem.detail)
        raise LedgerDiffers(problem.entry, problem.what, problem.detail)
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


@app.command("seal")
def seal(
    ctx: typer.Context,
    day: Annotated[
        str | None, typer.Option(help="As 2026-11-23; default: today.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Seal the books of a day. Print the code and keep it where the computer is not."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        shown = SealOut.of(raseed.bookkeeping.seal(cli.actor(), day))
    cli.show(shown, as_json, lambda cli: _seal(cli, shown))


@app.command("seals")
def seals(ctx: typer.Context, as_json: Json = False) -> None:
    """All seals, the first one first."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        rows = [SealOut.of(one) for one in raseed.reports.seals(cli.actor())]
    cli.show(
        rows,
        as_json,
        lambda cli: cli.table(
            ("seal", "day", "entry", "seal_code", "actor", "differences"),
            (
                (
                    row.number,
                    row.day,
                    row.entry,
                    row.code,
                    row.actor,
                    "-" if row.differences is None else len(row.differences),
                )
                for row in rows
            ),
        ),
    )


@app.command("check")
def check(
    ctx: typer.Context,
    day: Annotated[
        str | None, typer.Option(help="As 2026-11-23; default: today.", show_default=False)
    ] = None,
    due: Annotated[
        bool,
        typer.Option(
            "--due",
            help="Every day that is over and that no check is kept of, each sealed with its check.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Tokens issued = ledger = receipts, and money as told = money as booked, for one day; exit
    code 70 if they do not agree. With --due, what the server does by itself after midnight."""
    cli = cli_of(ctx)
    if due:
        if day is not None:
            raise typer.BadParameter("stands alone", param_hint="--due")
        _check_due(cli, as_json)
        return
    with cli.raseed_with_keys_at_hand() as raseed:
        shown = DailyCheckOut.of(raseed.reports.check(cli.actor(), day))

    def people(cli: Cli) -> None:
        cli.facts(
            (
                ("day", shown.day),
                ("sales", shown.sales),
                ("baskets", shown.baskets),
                ("tokens", shown.tokens),
                ("voids", shown.voids),
                ("refunds", shown.refunds),
            )
        )
        cli.table(
            ("point", "first", "last", "receipts"),
            ((row.point, row.first, row.last, row.receipts) for row in shown.receipts),
        )
        cli.table(
            ("key", "kind", "tokens", "opened", "sales"),
            (
                (
                    f"SGC {row.sgc} KRN {row.krn}",
                    row.kind,
                    row.tokens,
                    "-" if row.opened is None else row.opened,
                    row.sales,
                )
                for row in shown.keys
            ),
        )
        cli.table(
            ("ledger_account", "holder", "told", "booked", "given_back", "unit"),
            (
                (
                    row.account,
                    row.holder,
                    row.told.value,
                    row.booked.value,
                    row.back.value,
                    row.booked.unit,
                )
                for row in shown.money
            ),
        )
        if shown.differences:
            cli.table(
                ("difference", "where", "expected", "found"),
                ((d.what, d.where, d.expected, d.found) for d in shown.differences),
            )
        if shown.kept is not None:
            cli.facts(
                (
                    ("checked_at", on_the_wall(shown.kept.at, seconds=True)),
                    ("actor", shown.kept.actor),
                    ("seal", shown.kept.seal),
                    ("differences", len(shown.kept.differences)),
                )
            )
        if shown.ok:
            cli.line(cli.label("check_right"))

    cli.show(shown, as_json, people)
    _tell_difference([shown])


def _check_due(cli: Cli, as_json: bool) -> None:
    with cli.raseed_with_keys_at_hand() as raseed:
        rows = [DayClosedOut.of(one) for one in raseed.closing.close_due(cli.actor())]

    def people(cli: Cli) -> None:
        if not rows:
            cli.line(cli.label("checks_none_due"))
            return
        cli.table(
            ("day", "sales", "differences", "seal_code"),
            (
                (
                    row.check.day,
                    row.check.sales,
                    len(row.check.differences),
                    cli.label("check_unkept") if row.seal is None else row.seal.code,
                )
                for row in rows
            ),
        )

    cli.show(rows, as_json, people)
    _tell_difference([row.check for row in rows])


def _tell_difference(checks: Sequence[DailyCheckOut]) -> None:
    """Raises CheckDiffers of the first one."""
    for check in checks:
        for one in check.differences:
            raise CheckDiffers(
                check.day, f"{one.what} {one.where}".strip(), one.expected, one.found
            )


def _seal(cli: Cli, seal: SealOut) -> None:
    cli.facts(
        (
            ("seal", seal.number),
            ("day", seal.day),
            ("entry", seal.entry),
            ("seal_code", seal.code),
        )
    )
    cli.table(
        ("ledger_account", "amount"),
        ((row.account, f"{row.amount.value} {row.amount.unit}") for row in seal.sums),
    )
    cli.table(
        ("point", "first", "last", "receipts"),
        ((row.point, row.first, row.last, row.receipts) for row in seal.receipts),
    )
    cli.table(("kind", "tokens"), seal.tokens.items())
