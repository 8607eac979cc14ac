"""Who holds what of an account: debts outstanding, deposits, tills, carried balances. Facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class HolderBalance(NamedTuple):
    """One holder's share of an account."""

    holder: str
    """Code of a point, the person of an operator, number of an agreement or a meter."""
    name_ar: str
    """Of the point, operator or customer; empty for a meter and for who is not registered."""
    name_en: str
    amount: int
    """Debit positive, never 0."""


@dataclass(frozen=True, slots=True)
class AccountHolders:
    """Everybody who holds something of an account at the end of a day; the sum is what stands in
    it then."""

    account: str
    unit: str
    rows: tuple[HolderBalance, ...]
    """By holder."""

    @property
    def total(self) -> int:
        return sum(row.amount for row in self.rows)
