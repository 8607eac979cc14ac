"""When a meter's clock is set, and how: a decision apart from doing it.

A load profile books what flows to the interval that the clock says. A small step inside one
interval is an adjustment that no bill notices; across a boundary it would make an interval long,
short or double, so it waits. A clock that is far off has spoilt its intervals already: it is set at
once, and told as an event.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum


class Move(Enum):
    """What to do about a clock."""

    LEAVE = "drift_small"
    """Right enough: every setting is wear, and a chance of a mistake."""
    ADJUST = "adjusted"
    WAIT = "profile_boundary"
    """The step would cross a boundary of the load profile: ask again later in the interval."""
    SET = "set"


@dataclass(frozen=True, slots=True)
class ClockPolicy:
    leave: timedelta = timedelta(seconds=5)
    """Drift that is left alone."""
    adjust: timedelta = timedelta(minutes=2)
    """Drift up to here is a small step; beyond it the intervals are spoilt anyway."""
    interval: timedelta = timedelta(minutes=15)
    """Of the load profile."""


def move(meter: datetime, right: datetime, policy: ClockPolicy) -> Move:
    """What to do about a clock that shows `meter` where `right` would be right; both as the meter
    keeps time, naive."""
    drift = abs(meter - right)
    if drift <= policy.leave:
        return Move.LEAVE
    if drift > policy.adjust:
        return Move.SET
    day = datetime.combine(meter.date(), datetime.min.time())
    same = (meter - day) // policy.interval == (right - day) // policy.interval
    return Move.ADJUST if same else Move.WAIT
