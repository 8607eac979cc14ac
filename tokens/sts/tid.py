"""Token identifiers: minutes since a base date (spec section 3). All times are aware UTC."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final

from meters.errors import Invalid

LAST_TID: Final = 0xFF_FFFF
_MINUTE: Final = timedelta(minutes=1)
_MINUTES_A_DAY: Final = 1440
_RESERVED_MINUTE: Final = 1


class BaseDate(Enum):
    """Year whose first minute is TID 0."""

    BASE_1993 = 1993
    BASE_2014 = 2014
    BASE_2035 = 2035

    short: str
    """Two-digit code, as it enters key derivation."""
    start: datetime

    def __init__(self, year: int) -> None:
        self.short = f"{year % 100:02d}"
        self.start = datetime(year, 1, 1, tzinfo=UTC)


@dataclass(eq=False)
class TidOutOfRange(Invalid, code="token.tid_out_of_range"):
    """The moment lies before the base date or after its last minute: another base date is due."""

    moment: str
    base_date: int


def is_reserved(tid: int) -> bool:
    """True for the minute 00:01 of any day, which ordinary tokens must not use."""
    return tid % _MINUTES_A_DAY == _RESERVED_MINUTE


def tid_at(base_date: BaseDate, moment: datetime, *, special_reserved: bool = False) -> int:
    """Whole minutes from the base date to `moment` (seconds are cut off).

    An ordinary token asked for in the reserved minute gets the next one. Raises
    TidOutOfRange, and TypeError for a naive `moment`.
    """
    elapsed = (moment - base_date.start) // _MINUTE
    if not 0 <= elapsed <= LAST_TID:
        raise TidOutOfRange(moment.isoformat(), base_date.value)
    if not special_reserved and is_reserved(elapsed):
        elapsed += 1
    return elapsed


def tid_moment(base_date: BaseDate, tid: int) -> datetime:
    """The minute that a TID stands for."""
    return base_date.start + tid * _MINUTE


def free_tid(candidate: int, used: Container[int], base_date: BaseDate = BaseDate.BASE_2014) -> int:
    """The first TID from `candidate` on that is neither used nor reserved.

    Raises TidOutOfRange when the base date has no such minute left.
    """
    while candidate in used or is_reserved(candidate):
        candidate += 1
    if candidate > LAST_TID:
        raise TidOutOfRange(tid_moment(base_date, candidate).isoformat(), base_date.value)
    return candidate


def is_expired(tid: int, ken: int) -> bool:
    """True if a key with expiry number `ken` may not issue or accept this TID (section 3.4)."""
    return tid >> 16 > ken
