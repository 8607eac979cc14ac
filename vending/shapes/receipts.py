"""A receipt as JSON text, written directly: the answer to a sale, which is asked for all day.

It is what `ReceiptOut` and `BasketOut` say, byte for byte (a test holds them together); building
those models, checking values that are ours and walking them again costs more than pricing the sale.
"""

from __future__ import annotations

import json
import json.encoder
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC
from functools import partial
from typing import Any

from meters.quantities import Money, Quantity

from ..sale import BasketReceipt, IssuedToken, KeyToken, Paid, SaleReceipt
from ..tariff import Quote, QuoteLine


def receipt_json(receipt: SaleReceipt) -> str:
    """`ReceiptOut.of(receipt).model_dump_json()`."""
    return _text(_receipt(receipt))


def basket_json(basket: BasketReceipt) -> str:
    """`BasketOut.of(basket).model_dump_json()`."""
    leading = basket.leading
    return _text(
        {
            "vend_id": leading.vend_id,
            "receipt": leading.receipt_code,
            "paid": _paid(leading.paid),
            "sales": [_receipt(receipt) for receipt in basket.receipts],
            "replayed": basket.replayed,
        }
    )


def _receipt(receipt: SaleReceipt) -> dict[str, Any]:
    buyer, seller = receipt.buyer, receipt.seller
    commission, move = receipt.commission, receipt.key_move
    return {
        "vend_id": receipt.vend_id,
        "kind": receipt.kind.value,
        "basket": receipt.basket,
        "shift": receipt.shift,
        "paid": _paid(receipt.paid),
        "reason": receipt.reason,
        "requested_by": receipt.requested_by,
        "refers_to": receipt.refers_to,
        "quote_id": receipt.quote_id,
        "key_move": None if move is None else asdict(move),
        "commission": None if commission is None else _measure(commission),
        "held": receipt.held,
        "receipt": receipt.receipt_code,
        "number": receipt.number,
        "sold_at": receipt.sold_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "account": buyer.account,
        "customer_name": {"ar": buyer.name_ar, "en": buyer.name_en},
        "agreement": buyer.agreement,
        "meter": buyer.meter,
        "quarter": buyer.quarter,
        "address": buyer.address,
        "point": seller.point,
        "point_name": {"ar": seller.point_name_ar, "en": seller.point_name_en},
        "operator": seller.operator,
        "tender": receipt.tender.value,
        "quote": _quote(receipt.quote),
        "journal_entry": receipt.journal_entry,
        "key_tokens": [_key_token(token) for token in receipt.key_tokens],
        "tokens": [_token(token) for token in receipt.tokens],
        "copy_number": receipt.copy,
        "replayed": receipt.replayed,
    }


def _quote(quote: Quote) -> dict[str, Any]:
    return {
        "tariff": quote.tariff,
        "tariff_version": quote.tariff_version,
        "tariff_name": {"ar": quote.tariff_name_ar, "en": quote.tariff_name_en},
        "commodity": quote.commodity.value,
        "tendered": _measure(quote.tendered),
        "balance_before": _measure(quote.balance_before),
        "quantity": _measure(quote.quantity),
        "lines": [_line(line) for line in quote.lines],
        "net": _measure(quote.net),
        "vat": _measure(quote.vat),
        "balance_after": _measure(quote.balance_after),
    }


def _line(line: QuoteLine) -> dict[str, Any]:
    label, limited, left = line.label, line.limited, line.left
    return {
        "rule": line.rule,
        "base": _measure(line.base),
        "rate": line.rate,
        "amount": _measure(line.amount),
        "rounding": line.rounding.value,
        "kind": line.kind.value,
        "code": line.code,
        "name": None if label is None else {"ar": label.ar, "en": label.en},
        "included": line.included,
        "block": line.block,
        "limited": None if limited is None else limited.value,
        "reason": line.reason,
        "left": None if left is None else _measure(left),
    }


def _token(token: IssuedToken) -> dict[str, Any]:
    return {
        "kind": token.kind,
        "tid": token.tid,
        "quantity": None if token.quantity is None else _measure(token.quantity),
        "digits": token.digits,
        "grouped": token.grouped,
    }


def _key_token(token: KeyToken) -> dict[str, Any]:
    return {"section": token.section, "digits": token.digits, "grouped": token.grouped}


def _paid(paid: Paid | None) -> dict[str, Any] | None:
    if paid is None:
        return None
    payments = [
        {"tender": one.tender.value, "amount": _measure(one.amount), "reference": one.reference}
        for one in paid.payments
    ]
    return {
        "payments": payments,
        "handed": _measure(paid.handed),
        "rounding": _measure(paid.rounding),
        "change": _measure(paid.change),
    }


def _measure(amount: Money | Quantity) -> dict[str, str]:
    unit = amount.currency if isinstance(amount, Money) else amount.display_unit
    return {"value": amount.to_text(), "unit": unit}


def _refuse(value: object) -> object:
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _writer() -> Callable[[object], str]:
    """`json.dumps` sets its encoder up anew for each call; this one is set up once, where the
    interpreter has it in C."""
    make = getattr(json.encoder, "c_make_encoder", None)
    quoted = getattr(json.encoder, "c_encode_basestring", None)
    if make is None or quoted is None:
        return partial(json.dumps, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    chunks: Any = make(None, _refuse, quoted, None, ":", ",", False, False, False)
    return lambda value: "".join(chunks(value, 0))


_text = _writer()
