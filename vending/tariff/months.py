"""The billing month: a calendar month on the clock of the people who are billed."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from .errors import TariffMomentMalformed

PLACE = ZoneInfo("Asia/Hebron")
"""Where months begin, unless a tariff file names another `zone`."""


class Month(Struct, frozen=True, order=True):
    """One calendar month; months order by time."""

    year: int
    month: int

    @classmethod
    def of(cls, moment: datetime, zone: ZoneInfo = PLACE) -> Month:
        """The month that `moment` falls in on the clock of `zone`."""
        return _month_of(moment, zone)

    @classmethod
    def from_text(cls, text: str) -> Month:
        """From `2026-11`. Raises ValueError."""
        return _month_from(text)

    def begins(self, zone: ZoneInfo = PLACE) -> datetime:
        """Its first instant."""
        return datetime(self.year, self.month, 1, tzinfo=zone)

    def plus(self, months: int) -> Month:
        years, place = divmod(self.month - 1 + months, 12)
        return Month(self.year + years, place + 1)

    def until(self, later: Month) -> int:
        """Months from this one to a later one; negative if it lies before."""
        return (later.year - self.year) * 12 + later.month - self.month

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


@lru_cache(maxsize=256)
def _month_from(text: str) -> Month:
    # Kept: accounts tell of few months, and are read at each sale.
    first = date.fromisoformat(f"{text}-01")
    return Month(first.year, first.month)


@lru_cache(maxsize=256)
def _month_of(moment: datetime, zone: ZoneInfo) -> Month:
    # Kept, because pricing one sale asks several times.
    local = moment.astimezone(zone)
    return Month(local.year, local.month)


@lru_cache(maxsize=64)
def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """The day that `moment` falls in on the clock of `zone`. Kept, because what is sold at one
    moment is priced one by one."""
    return moment.astimezone(zone).date()


YEARS = range(2000, 2200)
"""In which anything here can happen."""


def read_moment(text: str, zone: tzinfo) -> datetime:
    """An instant from `2027-01-01` (its first one), `2027-01-01T06:00` (both on the clock of
    `zone`) or `2027-01-01T06:00:00+02:00`. Raises TariffMomentMalformed."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise TariffMomentMalformed(text.strip()[:40]) from None
    if found.year not in YEARS:
        raise TariffMomentMalformed(text.strip()[:40])
    return (found if found.tzinfo is not None else found.replace(tzinfo=zone)).astimezone(UTC)
