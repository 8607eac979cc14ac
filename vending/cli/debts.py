"""`raseed debt` and `raseed fee`: what a clerk does to an account."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable
from typing import Annotated

import typer

from meters.quantities import Money

from ..accounts import Accounts, AccountView
from ..accounts.inputs import read_outcome, read_recovery
from ..accounts.state import USUAL_PRIORITY
from ..messages import on_the_wall, term
from ..shapes import AccountOut
from ..shapes.accounts import DebtOwedOut
from ..surroundings import read_shipped_chart
from ..tariff import Label
from .accounts import Which, show_account
from .asking import Reason
from .context import Cli, Json, cli_of

debt = typer.Typer(no_args_is_help=True, help="Debts: taken over, put off, disputed.")
fee = typer.Typer(no_args_is_help=True, help="One-off fees.")

Code = Annotated[str, typer.Argument(metavar="CODE", help="Of the debt or fee.")]
IdOption = Annotated[
    str | None,
    typer.Option("--id", help="Id of the act; made if not given. Repeat it after a lost answer."),
]
AmountArg = Annotated[str, typer.Argument(metavar="AMOUNT", help="As 150.00.")]


@debt.command("list")
def debt_list(ctx: typer.Context, agreement: Which, as_json: Json = False) -> None:
    """The debts of an agreement in the order in which they are taken."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        rows = AccountOut.of(raseed.accounts.account(cli.actor(), agreement)).debts
    cli.show(
        rows,
        as_json,
        lambda cli: cli.table(
            ("code", "name", "owed", "recovery", "state", "until", "reason"),
            (_debt_row(cli, row) for row in rows),
        ),
    )


@debt.command("add")
def debt_add(
    ctx: typer.Context,
    agreement: Which,
    code: Code,
    amount: AmountArg,
    name_ar: Annotated[str, typer.Option(help="Its name on paper, in Arabic.")],
    name_en: Annotated[str, typer.Option(help="Its name on paper, in English.")],
    reason: Reason,
    source: Annotated[str, typer.Option(help="The bill or book that says so.")],
    percent: Annotated[str | None, typer.Option(help="Of each payment, as 25.")] = None,
    instalment: Annotated[str | None, typer.Option(help="For each month, as 20.00.")] = None,
    priority: Annotated[int, typer.Option(help="Smaller is taken first.")] = USUAL_PRIORITY,
    as_json: Json = False,
) -> None:
    """Take over a debt from older books. Repeating it changes nothing."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        view = raseed.accounts.add_debt(
            cli.actor(),
            agreement,
            code,
            Label(name_ar, name_en),
            Money.from_text(amount, raseed.currency),
            read_recovery(percent, instalment, raseed.currency),
            reason,
            source,
            priority=priority,
        )
    _show(cli, view, as_json)


@debt.command("postpone")
def debt_postpone(
    ctx: typer.Context,
    agreement: Which,
    code: Code,
    until: Annotated[str, typer.Option(help="Up to the end of this day, as 2026-12-31.")],
    reason: Reason,
    id: IdOption = None,
    as_json: Json = False,
) -> None:
    """Take nothing of a debt up to the end of a day."""
    _act(
        ctx,
        as_json,
        id,
        lambda cli, desk, id: desk.postpone_debt(cli.actor(), agreement, code, until, reason, id),
    )


@debt.command("resume")
def debt_resume(
    ctx: typer.Context,
    agreement: Which,
    code: Code,
    reason: Reason,
    id: IdOption = None,
    as_json: Json = False,
) -> None:
    """Ask for a debt again, earlier than was said."""
    _act(
        ctx,
        as_json,
        id,
        lambda cli, desk, id: desk.end_postponement(cli.actor(), agreement, code, reason, id),
    )


@debt.command("dispute")
def debt_dispute(
    ctx: typer.Context,
    agreement: Which,
    code: Code,
    reason: Reason,
    id: IdOption = None,
    as_json: Json = False,
) -> None:
    """Note that the customer objects: nothing is taken until that is settled."""
    _act(
        ctx,
        as_json,
        id,
        lambda cli, desk, id: desk.dispute(cli.actor(), agreement, code, reason, id),
    )


@debt.command("settle")
def debt_settle(
    ctx: typer.Context,
    agreement: Which,
    code: Code,
    outcome: Annotated[str, typer.Argument(metavar="OUTCOME", help="upheld, reduced or rejected.")],
    reason: Reason,
    to: Annotated[str | None, typer.Option(help="What is left, if reduced.")] = None,
    id: IdOption = None,
    as_json: Json = False,
) -> None:
    """End a dispute. What strikes something off waits for `raseed ledger approve ID`."""
    found = read_outcome(outcome)
    left = None if to is None else Money.from_text(to, read_shipped_chart().currency)
    _act(
        ctx,
        as_json,
        id,
        lambda cli, desk, id: desk.settle_dispute(
            cli.actor(), agreement, code, found, reason, id, to=left
        ),
    )


@debt.command("write-down")
def debt_write_down(
    ctx: typer.Context,
    agreement: Which,
    code: Code,
    amount: AmountArg,
    reason: Reason,
    id: IdOption = None,
    as_json: Json = False,
) -> None:
    """Ask for a part of a debt to be given up; it waits for `raseed ledger approve ID`."""
    off = Money.from_text(amount, read_shipped_chart().currency)
    _act(
        ctx,
        as_json,
        id,
        lambda cli, desk, id: desk.write_down(cli.actor(), agreement, code, off, reason, id),
    )


@fee.command("add")
def fee_add(
    ctx: typer.Context,
    agreement: Which,
    code: Code,
    reason: Reason,
    id: IdOption = None,
    as_json: Json = False,
) -> None:
    """Put a one-off fee of the tariff on the account."""
    _act(
        ctx,
        as_json,
        id,
        lambda cli, desk, id: desk.add_fee(cli.actor(), agreement, code, reason, id),
    )


@fee.command("waive")
def fee_waive(
    ctx: typer.Context,
    agreement: Which,
    code: Code,
    reason: Reason,
    id: IdOption = None,
    as_json: Json = False,
) -> None:
    """Ask no more for what of a fee is not paid."""
    _act(
        ctx,
        as_json,
        id,
        lambda cli, desk, id: desk.waive_fee(cli.actor(), agreement, code, reason, id),
    )


def _act(
    ctx: typer.Context,
    as_json: bool,
    id: str | None,
    act: Callable[[Cli, Accounts, str], AccountView],
) -> None:
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        if id is None:
            id = str(uuid.uuid4())
            # Told before it is asked for: if this process dies, the id still names the act.
            print(f"id {id}", file=sys.stderr, flush=True)
        view = act(cli, raseed.accounts, id)
    _show(cli, view, as_json)


def _show(cli: Cli, view: AccountView, as_json: bool) -> None:
    shown = AccountOut.of(view)
    cli.show(shown, as_json, lambda cli: show_account(cli, shown))


def _debt_row(cli: Cli, row: DebtOwedOut) -> tuple[str, ...]:
    recovery = f"{row.percent}%" if row.instalment is None else row.instalment.value
    until = "" if row.until is None else on_the_wall(row.until)
    return (
        row.code,
        cli.name(row.name.ar, row.name.en),
        row.owed.value,
        recovery,
        term(row.standing, cli.language),
        until,
        row.reason,
    )
