"""What bookkeeping needs from the store, as Protocols."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple, Protocol

from ..ledger import (
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
from .days import Span
from .periods import BalanceRow, PeriodAct
from .statements import (
    CustomerLine,
    KeyUse,
    ReceiptCount,
    SaleTotals,
    StatementLine,
)


class AgreementFacts(NamedTuple):
    """An agreement with its customer and meter."""

    number: str
    account: str
    name_ar: str
    name_en: str
    meter: str


class SoldRow(NamedTuple):
    """One sale, for takings and lists. Money in minor units."""

    entry: int
    sold_at: datetime
    point: str
    receipt_number: int
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
    balance: int


class BooksReading(Protocol):
    """One consistent view of the books. Every method may raise the store's Unavailable."""

    def chain_head(self) -> ChainHead: ...

    def first_moment(self) -> datetime | None:
        """Of the first entry."""
        ...

    def head_at(self, end: datetime) -> ChainHead:
        """The last entry before the first one that was booked at `end` or later."""
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

    def lines(self, account: str, holder: str, span: Span) -> Iterator[StatementLine]:
        """By entry."""
        ...

    def customer_lines(
        self, agreement: AgreementFacts, account: str, span: Span
    ) -> list[CustomerLine]:
        """Sales of the agreement and other postings to its share of `account`, by entry;
        `balance` is by how much the line moved what is carried. Of what is not a sale, all else
        is 0."""
        ...

    def sold(self, span: Span, point: str | None = None) -> Iterator[SoldRow]:
        """Sales by entry."""
        ...

    def journal(self, span: Span) -> Iterator[PostedEntry]:
        """Entries with postings, by number. Streams."""
        ...

    # Seals

    def receipt_ranges(self, after: int, last: int) -> list[ReceiptRange]: ...

    def token_counts(self, after: int, last: int) -> list[TokenCount]: ...

    def seals(self) -> list[Seal]: ...

    # The daily check, over entries behind `after` up to `last`

    def sale_counts(self, after: int, last: int) -> tuple[int, int, int]:
        """Sales, sale entries, tokens."""
        ...

    def key_uses(self, after: int, last: int) -> list[KeyUse]: ...

    def receipt_counts(self, after: int, last: int) -> list[ReceiptCount]: ...

    def sale_totals(
        self,
        after: int,
        last: int,
        tills: Collection[str],
        meters: Collection[str],
        token_unit: str,
    ) -> list[SaleTotals]:
        """By unit; `tills` are the accounts that the payments of sales pass through, `meters` those
        that sales put units into; management tokens are counted in `token_unit`."""
        ...

    # Periods and adjustments

    def period_acts(self) -> list[PeriodAct]: ...

    def adjustment(self, id: str) -> Adjustment | None: ...

    def adjustments(self, state: AdjustmentState | None, limit: int) -> list[Adjustment]:
        """Latest request first."""
        ...

    def reversal_of(self, entry: int) -> Adjustment | None:
        """A request to reverse this entry that was not voided."""
        ...

    def waiting(self, span: Span) -> int:
        """How many adjustments requested within the span still wait."""
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
