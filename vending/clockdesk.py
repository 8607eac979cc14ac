"""Use cases of the machine's clock: see how it stands to the books, and vouch for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .accounting.adjustments import checked_reason
from .clock import (
    ClockConfirmation,
    ClockGuard,
    ClockRanAhead,
    ClockWentBack,
    check_back,
)
from .parties import Actor
from .people.recording import noted
from .permissions import require
from .ports import Clock, Reading, Store


@dataclass(frozen=True, slots=True)
class ClockStanding:
    """The clock beside the books."""

    now: datetime
    last: datetime | None
    """The latest moment that is booked; None: nothing is."""
    until: datetime | None
    """The latest moment that this program believes, unless somebody confirms again; None: any."""
    refused: ClockWentBack | ClockRanAhead | None
    """What whoever sells now would be told of it."""
    confirmed: ClockConfirmation | None
    """The latest."""


class ClockDesk:
    """One instance serves many threads. `guard` is what this program judges its own clock by:
    another program, that has booked more or less, may judge otherwise."""

    def __init__(self, store: Store, clock: Clock, guard: ClockGuard) -> None:
        self._store = store
        self._clock = clock
        self._guard = guard

    def standing(self, actor: Actor) -> ClockStanding:
        """How the clock stands now. Raises ActorNotAllowed."""
        require(actor, "read_clock")
        with self._store.reading() as books:
            return self._standing(books, self._clock())

    def confirm(self, actor: Actor, reason: str) -> ClockStanding:
        """The actor has looked at the clock, and it is right: it is believed although it stands far
        ahead of the books, until something is booked by it, and no longer than
        `ClockLimits.confirmed`. A leap behind that is a new one.

        Raises ActorNotAllowed (supervisors and administrators), ReasonMissing, ClockWentBack: a
        clock that is behind the books is waited for or set right.
        """
        require(actor, "confirm_clock")
        reason = checked_reason(reason)
        with self._store.writing() as books:
            now, head = self._clock(), books.chain_head()
            check_back(now, head.at, self._guard.limits)
            books.confirm_clock(ClockConfirmation(now, actor.name, reason, head.number, head.at))
            noted(after={"clock": now, "entry": head.number, "last_entry": head.at})
            return self._standing(books, now)

    def _standing(self, books: Reading, now: datetime) -> ClockStanding:
        head = books.chain_head()
        refused: ClockWentBack | ClockRanAhead | None = None
        try:
            self._guard.check(now, head, books)
        except (ClockWentBack, ClockRanAhead) as error:
            refused = error
        until, confirmed = self._guard.until(head), books.clock_confirmed()
        if refused is None and confirmed is not None and until is not None and now > until:
            # It is believed for the confirmation's sake alone.
            until = confirmed.at + self._guard.limits.confirmed
        return ClockStanding(now, head.at, until, refused, confirmed)
