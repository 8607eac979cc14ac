"""`raseed quote`, `vend`, `reprint`, `sale`, `deliver`, `reconcile`."""

from __future__ import annotations

import sys
import uuid
from typing import Annotated

import typer

from meters.quantities import Money
from meters.verdicts import TokenResult

from ..messages import LRI, PDI, Language, verdict_words
from ..sale import Tender, TenderUnknown, VendRequest
from ..shapes import DeliveryOut, ExplainedQuoteOut, QuoteOut, ReceiptOut, SaleOut, SaleStatusOut
from .context import Cli, Json, MeterArg, VendIdArg, cli_of

app = typer.Typer()
sale = typer.Typer(no_args_is_help=True, help="Sales that were made.")

# "-5" is an amount that the core refuses with words, not an option that does not exist.
_NEGATIVE = {"ignore_unknown_options": True}

AmountArg = Annotated[
    str, typer.Argument(metavar="AMOUNT", help="What the customer hands over, VAT included: 50.00")
]


@app.command("quote", context_settings=_NEGATIVE)
def quote(ctx: typer.Context, number: MeterArg, amount: AmountArg, as_json: Json = False) -> None:
    """Price a sale; no effect."""
    cli = cli_of(ctx)
    with cli.raseed(keys=True) as raseed:
        money = Money.from_text(amount, raseed.currency)
        priced = raseed.service.quote(cli.actor(), number, money)
        last = raseed.service.sales(cli.actor(), meter=number, limit=1)
        shown = ExplainedQuoteOut.with_reasons(priced, last[0].quote if last else None)

    def people(cli: Cli) -> None:
        _quote_lines(cli, shown)
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
    tender: Annotated[str, typer.Option(help="cash, card, wallet or transfer.")] = "cash",
    point: Annotated[
        str | None, typer.Option(help="Vending point that sells (or RASEED_POINT).")
    ] = None,
    as_json: Json = False,
) -> None:
    """Sell: exactly once per vend id."""
    cli = cli_of(ctx)
    if tender not in {one.value for one in Tender}:
        raise TenderUnknown(tender[:20])
    with cli.raseed(keys=True) as raseed:
        money = Money.from_text(amount, raseed.currency)
        if vend_id is None:
            vend_id = str(uuid.uuid4())
            # Told before the sale: if this process dies, the id still finds out what became of it.
            print(f"vend id {vend_id}", file=sys.stderr, flush=True)
        request = VendRequest(vend_id, number, money, Tender(tender))
        shown = ReceiptOut.of(raseed.service.vend(cli.actor(point=point), request))
    cli.show(shown, as_json, lambda cli: _receipt(cli, shown))


@app.command("reprint")
def reprint(
    ctx: typer.Context,
    vend_id: VendIdArg,
    point: Annotated[str | None, typer.Option(help="Vending point (or RASEED_POINT).")] = None,
    as_json: Json = False,
) -> None:
    """The same digits again, marked as a copy and recorded."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        shown = ReceiptOut.of(raseed.service.reprint(cli.actor(point=point), vend_id))
    cli.show(shown, as_json, lambda cli: _receipt(cli, shown))


@sale.command("show")
def sale_show(ctx: typer.Context, vend_id: VendIdArg, as_json: Json = False) -> None:
    """What became of a sale (without its token's digits)."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        shown = SaleStatusOut.of(raseed.service.what_became(cli.actor(), vend_id))

    def people(cli: Cli) -> None:
        _sale_facts(cli, shown.sale)
        _quote_lines(cli, shown.sale.quote)
        cli.facts((("copies", shown.copies),))
        _delivery(cli, shown.delivery)

    cli.show(shown, as_json, people)


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
    cli.show(shown, as_json, lambda cli: _delivery(cli, shown))


@app.command("reconcile")
def reconcile(ctx: typer.Context, vend_id: VendIdArg, as_json: Json = False) -> None:
    """Read the meter's token log and settle what became of the token."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed, cli.progress("meter"):
        shown = DeliveryOut.of(raseed.service.reconcile(cli.actor(), vend_id))
    cli.show(shown, as_json, lambda cli: _delivery(cli, shown))


def _quote_lines(cli: Cli, quote: QuoteOut) -> None:
    money = [
        ("amount", quote.tendered),
        ("balance_before", quote.balance_before),
        ("net", quote.net),
        ("vat", quote.vat),
        ("balance_after", quote.balance_after),
        ("units", quote.quantity),
    ]
    cli.facts((("tariff", cli.name(quote.tariff_name.ar, quote.tariff_name.en)),))
    cli.facts((name, f"{amount.value} {amount.unit}") for name, amount in money)


def _sale_facts(cli: Cli, sale: SaleOut | ReceiptOut) -> None:
    cli.facts(
        (
            ("receipt", sale.receipt),
            ("vend_id", sale.vend_id),
            ("sold_at", f"{sale.sold_at:%Y-%m-%d %H:%M:%SZ}"),
            ("name", cli.name(sale.customer_name.ar, sale.customer_name.en)),
            ("account", sale.account),
            ("meter", sale.meter),
            ("point", cli.name(sale.point_name.ar, sale.point_name.en)),
        )
    )


def _receipt(cli: Cli, receipt: ReceiptOut) -> None:
    if receipt.copy_number:
        cli.line(f"*** {cli.label('copy')} {receipt.copy_number} ***")
    elif receipt.replayed:
        cli.line(f"*** {cli.label('replayed')} ***")
    _sale_facts(cli, receipt)
    _quote_lines(cli, receipt.quote)
    for token in receipt.tokens:
        # The groups stay in order inside Arabic text only if they are isolated.
        arabic = cli.language is Language.ARABIC
        cli.line(f"{LRI}{token.grouped}{PDI}" if arabic else token.grouped)


def _delivery(cli: Cli, delivery: DeliveryOut) -> None:
    cli.facts((("delivery", cli.label(f"state_{delivery.state}")),))
    if delivery.verdict is not None:
        words = verdict_words(TokenResult[delivery.verdict.name], cli.language)
        cli.line(f"{cli.label('verdict')}: {words}")
