"""A receipt as JSON text, written directly: the answer to a sale, which is asked for all day.

It is what `ReceiptOut` and `BasketOut` say, byte for byte (a test holds them together); building
those models, checking values that are ours and walking them again costs more than pricing the sale.
Tables of plain values, which `msgspec` writes, cost a fraction of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC
from typing import Any, Final, TypeVar

from msgspec.json import Encoder

from meters.quantities import Money, Quantity

from ..sale import BasketReceipt, IssuedToken, KeyToken, Paid, Payment, SaleReceipt
from ..tariff import Quote, QuoteLine

_T = TypeVar("_T")
_Table = dict[str, Any]
"""Of texts, numbers, truths, kinds (told by their values), tables and lists of them."""
_written: Final = Encoder().encode


def receipt_json(receipt: SaleReceipt) -> bytes:
    """`ReceiptOut.of(receipt).model_dump_json()`."""
    return _written(_receipt(receipt))


def basket_json(basket: BasketReceipt) -> bytes:
    """`BasketOut.of(basket).model_dump_json()`."""
    leading = basket.leading
    return _written(
        {
            "vend_id": leading.vend_id,
            "receipt": leading.receipt_code,
            "paid": _maybe(_paid, leading.paid),
            "sales": [_receipt(one) for one in basket.receipts],
            "replayed": basket.replayed,
        }
    )


def _receipt(receipt: SaleReceipt) -> _Table:
    buyer, seller = receipt.buyer, receipt.seller
    return {
        "vend_id": receipt.vend_id,
        "kind": receipt.kind,
        "basket": receipt.basket,
        "shift": receipt.shift,
        "paid": _maybe(_paid, receipt.paid),
        "reason": receipt.reason,
        "requested_by": receipt.requested_by,
        "refers_to": receipt.refers_to,
        "quote_id": receipt.quote_id,
        "key_move": _maybe(asdict, receipt.key_move),
        "commission": _maybe(_measure, receipt.commission),
        "held": receipt.held,
        "receipt": receipt.receipt_code,
        "number": receipt.number,
        "sold_at": receipt.sold_at.astimezone(UTC),
        "account": buyer.account,
        "customer_name": _names(buyer.name_ar, buyer.name_en),
        "agreement": buyer.agreement,
        "meter": buyer.meter,
        "quarter": buyer.quarter,
        "address": buyer.address,
        "point": seller.point,
        "point_name": _names(seller.point_name_ar, seller.point_name_en),
        "operator": seller.operator,
        "tender": receipt.tender,
        "quote": _quote(receipt.quote),
        "journal_entry": receipt.journal_entry,
        "key_tokens": [_key_token(token) for token in receipt.key_tokens],
        "tokens": [_token(token) for token in receipt.tokens],
        "copy_number": receipt.copy,
        "replayed": receipt.replayed,
    }


def _quote(quote: Quote) -> _Table:
    return {
        "tariff": quote.tariff,
        "tariff_version": quote.tariff_version,
        "tariff_name": _names(quote.tariff_name_ar, quote.tariff_name_en),
        "commodity": quote.commodity,
        "tendered": _measure(quote.tendered),
        "balance_before": _measure(quote.balance_before),
        "quantity": _measure(quote.quantity),
        "lines": [_line(line) for line in quote.lines],
        "net": _measure(quote.net),
        "vat": _measure(quote.vat),
        "balance_after": _measure(quote.balance_after),
    }


def _line(line: QuoteLine) -> _Table:
    return {
        "rule": line.rule,
        "base": _measure(line.base),
        "rate": line.rate,
        "amount": _measure(line.amount),
        "rounding": line.rounding,
        "remainder": str(line.remainder),
        "kind": line.kind,
        "code": line.code,
        "name": None if line.label is None else _names(line.label.ar, line.label.en),
        "included": line.included,
        "block": line.block,
        "limited": line.limited,
        "reason": line.reason,
        "left": _maybe(_measure, line.left),
        "payer": line.payer,
    }


def _token(token: IssuedToken) -> _Table:
    return {
        "kind": token.kind,
        "tid": token.tid,
        "quantity": _maybe(_measure, token.quantity),
        "digits": token.digits,
        "grouped": token.grouped,
    }


def _key_token(token: KeyToken) -> _Table:
    return {"section": token.section, "digits": token.digits, "grouped": token.grouped}


def _paid(paid: Paid) -> _Table:
    return {
        "payments": [_payment(payment) for payment in paid.payments],
        "handed": _measure(paid.handed),
        "rounding": _measure(paid.rounding),
        "change": _measure(paid.change),
    }


def _payment(payment: Payment) -> _Table:
    return {
        "tender": payment.tender,
        "amount": _measure(payment.amount),
        "reference": payment.reference,
    }


def _measure(amount: Money | Quantity) -> _Table:
    unit = amount.currency if isinstance(amount, Money) else amount.display_unit
    return {"value": amount.to_text(), "unit": unit}


def _names(ar: str, en: str) -> _Table:
    return {"ar": ar, "en": en}


def _maybe(told: Callable[[_T], _Table], value: _T | None) -> _Table | None:
    return None if value is None else told(value)
