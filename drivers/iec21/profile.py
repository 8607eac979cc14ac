"""Load profiles as VDEW meters write them (data set P.01), a header and lines of values:

    P.01(1261123000500)(08)(5)(2)(1.5)(kW)(2.5)(kW)
    (1.23)(0.00)
    (1.30)(0.00)

The header gives the moment at which the first interval ends (a digit for summer time before it),
status bits, the length of an interval in minutes, how many values a line has, and of each its id
and unit. Where something interrupted the record, another header follows.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Final

from meters.device import Interval

from .frames import DataSet

PROFILE: Final = "P.01"
_SUMMER: Final = "1"
_NORMAL: Final = "0"
_HEADER: Final = 4
"""Moment, status, minutes, number of values."""
_STATUS: Final = {
    7: "power_down",
    6: "power_up",
    5: "clock_adjusted",
    4: "demand_reset",
    3: "season_changed",
    2: "incomplete",
    1: "clock_on_reserve",
    0: "fatal",
}


class NotAProfile(ValueError):
    """The lines are none of a load profile."""


def bound(moment: datetime, zone: tzinfo) -> str:
    """A moment (aware) as the request wants it, in the meter's own time."""
    local = moment.astimezone(zone)
    season = _SUMMER if local.dst() else _NORMAL
    return f"{season}{local:%y%m%d%H%M}"


def intervals(lines: Iterable[DataSet], zone: tzinfo) -> list[Interval]:
    """Oldest first; of several values in a line the first. Raises NotAProfile."""
    found: list[Interval] = []
    end: datetime | None = None
    step = timedelta()
    unit = ""
    status: frozenset[str] = frozenset()
    try:
        for line in lines:
            values = [value for value, _ in line.values]
            if line.id == PROFILE:
                end = _moment(values[0], zone)
                bits = int(values[1] or "0", 16)
                status = frozenset(word for bit, word in _STATUS.items() if bits >> bit & 1)
                step = timedelta(minutes=int(values[2]))
                unit = values[_HEADER + 1]
                continue
            if end is None:
                raise NotAProfile("no header")
            found.append(Interval(end, _number(values[0]), unit, status))
            # Only the first interval is marked by what happened before it.
            end, status = end + step, frozenset()
    except (ValueError, IndexError, InvalidOperation) as error:
        raise NotAProfile(str(error)) from None
    return sorted(found, key=lambda interval: interval.end)


def _moment(text: str, zone: tzinfo) -> datetime:
    season, digits = text[:1], text[1:]
    form = "%y%m%d%H%M%S" if len(digits) > 10 else "%y%m%d%H%M"
    local = datetime.strptime(digits, form)  # noqa: DTZ007 - the zone is put on below
    # The hour that comes twice in autumn comes first in summer time.
    return local.replace(tzinfo=zone, fold=0 if season == _SUMMER else 1).astimezone(UTC)


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise NotAProfile("not a number")
    return number
