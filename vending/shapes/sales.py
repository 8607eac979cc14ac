"""Quotes, sales, receipts and deliveries as JSON. Token digits appear in `ReceiptOut` alone."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import Field

from meters.verdicts import TokenResult

from ..explaining import explained
from ..messages import Language
from ..sale import (
    BasketReceipt,
    Delivery,
    IssuedToken,
    KeyToken,
    Paid,
    Payment,
    SaleReceipt,
    SaleStatus,
    Void,
)
from ..tariff import BindingQuote, Quote, QuoteLine
from .base import Measure, Name, Out


class LineOut(Out):
    """One priced line."""

    rule: str = Field(description="The tariff's rule: `flat`, `blocks`, `vat`, `monthly`, ...")
    base: Measure
    rate: str = Field(description="Money per display unit, percent, or a sum")
    amount: Measure
    rounding: str = Field(description="How the exact amount became this one")
    kind: str = Field(description="`units`, `charge`, `tax`, `support` or `debt`")
    code: str = Field(description="Of the charge, support or debt; empty for units and their tax")
    name: Name | None = Field(description="The municipality's name for it, or the season")
    included: bool = Field(description="A tax that the line before contains: told, not added")
    block: int = Field(description="1, 2, ... where units are priced in blocks")
    limited: str | None = Field(
        description="`cap`, `guarantee`, `postponed`, `disputed`: why less was taken than is asked"
    )
    reason: str
    left: Measure | None = Field(description="What remains owed after this sale")

    @classmethod
    def of(cls, line: QuoteLine) -> LineOut:
        return cls(
            rule=line.rule,
            base=Measure.of(line.base),
            rate=line.rate,
            amount=Measure.of(line.amount),
            rounding=line.rounding.value,
            kind=line.kind.value,
            code=line.code,
            name=None if line.label is None else Name(ar=line.label.ar, en=line.label.en),
            included=line.included,
            block=line.block,
            limited=None if line.limited is None else line.limited.value,
            reason=line.reason,
            left=None if line.left is None else Measure.of(line.left),
        )


class QuoteOut(Out):
    """What a payment buys. tendered + balance_before = net + vat + balance_after."""

    tariff: str
    tariff_version: int
    tariff_name: Name
    commodity: str
    tendered: Measure
    balance_before: Measure = Field(description="Carried over from earlier payments")
    quantity: Measure = Field(description="Exactly what the token carries")
    lines: list[LineOut]
    net: Measure
    vat: Measure
    balance_after: Measure = Field(description="Carried over to the next payment")

    @classmethod
    def of(cls, quote: Quote) -> QuoteOut:
        return cls(
            tariff=quote.tariff,
            tariff_version=quote.tariff_version,
            tariff_name=Name(ar=quote.tariff_name_ar, en=quote.tariff_name_en),
            commodity=quote.commodity.value,
            tendered=Measure.of(quote.tendered),
            balance_before=Measure.of(quote.balance_before),
            quantity=Measure.of(quote.quantity),
            lines=[LineOut.of(line) for line in quote.lines],
            net=Measure.of(quote.net),
            vat=Measure.of(quote.vat),
            balance_after=Measure.of(quote.balance_after),
        )


class ExplainedQuoteOut(QuoteOut):
    """A quote that says why its units came out as they did."""

    explanation: list[Name] = Field(description="One sentence each, in both languages")

    @classmethod
    def with_reasons(cls, quote: Quote, previous: Quote | None) -> ExplainedQuoteOut:
        """Beside the `previous` sale, where there is one, also why they differ from it."""
        told = (explained(quote, previous, language) for language in Language)
        sentences = [Name(ar=ar, en=en) for ar, en in zip(*told, strict=True)]
        return cls(**dict(QuoteOut.of(quote)), explanation=sentences)


class BindingQuoteOut(ExplainedQuoteOut):
    """A quote with its promise: the sale that names it before it expires is honoured line by line,
    or refused with what has changed."""

    id: str | None = Field(description="null: a price without a promise")
    expires_at: datetime | None

    @classmethod
    def bound(cls, promise: BindingQuote, previous: Quote | None) -> BindingQuoteOut:
        told = ExplainedQuoteOut.with_reasons(promise.quote, previous)
        return cls(**dict(told), id=promise.id, expires_at=promise.expires_at)

    @classmethod
    def unbound(cls, quote: Quote, previous: Quote | None) -> BindingQuoteOut:
        told = ExplainedQuoteOut.with_reasons(quote, previous)
        return cls(**dict(told), id=None, expires_at=None)


class TokenFactsOut(Out):
    """A token without its digits."""

    kind: str
    tid: int = Field(description="Token identifier: minutes since the base date")
    quantity: Measure | None = Field(description="null where it carries no units")

    @classmethod
    def of(cls, token: IssuedToken) -> TokenFactsOut:
        quantity = None if token.quantity is None else Measure.of(token.quantity)
        return cls(kind=token.kind, tid=token.tid, quantity=quantity)


class TokenOut(TokenFactsOut):
    """A token to be typed or delivered. Show it left to right, also inside Arabic text."""

    digits: str = Field(description="20 digits", examples=["12345678901234567890"])
    grouped: str = Field(examples=["1234 5678 9012 3456 7890"])

    @classmethod
    def of(cls, token: IssuedToken) -> TokenOut:
        facts = TokenFactsOut.of(token)
        return cls(**dict(facts), digits=token.digits, grouped=token.grouped)


class PaymentOut(Out):
    """One way in which a part was paid."""

    tender: str
    amount: Measure
    reference: str

    @classmethod
    def of(cls, payment: Payment) -> PaymentOut:
        return cls(
            tender=payment.tender.value,
            amount=Measure.of(payment.amount),
            reference=payment.reference,
        )


class PaidOut(Out):
    """How a basket was paid: handed = due + rounding + change."""

    payments: list[PaymentOut] = Field(description="What stays: cash without the change")
    handed: Measure
    rounding: Measure
    change: Measure

    @classmethod
    def of(cls, paid: Paid) -> PaidOut:
        return cls(
            payments=[PaymentOut.of(one) for one in paid.payments],
            handed=Measure.of(paid.handed),
            rounding=Measure.of(paid.rounding),
            change=Measure.of(paid.change),
        )


class KeyMoveOut(Out):
    """The keys between which the key-change tokens move the meter."""

    from_sgc: str
    from_krn: int
    from_ti: int
    to_sgc: str
    to_krn: int
    to_ti: int


class KeyTokenOut(Out):
    """One token of a key change, to be typed before all others and in order."""

    section: int
    digits: str
    grouped: str

    @classmethod
    def of(cls, token: KeyToken) -> KeyTokenOut:
        return cls(section=token.section, digits=token.digits, grouped=token.grouped)


class VoidOut(Out):
    """How a sale was taken back."""

    vend_id: str
    journal_entry: int
    at: datetime
    actor: str
    evidence: str = Field(
        description="`not_shown`, `no_token`, `not_in_log`, `meter_gone` or `refund`"
    )
    reason: str

    @classmethod
    def of(cls, void: Void) -> VoidOut:
        return cls(
            vend_id=void.vend_id,
            journal_entry=void.entry,
            at=void.at,
            actor=void.actor,
            evidence=void.evidence.value,
            reason=void.reason,
        )


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


class VerdictOut(Out):
    """A meter's verdict: the standard's name of it."""

    name: str = Field(examples=["ACCEPT"])
    taken: bool = Field(description="true if the meter took the token")

    @classmethod
    def of(cls, result: TokenResult) -> VerdictOut:
        return cls(name=result.name, taken=result.is_taken)


class DeliveryEventOut(Out):
    """One step of handing a token to its meter."""

    state: str
    at: datetime
    actor: str
    verdict: VerdictOut | None
    note: str


class DeliveryOut(Out):
    """Where the delivery of a sale's token stands."""

    vend_id: str
    meter: str
    state: str = Field(
        description="`issued`, `delivering`, `delivered`, `refused`, `unknown` (reconcile it)"
    )
    verdict: VerdictOut | None
    events: list[DeliveryEventOut]

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryOut:
        return cls(
            vend_id=delivery.vend_id,
            meter=delivery.meter,
            state=delivery.state.value,
            verdict=_verdict(delivery.result),
            events=[
                DeliveryEventOut(
                    state=event.state.value,
                    at=event.at,
                    actor=event.actor,
                    verdict=_verdict(event.result),
                    note=event.note,
                )
                for event in delivery.events
            ],
        )


class SaleStatusOut(Out):
    """What became of a sale."""

    sale: SaleOut
    delivery: DeliveryOut
    copies: int = Field(description="Copies printed so far")
    void: VoidOut | None = Field(description="How it was taken back, if it was")

    @classmethod
    def of(cls, status: SaleStatus) -> SaleStatusOut:
        return cls(
            sale=SaleOut.of(status.receipt),
            delivery=DeliveryOut.of(status.delivery),
            copies=status.copies,
            void=None if status.void is None else VoidOut.of(status.void),
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


def _verdict(result: TokenResult | None) -> VerdictOut | None:
    return None if result is None else VerdictOut.of(result)
