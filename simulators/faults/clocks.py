"""Faults of the meter's clock. Moments are naive, as the meter shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .base import Fault, Layer
from .registry import fault


@fault("drift", Layer.TIME)
@dataclass(slots=True)
class Drift(Fault):
    """Runs fast by `ppm` (slow if negative), and stands right when it begins."""

    ppm: float = 200.0
    began: datetime | None = field(default=None, init=False, repr=False)

    def clock(self, now: datetime) -> datetime:
        if self.began is None:
            self.began = now
            self.hit(f"{self.ppm:g} ppm")
        return now + timedelta(seconds=(now - self.began).total_seconds() * self.ppm / 1e6)


@fault("clock_jump", Layer.TIME)
@dataclass(slots=True)
class ClockJump(Fault):
    """Ahead by `by_s` (behind if negative)."""

    by_s: float = 3600.0

    def clock(self, now: datetime) -> datetime:
        self.hit(f"{self.by_s:g} s")
        return now + timedelta(seconds=self.by_s)


@fault("clock_reset", Layer.TIME)
@dataclass(slots=True)
class ClockReset(Fault):
    """Begins anew at `to`: 1970, 2000, when the battery was flat."""

    to: str = "2000-01-01T00:00:00"
    began: datetime | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if datetime.fromisoformat(self.to).tzinfo is not None:
            raise ValueError("to is as the meter shows it, without a zone")

    def clock(self, now: datetime) -> datetime:
        if self.began is None:
            self.began = now
        self.hit(self.to)
        return datetime.fromisoformat(self.to) + (now - self.began)


@fault("double_hour", Layer.TIME)
@dataclass(slots=True)
class DoubleHour(Fault):
    """From `since` on an hour is shown a second time: summer time ends."""

    since: str = "2026-10-25T03:00:00"
    back_s: float = 3600.0

    def __post_init__(self) -> None:
        if datetime.fromisoformat(self.since).tzinfo is not None:
            raise ValueError("since is as the meter shows it, without a zone")

    def clock(self, now: datetime) -> datetime:
        if now < datetime.fromisoformat(self.since):
            return now
        self.hit("an hour back")
        return now - timedelta(seconds=self.back_s)


@fault("year_kept", Layer.TIME)
@dataclass(slots=True)
class YearKept(Fault):
    """The year does not turn: on 1 January it is last year's first day again."""

    year: int = 2026

    def clock(self, now: datetime) -> datetime:
        if now.year <= self.year:
            return now
        self.hit("year kept")
        day = min(now.day, 28) if (now.month, now.day) == (2, 29) else now.day
        return now.replace(year=self.year, day=day)
