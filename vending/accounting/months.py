"""Closing months, and opening the last one again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ..parties import Actor
from ..permissions import require
from .adjustments import checked_reason
from .daily import first_unchecked
from .days import Month, day_of
from .errors import DaysUnchecked, RequestsWaiting
from .keeping import Keeping
from .periods import (
    BalanceRow,
    PeriodAct,
    PeriodActKind,
    check_closing,
    check_reopening,
    period_act,
)
from .ports import BooksReading, BooksWriting
from .sealing import is_sealed_later


class Months(Keeping):
    """One instance serves many threads."""

    def close(self, actor: Actor, month: str) -> PeriodAct:
        """Closes a month that is over and whose days were checked: from then on nothing is booked
        at an earlier moment. Its trial balance is kept with it.

        Raises MonthMalformed, MonthBeforeBooks, PeriodNotOver, PeriodClosedAlready,
        PeriodSkipped, DaysUnchecked, RequestsWaiting, ClockRanAhead.
        """
        require(actor, "close_period")
        wanted = Month.read(month)
        span = wanted.span(self._zone)
        # Summed before the writer's place is taken: sales go on meanwhile.
        with self._store.reading() as books:
            summed = books.chain_head()
            balances = books.trial_balance(span)
        with self._store.writing() as books:
            now = self._clock()
            # By a clock that stands ahead, months would be closed that are not over.
            self._guard.check_ahead(now, books.chain_head(), books)
            acts = books.period_acts()
            begun = books.first_moment()
            check_closing(wanted, acts, begun, now, self._zone)
            if begun is not None:
                books.legibly(lambda: self._check_days(books, wanted, begun, now))
            waiting = books.waiting(span, str(wanted))
            if waiting:
                raise RequestsWaiting(str(wanted), waiting)
            if books.booked_before(span.end, summed.number):
                balances = books.trial_balance(span)
            return self._act(books, wanted, PeriodActKind.CLOSED, now, actor, "", acts, balances)

    def _check_days(
        self, books: BooksReading, month: Month, begun: datetime, now: datetime
    ) -> None:
        """Where a later state is sealed already no check of the month can be kept any more: then
        its days hold nothing open. Raises DaysUnchecked."""
        seals, span = books.seals(), month.span(self._zone)
        first = first_unchecked(seals, day_of(begun, self._zone), now, self._zone)
        if Month(first.year, first.month) > month:
            return
        assert span.end is not None
        if not seals or not is_sealed_later(seals[-1], month.last_day, books.head_at(span.end)):
            raise DaysUnchecked(str(month), first.isoformat())

    def reopen(self, actor: Actor, month: str, reason: str) -> PeriodAct:
        """Opens the month that was closed last. Raises MonthMalformed, PeriodNotLast,
        ReasonMissing, ActorNotAllowed (supervisors only)."""
        require(actor, "reopen_period")
        wanted = Month.read(month)
        reason = checked_reason(reason)
        with self._store.writing() as books:
            acts = books.period_acts()
            check_reopening(wanted, acts)
            now = self._clock()
            kind = PeriodActKind.REOPENED
            return self._act(books, wanted, kind, now, actor, reason, acts, acts[-1].balances)

    def _act(
        self,
        books: BooksWriting,
        month: Month,
        kind: PeriodActKind,
        now: datetime,
        actor: Actor,
        reason: str,
        acts: Sequence[PeriodAct],
        balances: Sequence[BalanceRow],
    ) -> PeriodAct:
        head = books.chain_head()
        act = period_act(
            month,
            kind,
            now,
            actor.name,
            reason,
            head.number,
            head.hash,
            balances,
            acts,
            self._zone,
        )
        books.add_period_act(act)
        return act
