"""Debts, and how much of them one payment may be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import ClassVar

from meters.quantities import Money, Quantity, decimal_from_text

from .labels import Label
from .months import Month
from .reading import Table
from .registry import registered


@registered("recovery", "percentage")
@dataclass(frozen=True, slots=True)
class Percentage:
    """A part of every payment.

    25 % of a payment of 50.00 is 12.50
    """

    percent: str
    """Plain decimal text, above 0, at most 100."""

    rule: ClassVar[str] = "percentage"

    @property
    def fraction(self) -> Fraction:
        return Fraction(decimal_from_text(self.percent)) * Fraction(1, 100)


@registered("recovery", "instalment")
@dataclass(frozen=True, slots=True)
class Instalment:
    """A sum for every month, however many payments it takes.

    20.00 a month, 5.00 taken earlier this month: 15.00
    """

    amount: Money

    rule: ClassVar[str] = "instalment"


@dataclass(frozen=True, slots=True)
class Postponed:
    """Not asked for until a moment, for a stated reason."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Debt:
    """Something owed from before, recovered out of payments in the order of `priority`."""

    code: str
    """Names this one debt."""
    label: Label
    owed: Money
    priority: int
    """Smaller is taken first; among equals, by code."""
    recovery: Percentage | Instalment
    book: str = "debts"
    """Role in the chart of accounts that the debt stands on."""
    disputed: str = ""
    """Why it is disputed; while it is, nothing is taken."""
    postponed: Postponed | None = None
    taken_in: Month | None = None
    taken: Money | None = None
    """What was taken in the month `taken_in`; counts against an instalment of that month."""

    def taken_by(self, month: Month) -> Money | None:
        """What counts against an instalment of `month`; None: nothing was taken in it. As with
        units, what was taken in a later month counts: a month that has begun does not begin anew
        where the clock is set back a little over its beginning."""
        if self.taken_in is None or self.taken_in < month:
            return None
        return self.taken


@dataclass(frozen=True, slots=True)
class Protection:
    """What a payment gives the customer before charges and debts take from it.

    At most 40 % of 50.00 is 20.00; and 5 kWh come first, whatever is owed
    """

    percent: str = "100"
    cap: Fraction = Fraction(1)
    """The largest part of a payment that all deductions together may take."""
    units: Quantity | None = None
    """Guaranteed out of every payment that can buy them."""

    @classmethod
    def from_table(cls, table: Table) -> Protection:
        percent, cap = table.percent("most_percent")
        units = table.units("least_units") if table.has("least_units") else None
        table.done()
        return cls(percent, cap, units)


UNPROTECTED = Protection()
