"""`raseed quote`, `vend`, `basket`: what is sold, and for how much."""

from __future__ import annotations

from typing import Annotated

import typer

from meters.quantities import Money

from ..messages import on_the_wall
from ..requests import LOOKING, Allowance, BasketRequest, Credit, Item
from ..sale import Tender, VendRequest
from ..shapes import BasketOut, BindingQuoteOut, PreviewOut, ReceiptOut
from .asking import given_or_new
from .context import Cli, Json, MeterArg, cli_of
from .receipts import show_basket, show_preview, show_quote, show_receipt
from .sale_options import (
    NEGATIVE,
    AmountArg,
    HoldFlag,
    PayOption,
    PointOption,
    PostponeOption,
    TenderOption,
    UnitsFlag,
    asked,
    credits_of,
    debt_paid,
    one_way,
    paid_in,
    pairs,
    postponed,
)
from .seat import TerminalOption, seated

app = typer.Typer()


@app.command("quote", context_settings=NEGATIVE)
def quote(
    ctx: typer.Context,
    number: MeterArg,
    amount: AmountArg,
    units: UnitsFlag = False,
    postpone: PostponeOption = None,
    bind: Annotated[
        bool,
        typer.Option("--bind/--look", help="Hold the price for 15 minutes, or only look at it."),
    ] = True,
    as_json: Json = False,
) -> None:
    """Price a sale, and hold the price for the sale that names the quote; with --look nothing is
    kept."""
    cli = cli_of(ctx)
    with cli.raseed(keys=True) as raseed:
        ask = asked(amount, units, raseed.currency)
        later = postponed(postpone)
        before = raseed.service.last_bought(cli.actor(), number)
        if bind:
            promise = raseed.service.bind(cli.actor(), number, ask, later)
            shown = BindingQuoteOut.bound(promise, before)
        else:
            priced = raseed.service.quote(cli.actor(), number, ask, later)
            shown = BindingQuoteOut.unbound(priced, before)

    def people(cli: Cli) -> None:
        if shown.id is not None and shown.expires_at is not None:
            until = on_the_wall(shown.expires_at, seconds=True)
            cli.facts((("quote_id", shown.id), ("expires_at", until)))
        show_quote(cli, shown)
        for sentence in shown.explanation:
            cli.line(cli.name(sentence.ar, sentence.en))

    cli.show(shown, as_json, people)


@app.command("vend")
def vend(
    ctx: typer.Context,
    number: MeterArg,
    amount: AmountArg,
    vend_id: Annotated[
        str | None,
        typer.Option("--id", help="Vend id; made if not given. Repeat it after a lost answer."),
    ] = None,
    tender: TenderOption = None,
    units: UnitsFlag = False,
    quote_id: Annotated[str, typer.Option("--quote", help="Binding quote to be honoured.")] = "",
    postpone: PostponeOption = None,
    pay: PayOption = None,
    hold: HoldFlag = False,
    point: PointOption = None,
    terminal: TerminalOption = None,
    as_json: Json = False,
) -> None:
    """Sell: exactly once per vend id."""
    cli = cli_of(ctx)
    way = one_way(tender)
    with cli.raseed(keys=True) as raseed:
        ask, later = asked(amount, units, raseed.currency), postponed(postpone)
        payments = paid_in(pay, raseed.currency)
        vend_id = given_or_new(vend_id, "vend id")
        actor = seated(cli, raseed, point, terminal)
        if isinstance(ask, Money) and not later and not payments:
            request = VendRequest(vend_id, number, ask, way or Tender.CASH, quote_id, hold)
            sold = raseed.service.vend(actor, request)
        else:
            item = Credit(number, ask, quote_id, later)
            basket = BasketRequest(vend_id, (item,), payments, hold=hold, tender=way)
            sold = raseed.service.vend_basket(actor, basket).leading
        shown = ReceiptOut.of(sold)
    cli.show(shown, as_json, lambda cli: show_receipt(cli, shown))


@app.command("basket", context_settings=NEGATIVE)
def basket(
    ctx: typer.Context,
    credit: Annotated[
        list[str] | None, typer.Option(metavar="METER=AMOUNT", help="Units for money.")
    ] = None,
    units: Annotated[
        list[str] | None, typer.Option(metavar="METER=UNITS", help="Money for units.")
    ] = None,
    debt: Annotated[
        list[str] | None,
        typer.Option(metavar="METER=AMOUNT[:CODE]", help="Towards what is owed, without units."),
    ] = None,
    allowance: Annotated[
        list[str] | None, typer.Option(metavar="METER", help="The month's free units.")
    ] = None,
    quote: Annotated[
        list[str] | None,
        typer.Option(metavar="METER=ID", help="Binding quote of what is bought for this meter."),
    ] = None,
    postpone: Annotated[
        list[str] | None,
        typer.Option(metavar="METER:DEBT=REASON", help="Do not ask for this debt now."),
    ] = None,
    vend_id: Annotated[str | None, typer.Option("--id", help="Vend id, as for `vend`.")] = None,
    tender: TenderOption = None,
    pay: PayOption = None,
    hold: HoldFlag = False,
    look: Annotated[
        bool,
        typer.Option("--look", help="Only look ahead: what it would cost and give, unsold."),
    ] = False,
    point: PointOption = None,
    terminal: TerminalOption = None,
    as_json: Json = False,
) -> None:
    """Sell several things at once, all of them or nothing, on one receipt; with --look nothing is
    sold or kept."""
    cli = cli_of(ctx)
    way = one_way(tender)
    with cli.raseed(keys=True) as raseed:
        currency = raseed.currency
        bought = [(m, asked(a, False, currency)) for m, a in pairs("--credit", credit)]
        bought += [(m, asked(a, True, currency)) for m, a in pairs("--units", units)]
        items: list[Item] = [
            *credits_of(bought, quote, postpone),
            *(debt_paid(m, a, currency) for m, a in pairs("--debt", debt)),
            *(Allowance(number) for number in allowance or ()),
        ]
        paid, actor = paid_in(pay, currency), seated(cli, raseed, point, terminal)
        if look:
            ahead = BasketRequest(LOOKING, tuple(items), paid, tender=way)
            preview = PreviewOut.of(raseed.service.rehearse(actor, ahead).basket)
            cli.show(preview, as_json, lambda cli: show_preview(cli, preview))
            return
        request = BasketRequest(
            given_or_new(vend_id, "vend id"), tuple(items), paid, hold=hold, tender=way
        )
        shown = BasketOut.of(raseed.service.vend_basket(actor, request))

    cli.show(shown, as_json, lambda cli: show_basket(cli, shown))
