"""`raseed quote`, `vend`, `reprint`, `sale`, `deliver`, `reconcile`."""

from __future__ import annotations

import sys
import uuid
from typing import Annotated

import typer

from meters.quantities import Money

from ..aftersale import SaleStatus
from ..messages import term
from ..requests import (
    Allowance,
    BasketRequest,
    Credit,
    DebtPayment,
    Item,
    Postponement,
    Units,
)
from ..sale import Payment, Tender, TenderUnknown, VendRequest
from ..shapes import (
    BasketOut,
    BindingQuoteOut,
    DeliveryOut,
    ReceiptOut,
    SaleOut,
    SaleStatusOut,
    VoidOut,
)
from .context import Cli, Json, MeterArg, VendIdArg, cli_of
from .receipts import (
    show_basket,
    show_delivery,
    show_quote,
    show_receipt,
    show_statuses,
    written,
)

app = typer.Typer()
sale = typer.Typer(no_args_is_help=True, help="Sales that were made.")

# "-5" is an amount that the core refuses with words, not an option that does not exist.
_NEGATIVE = {"ignore_unknown_options": True}

AmountArg = Annotated[
    str, typer.Argument(metavar="AMOUNT", help="What the customer hands over, VAT included: 50.00")
]


UnitsFlag = Annotated[bool, typer.Option("--units", help="AMOUNT is units to be sold: kWh or m3.")]
PostponeOption = Annotated[
    list[str] | None,
    typer.Option(metavar="DEBT=REASON", help="Do not ask for this debt now. May be repeated."),
]
PayOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TENDER:AMOUNT[:REFERENCE]",
        help="What is handed over, e.g. card:30.00:slip-7. May be repeated.",
    ),
]
TenderOption = Annotated[
    str | None,
    typer.Option(
        help="Paid in one way, and exactly: cash (if not told), card, cheque, wallet or transfer."
    ),
]
HoldFlag = Annotated[
    bool, typer.Option("--hold", help="Keep the digits back until `raseed sale reveal`.")
]
PointOption = Annotated[
    str | None, typer.Option(help="Vending point that sells (or RASEED_POINT).")
]


@app.command("quote", context_settings=_NEGATIVE)
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
        if shown.id is not None:
            until = f"{shown.expires_at:%Y-%m-%d %H:%M:%SZ}"
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
    as_json: Json = False,
) -> None:
    """Sell: exactly once per vend id."""
    cli = cli_of(ctx)
    way = one_way(tender)
    with cli.raseed(keys=True) as raseed:
        ask, later = asked(amount, units, raseed.currency), postponed(postpone)
        payments = paid_in(pay, raseed.currency)
        vend_id = _made() if vend_id is None else vend_id
        actor = cli.actor(point=point)
        if isinstance(ask, Money) and not later and not payments:
            request = VendRequest(vend_id, number, ask, way or Tender.CASH, quote_id, hold)
            sold = raseed.service.vend(actor, request)
        else:
            item = Credit(number, ask, quote_id, later)
            basket = BasketRequest(vend_id, (item,), payments, hold=hold, tender=way)
            sold = raseed.service.vend_basket(actor, basket).leading
        shown = ReceiptOut.of(sold)
    cli.show(shown, as_json, lambda cli: show_receipt(cli, shown))


@app.command("basket", context_settings=_NEGATIVE)
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
    vend_id: Annotated[str | None, typer.Option("--id", help="Vend id, as for `vend`.")] = None,
    tender: TenderOption = None,
    pay: PayOption = None,
    hold: HoldFlag = False,
    point: PointOption = None,
    as_json: Json = False,
) -> None:
    """Sell several things at once, all of them or nothing, on one receipt."""
    cli = cli_of(ctx)
    way = one_way(tender)
    with cli.raseed(keys=True) as raseed:
        currency = raseed.currency
        items: list[Item] = [
            *(Credit(m, Money.from_text(a, currency)) for m, a in _pairs("--credit", credit)),
            *(Credit(m, Units(a)) for m, a in _pairs("--units", units)),
            *(_debt(m, a, currency) for m, a in _pairs("--debt", debt)),
            *(Allowance(number) for number in allowance or ()),
        ]
        paid = paid_in(pay, currency)
        request = BasketRequest(
            _made() if vend_id is None else vend_id, tuple(items), paid, hold=hold, tender=way
        )
        shown = BasketOut.of(raseed.service.vend_basket(cli.actor(point=point), request))

    cli.show(shown, as_json, lambda cli: show_basket(cli, shown))


