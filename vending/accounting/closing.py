"""The end of the day: check yesterday, seal it, and keep with the seal what the check has found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo

from ..ledger import Seal
from ..parties import Actor
from ..ports import Clock
from .daily import DailyCheck
from .days import day_of
from .errors import SealedLater
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
        # What was sealed by a clock that stood ahead says nothing of the days that it made up.
        seals = [seal for seal in self._reports.seals(actor) if seal.sealed_at <= now]
        begun = self._reports.first_day(actor) or yesterday
        return [day.isoformat() for day in _due(seals, begun, yesterday)]

    def close(self, actor: Actor, day: str) -> DayClosed:
        """Checks a day and seals it, whatever the check has found: what is wrong shall not change
        any further. Repeated, it answers the same seal. Raises ActorNotAllowed, DayMalformed,
        DayNotBegun."""
        check = self._reports.check(actor, day)
        try:
            return DayClosed(check, self._sealing.seal(actor, day, check.differences))
        except SealedLater:
            return DayClosed(check, None)


def _due(seals: Sequence[Seal], begun: date, yesterday: date) -> list[date]:
    # A seal by hand says nothing of days before it that nobody has checked.
    checked = [seal.day for seal in seals if seal.told and seal.told.differences is not None]
    if checked:
        first = date.fromisoformat(checked[-1]) + timedelta(days=1)
    else:
        first = min(begun, yesterday)
    return [first + timedelta(days=n) for n in range((yesterday - first).days + 1)]
