"""Sales, receipts and what became of them as JSON. Token digits appear in `ReceiptOut` alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import Field

from meters.quantities import Money

from ..aftersale import SaleStatus, SoldHere
from ..sale import BasketReceipt, SaleReceipt
from .base import Measure, Name, Out
from .deliveries import DeliveryOut
from .quotes import QuoteOut
from .saleparts import KeyMoveOut, KeyTokenOut, PaidOut, TokenFactsOut, TokenOut, VoidOut


class _Sale(Out):
    vend_id: str
    kind: str = Field(description="`credit`, `allowance`, `payment`, `free_issue`, ...")
    basket: str | None = Field(
        description="Vend id of the sale that leads its basket; null for that one"
    )
    shift: str | None
    paid: PaidOut | None = Field(
        description="How the basket was paid; null: `quote.tendered` in `tender`, or see the "
        "leading sale"
    )
    reason: str
    requested_by: str
    refers_to: str
    quote_id: str
    key_move: KeyMoveOut | None
    commission: Measure | None
    held: bool = Field(description="true while its digits have not been shown")
    receipt: str = Field(description="Point and number", examples=["P1-000042"])
    number: int
    sold_at: datetime
    account: str
    customer_name: Name
    agreement: str
    meter: str
    quarter: str
    address: str
    point: str
    point_name: Name
    operator: str
    tender: str
    quote: QuoteOut
    journal_entry: int


class SaleOut(_Sale):
    """One sale, without its tokens' digits."""

    tokens: list[TokenFactsOut]

    @classmethod
    def of(cls, receipt: SaleReceipt) -> SaleOut:
        facts = [TokenFactsOut.of(token) for token in receipt.tokens]
        return cls(**_sale_fields(receipt), tokens=facts)


class ReceiptOut(_Sale):
    """A whole receipt with its tokens. Equal for every call with the same vend id."""

    key_tokens: list[KeyTokenOut] = Field(description="To be typed first, in order")
    tokens: list[TokenOut]
    copy_number: int = Field(description="0: the original; a copy must be marked as one")
    replayed: bool = Field(description="true if this vend id had been sold before")

    @classmethod
    def of(cls, receipt: SaleReceipt) -> ReceiptOut:
        return cls(
            **_sale_fields(receipt),
            key_tokens=[KeyTokenOut.of(token) for token in receipt.key_tokens],
            tokens=[TokenOut.of(token) for token in receipt.tokens],
            copy_number=receipt.copy,
            replayed=receipt.replayed,
        )


class BasketOut(Out):
    """Everything that was paid for at once."""

    vend_id: str
    receipt: str
    paid: PaidOut | None
    sales: list[ReceiptOut]
    replayed: bool

    @classmethod
    def of(cls, basket: BasketReceipt) -> BasketOut:
        leading = basket.leading
        return cls(
            vend_id=leading.vend_id,
            receipt=leading.receipt_code,
            paid=None if leading.paid is None else PaidOut.of(leading.paid),
            sales=[ReceiptOut.of(receipt) for receipt in basket.receipts],
            replayed=basket.replayed,
        )

    @classmethod
    def printed(cls, receipts: Sequence[SaleReceipt], vend_id: str) -> BasketOut:
        """What stands of a basket, as it was printed when somebody asked for `vend_id`."""
        first = receipts[0]
        return cls(
            vend_id=vend_id,
            receipt=first.receipt_code,
            paid=None if first.paid is None else PaidOut.of(first.paid),
            sales=[ReceiptOut.of(receipt) for receipt in receipts],
            replayed=False,
        )


class PreviewedOut(Out):
    """One sale as it would be."""

    kind: str = Field(description="`credit`, `allowance` or `payment`")
    account: str
    customer_name: Name
    agreement: str
    meter: str
    quote: QuoteOut


class PreviewOut(Out):
    """What would be sold at once, before any money is taken."""

    due: Measure = Field(description="For all of it, before cash is rounded to the coin")
    paid: PaidOut | None = Field(
        description="How it would be paid; null: exactly what is due, or as it was told"
    )
    sales: list[PreviewedOut]

    @classmethod
    def of(cls, basket: BasketReceipt) -> PreviewOut:
        leading = basket.leading
        parts = [one.quote.tendered for one in basket.receipts]
        due = Money(sum(part.minor for part in parts), parts[0].currency)
        return cls(
            due=Measure.of(due),
            paid=None if leading.paid is None else PaidOut.of(leading.paid),
            sales=[_previewed(one) for one in basket.receipts],
        )


class SoldHereOut(Out):
    """A sale of somebody else at the same terminal."""

    vend_id: str
    sold_at: datetime
    operator: str

    @classmethod
    def of(cls, sold: SoldHere) -> SoldHereOut:
        return cls(vend_id=sold.vend_id, sold_at=sold.sold_at, operator=sold.operator)


class SaleStatusOut(Out):
    """What became of a sale."""

    sale: SaleOut
    delivery: DeliveryOut
    copies: int = Field(description="Copies printed so far")
    void: VoidOut | None = Field(description="How it was taken back, if it was")
    later: SoldHereOut | None = Field(
        None, description="Of a terminal's last sale: what somebody else has sold there since"
    )

    @classmethod
    def of(cls, status: SaleStatus) -> SaleStatusOut:
        return cls(
            sale=SaleOut.of(status.receipt),
            delivery=DeliveryOut.of(status.delivery),
            copies=status.copies,
            void=None if status.void is None else VoidOut.of(status.void, status.receipt),
            later=None if status.later is None else SoldHereOut.of(status.later),
        )


def _previewed(receipt: SaleReceipt) -> PreviewedOut:
    buyer = receipt.buyer
    return PreviewedOut(
        kind=receipt.kind.value,
        account=buyer.account,
        customer_name=Name(ar=buyer.name_ar, en=buyer.name_en),
        agreement=buyer.agreement,
        meter=buyer.meter,
        quote=QuoteOut.of(receipt.quote),
    )


def _sale_fields(receipt: SaleReceipt) -> dict[str, Any]:
    buyer, seller = receipt.buyer, receipt.seller
    return {
        "vend_id": receipt.vend_id,
        "kind": receipt.kind.value,
        "basket": receipt.basket,
        "shift": receipt.shift,
        "paid": None if receipt.paid is None else PaidOut.of(receipt.paid),
        "reason": receipt.reason,
        "requested_by": receipt.requested_by,
        "refers_to": receipt.refers_to,
        "quote_id": receipt.quote_id,
        "key_move": None if receipt.key_move is None else KeyMoveOut(**asdict(receipt.key_move)),
        "commission": None if receipt.commission is None else Measure.of(receipt.commission),
        "held": receipt.held,
        "receipt": receipt.receipt_code,
        "number": receipt.number,
        "sold_at": receipt.sold_at,
        "account": buyer.account,
        "customer_name": Name(ar=buyer.name_ar, en=buyer.name_en),
        "agreement": buyer.agreement,
        "meter": buyer.meter,
        "quarter": buyer.quarter,
        "address": buyer.address,
        "point": seller.point,
        "point_name": Name(ar=seller.point_name_ar, en=seller.point_name_en),
        "operator": seller.operator,
        "tender": receipt.tender.value,
        "quote": QuoteOut.of(receipt.quote),
        "journal_entry": receipt.journal_entry,
    }
