"""What a sale must know of the account it is for, and what is asked."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct

from meters.quantities import Money, Quantity

from .months import Month
from .recovery import Debt


class MonthUse(Struct, frozen=True):
    """What was bought in one month. Read in a later month, it counts for nothing; read in an
    earlier one, it counts: the clock was set back a little over the month's end, or another
    counter's stands behind, and a month that has begun does not begin anew."""

    month: Month
    units: Quantity
    """All units issued, free and refunded ones too: they fill blocks as well."""
    supported: tuple[tuple[str, Quantity], ...] = ()
    """Units taken under each support rule, by its code."""

    def counts_in(self, month: Month) -> bool:
        """Whether a sale in `month` goes on where this ends."""
        return self.month >= month


@dataclass(frozen=True, slots=True)
class ChargeState:
    """Where a monthly charge stands."""

    code: str
    through: Month
    """The last month that has been counted."""
    owed: Money
    """Counted and not yet paid, tax included."""


@dataclass(frozen=True, slots=True)
class FeeDue:
    """A one-off fee on the account and what of it is not yet paid, tax included."""

    code: str
    """As in the tariff."""
    owed: Money | None = None
    """None: nothing of it has been paid, and it was put on before its sum was noted with it: the
    tariff says it."""


class AccountState(Struct, frozen=True):
    """Everything about an account that its next price depends on."""

    balance: Money
    """Carried over from earlier payments; the customer's."""
    use: MonthUse | None = None
    """None: not known. Tariffs that price by the month are then refused."""
    since: Month | None = None
    """First month of the agreement: monthly charges begin there. None: this month."""
    charges: tuple[ChargeState, ...] = ()
    fees: tuple[FeeDue, ...] = ()
    debts: tuple[Debt, ...] = ()


class QuoteRequest(Struct, frozen=True):
    """Sell for this much money, or exactly these units."""

    ask: Money | Quantity
    most: Quantity | None = None
    """A further limit on the units of one token (the vending key's)."""
