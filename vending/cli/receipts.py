"""Sales as the command line shows them: receipts, copies, what became of them."""

from __future__ import annotations

from collections.abc import Iterable

from meters.quantities import Money
from meters.verdicts import TokenResult

from ..aftersale import Evidence
from ..messages import LRI, PDI, Language, on_the_wall, phrase, term, verdict_words
from ..shapes import (
    BasketOut,
    DeliveryOut,
    LineOut,
    Measure,
    PreviewOut,
    QuoteOut,
    ReceiptOut,
    SaleOut,
    SaleStatusOut,
)
from ..shapes.saleparts import PaidOut
from ..tariff import LineKind
from .context import Cli


def show_receipt(cli: Cli, receipt: ReceiptOut) -> None:
    """Everything that the customer takes home, its token last."""
    if receipt.copy_number:
        cli.line(f"*** {cli.label('copy')} {receipt.copy_number} ***")
    elif receipt.replayed:
        cli.line(f"*** {cli.label('replayed')} ***")
    _sale_facts(cli, receipt)
    show_quote(cli, receipt.quote)
    if receipt.held:
        cli.line(cli.label("held"))
        return
    # The groups stay in order inside Arabic text only if they are isolated.
    begin, end = (LRI, PDI) if cli.language is Language.ARABIC else ("", "")
    for token in receipt.key_tokens:
        cli.line(f"{cli.label('key_token')} {token.section}: {begin}{token.grouped}{end}")
    for one in receipt.tokens:
        cli.line(f"{begin}{one.grouped}{end}")


def show_basket(cli: Cli, basket: BasketOut) -> None:
    """Each of its sales, and how all of it was paid."""
    for receipt in basket.sales:
        show_receipt(cli, receipt)
    _show_paid(cli, basket.paid)


def show_preview(cli: Cli, preview: PreviewOut) -> None:
    """What each would cost and give, and how all of it would be paid."""
    for one in preview.sales:
        name = cli.name(one.customer_name.ar, one.customer_name.en)
        kind = term(f"sale_{one.kind}", cli.language)
        cli.facts((("kind", kind), ("name", name), ("account", one.account), ("meter", one.meter)))
        show_quote(cli, one.quote)
    cli.facts((("due", written(preview.due)),))
    _show_paid(cli, preview.paid)


def show_statuses(cli: Cli, statuses: Iterable[SaleStatusOut]) -> None:
    for status in statuses:
        show_status(cli, status)


def show_status(cli: Cli, status: SaleStatusOut) -> None:
    _sale_facts(cli, status.sale)
    show_quote(cli, status.sale.quote)
    cli.facts((("copies", status.copies),))
    if status.sale.tokens:
        # What paid a debt alone has nothing to be delivered.
        show_delivery(cli, status.delivery)
    if status.void is not None:
        back = status.void
        # Money that was given back is no evidence of anything, and no units.
        why = "refunded" if back.evidence == Evidence.REFUND.value else back.evidence
        cli.facts((("evidence", term(why, cli.language)), ("reason", back.reason)))
        if back.given_back is not None:
            cli.facts((("given_back", written(back.given_back)),))
        cli.facts((("actor", back.actor),))
    if status.later is not None:
        later = status.later
        told = {"vend_id": later.vend_id, "operator": later.operator, "moment": later.sold_at}
        cli.line(phrase("sold_since", cli.language, **told))


def show_quote(cli: Cli, quote: QuoteOut) -> None:
    """What the money went to, line by line, and the sums. `Net` is all but the tax, paid debts too,
    here as everywhere: with the tax and what is carried over it is what was paid."""
    cli.facts((("tariff", cli.name(quote.tariff_name.ar, quote.tariff_name.en)),))
    cli.facts((("amount", written(quote.tendered)),))
    cli.facts((("balance_before", written(quote.balance_before)),))
    taxes = [line for line in quote.lines if line.kind == LineKind.TAX.value]
    for line in quote.lines:
        # One tax is told once, as the sum.
        if line not in taxes or len(taxes) > 1:
            _line(cli, line)
    cli.facts((("net", written(quote.net)),))
    cli.facts((("vat", written(quote.vat)),))
    cli.facts((("balance_after", written(quote.balance_after)),))
    cli.facts((("units", written(quote.quantity)),))


def _show_paid(cli: Cli, paid: PaidOut | None) -> None:
    if paid is not None:
        parts = (("handed", paid.handed), ("rounding", paid.rounding), ("change", paid.change))
        cli.facts((name, written(amount)) for name, amount in parts)


def show_delivery(cli: Cli, delivery: DeliveryOut) -> None:
    cli.facts((("delivery", cli.label(f"state_{delivery.state}")),))
    if delivery.verdict is not None:
        words = verdict_words(TokenResult[delivery.verdict.name], cli.language)
        cli.line(f"{cli.label('verdict')}: {words}")


def _line(cli: Cli, line: LineOut) -> None:
    """One line with its name, what it took, and what is still owed of it."""
    name = cli.label(f"line_{line.kind}")
    if line.block:
        name = f"{cli.label('line_block')} {line.block}"
    if line.name is not None:
        own = cli.name(line.name.ar, line.name.en)
        # A season says which price it was, not what was bought.
        name = f"{name} ({own})" if line.kind == LineKind.UNITS.value else own
    told = [written(line.amount)]
    if line.included:
        told.append(cli.label("line_included"))
    if line.limited is not None:
        told.append(cli.label(f"line_{line.limited}"))
    if line.reason:
        told.append(line.reason)
    if line.left is not None and not Money.from_text(line.left.value, line.left.unit).is_zero:
        told.append(f"{cli.label('line_left')} {written(line.left)}")
    cli.named(name, " · ".join(told))


def written(amount: Measure) -> str:
    """The amount with its unit, as people read it."""
    return f"{amount.value} {amount.unit}"


def _sale_facts(cli: Cli, sale: SaleOut | ReceiptOut) -> None:
    cli.facts(
        (
            ("receipt", sale.receipt),
            ("vend_id", sale.vend_id),
            ("sold_at", on_the_wall(sale.sold_at, seconds=True)),
            ("name", cli.name(sale.customer_name.ar, sale.customer_name.en)),
            ("account", sale.account),
            ("meter", sale.meter),
            ("point", cli.name(sale.point_name.ar, sale.point_name.en)),
        )
    )
