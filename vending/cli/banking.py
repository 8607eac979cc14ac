"""`raseed banking`: take to the bank what closed shifts left, with a deposit slip."""

from __future__ import annotations

from typing import Annotated

import typer

from ..drawer import Banking, BankRequest, checked_pieces, checked_slips
from ..messages import on_the_wall, term
from ..shapes import BankingOut
from .asking import given_or_new
from .context import Cli, Json, cli_of
from .paging import BeforeNumber, Limit
from .shifts import IdOption, Point, pieces_from, slips_from

app = typer.Typer(no_args_is_help=True, help="Deposits at the bank.")

BankingArg = Annotated[str, typer.Argument(metavar="ID", help="Id of the banking.")]


@app.command("make")
def make(
    ctx: typer.Context,
    shift: Annotated[
        list[str] | None,
        typer.Option(help="A closed shift whose money it is; repeat it. Default: all that wait."),
    ] = None,
    amount: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TENDER=AMOUNT",
            help="As cash=1250.00; repeat it. Default: what the shifts left in cash and cheques.",
        ),
    ] = None,
    reference: Annotated[str, typer.Option(help="The bank's, or the bag's.")] = "",
    counted: Annotated[
        list[str] | None,
        typer.Option("--count", metavar="VALUE=PIECES", help="Notes and coins for the slip."),
    ] = None,
    id: IdOption = None,
    point: Point = None,
    as_json: Json = False,
) -> None:
    """Book a deposit at the bank and show its slip."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        bankings = raseed.bankings
        actor = cli.actor(point=point)
        unit = bankings.currency
        amounts = None
        if amount:
            amounts = checked_slips(slips_from(amount), unit, cash=True)
        request = BankRequest(
            id=given_or_new(id),
            point=actor.point or "",
            shifts=tuple(shift) if shift else None,
            amounts=amounts,
            reference=reference,
            pieces=checked_pieces(pieces_from(counted or []), unit),
        )
        made = bankings.bank(actor, request)
    _show(cli, made, as_json)


@app.command("slip")
def slip(ctx: typer.Context, banking: BankingArg, as_json: Json = False) -> None:
    """The deposit slip."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        made = raseed.bankings.slip(cli.actor(), banking)
    _show(cli, made, as_json)


@app.command("reprint")
def reprint(ctx: typer.Context, banking: BankingArg, as_json: Json = False) -> None:
    """A copy of the slip, numbered and recorded."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        made = raseed.bankings.reprint(cli.actor(), banking)
    _show(cli, made, as_json)


@app.command("list")
def list_bankings(
    ctx: typer.Context,
    point: Annotated[str | None, typer.Option(help="Of this vending point only.")] = None,
    before: BeforeNumber = None,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """Deposits, the last first."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.bankings.bankings(cli.actor(), point=point, before=before, limit=limit)
    rows = [BankingOut.of(one) for one in found]
    cli.show(
        rows,
        as_json,
        lambda cli: cli.table(
            ("slip", "time", "actor", "amount", "reference", "entry", "id"),
            (
                (
                    row.code,
                    on_the_wall(row.at),
                    row.actor,
                    f"{row.amount.value} {row.amount.unit}",
                    row.reference,
                    row.entry,
                    row.id,
                )
                for row in rows
            ),
        ),
    )


def _show(cli: Cli, made: Banking, as_json: bool) -> None:
    shown = BankingOut.of(made)
    cli.show(shown, as_json, lambda cli: _paper(cli, shown))


def _paper(cli: Cli, slip: BankingOut) -> None:
    title = cli.label("deposit_slip")
    cli.line(f"{title} ({cli.label('copy')} {slip.copy_number})" if slip.copy_number else title)
    to = slip.beneficiary
    cli.facts(
        (
            ("slip", slip.code),
            ("point", slip.point),
            ("time", on_the_wall(slip.at, seconds=True)),
            ("actor", slip.actor),
            ("beneficiary", to.name or "-"),
            ("bank", " ".join(part for part in (to.bank, to.account) if part) or "-"),
            ("reference", slip.reference or "-"),
            ("shifts", ", ".join(slip.shifts) or "-"),
        )
    )
    cli.table(
        ("tender", "amount"),
        (
            (term(line.tender, cli.language), f"{line.amount.value} {line.amount.unit}")
            for line in slip.lines
        ),
    )
    if slip.pieces:
        cli.table(
            ("piece", "pieces"),
            ((f"{p.value.value} {p.value.unit}", p.pieces) for p in slip.pieces),
        )
    cli.facts(
        (
            ("sum", f"{slip.amount.value} {slip.amount.unit}"),
            ("entry", slip.entry),
            ("copies", slip.copies),
        )
    )