@app.command("void", context_settings=_NEGATIVE)
def void(
    ctx: typer.Context,
    vend_id: VendIdArg,
    reason: Annotated[str, typer.Option(help="Why.")],
    point: PointOption = None,
    as_json: Json = False,
) -> None:
    """Take a sale back, on evidence that its token has not been used."""
    cli = cli_of(ctx)
    with cli.raseed(keys=True) as raseed, cli.progress("meter"):
        actor = cli.actor(point=point)
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


def asked(amount: str, units: bool, currency: str) -> Money | Units:
    """Raises NotANumber, TooFine."""
    return Units(amount) if units else Money.from_text(amount, currency)


def tender_of(text: str) -> Tender:
    """Raises TenderUnknown."""
    if text not in {one.value for one in Tender}:
        raise TenderUnknown(text[:20])
    return Tender(text)


def one_way(text: str | None) -> Tender | None:
    """The way in which all of it is paid, if it was told. Raises TenderUnknown."""
    return None if text is None else tender_of(text)


def postponed(options: list[str] | None) -> tuple[Postponement, ...]:
    return tuple(Postponement(*pair) for pair in _pairs("--postpone", options))


def paid_in(options: list[str] | None, currency: str) -> tuple[Payment, ...]:
    """Raises TenderUnknown, NotANumber, TooFine."""
    payments = []
    for option in options or ():
        tender, colon, rest = option.partition(":")
        amount, _, reference = rest.partition(":")
        if not colon:
            raise typer.BadParameter(option, param_hint="--pay")
        payments.append(Payment(tender_of(tender), Money.from_text(amount, currency), reference))
    return tuple(payments)


def _pairs(name: str, options: list[str] | None) -> list[tuple[str, str]]:
    found = []
    for option in options or ():
        left, equals, right = option.partition("=")
        if not equals:
            raise typer.BadParameter(option, param_hint=name)
        found.append((left, right))
    return found


def _debt(number: str, text: str, currency: str) -> DebtPayment:
    amount, _, code = text.partition(":")
    return DebtPayment(number, Money.from_text(amount, currency), code)


def _made() -> str:
    """A new vend id, told before the sale: if this process dies, the id still finds out what
    became of it."""
    made = str(uuid.uuid4())
    print(f"vend id {made}", file=sys.stderr, flush=True)
    return made


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
def sale_last(ctx: typer.Context, point: PointOption = None, as_json: Json = False) -> None:
    """What became of all that you sold at once last at this terminal, and who has sold there
    since."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.service.last_basket(cli.actor(point=point))
    _show_found(cli, found, as_json)


def _show_found(cli: Cli, found: list[SaleStatus], as_json: bool) -> None:
    rows = [SaleStatusOut.of(status) for status in found]
    shown = rows[0] if len(rows) == 1 else rows
    cli.show(shown, as_json, lambda cli: show_statuses(cli, rows))


@sale.command("reveal")
def sale_reveal(
    ctx: typer.Context, vend_id: VendIdArg, point: PointOption = None, as_json: Json = False
) -> None:
    """The digits of a sale that was held; from here on they count as seen."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        shown = ReceiptOut.of(raseed.service.show(cli.actor(point=point), vend_id))
    cli.show(shown, as_json, lambda cli: show_receipt(cli, shown))


@sale.command("list")
def sale_list(
    ctx: typer.Context,
    number: Annotated[str | None, typer.Option("--meter", help="Of this meter only.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: Json = False,
) -> None:
    """Sales, latest first."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.service.sales(cli.actor(), meter=number, limit=limit)
    rows = [SaleOut.of(receipt) for receipt in found]
    cli.show(
        rows,
        as_json,
        lambda cli: cli.table(
            ("receipt", "sold_at", "meter", "amount", "units", "vend_id"),
            (
                (
                    row.receipt,
                    f"{row.sold_at:%Y-%m-%d %H:%M:%SZ}",
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
