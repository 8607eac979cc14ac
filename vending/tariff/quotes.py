"""The answer of pricing: a quote and its lines."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from meters.account import Commodity
from meters.quantities import Money, Quantity

from .rounding import Rounding


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """One priced line: `amount` is `exact`, rounded as named."""

    rule: str
    """`flat` (units at one price) or `vat`."""
    base: Quantity | Money
    """What the rate applies to: units for a price, money for a tax."""
    rate: str
    """Plain decimal: base currency per display unit for a price, percent for a tax."""
    exact: Fraction
    """Minor units before rounding."""
    rounding: Rounding
    amount: Money


@dataclass(frozen=True, slots=True)
class Quote:
    """What a payment buys. No money is lost: tendered + balance_before = net + vat + balance_after.

    The balance is the customer's, kept on the supply agreement.
    """

    tariff: str
    tariff_version: int
    tariff_name_ar: str
    tariff_name_en: str
    commodity: Commodity
    tendered: Money
    balance_before: Money
    quantity: Quantity
    """Exactly what the token carries: a multiple of the token step."""
    lines: tuple[QuoteLine, ...]
    net: Money
    vat: Money
    balance_after: Money

    @property
    def total(self) -> Money:
        """What the units cost, VAT included."""
        return self.net + self.vat
