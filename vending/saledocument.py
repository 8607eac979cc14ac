"""The part of a sale that is kept as one JSON document: names, address, lines, and what only some
sales have. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from operator import attrgetter
from typing import Any

from meters.quantities import Money

from .keymoves import KeyMove
from .ledger import canonical_plain
from .sale import Paid, Payment, SaleReceipt, Tender
from .tariff import kept_line


def sale_document(receipt: SaleReceipt) -> str:
    """Canonical JSON."""
    buyer, seller, quote = receipt.buyer, receipt.seller, receipt.quote
    return canonical_plain(
        {
            "buyer": {
                "name_ar": buyer.name_ar,
                "name_en": buyer.name_en,
                "quarter": buyer.quarter,
                "address": buyer.address,
                "ea": buyer.ea,
                "sgc": buyer.sgc,
                "krn": buyer.krn,
                "ti": buyer.ti,
                "base_date": buyer.base_date,
            },
            "seller": {
                "point_name_ar": seller.point_name_ar,
                "point_name_en": seller.point_name_en,
            },
            "tariff_name_ar": quote.tariff_name_ar,
            "tariff_name_en": quote.tariff_name_en,
            "lines": [kept_line(line) for line in quote.lines],
            **({} if quote.used_before is None else {"used_before": quote.used_before.value}),
            **_more(receipt),
        }
    ).decode("ascii")


_USUALLY_EMPTY = (
    "reason",
    "requested_by",
    "refers_to",
    "quote_id",
    "held",
    "on_deposit",
    "deposit_of",
    "rounding",
)
_USUALLY_EMPTY_OF = attrgetter(*_USUALLY_EMPTY)


def _more(receipt: SaleReceipt) -> dict[str, Any]:
    """What only some sales have; what is not there is not written, so that a plain sale's document
    stays as it was."""
    said = zip(_USUALLY_EMPTY, _USUALLY_EMPTY_OF(receipt), strict=True)
    more: dict[str, Any] = {name: value for name, value in said if value}
    if receipt.parts:
        more["parts"] = _kept_payments(receipt.parts)
    if receipt.commission is not None:
        more["commission"] = receipt.commission.minor
    if receipt.key_move is not None:
        more["key_move"] = asdict(receipt.key_move)
    if receipt.paid is not None:
        paid = receipt.paid
        more["paid"] = {
            "payments": _kept_payments(paid.payments),
            "handed": paid.handed.minor,
            "rounding": paid.rounding.minor,
            "change": paid.change.minor,
        }
    return more


def only_some_have(data: dict[str, Any], currency: str) -> dict[str, Any]:
    """What a document says beyond a plain sale, as fields of a SaleReceipt."""
    more: dict[str, Any] = {name: data[name] for name in _USUALLY_EMPTY if name in data}
    if "parts" in data:
        more["parts"] = _payments_from(data["parts"], currency)
    if "commission" in data:
        more["commission"] = Money(data["commission"], currency)
    if "key_move" in data:
        more["key_move"] = KeyMove(**data["key_move"])
    if "paid" in data:
        paid = data["paid"]
        more["paid"] = Paid(
            payments=_payments_from(paid["payments"], currency),
            handed=Money(paid["handed"], currency),
            rounding=Money(paid["rounding"], currency),
            change=Money(paid["change"], currency),
        )
    return more


def _kept_payments(payments: Sequence[Payment]) -> list[list[Any]]:
    return [[p.tender.value, p.amount.minor, p.reference] for p in payments]


def _payments_from(kept: Sequence[Any], currency: str) -> tuple[Payment, ...]:
    return tuple(
        Payment(Tender(tender), Money(amount, currency), reference)
        for tender, amount, reference in kept
    )
