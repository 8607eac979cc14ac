"""Measures and names, as every answer writes them."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from meters.quantities import Money, Quantity

MOST_NUMBER: Final = 2**63 - 1
"""Of a row, a message or an entry: no column holds more, and no database is asked for it."""


class Out(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True)


class Measure(Out):
    """An amount with its unit."""

    value: str = Field(description="Decimal as text", examples=["12.3"])
    unit: str = Field(description="`ILS`, `kWh`, `m3`, ...", examples=["kWh"])

    @classmethod
    def of(cls, amount: Money | Quantity) -> Measure:
        unit = amount.currency if isinstance(amount, Money) else amount.display_unit
        return cls(value=amount.to_text(), unit=unit)


class Name(Out):
    """A name in both languages."""

    ar: str
    en: str
