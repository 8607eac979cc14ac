"""When the machine's clock is not to be trusted: it stands behind what is booked, or further ahead
of it than time can have passed. The journal runs forward alone, so what is booked by a clock that
stands ahead keeps the house from selling until the right time has come up to it. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol

from meters.errors import Refused

from .ledger import ChainHead, canonical_time

Steady = Callable[[], int]
"""Nanoseconds since some moment, that nobody sets; time that the machine sleeps counts."""


@dataclass(eq=False)
class ClockWentBack(Refused, code="clock.went_back"):
    """The clock stands earlier than what is already booked. Set it right, then sell."""

    now: str
    last: str
    limit_s: int


@dataclass(eq=False)
class ClockRanAhead(Refused, code="clock.ran_ahead"):
    """The clock stands later than it can be trusted. Set it right; if it is right, have it
    confirmed."""

    now: str
    last: str
    """Moment of the last entry."""
    until: str
    """The latest moment that would have been believed."""


@dataclass(frozen=True, slots=True)
class ClockLimits:
    """How far the clock may stand behind what has been written, and ahead of it. None: however
    far."""

    entry: timedelta = timedelta(minutes=5)
    """Behind the last journal entry: small corrections by time synchronisation pass."""
    tid: timedelta = timedelta(days=1)
    """Behind the last TID of the meter. Wider: many sales in one minute run TIDs ahead."""
    leap: timedelta | None = None
    """Ahead of the time that has passed since this program booked last."""
    closed: timedelta | None = None
    """Ahead of the last entry, for a program that has booked nothing yet."""
    confirmed: timedelta = timedelta(days=5)
    """Ahead of the moment at which it was confirmed."""


class ClockConfirmation(NamedTuple):
    """Somebody looked at the clock and says that it is right."""

    at: datetime
    """What the clock said."""
    actor: str
    reason: str
    entry: int
    """Number of the last entry then; 0: there was none."""
    last: datetime | None
    """The latest moment that was booked then."""


class Confirmed(Protocol):
    """Books that know what was confirmed."""

    def clock_confirmed(self) -> ClockConfirmation | None:
        """The latest one."""
        ...


class _Anchor(NamedTuple):
    """A moment that was booked, by both clocks."""

    wall: datetime
    steady_ns: int
    believed: datetime
    """The clock may say so without a look at the steady one."""


def check_back(now: datetime, last_entry: datetime | None, limits: ClockLimits) -> None:
    """Raises ClockWentBack if `now` is too far behind the last journal entry."""
    if last_entry is not None and now < last_entry - limits.entry:
        raise went_back(now, last_entry, limits.entry)


def went_back(now: datetime, last: datetime, limit: timedelta) -> ClockWentBack:
    return ClockWentBack(canonical_time(now), canonical_time(last), int(limit.total_seconds()))


class ClockGuard:
    """Judges the wall clock before anything is booked by it. One instance for all that books in a
    program; safe to share between threads: what it remembers is replaced whole, and of two that
    book at one time either will do.

    What this program has booked is the better witness: since then the clock may have moved by no
    more than time has passed by `steady`, and `leap`. Where it has booked nothing, the last entry
    is all that is known, and a house may be closed for days: `closed` later the clock is refused
    until somebody confirms it.
    """

    def __init__(self, limits: ClockLimits | None = None, steady: Steady | None = None) -> None:
        """Without `steady` nobody knows how much time has passed, and `leap` is not looked at."""
        self.limits = limits or ClockLimits()
        self._steady = steady
        self._anchor: _Anchor | None = None

    def check(self, now: datetime, head: ChainHead, books: Confirmed) -> None:
        """Raises ClockWentBack, ClockRanAhead. Books without an entry say nothing against any
        clock. `books` are asked only for what is refused otherwise."""
        check_back(now, head.at, self.limits)
        anchor = self._anchor
        if anchor is None or now > anchor.believed:
            self.check_ahead(now, head, books)

    def check_ahead(self, now: datetime, head: ChainHead, books: Confirmed) -> None:
        """Raises ClockRanAhead."""
        until = self.until(head)
        if until is None or now <= until:
            return
        confirmed = books.clock_confirmed()
        if confirmed is None or not self._covers(confirmed, now, head):
            assert head.at is not None
            raise ClockRanAhead(canonical_time(now), canonical_time(head.at), canonical_time(until))

    def no_later(self, now: datetime, head: ChainHead, books: Confirmed) -> datetime:
        """`now`, or, by a clock that stands further ahead than it is believed, the moment of the
        last entry: for what is done by any clock, and proves something by being late."""
        try:
            self.check_ahead(now, head, books)
        except ClockRanAhead:
            assert head.at is not None
            return head.at
        return now

    def until(self, head: ChainHead) -> datetime | None:
        """The latest moment that is believed now without a confirmation; None: any is."""
        anchor, limits = self._anchor, self.limits
        if head.at is None:
            return None
        if anchor is None or self._steady is None or limits.leap is None:
            return None if limits.closed is None else head.at + limits.closed
        passed = timedelta(microseconds=(self._steady() - anchor.steady_ns) // 1000)
        # Where another program has booked later than that, the books stand there already.
        return max(anchor.wall + passed, head.at) + limits.leap

    def booked(self, now: datetime) -> None:
        """Something is being booked at `now`, which was checked: from here on it is the witness."""
        leap = self.limits.leap
        if leap is not None and self._steady is not None:
            self._anchor = _Anchor(now, self._steady(), now + leap)

    def _covers(self, confirmed: ClockConfirmation, now: datetime, head: ChainHead) -> bool:
        """Whether somebody vouched for this leap, and not for one before it."""
        limits, anchor = self.limits, self._anchor
        known = head.at if anchor is None else anchor.wall
        if known is None or confirmed.at <= known:
            return False
        begin = confirmed.at - limits.entry
        # A clock that was confirmed, and set otherwise before anything was booked by it, was wrong.
        # What is booked for a day long past says nothing of that.
        used = head.at is not None and head.at >= begin
        standing = head.at == confirmed.last
        return (used or standing) and begin <= now <= confirmed.at + limits.confirmed


UNWATCHED: Final = ClockGuard()
"""Looks back alone; it remembers nothing."""
