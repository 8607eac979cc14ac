"""`raseed void`, `reprint`, `sale`, `deliver`, `reconcile`: sales once they are made."""

from __future__ import annotations

from typing import Annotated

import typer

from ..aftersale import SaleStatus
from ..messages import on_the_wall, term
from ..shapes import BasketOut, DeliveryOut, ReceiptOut, SaleOut, SaleStatusOut, VoidOut
from .context import Cli, Json, VendIdArg, cli_of
from .paging import BeforeNumber, Limit
from .receipts import show_basket, show_delivery, show_receipt, show_statuses, written
from .sale_options import NEGATIVE, PointOption
from .seat import TerminalOption, seated

app = typer.Typer()
sale = typer.Typer(no_args_is_help=True, help="Sales that were made.")


@app.command("void", context_settings=NEGATIVE)
def void(
    ctx: typer.Context,
    vend_id: VendIdArg,
    reason: Annotated[str, typer.Option(help="Why.")],
    point: PointOption = None,
    terminal: TerminalOption = None,
    as_json: Json = False,
) -> None:
    """Take a sale back, on evidence that its token has not been used."""
    cli = cli_of(ctx)
    with cli.raseed(keys=True) as raseed, cli.progress("meter"):
        actor = seated(cli, raseed, point, terminal)
        void = raseed.service.void(actor, vend_id, reason)
        shown = VoidOut.of(void, raseed.service.what_became(actor, vend_id).receipt)

    def people(cli: Cli) -> None:
        cli.facts(
            (
                ("vend_id", shown.vend_id),
                ("evidence", term(shown.evidence, cli.language)),
                ("reason", shown.reason),
                ("given_back", shown.given_back and written(shown.given_back)),
                ("entry", shown.journal_entry),
            )
        )

    cli.show(shown, as_json, people)


@app.command("reprint")
def reprint(
    ctx: typer.Context,
    vend_id: VendIdArg,
    point: Annotated[str | None, typer.Option(help="Vending point (or RASEED_POINT).")] = None,
    as_json: Json = False,
) -> None:
    """The same digits again, marked as a copy and recorded: of everything that was paid for at
    once, or of one further sale by its own id."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        made = raseed.service.paperwork.copy(cli.actor(point=point), vend_id)
        shown = BasketOut.printed(made.receipts, vend_id)
    if len(shown.sales) == 1:
        (alone,) = shown.sales
        cli.show(alone, as_json, lambda cli: show_receipt(cli, alone))
    else:
        cli.show(shown, as_json, lambda cli: show_basket(cli, shown))


@sale.command("show")
def sale_show(ctx: typer.Context, vend_id: VendIdArg, as_json: Json = False) -> None:
    """What became of a sale, and of all that was paid for with it (without its tokens' digits); a
    further sale by its own id is shown alone. JSON of several is a list."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.service.basket(cli.actor(), vend_id)
    _show_found(cli, found, as_json)


@sale.command("last")
def sale_last(
    ctx: typer.Context,
    point: PointOption = None,
    terminal: TerminalOption = None,
    as_json: Json = False,
) -> None:
    """What became of all that you sold at once last at this terminal, and who has sold there
    since."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.service.last_basket(seated(cli, raseed, point, terminal))
    _show_found(cli, found, as_json)


@sale.command("reveal")
def sale_reveal(
    ctx: typer.Context,
    vend_id: VendIdArg,
    point: PointOption = None,
    terminal: TerminalOption = None,
    as_json: Json = False,
) -> None:
    """The digits of a sale that was held; from here on they count as seen."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        actor = seated(cli, raseed, point, terminal)
        shown = ReceiptOut.of(raseed.service.show(actor, vend_id))
    cli.show(shown, as_json, lambda cli: show_receipt(cli, shown))


@sale.command("list")
def sale_list(
    ctx: typer.Context,
    number: Annotated[str | None, typer.Option("--meter", help="Of this meter only.")] = None,
    before: BeforeNumber = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """Sales, latest first."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.service.sales(cli.actor(), meter=number, before=before, limit=limit)
    rows = [SaleOut.of(receipt) for receipt in found]
    cli.show(
        rows,
        as_json,
        lambda cli: cli.table(
            ("entry", "receipt", "sold_at", "meter", "amount", "units", "vend_id"),
            (
                (
                    row.journal_entry,
                    row.receipt,
                    on_the_wall(row.sold_at, seconds=True),
                    row.meter,
                    f"{row.quote.tendered.value} {row.quote.tendered.unit}",
                    f"{row.quote.quantity.value} {row.quote.quantity.unit}",
                    row.vend_id,
                )
                for row in rows
            ),
        ),
    )


@app.command("deliver")
def deliver(ctx: typer.Context, vend_id: VendIdArg, as_json: Json = False) -> None:
    """Push the sale's token to its meter, once."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed, cli.progress("meter"):
        shown = DeliveryOut.of(raseed.service.deliver(cli.actor(), vend_id))
    cli.show(shown, as_json, lambda cli: show_delivery(cli, shown))


@app.command("reconcile")
def reconcile(ctx: typer.Context, vend_id: VendIdArg, as_json: Json = False) -> None:
    """Read the meter's token log and settle what became of the token."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed, cli.progress("meter"):
        shown = DeliveryOut.of(raseed.service.reconcile(cli.actor(), vend_id))
    cli.show(shown, as_json, lambda cli: show_delivery(cli, shown))


def _show_found(cli: Cli, found: list[SaleStatus], as_json: bool) -> None:
    rows = [SaleStatusOut.of(status) for status in found]
    shown = rows[0] if len(rows) == 1 else rows
    cli.show(shown, as_json, lambda cli: show_statuses(cli, rows))
