"""The end of the day: check yesterday, seal it, and keep with the seal what the check has found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta, tzinfo

from ..ledger import Seal
from ..parties import Actor
from ..permissions import require
from ..ports import Clock
from .daily import DailyCheck, first_unchecked
from .days import day_of
from .errors import CheckOutdated, SealedLater
from .reports import BookReports
from .sealing import Sealing

SETTLED_AFTER = timedelta(minutes=10)
"""How long after midnight a day is left alone: a clock may be set back a little, and a sale of the
last minute must not come after its day was sealed."""


@dataclass(frozen=True, slots=True)
class DayClosed:
    """One day, checked."""

    check: DailyCheck
    seal: Seal | None
    """None if a later day, or an entry of one, is sealed already, so that nothing can be kept with
    this one."""


class DailyClosing:
    """One instance serves many threads."""

    def __init__(self, reports: BookReports, sealing: Sealing, clock: Clock, zone: tzinfo) -> None:
        self._reports = reports
        self._sealing = sealing
        self._clock = clock
        self._zone = zone

    def due(self, actor: Actor) -> list[str]:
        """Days that are over and have no seal that tells of their check, the first one first: all
        up to yesterday since the last that has one, or since the books begin, whoever has sealed
        meanwhile. Raises ActorNotAllowed."""
        now = self._clock()
        yesterday = day_of(now - SETTLED_AFTER, self._zone) - timedelta(days=1)
        begun = min(self._reports.first_day(actor) or yesterday, yesterday)
        first = first_unchecked(self._reports.seals(actor), begun, now, self._zone)
        return [
            (first + timedelta(days=n)).isoformat() for n in range((yesterday - first).days + 1)
        ]

    def close(self, actor: Actor, day: str) -> DayClosed:
        """Checks a day and seals it, whatever the check has found: what is wrong shall not change
        any further. Repeated, it answers the same seal. Raises ActorNotAllowed, DayMalformed,
        DayNotBegun, ClockRanAhead."""
        while True:
            check = self._reports.check(actor, day)
            try:
                return DayClosed(check, self._sealing.seal(actor, day, check))
            except SealedLater:
                return DayClosed(check, None)
            except CheckOutdated:
                # Who was quicker may have found something else, or something more.
                continue

    def close_due(self, actor: Actor, most: int | None = None) -> Iterator[DayClosed]:
        """Closes what is due, the first day first, until `most` were sealed with their check; asked
        again it goes on from there. Raises ActorNotAllowed, and by each day what `close` raises."""
        require(actor, "seal")
        return self._closed(actor, self.due(actor), most)

    def _closed(self, actor: Actor, days: list[str], most: int | None) -> Iterator[DayClosed]:
        kept = 0
        for day in days:
            if kept == most:
                return
            closed = self.close(actor, day)
            kept += closed.seal is not None
            yield closed
