"""What the books answer: balances, statements, takings, the daily check. Facts, pure."""

from __future__ import annotations

from collections.abc import Iterable
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
    """`P1-000042` if the entry is a sale, else empty."""


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
    """A sale (or an adjustment of the carried balance) as the customer sees it. Money in minor
    units; no token shows here."""

    entry: int
    at: datetime
    kind: str
    receipt: str
    paid: int
    net: int
    vat: int
    quantity: int
    unit: str
    """Of the quantity; empty for an adjustment."""
    balance: int
    """Carried to the next sale, after this line."""
    tokens: int


@dataclass(frozen=True, slots=True)
class CustomerStatement:
    """What one agreement bought, and what it carries over. opening + paid - net - vat +
    adjusted = closing."""

    agreement: str
    account: str
    name_ar: str
    name_en: str
    meter: str
    currency: str
    opening: int
    lines: tuple[CustomerLine, ...]
    closing: int


class Taking(NamedTuple):
    """What one operator took at one point on one local day in one way of paying."""

    point: str
    day: str
    operator: str
    tender: str
    currency: str
    sales: int
    amount: int


class ReceiptCount(NamedTuple):
    """Receipts of one point among a stretch of the journal."""

    point: str
    first: int
    last: int
    held: int
    sales: int
    """Sales of this point in the stretch; those of one basket count once."""


class KeyUse(NamedTuple):
    """Tokens issued under one vending key."""

    sgc: str
    krn: int
    tokens: int
    sales: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Two counts that must agree and do not."""

    what: str
    """`tokens_of_keys`, `receipts`, `receipt_numbers`, `sale_entries`, `booked`, `tokens_carry`."""
    where: str
    """Point, unit or currency."""
    expected: int
    found: int


@dataclass(frozen=True, slots=True)
class DailyCheck:
    """Issued tokens = ledger = receipts, counted three ways over the same stretch."""

    day: str
    first_entry: int
    last_entry: int
    sales: int
    tokens: int
    keys: tuple[KeyUse, ...]
    receipts: tuple[ReceiptCount, ...]
    differences: tuple[Difference, ...]

    @property
    def ok(self) -> bool:
        return not self.differences


class SaleTotals(NamedTuple):
    """Sums over the sales and tokens of a stretch, beside the same sums in the journal."""

    where: str
    """Unit or currency."""
    sold: int
    """According to the sales."""
    issued: int
    """According to the tokens; for money, the same as `sold`."""
    booked: int
    """According to the postings of sale entries."""


def differences(
    sales: int,
    sale_entries: int,
    tokens: int,
    keys: Iterable[KeyUse],
    receipts: Iterable[ReceiptCount],
    totals: Iterable[SaleTotals],
) -> tuple[Difference, ...]:
    """Everything that must agree and does not."""
    found: list[Difference] = []

    def same(what: str, where: str, expected: int, counted: int) -> None:
        if expected != counted:
            found.append(Difference(what, where, expected, counted))

    same("sale_entries", "", sales, sale_entries)
    used = list(keys)
    same("tokens_of_keys", "", tokens, sum(key.tokens for key in used))
    counted = list(receipts)
    for row in counted:
        same("receipts", row.point, row.sales, row.held)
        same("receipt_numbers", row.point, row.last - row.first + 1, row.held)
    for total in totals:
        same("booked", total.where, total.sold, total.booked)
        same("tokens_carry", total.where, total.sold, total.issued)
    return tuple(found)
