"""The answer of pricing: a quote and its lines."""

from __future__ import annotations

from enum import Enum
from fractions import Fraction

from msgspec import Struct

from meters.account import Commodity
from meters.quantities import Money, Quantity

from .labels import Label
from .rounding import Rounding


class LineKind(Enum):
    """What a line is for."""

    UNITS = "units"
    CHARGE = "charge"
    """Fixed, one-off and municipal charges."""
    TAX = "tax"
    SUPPORT = "support"
    """Negative: borne by the payer."""
    DEBT = "debt"


class Limited(Enum):
    """Why a line took less than its rule asks for."""

    CAP = "cap"
    """The largest part of a payment that may be deducted."""
    GUARANTEE = "guarantee"
    """The units that come first."""
    POSTPONED = "postponed"
    DISPUTED = "disputed"


class QuoteLine(Struct, frozen=True):
    """One priced line: `amount` is `exact`, rounded as named, or less where it says `limited`."""

    rule: str
    """Name of the rule (`flat`, `blocks`, `vat`, `monthly`, ...)."""
    base: Quantity | Money
    """What the rate applies to: units for a price, money for a tax or a part."""
    rate: str
    """Plain decimal: base currency per display unit for a price, percent for a part, money for
    a sum."""
    exact: Fraction
    """Minor units before rounding."""
    rounding: Rounding
    amount: Money
    kind: LineKind = LineKind.UNITS
    code: str = ""
    """Of the charge, support or debt; on a tax, that of the line it is for ("" for units)."""
    label: Label | None = None
    """The municipality's name for it, or the season of a price."""
    included: bool = False
    """A tax that the line before contains: told, not added."""
    block: int = 0
    """1, 2, ... where units are priced in blocks."""
    months: int = 0
    """Months newly counted in a monthly charge."""
    before: Money | None = None
    """What of a monthly charge was owed from before, beside the months newly counted."""
    payer: str = ""
    """Who bears a support."""
    book: str = ""
    """Role in the chart of accounts; "" for units (sales of the commodity) and tax."""
    limited: Limited | None = None
    reason: str = ""
    """Why a debt is postponed or disputed, as entered."""
    left: Money | None = None
    """What remains owed after this sale."""

    @property
    def remainder(self) -> Fraction:
        """What rounding left off (negative where it added), in minor units."""
        return self.exact - self.amount.minor


class Quote(Struct, frozen=True):
    """What a payment buys. No money is lost: tendered + balance_before = net + vat + balance_after,
    and net + vat is the sum of all lines but the included ones.

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
    """Everything taken but the tax."""
    vat: Money
    """All tax, added and included."""
    balance_after: Money
    used_before: Quantity | None = None
    """Bought earlier in the month, where the price depends on it."""

    @property
    def total(self) -> Money:
        """Everything taken, VAT included."""
        return self.net + self.vat

    def of_kind(self, *kinds: LineKind) -> tuple[QuoteLine, ...]:
        return tuple([line for line in self.lines if line.kind in kinds])

    @property
    def deducted(self) -> Money:
        """What went to sums that are owed whatever is bought: monthly charges, fees, debts."""
        taken = sum(line.amount.minor for line in self.lines if line.left is not None)
        return Money(taken, self.tendered.currency)
