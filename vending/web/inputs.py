"""What callers send. Unknown fields are refused: a misspelt one must not be dropped silently."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictStr

from meters.quantities import MINOR_DIGITS, Money

from ..sale import Tender, TenderUnknown, VendRequest
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


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class QuoteIn(_In):
    """Price a sale."""

    meter: MeterText
    amount: AmountText
    currency: StrictStr | None = Field(None, max_length=3, description="Default: the tariff's")

    def money(self, default: str) -> Money:
        """Raises NotANumber, TooFine, CurrencyWrong."""
        currency = self.currency or default
        if currency not in MINOR_DIGITS:
            raise CurrencyWrong(currency, default)
        return Money.from_text(self.amount, currency)


class VendIn(QuoteIn):
    """Sell. The caller makes `vend_id` and keeps it before asking."""

    vend_id: StrictStr = Field(
        max_length=200,
        description="A UUID, or 1 to 64 letters, digits and `. _ : -`. One id never sells twice",
        examples=["5b0a4c2e-9d51-4a53-8f0e-2f3f0f6f7f10"],
    )
    tender: StrictStr = Field(
        "cash", max_length=20, description="`cash`, `card`, `wallet` or `transfer`"
    )

    def request(self, default_currency: str) -> VendRequest:
        """Raises VendIdMalformed, TenderUnknown and the errors of `money`."""
        money = self.money(default_currency)
        return VendRequest(self.vend_id, self.meter, money, tender_from_text(self.tender))


def tender_from_text(text: str) -> Tender:
    """Raises TenderUnknown."""
    try:
        return Tender(text)
    except ValueError:
        raise TenderUnknown(text[:20]) from None
