"""A machine whose wall clock is set by whoever likes, and whose steady clock by nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from tests.vending.support import SetClock
from vending.clock import ClockGuard
from vending.settings import Settings
from vending.surroundings import clock_guard


@dataclass
class Machine(SetClock):
    """Its wall clock is what it is called for."""

    steady_ns: int = 1_000_000_000

    def steady(self) -> int:
        return self.steady_ns

    def passes(self, **span: float) -> None:
        """Time passes: both clocks go on."""
        gone = timedelta(**span)
        self.now += gone
        self.steady_ns += gone // timedelta(microseconds=1) * 1000

    def starts(self) -> ClockGuard:
        """What a program of this machine judges the wall clock by that has booked nothing yet, as
        the settings have it if nobody changes them."""
        return clock_guard(Settings(), self.steady)
