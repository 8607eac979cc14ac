"""Days and months of the people who keep the books, as stretches of time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from ..finding import western
from .errors import DayMalformed, DaysBackwards, MonthMalformed

_YEARS = range(1900, 3000)
"""Others are slips of the keyboard, and at the ends of time no clock can be converted."""
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """From `start`, up to but without `end` (aware UTC); None is open."""

    start: datetime | None = None
    end: datetime | None = None

    def up_to(self, moment: datetime) -> Span:
        """What of it lies before `moment`; nothing, if it begins later."""
        end = moment if self.end is None else min(self.end, moment)
        return Span(self.start, end if self.start is None else max(self.start, end))


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month."""

    year: int
    month: int

    @classmethod
    def read(cls, text: str) -> Month:
        """From `2026-11`, in any digits. Raises MonthMalformed."""
        found = _MONTH.fullmatch(western(text.strip()))
        if found is None or not 1 <= int(found[2]) <= 12 or int(found[1]) not in _YEARS:
            raise MonthMalformed(text.strip()[:20])
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, moment: datetime, zone: tzinfo) -> Month:
        """The month that this moment lies in, on the clock of `zone`."""
        local = moment.astimezone(zone)
        return cls(local.year, local.month)

    @property
    def next(self) -> Month:
        return Month(self.year + 1, 1) if self.month == 12 else Month(self.year, self.month + 1)

    @property
    def before(self) -> Month:
        return Month(self.year - 1, 12) if self.month == 1 else Month(self.year, self.month - 1)

    @property
    def last_day(self) -> date:
        return date(self.next.year, self.next.month, 1) - timedelta(days=1)

    def span(self, zone: tzinfo) -> Span:
        return Span(
            beginning(date(self.year, self.month, 1), zone),
            beginning(date(self.next.year, self.next.month, 1), zone),
        )

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


def read_day(text: str) -> date:
    """From `2026-11-23`, in any digits. Raises DayMalformed."""
    try:
        if len(text.strip()) == 10:
            found = date.fromisoformat(western(text.strip()))
            if found.year in _YEARS:
                return found
    except ValueError:
        pass
    raise DayMalformed(text.strip()[:20])


def day_of(moment: datetime, zone: tzinfo) -> date:
    return moment.astimezone(zone).date()


def beginning(day: date, zone: tzinfo) -> datetime:
    """The first moment of a day, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def end_of(day: date, zone: tzinfo) -> datetime:
    """The first moment of the next day, in UTC."""
    return beginning(day + timedelta(days=1), zone)


def last_moment_of(day: date, zone: tzinfo) -> datetime:
    """When it is booked what belongs to a day, but is not of a moment of it."""
    return end_of(day, zone) - timedelta(microseconds=1)


def days(first: date | None, last: date | None, zone: tzinfo) -> Span:
    """From the first day to the last, both included; None is open. Raises DaysBackwards."""
    if first is not None and last is not None and first > last:
        raise DaysBackwards(first.isoformat(), last.isoformat())
    return Span(
        None if first is None else beginning(first, zone),
        None if last is None else end_of(last, zone),
    )
