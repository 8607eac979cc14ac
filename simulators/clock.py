"""The simulator's clock: real time, run faster if asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta


class VirtualClock:
    """`start` plus elapsed real seconds times `speed`; never goes back."""

    def __init__(self, start: datetime, speed: float, monotonic: Callable[[], float]) -> None:
        self._start = start
        self._speed = speed
        self._monotonic = monotonic
        self._began = monotonic()
        self._began_s = start.timestamp()

    def __call__(self) -> datetime:
        """The virtual time now, aware UTC."""
        return self._start + timedelta(seconds=(self._monotonic() - self._began) * self._speed)

    def seconds(self) -> float:
        """The same in seconds since 1970."""
        return self._began_s + (self._monotonic() - self._began) * self._speed
