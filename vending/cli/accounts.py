"""`raseed accounts`: what agreements owe, and the proof of it."""

from __future__ import annotations

from typing import Annotated

import typer

from ..accounts.errors import AccountsDiffer
from ..messages import on_the_wall, term
from ..parties import Role
from ..shapes import AccountEventOut, AccountOut, AccountsReportOut, RebuiltAccountsOut
from .context import Cli, Json, cli_of
from .paging import BeforeNumber, Limit

accounts = typer.Typer(no_args_is_help=True, help="Accounts of agreements.")

Which = Annotated[
    str, typer.Argument(metavar="AGREEMENT", help="Its number, or that of its meter.")
]


@accounts.command("show")
def show(ctx: typer.Context, agreement: Which, as_json: Json = False) -> None:
    """Everything that the next price depends on, in words."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        shown = AccountOut.of(raseed.accounts.account(cli.actor(), agreement))
    cli.show(shown, as_json, lambda cli: show_account(cli, shown))


@accounts.command("history")
def history(
    ctx: typer.Context,
    agreement: Which,
    before: BeforeNumber = None,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """What happened to the account besides sales, latest first."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.accounts.history(cli.actor(), agreement, before=before, limit=limit)
    rows = [AccountEventOut.of(one) for one in found]
    cli.show(
        rows,
        as_json,
        lambda cli: cli.table(
            ("event", "time", "kind", "code", "amount", "actor", "reason"),
            (
                (
                    row.seq,
                    on_the_wall(row.at, seconds=True),
                    term(row.kind, cli.language),
                    row.code,
                    "" if row.amount is None else row.amount.value,
                    row.actor,
                    row.reason,
                )
                for row in rows
            ),
        ),
    )


@accounts.command("verify")
def verify(ctx: typer.Context, as_json: Json = False) -> None:
    """Rebuild every account from the books and compare; exit code 70 if any differs."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed, cli.progress("accounts"):
        report = raseed.accounts.verify_accounts(cli.actor())
    shown = AccountsReportOut.of(report)

    def people(cli: Cli) -> None:
        cli.facts((("accounts", shown.accounts),))
        if shown.problems:
            cli.table(
                ("agreement", "problem", "what"),
                (
                    (one.agreement, term(one.what, cli.language), one.detail)
                    for one in shown.problems
                ),
            )

    cli.show(shown, as_json, people)
    if not report.ok:
        first = report.problems[0]
        raise AccountsDiffer(report.found, first.agreement, first.what, first.detail)
    if not as_json:
        cli.line(cli.label("accounts_right"))


@accounts.command("rebuild")
def rebuild(ctx: typer.Context, as_json: Json = False) -> None:
    """Put right every kept account that does not follow from the books."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed, cli.progress("accounts"):
        done = raseed.accounts.rebuild_accounts(cli.actor(Role.ADMINISTRATOR))
    shown = RebuiltAccountsOut.of(done)
    cli.show(
        shown,
        as_json,
        lambda cli: cli.facts(
            (("accounts", shown.accounts), ("changed", shown.changed), ("moved", shown.moved))
        ),
    )
    if done.unreadable:
        first = done.unreadable[0]
        raise AccountsDiffer(len(done.unreadable), first.agreement, first.what, first.detail)


def show_account(cli: Cli, shown: AccountOut) -> None:
    """The account as sentences."""
    cli.facts(
        (
            ("agreement", shown.agreement),
            ("name", cli.name(shown.name.ar, shown.name.en)),
            ("meter", shown.meter),
            ("tariff", shown.tariff),
        )
    )
    for sentence in shown.words:
        cli.line(cli.name(sentence.ar, sentence.en))
