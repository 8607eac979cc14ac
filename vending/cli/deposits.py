"""`raseed operator deposit`: what an operator pays in before selling, or gets back."""

from __future__ import annotations

from typing import Annotated

import typer

from meters.quantities import Money

from ..drawer import DepositPlace
from .asking import IdOption, Reason, given_or_new
from .bookkeeping import show_adjustment
from .context import Json, cli_of
from .operators import operator


@operator.command("deposit")
def deposit(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(metavar="CODE", help="The operator's code.")],
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="As 500.00.")],
    reason: Reason,
    place: Annotated[
        DepositPlace, typer.Option("--place", help="Where the money came in, or is paid from.")
    ] = DepositPlace.BANK,
    paid_out: Annotated[bool, typer.Option("--paid-out", help="Pay it back.")] = False,
    id: IdOption = None,
    as_json: Json = False,
) -> None:
    """Ask for an operator's deposit to be paid in or out. A second person approves it."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        made = raseed.deposits.request(
            cli.actor(),
            given_or_new(id),
            code,
            Money.from_text(amount, raseed.deposits.currency),
            reason,
            place=place,
            paid_out=paid_out,
        )
    show_adjustment(cli, made, as_json)
