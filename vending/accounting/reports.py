"""What the books answer, over ports: nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta, tzinfo
from typing import Final

from tokens.sts import SecurityModule

from ..ledger import Account, Chart, PostedEntry, Seal
from ..masks import masked_name, names_hidden
from ..operators import Settlement
from ..parties import Actor, PointUnknown
from ..permissions import ALLOWED, require
from ..persons import person
from ..ports import Clock
from .adjustments import Adjustment, AdjustmentState, unknown_holder
from .breakdown import BreakdownRow, breakdown_of
from .checking import checked
from .daily import SALE_KINDS, VOID_KINDS, DailyCheck, DayFacts, kept_check
from .days import Month, Span, beginning, day_of, days, end_of, read_day
from .errors import AccountUnknown, AgreementUnknown, EntryUnknown, StatementTooLong
from .holders import AccountHolders
from .issuer import Issuer
from .periods import PeriodAct
from .ports import BooksReading, BooksStore, OperatorFacts, SoldRow
from .standing import is_holder
from .statements import (
    AccountStatement,
    CustomerLine,
    CustomerStatement,
    OperatorStatement,
    StatementLine,
    Taking,
    TrialBalance,
)
from .takings import deposit_lines, sums_of, takings_of

MOST_LINES: Final = 20_000
"""Postings in one statement: a month of a till that is never still."""


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
        """Sales, and voids and refunds as rows of their own, by entry. Streams."""
        return self._books.sold(self.span)


class BookReports:
    """One instance serves many threads. Days are local dates in `zone`, both ends included; what
    is asked for between two of them raises DayMalformed and DaysBackwards."""

    def __init__(
        self,
        store: BooksStore,
        chart: Chart,
        clock: Clock,
        zone: tzinfo,
        security: SecurityModule | None = None,
    ) -> None:
        """`security`: with its keys the daily check opens the tokens; None: it does not."""
        self._security = security
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
            return books.legibly(books.seals)

    def first_day(self, actor: Actor) -> date | None:
        """The local day of the earliest entry; None: nothing is booked."""
        require(actor, "read_books")
        with self._store.reading() as books:
            begun = books.first_moment()
        return None if begun is None else day_of(begun, self._zone)

    def periods(self, actor: Actor) -> list[PeriodAct]:
        """Every closing and reopening, the first one first."""
        require(actor, "read_books")
        with self._store.reading() as books:
            return books.period_acts()

    def adjustments(
        self,
        actor: Actor,
        state: AdjustmentState | None = None,
        limit: int = 100,
        *,
        before: str | None = None,
    ) -> list[Adjustment]:
        """Requests, latest first, those behind the request `before`; none behind one that there is
        not."""
        require(actor, "read_books")
        with self._store.reading() as books:
            return books.adjustments(state, limit, before)

    def balances(self, actor: Actor, month: str | None = None) -> TrialBalance:
        """The trial balance of a month, or of everything. Raises MonthMalformed."""
        require(actor, "read_books")
        with self._store.reading() as books:
            return TrialBalance(tuple(books.trial_balance(self.span_of(month))))

    def entry(self, actor: Actor, number: int) -> PostedEntry:
        """One entry with all its lines, whatever it was booked for. Raises EntryUnknown."""
        require(actor, "read_books")
        with self._store.reading() as books:
            found = books.entry(number)
        if found is None:
            raise EntryUnknown(number)
        return found

    def account(
        self,
        actor: Actor,
        code: str,
        holder: str = "",
        first: str | None = None,
        last: str | None = None,
    ) -> AccountStatement:
        """The postings to an account between two days, of one holder or (empty) of all.

        Raises AccountUnknown, HolderWrong, OperatorUnknown (who holds nothing of it, and is not
        registered either) and StatementTooLong (more than MOST_LINES).
        """
        require(actor, "read_books")
        account = self._account(code)
        span = self._days(first, last)
        given, holder = holder, person(holder) if account.per == "operator" else holder
        with self._store.reading() as books:
            if given and not is_holder(books, account, holder):
                raise unknown_holder(account, given)
            opening = 0 if span.start is None else books.opening(code, holder, span.start)
            lines = _lines(books, code, holder, span)
        return AccountStatement(account.code, holder, account.unit, opening, lines)

    def holders(self, actor: Actor, code: str, on: str | None = None) -> AccountHolders:
        """Who holds what of an account, at the end of a day or now; of one that is held by nobody,
        all under no name. Raises AccountUnknown, DayMalformed."""
        require(actor, "read_books")
        account = self._account(code)
        before = None if on is None else end_of(read_day(on), self._zone)
        with self._store.reading() as books:
            found = tuple(books.holders(code, account.per, before))
        return AccountHolders(account.code, account.unit, found)

    def breakdown(
        self, actor: Actor, first: str | None = None, last: str | None = None
    ) -> list[BreakdownRow]:
        """What the sales between two days were made of, less what their voids took back."""
        require(actor, "read_books")
        span = self._days(first, last)
        with self._store.reading() as books:
            return breakdown_of(books.priced(span), self._chart)

    def customer(
        self, actor: Actor, agreement: str, first: str | None = None, last: str | None = None
    ) -> CustomerStatement:
        """Sales, voids, debts and carried balance of one agreement; tokens counted but not shown.

        Raises AgreementUnknown.
        """
        require(actor, "statement")
        carried, owed = self._chart.role("customer_balance"), self._chart.role("debts")
        span = self._days(first, last)
        with self._store.reading() as books:
            facts = books.agreement(agreement.strip())
            if facts is None:
                raise AgreementUnknown(agreement.strip()[:30])
            if names_hidden(books, actor):
                facts = facts._replace(
                    name_ar=masked_name(facts.name_ar), name_en=masked_name(facts.name_en)
                )
            opening = opening_owed = 0
            if span.start is not None:
                opening = -books.opening(carried.code, facts.number, span.start)
                opening_owed = books.opening(owed.code, facts.number, span.start)
            found = books.customer_lines(facts, carried.code, owed.code, span)
        balance, debt = opening, opening_owed
        lines: list[CustomerLine] = []
        for line in found:
            balance += line.balance
            debt += line.debts
            lines.append(line._replace(balance=balance, owed=debt))
        return CustomerStatement(
            agreement=facts.number,
            account=facts.account,
            name_ar=facts.name_ar,
            name_en=facts.name_en,
            meter=facts.meter,
            currency=carried.unit,
            opening=opening,
            opening_owed=opening_owed,
            lines=tuple(lines),
            closing=balance,
            closing_owed=debt,
        )

    def operator(
        self, actor: Actor, code: str, first: str | None = None, last: str | None = None
    ) -> OperatorStatement:
        """What one operator sold, earned and had taken back, and how their deposit moved. People
        see themselves, bookkeepers and administrators everybody. Who is going to count a drawer
        blind sees no further than where its shift began, unless what they sell comes out of a
        deposit.

        Raises ActorNotAllowed, OperatorUnknown (nobody of this name has sold), StatementTooLong
        (more than MOST_LINES postings to their deposit).
        """
        given, code = code[:30], person(code)
        if person(actor.name) != code:
            require(actor, "read_books")
        account, asked = self._chart.role("operator_deposit"), self._days(first, last)
        sees_all = actor.role in ALLOWED["read_books"]
        unknown = unknown_holder(account, given)
        if "\0" in code:
            raise unknown
        with self._store.reading() as books:
            facts = books.operator_facts(code)
            by_deposit = facts is not None and facts.settlement == Settlement.DEPOSIT.value
            begun = None if sees_all or by_deposit else books.open_since(code)
            span = asked if begun is None else asked.up_to(begun)
            sold = sums_of(books.sold(span, operator=code), self._zone)
            # A seller who is not registered is known by what was sold, though on no day of these.
            if facts is None and not sold.takings and not books.has_sold(code):
                raise unknown
            opening = 0 if span.start is None else -books.opening(account.code, code, span.start)
            lines = deposit_lines(opening, _lines(books, account.code, code, span))
        facts = facts or OperatorFacts(code, "", "", "")
        return OperatorStatement(
            operator=facts.code,
            name_ar=facts.name_ar,
            name_en=facts.name_en,
            settlement=facts.settlement,
            currency=account.unit,
            sales=sold.sales,
            voids=sold.voids,
            takings=sold.takings,
            commission=sold.commission,
            opening=opening,
            lines=lines,
            closing=lines[-1].balance if lines else opening,
        )

    def takings(
        self,
        actor: Actor,
        point: str | None = None,
        first: str | None = None,
        last: str | None = None,
    ) -> list[Taking]:
        """What was taken and given back, per point, local day, operator and part of a payment;
        today if no day is named. Raises PointUnknown, DayMalformed, DaysBackwards."""
        require(actor, "read_books")
        if first is None and last is None:
            first = last = day_of(self._clock(), self._zone).isoformat()
        span = self._days(first, last)
        with self._store.reading() as books:
            if point is not None and not books.holder_exists("point", point):
                raise PointUnknown(point[:20])
            return takings_of(books.sold(span, point), self._zone)

    def check(self, actor: Actor, day: str | None = None) -> DailyCheck:
        """Tokens issued = ledger = receipts, and money as told = money as booked, over everything
        booked on one local day (today by default), and what was booked at a moment of the day
        before once a seal kept the check of that one: nothing falls between two checks. Tokens are
        counted by their rows and, where their vending keys are held, by what their digits say.
        Whatever stands in a row, it is counted. Raises DayMalformed."""
        require(actor, "read_books")
        date_ = day_of(self._clock(), self._zone) if day is None else read_day(day)
        with self._store.reading() as books:
            return books.legibly(lambda: self._checked(books, date_))

    def _checked(self, books: BooksReading, date_: date) -> DailyCheck:
        span = Span(beginning(date_, self._zone), end_of(date_, self._zone))
        assert span.start is not None
        assert span.end is not None
        held = [a.code for a in self._chart.accounts() if a.per in ("point", "operator")]
        told = date_.isoformat()
        seals = books.seals()
        before = kept_check(seals, (date_ - timedelta(days=1)).isoformat())
        reached = [one.entry for one in seals if before and one.number == before.seal]
        after = min([books.head_at(span.start).number, *reached])
        last = books.head_at(span.end).number
        facts = DayFacts(
            sales=books.sales_made(after, last),
            entries=books.entry_kinds(after, last),
            booked=books.booked(after, last, SALE_KINDS, held),
            voids=books.voids_made(after, last),
            void_booked=books.booked(after, last, VOID_KINDS, held),
            undone=books.undone(after, last, held),
            sums=books.sums(after, last),
            key_issues=books.key_issues(after, last),
            yet_taken=books.voided_yet_taken(after, last, span),
            unread_seals=[one.number for one in seals if one.day == told and one.told is None],
        )
        found = checked(
            told,
            after + 1,
            last,
            facts,
            self._chart,
            books.receipt_before,
            kept_check(seals, told),
            None if self._security is None else Issuer(self._security),
        )
        return replace(found, seals=len(seals))

    @contextmanager
    def journal(self, actor: Actor, month: str | None = None) -> Iterator[JournalView]:
        """The journal of a month, or whole, for an export. Raises MonthMalformed."""
        require(actor, "read_books")
        span = self.span_of(month)
        with self._store.reading() as books:
            yield JournalView(books, self._chart, span, self._zone)

    def span_of(self, month: str | None) -> Span:
        return Span() if month is None else Month.read(month).span(self._zone)

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


def _lines(books: BooksReading, account: str, holder: str, span: Span) -> tuple[StatementLine, ...]:
    """Raises StatementTooLong."""
    found = tuple(books.lines(account, holder, span, MOST_LINES + 1))
    if len(found) > MOST_LINES:
        raise StatementTooLong(f"{account}:{holder}" if holder else account, MOST_LINES)
    return found
