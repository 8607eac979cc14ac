"""What the books say of a shift: takings by way of paying, by kind of sale, in units, and what of
them is tax, debts, commission. Pure; everything is a sum of postings, so nothing counts twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from ..ledger import Chart
from ..sale import Tender
from .shifts import CashMove, MoveKind

TENDER_ROLES: Mapping[Tender, str] = {
    Tender.CASH: "till",
    Tender.CARD: "cards",
    Tender.CHEQUE: "cheques",
    Tender.WALLET: "wallets",
    Tender.TRANSFER: "transfers",
}
"""Where the money of each way of paying stands until it is banked; held by the point."""

UNIT_ROLES: Mapping[str, str] = {
    "electricity": "meters_electricity",
    "water": "meters_water",
    "tokens": "meters_tokens",
}
"""Where units stand that were issued to meters."""

FIGURES: Sequence[tuple[str, str, int]] = (
    ("vat", "vat_due", -1),
    ("debts", "debts", -1),
    ("commission", "commission", 1),
    ("rounding", "coin_rounding", -1),
    ("on_deposit", "operator_deposit", 1),
    ("refunds", "refunds", 1),
)
"""Name, role of the account, and the sign that makes it read as people expect: tax due, debts
recovered, commission earned, rounding gained, taken off the operator's deposit (less commission,
which is put onto it: below zero where there was nothing else), refunded."""


class Counted(NamedTuple):
    """How many sales of a kind a shift holds, or voids of such sales."""

    void: bool
    kind: str
    number: int


class Sum(NamedTuple):
    """What the entries of these sales (or voids) moved in one account, debit positive."""

    void: bool
    kind: str
    account: str
    unit: str
    amount: int


@dataclass(frozen=True, slots=True)
class ShiftBooks:
    """All that the books hold of one shift."""

    moves: tuple[CashMove, ...] = ()
    """By entry."""
    counts: tuple[Counted, ...] = ()
    sums: tuple[Sum, ...] = ()


class TenderTotal(NamedTuple):
    """Taken in one way of paying, in minor units."""

    tender: str
    sales: int
    voids: int
    """Given back: below zero."""

    @property
    def net(self) -> int:
        return self.sales + self.voids


class KindTotal(NamedTuple):
    """Sales of one kind."""

    kind: str
    sales: int
    """How many."""
    voids: int
    taken: int | None
    """In all ways of paying, voids taken off; None where it is not told."""


class UnitTotal(NamedTuple):
    """Units issued to meters, in the smallest unit."""

    commodity: str
    unit: str
    sales: int
    voids: int
    """Below zero."""


class Figure(NamedTuple):
    """A part of the takings, or what came of them; see FIGURES."""

    name: str
    amount: int


@dataclass(frozen=True, slots=True)
class Tally:
    """The sums of one shift, money in minor units."""

    opening_float: int
    cash_in: int
    cash_out: int
    sales: int
    voids: int
    tenders: tuple[TenderTotal, ...]
    """Cash always, the others where there were any."""
    kinds: tuple[KindTotal, ...]
    units: tuple[UnitTotal, ...]
    figures: tuple[Figure, ...]

    def net(self, tender: Tender) -> int:
        """Taken in one way of paying, voids taken off."""
        return sum(row.net for row in self.tenders if row.tender == tender.value)

    @property
    def expected(self) -> int:
        """Cash that should lie in the drawer. Of a blinded tally it says nothing."""
        taken = self.net(Tender.CASH)
        return self.opening_float + self.cash_in - self.cash_out + taken

    def blinded(self) -> Tally:
        """Without what the expected cash could be told from: for a clerk who is going to count."""
        return replace(
            self,
            tenders=tuple(row for row in self.tenders if row.tender != Tender.CASH.value),
            kinds=tuple(row._replace(taken=None) for row in self.kinds),
            figures=(),
        )


def tally(books: ShiftBooks, chart: Chart) -> Tally:
    """The sums of a shift from what the books hold of it."""
    tenders = {chart.role(role).code: tender for tender, role in TENDER_ROLES.items()}
    numbers = {
        (void, kind): sum(c.number for c in books.counts if (c.void, c.kind) == (void, kind))
        for void, kind in {(c.void, c.kind) for c in books.counts}
    }

    def total(accounts: Iterable[str], *, void: bool | None = None, kind: str | None = None) -> int:
        wanted = set(accounts)
        return sum(
            row.amount
            for row in books.sums
            if row.account in wanted and void in (None, row.void) and kind in (None, row.kind)
        )

    by_tender = (
        TenderTotal(tender.value, total([code], void=False), total([code], void=True))
        for code, tender in tenders.items()
    )
    issued = (
        UnitTotal(
            name, account.unit, total([account.code], void=False), total([account.code], void=True)
        )
        for name, role in UNIT_ROLES.items()
        for account in (chart.role(role),)
    )
    moved = {kind: sum(m.amount for m in books.moves if m.kind is kind) for kind in MoveKind}
    return Tally(
        opening_float=moved[MoveKind.FLOAT],
        cash_in=moved[MoveKind.IN],
        cash_out=moved[MoveKind.OUT],
        sales=sum(c.number for c in books.counts if not c.void),
        voids=sum(c.number for c in books.counts if c.void),
        tenders=tuple(
            row for row in by_tender if row.tender == Tender.CASH.value or row.sales or row.voids
        ),
        kinds=tuple(
            KindTotal(
                kind,
                numbers.get((False, kind), 0),
                numbers.get((True, kind), 0),
                total(tenders, kind=kind),
            )
            for kind in sorted({c.kind for c in books.counts})
        ),
        units=tuple(row for row in issued if row.sales or row.voids),
        figures=tuple(
            Figure(name, sign * amount)
            for name, role, sign in FIGURES
            for amount in (total([chart.role(role).code]),)
            if amount
        ),
    )
