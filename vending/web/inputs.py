"""What callers send. Unknown fields are refused: a misspelt one must not be dropped silently."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StrictStr,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

from meters.quantities import MINOR_DIGITS, Money

from ..requests import (
    LOOKING,
    Allowance,
    BasketRequest,
    Credit,
    DebtPayment,
    Item,
    Postponement,
    Units,
)
from ..sale import Payment, Tender, TenderUnknown, VendRequest
from ..tariff import CurrencyWrong

MeterText = Annotated[
    StrictStr,
    Field(
        max_length=200,
        description="Meter number as typed: 11 or 13 digits, or the full 18; spaces, dashes and "
        "Arabic digits are accepted",
        examples=["01000000015"],
    ),
]
AmountText = Annotated[
    StrictStr,
    Field(
        max_length=60,
        description="What the customer hands over, VAT included: a decimal as text, Arabic digits "
        "accepted, no thousands separators. A JSON number is refused: it would be a float",
        examples=["50.00"],
    ),
]


class In(BaseModel):
    """Base of all that is sent."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PostponementIn(In):
    """A debt that is not asked for in this sale."""

    debt: StrictStr = Field(max_length=60, description="Its code")
    reason: StrictStr = Field(min_length=5, max_length=200)


class CreditIn(In):
    """Units for money, or money for units."""

    meter: MeterText
    amount: AmountText | None = None
    units: AmountText | None = Field(
        None, description="Instead of an amount: units in kWh or m3, as a decimal in text"
    )
    currency: StrictStr | None = Field(None, max_length=3, description="Default: the tariff's")
    quote_id: StrictStr = Field("", max_length=64, description="A binding quote to be honoured")
    # By factory: pydantic copies a list that it is given, at each request.
    postpone: list[PostponementIn] = Field(default_factory=list, max_length=20)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.amount is None) == (self.units is None):
            raise PydanticCustomError("amount_or_units", "either amount or units")
        return self

    def ask(self, default: str) -> Money | Units:
        """Raises NotANumber, TooFine, CurrencyWrong."""
        if self.amount is None:
            return Units(self.units or "")
        return money_of(self.amount, self.currency or default, default)

    def postponed(self) -> tuple[Postponement, ...]:
        return tuple(Postponement(one.debt, one.reason) for one in self.postpone)


class QuoteIn(CreditIn):
    """Price a sale."""

    id: StrictStr = Field(
        "", max_length=64, description="Of the binding quote; made if it is not given"
    )
    binding: bool = Field(
        True, strict=True, description="false: a price without a promise, and no effect"
    )


class PaymentIn(In):
    """One way in which a part is paid."""

    tender: StrictStr = Field(
        max_length=20, description="`cash`, `card`, `cheque`, `wallet` or `transfer`"
    )
    amount: AmountText
    reference: StrictStr = Field(
        "",
        max_length=60,
        description="Cheque number, card slip, ...; 20 digits in a row, as a token has, are "
        "refused: of a longer number the last ones",
    )


class _Paying(In):
    payments: list[PaymentIn] = Field(
        default_factory=list,
        max_length=10,
        description="What is handed over; change is given for cash. Empty: exactly what is due",
    )
    tender: StrictStr | None = Field(
        None,
        max_length=20,
        description="If it is paid in one way, and exactly (not beside `payments`): `cash`, "
        "`card`, `cheque`, `wallet` or `transfer`. Default: `cash`",
    )

    def paid_in(self, default: str) -> tuple[Payment, ...]:
        """Raises TenderUnknown, NotANumber, TooFine."""
        return tuple(
            Payment(
                tender_from_text(one.tender), money_of(one.amount, default, default), one.reference
            )
            for one in self.payments
        )

    def one_way(self) -> Tender | None:
        """Raises TenderUnknown."""
        return None if self.tender is None else tender_from_text(self.tender)


