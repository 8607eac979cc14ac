"""Quotes as JSON: line by line, explained, binding."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from ..explaining import explained
from ..messages import Language
from ..tariff import BindingQuote, Quote, QuoteLine
from .base import Measure, Name, Out


class LineOut(Out):
    """One priced line."""

    rule: str = Field(description="The tariff's rule: `flat`, `blocks`, `vat`, `monthly`, ...")
    base: Measure
    rate: str = Field(description="Money per display unit, percent, or a sum")
    amount: Measure
    rounding: str = Field(description="How the exact amount became this one")
    remainder: str = Field(
        description="What that left off (below 0: added), or a limit: an exact fraction of the "
        "smallest coin, as text",
        examples=["16/25"],
    )
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
    payer: str = Field(description="Who bears a support; empty for everything else")

    @classmethod
    def of(cls, line: QuoteLine) -> LineOut:
        return cls(
            rule=line.rule,
            base=Measure.of(line.base),
            rate=line.rate,
            amount=Measure.of(line.amount),
            rounding=line.rounding.value,
            remainder=str(line.remainder),
            kind=line.kind.value,
            code=line.code,
            name=None if line.label is None else Name(ar=line.label.ar, en=line.label.en),
            included=line.included,
            block=line.block,
            limited=None if line.limited is None else line.limited.value,
            reason=line.reason,
            left=None if line.left is None else Measure.of(line.left),
            payer=line.payer,
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
    net: Measure = Field(description="All but the tax: units, charges and debts that were paid")
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
