"""What the books answer, over ports: nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import tzinfo

from ..ledger import Account, Chart, PostedEntry, Seal
from ..parties import Actor, require
from ..ports import Clock
from .adjustments import Adjustment, AdjustmentState
from .days import Month, Span, beginning, day_of, days, end_of, read_day
from .errors import AccountUnknown, AgreementUnknown
from .periods import PeriodAct
from .ports import BooksReading, BooksStore, SoldRow
from .statements import (
    AccountStatement,
    CustomerLine,
    CustomerStatement,
    DailyCheck,
    Taking,
    TrialBalance,
    differences,
)

_BESIDE = ("operator_deposit", "commission", "coin_rounding")
"""Roles of the accounts that payments pass through beside those of the point: together they hold
what was paid for a sale, whoever keeps it."""


class JournalView:
    """One consistent view of the journal for an export, to be read once."""

    def __init__(self, books: BooksReading, chart: Chart, span: Span, zone: tzinfo) -> None:
        self._books = books
        self.chart = chart
        self.span = span
        self.zone = zone

    @property
    def balances(self) -> TrialBalance:
        return TrialBalance(tuple(self._books.trial_balance(self.span)))

    def entries(self) -> Iterator[PostedEntry]:
        """By number. Streams."""
        return self._books.journal(self.span)

    def sales(self) -> Iterator[SoldRow]:
        """By number. Streams."""
        return self._books.sold(self.span)


class BookReports:
    """One instance serves many threads. Days are local dates in `zone`, both ends included."""

    def __init__(self, store: BooksStore, chart: Chart, clock: Clock, zone: tzinfo) -> None:
        self._store = store
        self._chart = chart
        self._clock = clock
        self._zone = zone

    @property
    def chart(self) -> Chart:
        """The accounts that all of this is about."""
        return self._chart

    def seals(self, actor: Actor) -> list[Seal]:
        """The first one first."""
        require(actor, "read_books")
        with self._store.reading() as books:
            return books.seals()

    def periods(self, actor: Actor) -> list[PeriodAct]:
        """Every closing and reopening, the first one first."""
        require(actor, "read_books")
        with self._store.reading() as books:
            return books.period_acts()

    def adjustments(
        self, actor: Actor, state: AdjustmentState | None = None, limit: int = 100
    ) -> list[Adjustment]:
        """Requests, latest first."""
        require(actor, "read_books")
        with self._store.reading() as books:
            return books.adjustments(state, limit)

    def balances(self, actor: Actor, month: str | None = None) -> TrialBalance:
        """The trial balance of a month, or of everything. Raises MonthMalformed."""
        require(actor, "read_books")
        with self._store.reading() as books:
            return TrialBalance(tuple(books.trial_balance(self.span_of(month))))

    def account(
        self,
        actor: Actor,
        code: str,
        holder: str = "",
        first: str | None = None,
        last: str | None = None,
    ) -> AccountStatement:
        """The postings to an account between two days. Raises AccountUnknown, DayMalformed."""
        require(actor, "read_books")
        account = self._account(code)
        span = self._days(first, last)
        with self._store.reading() as books:
            opening = 0 if span.start is None else books.opening(code, holder, span.start)
            lines = tuple(books.lines(code, holder, span))
        return AccountStatement(account.code, holder, account.unit, opening, lines)

    def customer(
        self, actor: Actor, agreement: str, first: str | None = None, last: str | None = None
    ) -> CustomerStatement:
        """Sales and carried balance of one agreement, tokens counted but not shown.

        Raises AgreementUnknown, DayMalformed.
        """
        require(actor, "statement")
        owed = self._chart.role("customer_balance")
        span = self._days(first, last)
        with self._store.reading() as books:
            facts = books.agreement(agreement.strip())
            if facts is None:
                raise AgreementUnknown(agreement.strip()[:30])
            opening = 0
            if span.start is not None:
                opening = -books.opening(owed.code, facts.number, span.start)
            found = books.customer_lines(facts, owed.code, span)
        balance = opening
        lines: list[CustomerLine] = []
        for line in found:
            balance += line.balance
            lines.append(line._replace(balance=balance))
        return CustomerStatement(
            agreement=facts.number,
            account=facts.account,
            name_ar=facts.name_ar,
            name_en=facts.name_en,
            meter=facts.meter,
            currency=owed.unit,
            opening=opening,
            lines=tuple(lines),
            closing=balance,
        )

    def takings(
        self,
        actor: Actor,
        point: str | None = None,
        first: str | None = None,
        last: str | None = None,
    ) -> list[Taking]:
        """What was taken, per point, local day, operator and tender; today by default."""
        require(actor, "read_books")
        today = day_of(self._clock(), self._zone).isoformat()
        span = self._days(first or today, last or (today if first is None else None))
        sums: dict[tuple[str, str, str, str, str], tuple[int, int]] = {}
        with self._store.reading() as books:
            for row in books.sold(span, point):
                day = day_of(row.sold_at, self._zone).isoformat()
                key = (row.point, day, row.operator, row.tender, row.currency)
                sales, amount = sums.get(key, (0, 0))
                sums[key] = sales + 1, amount + row.paid
        return [Taking(*key, *sums[key]) for key in sorted(sums)]

    def check(self, actor: Actor, day: str | None = None) -> DailyCheck:
        """Tokens issued = ledger = receipts, over everything booked on one local day (today by
        default). Raises DayMalformed."""
        require(actor, "read_books")
        date_ = day_of(self._clock(), self._zone) if day is None else read_day(day)
        with self._store.reading() as books:
            after = books.head_at(beginning(date_, self._zone)).number
            last = books.head_at(end_of(date_, self._zone)).number
            sales, sale_entries, tokens = books.sale_counts(after, last)
            keys = books.key_uses(after, last)
            receipts = books.receipt_counts(after, last)
            totals = books.sale_totals(
                after,
                last,
                [*self._codes("asset", "point"), *(self._chart.role(r).code for r in _BESIDE)],
                self._codes("commodity", "meter"),
                self._chart.role("meters_tokens").unit,
            )
        return DailyCheck(
            day=date_.isoformat(),
            first_entry=after + 1,
            last_entry=last,
            sales=sales,
            tokens=tokens,
            keys=tuple(keys),
            receipts=tuple(receipts),
            differences=differences(sales, sale_entries, tokens, keys, receipts, totals),
        )

    @contextmanager
    def journal(self, actor: Actor, month: str | None = None) -> Iterator[JournalView]:
        """The journal of a month, or whole, for an export. Raises MonthMalformed."""
        require(actor, "read_books")
        span = self.span_of(month)
        with self._store.reading() as books:
            yield JournalView(books, self._chart, span, self._zone)

    def span_of(self, month: str | None) -> Span:
        return Span() if month is None else Month.read(month).span(self._zone)

    def _codes(self, kind: str, per: str) -> list[str]:
        return [a.code for a in self._chart.accounts() if (a.kind, a.per) == (kind, per)]

    def _account(self, code: str) -> Account:
        account = self._chart.find(code)
        if account is None:
            raise AccountUnknown(code[:20])
        return account

    def _days(self, first: str | None, last: str | None) -> Span:
        return days(
            None if first is None else read_day(first),
            None if last is None else read_day(last),
            self._zone,
        )
