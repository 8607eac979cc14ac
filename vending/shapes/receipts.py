"""A receipt as JSON text, written directly: the answer to a sale, which is asked for all day.

It is what `ReceiptOut` and `BasketOut` say, byte for byte (a test holds them together); building
those models, checking values that are ours and walking them again costs more than pricing the sale,
and even a table of plain values for `json` costs twice the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC
from json.encoder import encode_basestring
from typing import TypeVar

from meters.quantities import Money, Quantity

from ..sale import BasketReceipt, IssuedToken, KeyMove, KeyToken, Paid, Payment, SaleReceipt
from ..tariff import Label, Quote, QuoteLine

_T = TypeVar("_T")
_q: Callable[[str], str] = encode_basestring
"""Text as JSON; words that are the program's own are written without it."""


def receipt_json(receipt: SaleReceipt) -> str:
    """`ReceiptOut.of(receipt).model_dump_json()`."""
    buyer, seller = receipt.buyer, receipt.seller
    sold_at = receipt.sold_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return (
        f'{{"vend_id":{_q(receipt.vend_id)},"kind":"{receipt.kind.value}",'
        f'"basket":{_maybe(_q, receipt.basket)},"shift":{_maybe(_q, receipt.shift)},'
        f'"paid":{_maybe(_paid, receipt.paid)},"reason":{_q(receipt.reason)},'
        f'"requested_by":{_q(receipt.requested_by)},"refers_to":{_q(receipt.refers_to)},'
        f'"quote_id":{_q(receipt.quote_id)},"key_move":{_maybe(_key_move, receipt.key_move)},'
        f'"commission":{_maybe(_measure, receipt.commission)},"held":{_truth(receipt.held)},'
        f'"receipt":{_q(receipt.receipt_code)},"number":{receipt.number},"sold_at":"{sold_at}",'
        f'"account":{_q(buyer.account)},'
        f'"customer_name":{_names(buyer.name_ar, buyer.name_en)},'
        f'"agreement":{_q(buyer.agreement)},"meter":{_q(buyer.meter)},'
        f'"quarter":{_q(buyer.quarter)},"address":{_q(buyer.address)},'
        f'"point":{_q(seller.point)},'
        f'"point_name":{_names(seller.point_name_ar, seller.point_name_en)},'
        f'"operator":{_q(seller.operator)},"tender":"{receipt.tender.value}",'
        f'"quote":{_quote(receipt.quote)},"journal_entry":{receipt.journal_entry},'
        f'"key_tokens":{_list(_key_token, receipt.key_tokens)},'
        f'"tokens":{_list(_token, receipt.tokens)},"copy_number":{receipt.copy},'
        f'"replayed":{_truth(receipt.replayed)}}}'
    )


def basket_json(basket: BasketReceipt) -> str:
    """`BasketOut.of(basket).model_dump_json()`."""
    leading = basket.leading
    return (
        f'{{"vend_id":{_q(leading.vend_id)},"receipt":{_q(leading.receipt_code)},'
        f'"paid":{_maybe(_paid, leading.paid)},"sales":{_list(receipt_json, basket.receipts)},'
        f'"replayed":{_truth(basket.replayed)}}}'
    )


def _quote(quote: Quote) -> str:
    return (
        f'{{"tariff":{_q(quote.tariff)},"tariff_version":{quote.tariff_version},'
        f'"tariff_name":{_names(quote.tariff_name_ar, quote.tariff_name_en)},'
        f'"commodity":"{quote.commodity.value}","tendered":{_measure(quote.tendered)},'
        f'"balance_before":{_measure(quote.balance_before)},'
        f'"quantity":{_measure(quote.quantity)},"lines":{_list(_line, quote.lines)},'
        f'"net":{_measure(quote.net)},"vat":{_measure(quote.vat)},'
        f'"balance_after":{_measure(quote.balance_after)}}}'
    )


def _line(line: QuoteLine) -> str:
    limited = "null" if line.limited is None else f'"{line.limited.value}"'
    return (
        f'{{"rule":{_q(line.rule)},"base":{_measure(line.base)},"rate":{_q(line.rate)},'
        f'"amount":{_measure(line.amount)},"rounding":"{line.rounding.value}",'
        f'"kind":"{line.kind.value}","code":{_q(line.code)},"name":{_maybe(_label, line.label)},'
        f'"included":{_truth(line.included)},"block":{line.block},"limited":{limited},'
        f'"reason":{_q(line.reason)},"left":{_maybe(_measure, line.left)}}}'
    )


def _token(token: IssuedToken) -> str:
    return (
        f'{{"kind":{_q(token.kind)},"tid":{token.tid},'
        f'"quantity":{_maybe(_measure, token.quantity)},'
        f'"digits":"{token.digits}","grouped":"{token.grouped}"}}'
    )


def _key_token(token: KeyToken) -> str:
    return f'{{"section":{token.section},"digits":"{token.digits}","grouped":"{token.grouped}"}}'


def _key_move(move: KeyMove) -> str:
    return (
        f'{{"from_sgc":{_q(move.from_sgc)},"from_krn":{move.from_krn},"from_ti":{move.from_ti},'
        f'"to_sgc":{_q(move.to_sgc)},"to_krn":{move.to_krn},"to_ti":{move.to_ti}}}'
    )


def _paid(paid: Paid) -> str:
    return (
        f'{{"payments":{_list(_payment, paid.payments)},"handed":{_measure(paid.handed)},'
        f'"rounding":{_measure(paid.rounding)},"change":{_measure(paid.change)}}}'
    )


def _payment(payment: Payment) -> str:
    return (
        f'{{"tender":"{payment.tender.value}","amount":{_measure(payment.amount)},'
        f'"reference":{_q(payment.reference)}}}'
    )


def _measure(amount: Money | Quantity) -> str:
    unit = amount.currency if isinstance(amount, Money) else amount.display_unit
    return f'{{"value":"{amount.to_text()}","unit":"{unit}"}}'


def _label(label: Label) -> str:
    return _names(label.ar, label.en)


def _names(ar: str, en: str) -> str:
    return f'{{"ar":{_q(ar)},"en":{_q(en)}}}'


def _maybe(write: Callable[[_T], str], value: _T | None) -> str:
    return "null" if value is None else write(value)


def _list(write: Callable[[_T], str], values: Iterable[_T]) -> str:
    return f"[{','.join([write(value) for value in values])}]"


def _truth(value: bool) -> str:
    return "true" if value else "false"
