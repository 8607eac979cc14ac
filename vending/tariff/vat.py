"""Value-added tax: on top of an amount, or contained in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from meters.quantities import Money

from .mistakes import Mistake
from .reading import Table
from .rounding import Rounding, rounded


class VatMode(Enum):
    """Whether a stated amount is without the tax or with it."""

    ADDED = "added"
    INCLUDED = "included"


@dataclass(frozen=True, slots=True)
class Vat:
    """One rate of the tax, rounded once, on the whole amount that it is for.

    16 % added to 43.10 is 6.896, so 6.90 and 50.00 together
    16 % included in 50.00 is 50.00 x 16/116 = 6.8966, so 6.90 of the 50.00
    """

    percent: str
    """Plain decimal text (`16`)."""
    fraction: Fraction
    rounding: Rounding
    mode: VatMode = VatMode.ADDED

    @classmethod
    def from_table(cls, table: Table) -> Vat:
        percent, fraction = table.percent("percent")
        vat = cls(percent, fraction, table.rounding(), table.one_of("mode", VatMode, VatMode.ADDED))
        table.done()
        return vat

    @property
    def included(self) -> bool:
        return self.mode is VatMode.INCLUDED

    @property
    def share(self) -> Fraction:
        """The tax as a part of an amount that contains it."""
        return self.fraction * Fraction(1, 1 + self.fraction)

    def exact(self, minor: int) -> Fraction:
        """The tax that belongs to a stated amount, before rounding."""
        part = self.share if self.included else self.fraction
        return Fraction(part.numerator * minor, part.denominator)

    def on(self, stated: Money) -> Money:
        """The tax on, or in, a stated amount."""
        exact = self.exact(stated.minor)
        return Money(rounded(exact.numerator, exact.denominator, self.rounding), stated.currency)


NO_VAT = Vat("0", Fraction(0), Rounding.HALF_UP)


def vat_of(table: Table, usual: Vat) -> Vat:
    """`vat = "none"`, a table of its own, or (where nothing is said) the version's `usual`."""
    if not table.has("vat"):
        return usual
    if table.is_text("vat"):
        if table.text("vat") != "none":
            table.wrong("vat", Mistake.NONE_OR_TABLE)
        return NO_VAT
    return Vat.from_table(table.table("vat"))