class _Paid(_Paying):
    vend_id: StrictStr = Field(
        max_length=200,
        description="A UUID in small letters, or 1 to 64 letters, digits and `. _ : -`. One id "
        "never sells twice",
        examples=["5b0a4c2e-9d51-4a53-8f0e-2f3f0f6f7f10"],
    )
    hold: bool = Field(
        False, strict=True, description="Keep the digits back until POST /vends/{id}/showing"
    )


class VendIn(CreditIn, _Paid):
    """Sell. The caller makes `vend_id` and keeps it before asking."""

    def request(self, default_currency: str) -> VendRequest | BasketRequest:
        """Raises VendIdMalformed, IdInCapitals, TenderUnknown, TenderBesidePayments and the
        errors of `ask`."""
        ask, way = self.ask(default_currency), self.one_way()
        if isinstance(ask, Money) and not self.payments and not self.postpone:
            tender = way or Tender.CASH
            return VendRequest(self.vend_id, self.meter, ask, tender, self.quote_id, self.hold)
        item = Credit(self.meter, ask, self.quote_id, self.postponed())
        paid = self.paid_in(default_currency)
        return BasketRequest(self.vend_id, (item,), paid, hold=self.hold, tender=way)


class CreditItemIn(CreditIn):
    """Units for money."""

    kind: Literal["credit"] = "credit"

    def item(self, default: str) -> Item:
        return Credit(self.meter, self.ask(default), self.quote_id, self.postponed())


class AllowanceItemIn(In):
    """What is left of the month's free units."""

    kind: Literal["allowance"]
    meter: MeterText

    def item(self, default: str) -> Item:  # noqa: ARG002
        return Allowance(self.meter)


class DebtItemIn(In):
    """Money towards what is owed, without units."""

    kind: Literal["payment"]
    meter: MeterText
    amount: AmountText
    code: StrictStr = Field(
        "", max_length=60, description="Of one debt or charge; empty: all in their order"
    )

    def item(self, default: str) -> Item:
        return DebtPayment(self.meter, money_of(self.amount, default, default), self.code)


def _kind(item: Any) -> str | None:
    kind = item.get("kind", "credit") if isinstance(item, dict) else getattr(item, "kind", None)
    return kind if isinstance(kind, str) else None


# By its kind: what is wrong with an item is told of that kind alone.
ItemIn = Annotated[
    Annotated[CreditItemIn, Tag("credit")]
    | Annotated[AllowanceItemIn, Tag("allowance")]
    | Annotated[DebtItemIn, Tag("payment")],
    Discriminator(_kind),
]


Items = Annotated[list[ItemIn], Field(min_length=1, max_length=20)]


class BasketIn(_Paid):
    """Sell several things at once: all of them, or nothing, on one receipt."""

    items: Items

    def request(self, default: str) -> BasketRequest:
        """Raises VendIdMalformed, IdInCapitals, BasketMalformed, TenderUnknown,
        TenderBesidePayments, and those of amounts."""
        items, way = tuple(one.item(default) for one in self.items), self.one_way()
        return BasketRequest(self.vend_id, items, self.paid_in(default), self.hold, tender=way)


class PreviewIn(_Paying):
    """What would be sold at once, and how it would be paid. There is no vend id: nothing is
    sold."""

    items: Items

    def ahead(self, default: str) -> BasketRequest:
        """Raises what `BasketIn.request` raises."""
        items, way = tuple(one.item(default) for one in self.items), self.one_way()
        return BasketRequest(LOOKING, items, self.paid_in(default), tender=way)


class ReasonIn(In):
    """Why."""

    reason: StrictStr = Field(min_length=1, max_length=500)


def money_of(text: str, currency: str, default: str) -> Money:
    """Raises NotANumber, TooFine, CurrencyWrong."""
    if currency not in MINOR_DIGITS:
        raise CurrencyWrong(currency, default)
    return Money.from_text(text, currency)


def tender_from_text(text: str) -> Tender:
    """Raises TenderUnknown."""
    found = _TENDERS.get(text)
    if found is None:
        raise TenderUnknown(text[:20])
    return found


_TENDERS: Final = {tender.value: tender for tender in Tender}
