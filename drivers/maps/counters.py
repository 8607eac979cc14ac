"""What a counter moved between two readings, and whether that may be billed.

A difference is never negative and never huge: whatever could be a swapped meter, a restored backup,
a cleared counter or a wrong word order is Suspicious, and stays so until somebody confirms where
the counter stands (`Trail`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from typing import Final

from meters.readings import Quality, Reading

from .model import Register

_SECONDS_PER_HOUR = Decimal(3600)
_FLOATS: Final = frozenset({"f32", "f64"})
_FLOAT_COUNT: Final = Decimal("0.01")
"""Of the unit: meters whose counters are floats show hundredths or better (Eastron, Chint)."""


class Doubt(Enum):
    """Why a difference may not be billed."""

    NOT_GOOD = "not_good"
    """One of the two readings is not GOOD, or no number."""
    NOT_LATER = "not_later"
    """No time lies between them."""
    OTHER_UNIT = "other_unit"
    """The meter's unit was changed in between."""
    BACK = "back"
    """It stands lower, and no roll-over explains that: cleared, restored, or another meter."""
    TOO_MUCH = "too_much"
    """More than can have flowed in that time."""
    UNCONFIRMED = "unconfirmed"
    """An earlier doubt was never settled."""


@dataclass(frozen=True, slots=True)
class Advance:
    """What flowed. `delta` is at least 0; the true difference lies within `uncertainty` of it."""

    delta: Decimal
    uncertainty: Decimal
    """Where the counter is a float, the steps of both readings: each shows the truth to the nearest
    float, and that float to its shortest decimal. Else 0. With a delta of 0 it says that the meter
    may well be running: a float stands still for minutes at a high count."""
    rolled: bool = False
    """It went past its end and on from 0."""


@dataclass(frozen=True, slots=True)
class Suspicious:
    """Not to be billed before somebody has looked."""

    doubt: Doubt
    earlier: Reading
    later: Reading


Verdict = Advance | Suspicious


def difference(
    register: Register, earlier: Reading, later: Reading, most_per_hour: Decimal
) -> Verdict:
    """What `register` counted between two readings of one meter. `most_per_hour` is what can flow
    at most, in the register's unit: rated current times voltage, or the pipe's rated flow, with
    room to spare."""
    elapsed = later.read_at - earlier.read_at
    seconds = Decimal(elapsed.days * 86400 + elapsed.seconds) + Decimal(
        elapsed.microseconds
    ).scaleb(-6)
    before, after = earlier.value, later.value
    if not (_is_good(earlier) and _is_good(later)):
        return Suspicious(Doubt.NOT_GOOD, earlier, later)
    if not (isinstance(before, Decimal) and isinstance(after, Decimal)):
        return Suspicious(Doubt.NOT_GOOD, earlier, later)
    if earlier.unit != later.unit:
        return Suspicious(Doubt.OTHER_UNIT, earlier, later)
    if seconds <= 0:
        return Suspicious(Doubt.NOT_LATER, earlier, later)
    uncertainty = (earlier.uncertainty or Decimal(0)) + (later.uncertainty or Decimal(0))
    # One step may show at once although its beginning was counted before.
    ceiling = most_per_hour * seconds / _SECONDS_PER_HOUR + max(uncertainty, _count(register))
    delta = after - before
    rolled = delta < 0 and register.rollover is not None
    if rolled and register.rollover is not None:
        delta += register.rollover
    if delta < 0 or (rolled and delta > ceiling):
        return Suspicious(Doubt.BACK, earlier, later)
    if delta > ceiling:
        return Suspicious(Doubt.TOO_MUCH, earlier, later)
    return Advance(delta, uncertainty, rolled)


def _is_good(reading: Reading) -> bool:
    return reading.quality is Quality.GOOD


def _count(register: Register) -> Decimal:
    """The least that the register itself can tell apart. A float tells less than its unit apart,
    and its own step is the reading's uncertainty; what the meter counts in is at most this."""
    scale = register.scale.copy_abs()
    return scale * _FLOAT_COUNT if register.type in _FLOATS else scale


@dataclass(frozen=True, slots=True)
class Trail:
    """One counter of one meter, reading after reading: differences are taken from the last reading
    that nobody doubts."""

    register: Register
    most_per_hour: Decimal
    last: Reading | None = None
    """The last reading that was taken as true."""
    held: Suspicious | None = None
    """What waits for somebody to look at it."""

    def take(self, reading: Reading) -> tuple[Trail, Verdict | None]:
        """With one more reading: the verdict on what flowed since the last true one; None for the
        first. A reading that is not GOOD tells nothing and changes nothing. After a doubt about
        the count itself every verdict is UNCONFIRMED until `confirm`."""
        if self.last is None:
            return (replace(self, last=reading) if _is_good(reading) else self), None
        if self.held is not None:
            return self, Suspicious(Doubt.UNCONFIRMED, self.last, reading)
        verdict = difference(self.register, self.last, reading, self.most_per_hour)
        if isinstance(verdict, Advance):
            return replace(self, last=reading), verdict
        if verdict.doubt in (Doubt.NOT_GOOD, Doubt.NOT_LATER):
            return self, verdict
        return replace(self, held=verdict), verdict

    def confirm(self, reading: Reading) -> Trail:
        """Somebody has looked: the counter truly stands at this reading, and counting goes on from
        there. What flowed before it is settled by hand. Raises ValueError for a reading that is not
        GOOD: that is none to go on from."""
        if not _is_good(reading):
            raise ValueError(f"{reading.name} is {reading.quality.value}")
        return replace(self, last=reading, held=None)
