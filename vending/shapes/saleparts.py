"""What a sale consists of as JSON: payments, tokens, key changes, its void. Token digits appear in
`TokenOut` and `KeyTokenOut` alone.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from ..aftersale import Void
from ..sale import IssuedToken, KeyToken, Paid, Payment, SaleReceipt
from ..voids import given_back, moves_money, replaced_by
from .base import Measure, Out


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

    digits: str = Field(
        description="20 digits; none while the sale is held", examples=["12345678901234567890"]
    )
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
    from_base_date: int | None
    from_ken: int | None
    to_base_date: int | None
    to_ken: int | None


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
    given_back: Measure | None = Field(
        description="What the customer is given, in all ways together, cash in coins; null where "
        "the sale was sold anew and took its money along"
    )

    @classmethod
    def of(cls, void: Void, receipt: SaleReceipt) -> VoidOut:
        return cls(
            vend_id=void.vend_id,
            journal_entry=void.entry,
            at=void.at,
            actor=void.actor,
            evidence=void.evidence.value,
            reason=void.reason,
            given_back=_given_back(void, receipt),
        )


class VoidEventOut(Out):
    """How a sale was taken back, as webhooks tell it: no names, and nothing typed by hand."""

    vend_id: str
    receipt: str
    kind: str
    account: str
    agreement: str
    meter: str
    point: str
    sold_at: datetime
    at: datetime
    evidence: str
    given_back: Measure | None
    replaced_by: str | None
    journal_entry: int

    @classmethod
    def of(cls, void: Void, receipt: SaleReceipt) -> VoidEventOut:
        buyer = receipt.buyer
        return cls(
            vend_id=void.vend_id,
            receipt=receipt.receipt_code,
            kind=receipt.kind.value,
            account=buyer.account,
            agreement=buyer.agreement,
            meter=buyer.meter,
            point=void.point,
            sold_at=receipt.sold_at,
            at=void.at,
            evidence=void.evidence.value,
            given_back=_given_back(void, receipt),
            replaced_by=replaced_by(void),
            journal_entry=void.entry,
        )


def _given_back(void: Void, receipt: SaleReceipt) -> Measure | None:
    return Measure.of(given_back(void, receipt)) if moves_money(void) else None
