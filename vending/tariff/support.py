"""Units that somebody else pays for, wholly or in part, and who that is.

The customer's lines show what the units cost and, below, what the payer bears of it, tax
included; so the books can ask the payer for exactly that.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from meters.quantities import Quantity

from .labels import Label
from .reading import Table
from .registry import registered
from .rounding import Rounding


@registered("support", "free_units")
@dataclass(frozen=True, slots=True)
class FreeUnits:
    """The first units of each month cost the customer nothing; what is not taken in the month
    lapses.

    30 kWh at 0.50 and 16 %, of which 20 are free: 17.40 less 11.60 is 5.80
    """

    code: str
    label: Label
    units: Quantity
    payer: str
    book: str
    """Role in the chart of accounts that the payer owes it on."""

    rule: ClassVar[str] = "free_units"
    percent: ClassVar[str] = "100"
    share: ClassVar[Fraction] = Fraction(1)
    rounding: ClassVar[Rounding] = Rounding.HALF_UP

    @classmethod
    def from_table(cls, table: Table) -> FreeUnits:
        return cls(
            table.code("code"),
            Label.from_table(table),
            table.units("units"),
            table.code("payer"),
            table.code("book"),
        )


@registered("support", "subsidy")
@dataclass(frozen=True, slots=True)
class Subsidy:
    """The payer bears a part of the first units of each month (those behind the free ones).

    50 % of 30 kWh at 0.50 and 16 %: 17.40 less 8.70 is 8.70
    """

    code: str
    label: Label
    units: Quantity
    percent: str
    share: Fraction
    rounding: Rounding
    payer: str
    book: str

    rule: ClassVar[str] = "subsidy"

    @classmethod
    def from_table(cls, table: Table) -> Subsidy:
        code, label = table.code("code"), Label.from_table(table)
        percent, share = table.percent("percent")
        return cls(
            code,
            label,
            table.units("units"),
            percent,
            share,
            table.rounding(),
            table.code("payer"),
            table.code("book"),
        )


Support = FreeUnits | Subsidy
