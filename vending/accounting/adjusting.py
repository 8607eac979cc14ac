"""Entries that two people make: asked for by one, approved or voided by another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, tzinfo

from ..clock import UNWATCHED, ClockGuard
from ..ledger import Chart, PostedEntry, Posting, chained, check_open
from ..parties import Actor
from ..permissions import require
from ..ports import Clock
from .adjustments import (
    Adjustment,
    AdjustmentKind,
    AdjustmentState,
    Decision,
    adjustment_entry,
    check_undecided,
    checked_id,
    checked_reason,
    posted_by,
    reversal_lines,
)
from .days import Month, day_of, last_moment_of, read_day
from .errors import (
    AdjustmentIdReused,
    AdjustmentUnknown,
    AlreadyReversed,
    DayBeforeBooks,
    DayNotBegun,
    EntryUnknown,
    WriteOffWrong,
)
from .keeping import Keeping
from .lines import check_debts, check_sides, checked_lines, with_persons
from .ports import BooksReading, BooksStore, BooksWriting
from .standing import check_balances, check_given_up, check_holders

Follow = Callable[[BooksWriting, Adjustment, PostedEntry], None]
"""What else an adjustment changes, in the transaction that posts it. May refuse it."""


def nothing_follows(books: BooksWriting, adjustment: Adjustment, posted: PostedEntry) -> None:
    """Where nobody keeps debts, nothing but the entry changes."""


class Adjusting(Keeping):
    """One instance serves many threads."""

    def __init__(
        self,
        store: BooksStore,
        chart: Chart,
        clock: Clock,
        zone: tzinfo,
        follow: Follow = nothing_follows,
        guard: ClockGuard = UNWATCHED,
    ) -> None:
        super().__init__(store, chart, clock, zone, guard)
        self._follow = follow

    def adjust(
        self,
        actor: Actor,
        id: str,
        lines: tuple[Posting, ...],
        reason: str,
        *,
        booked_on: str | None = None,
    ) -> Adjustment:
        """Asks for an entry with these lines; a second person approves or voids it. The caller
        makes the id: the same request again answers the one that there is.

        Raises ReasonMissing, AdjustmentIdMalformed, AdjustmentIdReused, DayMalformed,
        DayNotBegun, PeriodClosed, and the errors of `checked_lines`, `check_sides`,
        `check_holders` and `check_debts`.
        """
        lines = with_persons(lines, self._chart)
        return self._request(actor, id, AdjustmentKind.ADJUSTMENT, lines, reason, booked_on)

    def write_off(
        self,
        actor: Actor,
        id: str,
        account: str,
        holder: str,
        amount: int,
        reason: str,
        *,
        booked_on: str | None = None,
    ) -> Adjustment:
        """Asks for `amount` (minor units, more than 0) of what stands as a debit in an account to
        be given up as a loss, at most what stands there when it is approved.

        Raises WriteOffWrong, and the errors of `adjust`.
        """
        loss, given_up = self._chart.role("write_offs"), self._chart.find(account)
        if amount <= 0 or (given_up is not None and given_up.kind != "asset"):
            raise WriteOffWrong(account)
        lines = (
            Posting(loss.code, "", loss.unit, amount),
            Posting(account, holder, loss.unit, -amount),
        )
        return self._request(actor, id, AdjustmentKind.WRITE_OFF, lines, reason, booked_on)

    def reverse(self, actor: Actor, id: str, entry: int, reason: str) -> Adjustment:
        """Asks for an entry that takes back another, line by line, and points to it.

        Raises EntryUnknown, NotReversible, AlreadyReversed, and the errors of `adjust`.
        """
        return self._request(actor, id, AdjustmentKind.REVERSAL, (), reason, None, entry)

    def _request(
        self,
        actor: Actor,
        id: str,
        kind: AdjustmentKind,
        lines: tuple[Posting, ...],
        reason: str,
        booked_on: str | None,
        reverses: int | None = None,
    ) -> Adjustment:
        require(actor, "adjust")
        checked_id(id)
        reason = checked_reason(reason)
        day = None if booked_on is None else read_day(booked_on)
        with self._store.writing() as books:
            now = self._clock()
            if reverses is not None:
                posted = books.entry(reverses)
                if posted is None:
                    raise EntryUnknown(reverses)
                lines = reversal_lines(posted)
            wanted = Adjustment(
                id=id,
                kind=kind,
                requested_at=now,
                requested_by=actor.name,
                reason=reason,
                lines=lines,
                reverses=reverses,
                booked_on=None if day is None else day.isoformat(),
            )
            stored = books.adjustment(id)
            if stored is not None:
                if not stored.same_request(wanted):
                    raise AdjustmentIdReused(id)
                return stored
            self._check(books, lines, reverses)
            if day is not None:
                self._check_day(books, day, now)
            books.add_adjustment(wanted)
            return wanted

    def _check(self, books: BooksReading, lines: tuple[Posting, ...], reverses: int | None) -> None:
        if reverses is None:
            check_sides(lines)
        check_holders(books, checked_lines(lines, self._chart), self._chart)
        if reverses is None:
            check_debts(lines, self._chart)
        else:
            other = books.reversal_of(reverses)
            if other is not None:
                raise AlreadyReversed(reverses, other.id)

    def _check_day(self, books: BooksReading, day: date, now: datetime) -> None:
        """Of a request for another day than that of its approval."""
        if day > day_of(now, self._zone):
            raise DayNotBegun(day.isoformat())
        begin = Month.of(books.first_moment() or now, self._zone)
        if Month(day.year, day.month) < begin:
            raise DayBeforeBooks(day.isoformat(), str(begin))
        check_open(last_moment_of(day, self._zone), books.chain_head())

    def approve(self, actor: Actor, id: str) -> Adjustment:
        """Posts a waiting request. Approving again answers it as it stands.

        Raises AdjustmentUnknown, AdjustmentDecided (it was voided), OwnRequest, OwnDeposit,
        Overdrawn, DepositTooSmall, WriteOffTooMuch, ClockWentBack, ClockRanAhead, PeriodClosed (the
        month that it belongs to was closed meanwhile), and what `follow` raises.
        """
        require(actor, "approve")
        with self._store.writing() as books:
            found = _known(books, id)
            if found.posted_already(actor.name):
                return found
            head, now = books.chain_head(), self._clock()
            # By a clock that is behind it might be booked in a month that is over.
            self._guard.check(now, head, books)
            decision = posted_by(found, actor.name, now, head.number + 1, self._chart)
            check_balances(books, found.lines, self._chart)
            if found.kind is AdjustmentKind.WRITE_OFF:
                check_given_up(books, found.lines, self._chart)
            posted = chained(adjustment_entry(found, decision, self._zone), head)
            cached = self._chart.cached()
            books.book(posted, tuple(p for p in found.lines if p.account in cached))
            self._guard.booked(now)
            books.decide(id, decision)
            self._follow(books, found, posted)
            return _known(books, id)

    def void(self, actor: Actor, id: str, note: str) -> Adjustment:
        """Ends a waiting request without booking it: refused by somebody, or withdrawn by who
        asked. Raises AdjustmentUnknown, AdjustmentDecided, ReasonMissing."""
        require(actor, "void")
        note = checked_reason(note)
        with self._store.writing() as books:
            found = _known(books, id)
            check_undecided(found)
            books.decide(
                id, Decision(AdjustmentState.VOIDED, self._clock(), actor.name, note, None)
            )
            return _known(books, id)


def _known(books: BooksReading, id: str) -> Adjustment:
    found = books.adjustment(id)
    if found is None:
        raise AdjustmentUnknown(id[:64])
    return found
