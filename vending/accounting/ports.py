"""What bookkeeping needs from the store, as Protocols."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar

from ..clock import ClockConfirmation
from ..ledger import (
    ChainEnd,
    ChainHead,
    Chart,
    LedgerReport,
    PostedEntry,
    Posting,
    ReceiptRange,
    Seal,
    TokenCount,
)
from .adjustments import Adjustment, AdjustmentState, Decision
from .breakdown import PricedSale
from .daily import Booked, SaleMade, VoidMade
from .days import Span
from .holders import HolderBalance
from .parts import Taken
from .periods import BalanceRow, PeriodAct
from .statements import CustomerLine, StatementLine

T = TypeVar("T")


class AgreementFacts(NamedTuple):
    """An agreement with its customer and meter."""

    number: str
    account: str
    name_ar: str
    name_en: str
    meter: str


class OperatorFacts(NamedTuple):
    """Who sells, and how they settle."""

    code: str
    name_ar: str
    name_en: str
    settlement: str


class SoldRow(NamedTuple):
    """One sale, or the void or refund of one, for takings and lists. Money in minor units; of what
    was taken back, below zero, as units are."""

    entry: int
    at: datetime
    kind: str
    """Of the entry: `sale`, `payment`, `void` or `refund`."""
    sale_kind: str
    point: str
    """Where it was sold, and by whom, also where it was taken back."""
    receipt_number: int
    """0 if there is none."""
    operator: str
    tender: str
    customer: str
    agreement: str
    meter: str
    currency: str
    paid: int
    net: int
    vat: int
    quantity: int
    unit: str
    balance: int | None
    """Carried after the sale; None where it was taken back."""
    taken: Taken

    @property
    def is_back(self) -> bool:
        """Whether it takes back instead of selling."""
        return self.kind in ("void", "refund")

    @property
    def receipt(self) -> str:
        return f"{self.point}-{self.receipt_number:06d}" if self.receipt_number else ""


class BooksReading(Protocol):
    """One consistent view of the books. Every method may raise the store's Unavailable."""

    def legibly(self, read: Callable[[], T]) -> T:
        """What `read` finds here. Where a row holds bytes that are no text, it is called once more,
        and reads something in their place that can be printed."""
        ...

    def chain_head(self) -> ChainHead: ...

    def clock_confirmed(self) -> ClockConfirmation | None: ...

    def first_moment(self) -> datetime | None:
        """Of the first entry."""
        ...

    def head_at(self, end: datetime) -> ChainHead:
        """The last entry before the first one that was booked at `end` or later."""
        ...

    def head_of(self, entry: int) -> ChainHead:
        """The journal as it ended with this entry."""
        ...

    def booked_before(self, end: datetime | None, after: int) -> bool:
        """Whether an entry behind number `after` has a moment before `end`."""
        ...

    def entry(self, number: int) -> PostedEntry | None: ...

    def holder_exists(self, per: str, holder: str) -> bool:
        """Whether there is such a point, agreement or meter."""
        ...

    def agreement(self, number: str) -> AgreementFacts | None: ...

    def balance(self, account: str, holder: str, unit: str) -> int:
        """Of one holder, recomputed from the postings, debit positive."""
        ...

    def sums(self, after: int, last: int) -> list[tuple[str, str, int]]:
        """(account, unit, amount) over the entries behind `after` up to `last`, by account;
        without those that are zero."""
        ...

    def trial_balance(self, span: Span) -> list[BalanceRow]:
        """By account; moved within the span, opening before it."""
        ...

    def opening(self, account: str, holder: str, before: datetime | None) -> int:
        """What stood in an account (of one holder, or of all if empty) before a moment."""
        ...

    def lines(
        self, account: str, holder: str, span: Span, most: int | None = None
    ) -> Iterator[StatementLine]:
        """By entry; the first `most` of them. Streams."""
        ...

    def customer_lines(
        self, agreement: AgreementFacts, account: str, debts: str, span: Span
    ) -> list[CustomerLine]:
        """Sales of the agreement, their voids, and other postings to its share of `account` and of
        `debts`, by entry; `balance` is by how much the line moved what is carried, `owed` is 0. Of
        what is neither sale nor void, all else is 0."""
        ...

    def operator_facts(self, code: str) -> OperatorFacts | None:
        """By the person."""
        ...

    def has_sold(self, operator: str) -> bool:
        """Whether this person ever made a sale, whatever became of it."""
        ...

    def open_since(self, operator: str) -> datetime | None:
        """When the shift of this person began that is open; None without one."""
        ...

    def sold(
        self, span: Span, point: str | None = None, operator: str | None = None
    ) -> Iterator[SoldRow]:
        """Sales of the span, voids and refunds of the span, by entry; at one point or at all, by
        one person or by all. Streams. Raises SoldUnreadable while they are read."""
        ...

    def holders(self, account: str, per: str, before: datetime | None) -> list[HolderBalance]:
        """Who holds something of an account before a moment (None: now), by holder; `per` is who
        may, as the chart says. Names where there are any on record."""
        ...

    def priced(self, span: Span) -> Iterator[PricedSale]:
        """Sales of the span, then the voids of the span; without refunds, and without units that
        were moved off an exchanged meter. Streams."""
        ...

    def journal(self, span: Span) -> Iterator[PostedEntry]:
        """Entries with postings, by number. Streams."""
        ...

    # Seals

    def receipt_ranges(self, after: int, last: int) -> list[ReceiptRange]: ...

    def token_counts(self, after: int, last: int) -> list[TokenCount]: ...

    def seals(self) -> list[Seal]: ...

    def last_period_hash(self) -> str:
        """Of the last act of closing or reopening a period; GENESIS before the first."""
        ...

    def attested_end(self) -> ChainEnd | None:
        """The last attestation; None if what is kept of it is none."""
        ...

    def trail_end(self) -> ChainEnd | None:
        """The last line of the trail; None if what is kept of it is none."""
        ...

    # The daily check, over entries behind `after` up to `last`

    def sales_made(self, after: int, last: int) -> Iterator[SaleMade]:
        """By entry. Streams."""
        ...

    def voids_made(self, after: int, last: int) -> list[VoidMade]:
        """By entry."""
        ...

    def entry_kinds(self, after: int, last: int) -> Mapping[str, int]:
        """How many entries there are of each kind."""
        ...

    def booked(
        self, after: int, last: int, kinds: Collection[str], held: Collection[str]
    ) -> list[Booked]:
        """What entries of these kinds moved, by account; of the accounts `held`, by holder."""
        ...

    def undone(self, after: int, last: int, held: Collection[str]) -> list[Booked]:
        """What the sales had moved that voids (not refunds) of the stretch took back."""
        ...

    def key_issues(self, after: int, last: int) -> int:
        """Key changes that are on record as issued with a sale of the stretch."""
        ...

    def receipt_before(self, point: str, number: int) -> int:
        """The largest receipt number of a point below `number`; 0 if there is none."""
        ...

    def voided_yet_taken(self, after: int, last: int, span: Span) -> list[str]:
        """Vend ids of voided sales whose token a meter has taken: voided in the stretch, or
        found out within the span."""
        ...

    # Periods and adjustments

    def period_acts(self) -> list[PeriodAct]: ...

    def adjustment(self, id: str) -> Adjustment | None: ...

    def adjustments(
        self, state: AdjustmentState | None, limit: int, before: str | None
    ) -> list[Adjustment]:
        """Latest request first, those behind the request `before` (an id)."""
        ...

    def reversal_of(self, entry: int) -> Adjustment | None:
        """A request to reverse this entry that was not voided."""
        ...

    def waiting(self, span: Span, month: str) -> int:
        """How many adjustments still wait that were requested within the span of this month, or
        for a day of it or of an earlier one."""
        ...


class BooksWriting(BooksReading, Protocol):
    """One transaction with the sole right to write until it ends."""

    def book(self, posted: PostedEntry, cached: tuple[Posting, ...]) -> None:
        """Writes an entry behind `chain_head()`, moves the head, and the balances kept ready."""
        ...

    def add_seal(self, seal: Seal) -> None: ...

    def add_period_act(self, act: PeriodAct) -> None:
        """And moves the boundary of what is closed."""
        ...

    def add_adjustment(self, adjustment: Adjustment) -> None: ...

    def decide(self, adjustment: str, decision: Decision) -> None: ...


class BooksStore(Protocol):
    """The books, for bookkeeping."""

    def reading(self) -> AbstractContextManager[BooksReading]: ...

    def writing(self) -> AbstractContextManager[BooksWriting]:
        """Commits at the end of the block; any exception inside rolls everything back."""
        ...

    def proved(self, chart: Chart, against: tuple[int, str] | None = None) -> LedgerReport:
        """The whole journal recomputed and held against its seals, its periods and the caches,
        in flat memory."""
        ...
