"""Practice: a sale as it would be, for people who learn. Prices, deductions and change are real;
nothing is booked, no number is used up, and the digits are zeros, which no meter takes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from meters.quantities import Money

from .counter import as_told
from .parties import MeterFile
from .payments import parts_of, settle, tender_of
from .requests import BasketRequest, DebtPayment, Item
from .sale import BasketReceipt, Buyer, IssuedToken, SaleKind, SaleReceipt, Seller
from .tariff import Quote

NO_TOKEN: Final = "0" * 20
"""Whoever types it gets nothing."""


def practised(
    basket: BasketRequest,
    priced: Sequence[tuple[MeterFile, Quote]],
    seller: Seller,
    now: datetime,
) -> BasketReceipt:
    """The receipt that the basket would give, item by item; receipt and entry numbers are 0.
    Raises the errors of `settle`."""
    currency = priced[0][1].tendered.currency
    dues = [quote.tendered for _, quote in priced]
    due = sum(dues, Money(0, currency))
    paid = settle(due, basket.payments, as_told=as_told(basket))
    receipts = []
    rung = zip(basket.items, priced, parts_of(paid, dues), strict=True)
    for place, (item, (file, quote), part) in enumerate(rung):
        receipts.append(
            SaleReceipt(
                vend_id=basket.vend_id if place == 0 else f"{basket.vend_id}.{place + 1}",
                number=0,
                sold_at=now,
                buyer=_buyer(file),
                seller=seller,
                tender=tender_of(part.payments),
                quote=quote,
                tokens=_tokens(item, quote),
                journal_entry=0,
                kind=item.kind,
                basket=None if place == 0 else basket.vend_id,
                paid=paid if place == 0 else None,
                parts=part.payments,
                rounding=part.rounding.minor,
            )
        )
    return BasketReceipt(tuple(receipts))


def _tokens(item: Item, quote: Quote) -> tuple[IssuedToken, ...]:
    if isinstance(item, DebtPayment):
        return ()
    kind = f"{SaleKind.CREDIT.value}_{quote.commodity.value}"
    return (IssuedToken(kind, NO_TOKEN, 0, quote.quantity),)


def _buyer(file: MeterFile) -> Buyer:
    meter = file.meter
    return Buyer(
        account=file.customer.account,
        name_ar=file.customer.name_ar,
        name_en=file.customer.name_en,
        quarter=file.service_point.quarter,
        address=file.service_point.address,
        agreement=file.agreement.number,
        meter=meter.number.number,
        pan=meter.number.pan.number,
        commodity=meter.commodity,
        ea=meter.ea.value,
        sgc=meter.sgc,
        krn=meter.krn,
        ti=meter.ti,
        base_date="",
    )
