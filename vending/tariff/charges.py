"""What is charged besides units, each on a line of its own: parts of every sale that grow with
it, and sums that are owed whatever is bought.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from meters.quantities import Money, Rate

from .labels import Label
from .reading import Table
from .registry import registered
from .rounding import Rounding
from .vat import Vat, vat_of


@dataclass(frozen=True, slots=True)
class Heading:
    """What every charge has."""

    code: str
    """Stable: what an account owes is kept under it."""
    label: Label
    book: str
    """Role in the chart of accounts that it is earned by."""
    vat: Vat

    @classmethod
    def from_table(cls, table: Table, usual: Vat) -> Heading:
        return cls(
            table.code("code"), Label.from_table(table), table.code("book"), vat_of(table, usual)
        )


@registered("charge", "percent")
@dataclass(frozen=True, slots=True)
class PercentCharge:
    """A part of what the units cost.

    Sewage, 35 % of water for 62.00, is 21.70
    """

    heading: Heading
    percent: str
    fraction: Fraction
    rounding: Rounding

    rule: ClassVar[str] = "percent"
    per_unit: ClassVar[bool] = False

    @classmethod
    def from_table(cls, table: Table, usual: Vat) -> PercentCharge:
        percent, fraction = table.percent("percent")
        return cls(Heading.from_table(table, usual), percent, fraction, table.rounding())

    @property
    def rate_text(self) -> str:
        return self.percent


@registered("charge", "per_unit")
@dataclass(frozen=True, slots=True)
class UnitCharge:
    """So much for each unit.

    Street lights, 0.02 for each kWh: 76.8 kWh is 1.536, so 1.54
    """

    heading: Heading
    rate: Rate
    rounding: Rounding

    rule: ClassVar[str] = "per_unit"
    per_unit: ClassVar[bool] = True

    @classmethod
    def from_table(cls, table: Table, usual: Vat) -> UnitCharge:
        return cls(Heading.from_table(table, usual), table.rate("rate"), table.rounding())

    @property
    def fraction(self) -> Fraction:
        """Minor units for each smallest unit."""
        return self.rate.per_unit

    @property
    def rate_text(self) -> str:
        return self.rate.to_text()


@dataclass(frozen=True, slots=True)
class Sum:
    """A fixed sum; `gross` is what the customer pays of it, tax included."""

    heading: Heading
    amount: Money
    priority: int
    """Smaller is taken first."""

    @classmethod
    def read(cls, table: Table, usual: Vat, priority: int) -> Sum:
        heading = Heading.from_table(table, usual)
        return cls(heading, table.money("amount"), table.whole("priority", priority))

    @property
    def gross(self) -> Money:
        vat = self.heading.vat
        return self.amount if vat.included else self.amount + vat.on(self.amount)


@registered("charge", "monthly")
@dataclass(frozen=True, slots=True)
class MonthlyCharge:
    """A sum for every month, also for months without a purchase; what a payment cannot bear
    stays owed.

    8.00 a month, last charged in August, bought in November: 24.00
    """

    sum: Sum

    rule: ClassVar[str] = "monthly"

    @classmethod
    def from_table(cls, table: Table, usual: Vat) -> MonthlyCharge:
        return cls(Sum.read(table, usual, priority=20))


@registered("charge", "once")
@dataclass(frozen=True, slots=True)
class OneOffFee:
    """A sum that is charged once, when it has been put on the account.

    Reconnection, 30.00 and 16 % on top: 34.80
    """

    sum: Sum

    rule: ClassVar[str] = "once"

    @classmethod
    def from_table(cls, table: Table, usual: Vat) -> OneOffFee:
        return cls(Sum.read(table, usual, priority=10))


Charge = PercentCharge | UnitCharge | MonthlyCharge | OneOffFee


def heading_of(charge: Charge) -> Heading:
    if isinstance(charge, PercentCharge | UnitCharge):
        return charge.heading
    return charge.sum.heading
