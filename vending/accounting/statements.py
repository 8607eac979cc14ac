"""What the books answer: balances, statements, takings, the daily check. Facts, pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from .periods import BalanceRow


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """Every account that was ever used: before, moved, after. The sums are zero in each unit,
    or the books are broken."""

    rows: tuple[BalanceRow, ...]

    def off(self) -> dict[str, int]:
        """Units whose closing balances do not sum to zero, and by how much."""
        sums: dict[str, int] = {}
        for row in self.rows:
            sums[row.unit] = sums.get(row.unit, 0) + row.closing
        return {unit: total for unit, total in sums.items() if total}


class StatementLine(NamedTuple):
    """One posting to an account."""

    entry: int
    at: datetime
    kind: str
    cause: str
    actor: str
    holder: str
    amount: int
    """Debit positive."""
    receipt: str
    """`P1-000042` if the entry is a sale or a void of one, else empty."""


@dataclass(frozen=True, slots=True)
class AccountStatement:
    """The postings to an account, of one holder or all, between two balances."""

    account: str
    holder: str
    unit: str
    opening: int
    lines: tuple[StatementLine, ...]

    @property
    def closing(self) -> int:
        return self.opening + sum(line.amount for line in self.lines)


class CustomerLine(NamedTuple):
    """A sale, a void, or another entry that moves what the customer carries or owes, as the
    customer sees it. Money in minor units; no token shows here."""

    entry: int
    at: datetime
    kind: str
    """Of the entry: `sale`, `payment`, `void`, `refund`, `debt`, `adjustment`, ..."""
    sale_kind: str
    """What the sale was for (SaleKind), also on its void; else empty."""
    receipt: str
    paid: int
    """Below 0 where it was given back, as the next three."""
    net: int
    vat: int
    quantity: int
    unit: str
    """Of the quantity; empty where there is no sale."""
    debts: int
    """By how much it moved what is owed from before: below 0 where it was paid."""
    owed: int
    """Of debts, after this line."""
    balance: int
    """Carried to the next sale, after this line."""
    tokens: int


@dataclass(frozen=True, slots=True)
class CustomerStatement:
    """What one agreement bought, and what it carries over. opening + paid - net - vat + adjusted =
    closing, where a refund is apart: it gives back what was paid, and the units stay."""

    agreement: str
    account: str
    name_ar: str
    name_en: str
    meter: str
    currency: str
    opening: int
    opening_owed: int
    lines: tuple[CustomerLine, ...]
    closing: int
    closing_owed: int


class Taking(NamedTuple):
    """What one operator took at one point on one local day in one way of paying. A void counts for
    who had sold, where it was sold, on the day of the void."""

    point: str
    day: str
    operator: str
    tender: str
    """`no_money` for sales that took none."""
    on_deposit: bool
    """Set off against the operator's deposit: the money is not the municipality's to collect."""
    currency: str
    sales: int
    """Sales of which a part was paid so."""
    amount: int
    voids: int
    """Voids and refunds of which a part was given back so."""
    given_back: int
    """Zero or below."""

    @property
    def net(self) -> int:
        return self.amount + self.given_back


class DepositLine(NamedTuple):
    """One entry that moved an operator's deposit: above 0 paid in (or earned), below 0 sold."""

    entry: int
    at: datetime
    kind: str
    cause: str
    actor: str
    receipt: str
    amount: int
    balance: int
    """After this line; below 0: owed by the operator."""


@dataclass(frozen=True, slots=True)
class OperatorStatement:
    """What one operator sold between two days, and what became of their deposit. Money in minor
    units; voids and refunds are taken off `commission` and shown in `takings`."""

    operator: str
    name_ar: str
    name_en: str
    settlement: str
    """`till` or `deposit`; empty for a seller who is not registered."""
    currency: str
    sales: int
    voids: int
    """Voids and refunds of sales of this operator."""
    takings: tuple[Taking, ...]
    """By point, day and way of paying."""
    commission: int
    opening: int
    lines: tuple[DepositLine, ...]
    closing: int
