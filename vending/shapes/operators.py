"""People who sell, as JSON; and their terms as they come in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr

from meters.quantities import Money

from ..approvals import OperatorFloat
from ..operators import Operator, Settlement
from .base import Measure, Name, Out

Limit = Annotated[
    StrictStr,
    Field(max_length=60, description="Decimal as text; null: none", examples=["500.00"]),
]
Percent = Annotated[
    StrictStr, Field(max_length=60, description="Percent of what is taken, as decimal text")
]
Settles = Literal["till", "deposit"]
_Words = Annotated[StrictStr, Field(min_length=1, max_length=200)]


def limit_of(text: str | None, currency: str) -> int | None:
    """Minor units. Raises NotANumber, TooFine."""
    return None if text is None else Money.from_text(text, currency).minor


class _In(BaseModel):
    # A misspelt field must not be dropped silently.
    model_config = ConfigDict(extra="forbid", frozen=True)


class OperatorIn(_In):
    """Who sells, and on what terms."""

    code: Annotated[StrictStr, Field(max_length=200, description="The actor's name")]
    name_ar: _Words
    name_en: _Words
    settlement: Settles = Field(
        "till",
        description="`deposit`: sales are set off against what the operator has paid in",
    )
    credit_limit: Limit | None = None
    most_per_sale: Limit | None = None
    most_per_day: Limit | None = None
    commission: Percent = "0"

    def operator(self, currency: str) -> Operator:
        """Raises NotANumber, TooFine."""
        return Operator(
            code=self.code,
            name_ar=self.name_ar,
            name_en=self.name_en,
            settlement=Settlement(self.settlement),
            credit_limit=limit_of(self.credit_limit, currency),
            most_per_sale=limit_of(self.most_per_sale, currency),
            most_per_day=limit_of(self.most_per_day, currency),
            commission=self.commission,
        )


class OperatorTermsIn(_In):
    """What is to change; what is left out stays."""

    name_ar: _Words | None = None
    name_en: _Words | None = None
    settlement: Settles | None = None
    credit_limit: Limit | None = None
    most_per_sale: Limit | None = None
    most_per_day: Limit | None = None
    commission: Percent | None = None


class PointTermsIn(_In):
    """What is to change; what is left out stays."""

    most_per_sale: Limit | None = None
    most_per_day: Limit | None = None
    most_in_till: Limit | None = None
    needs_shift: StrictBool | None = None


class OperatorOut(Out):
    """Who sells, and on what terms."""

    code: str
    name: Name
    settlement: str = Field(description="`till` or `deposit`")
    credit_limit: Measure | None = Field(description="null: no credit")
    most_per_sale: Measure | None = Field(description="null: no limit")
    most_per_day: Measure | None = Field(description="null: no limit")
    commission: str = Field(description="Percent of what is taken")

    @classmethod
    def of(cls, one: Operator, currency: str) -> OperatorOut:
        return cls(
            code=one.code,
            name=Name(ar=one.name_ar, en=one.name_en),
            settlement=one.settlement.value,
            credit_limit=measured_limit(one.credit_limit, currency),
            most_per_sale=measured_limit(one.most_per_sale, currency),
            most_per_day=measured_limit(one.most_per_day, currency),
            commission=one.commission,
        )


class FloatOut(Out):
    """What an operator may still sell for."""

    operator: str
    settlement: str
    deposit: Measure = Field(description="To their credit; below 0 if they owe")
    credit_limit: Measure
    available: Measure | None = Field(description="null: settles by till, sells without a float")

    @classmethod
    def of(cls, found: OperatorFloat) -> FloatOut:
        free = found.available
        return cls(
            operator=found.operator.code,
            settlement=found.operator.settlement.value,
            deposit=Measure.of(found.deposit),
            credit_limit=Measure.of(found.credit_limit),
            available=None if free is None else Measure.of(free),
        )


def measured_limit(minor: int | None, currency: str) -> Measure | None:
    """A limit as it is shown; None where there is none."""
    return None if minor is None else Measure.of(Money(minor, currency))
