"""How long to wait for a meter: its model says the worst, its own answers say what is usual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..maps.model import Limits

_LEAST_S: Final = 0.05
"""Adapters and operating systems alone take some of this."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How one meter wants to be asked, this time."""

    gap_s: float = 0.0
    """Silence before a request, besides what the protocol wants."""
    reply_s: float = 0.5
    """From the request's last character to the reply's first: later is late."""
    worst_s: float = 0.5
    """The meter has never answered later than this."""
    listen_s: float = 0.0
    """Go on listening so long after a reply, for a second meter at the same id."""


@dataclass(frozen=True, slots=True)
class Manners:
    """What a model's register map says about its timing, in seconds."""

    gap_s: float = 0.0
    worst_s: float = 0.5

    @classmethod
    def of(cls, limits: Limits) -> Manners:
        """As a register map says them."""
        return cls(limits.gap_ms / 1000, limits.turnaround_max_ms / 1000)


class Latency:
    """The time-out of one meter from its answers: their mean and four times their mean deviation,
    as TCP reckons it (RFC 6298), never above the model's worst. A time-out doubles it until the
    meter answers again."""

    def __init__(self, worst_s: float) -> None:
        self.worst_s = worst_s
        self._mean: float | None = None
        self._deviation = 0.0
        self._backed = 1.0

    @property
    def reply_s(self) -> float:
        """How long to wait for the reply; the model's worst as long as nothing is known."""
        if self._mean is None:
            return self.worst_s
        usual = max(_LEAST_S, self._mean + 4 * self._deviation) * self._backed
        return min(usual, self.worst_s)

    def answered(self, latency_s: float) -> None:
        """It took so long this time."""
        self._backed = 1.0
        if self._mean is None:
            self._mean, self._deviation = latency_s, latency_s / 2
            return
        self._deviation += (abs(latency_s - self._mean) - self._deviation) / 4
        self._mean += (latency_s - self._mean) / 8

    def missed(self) -> None:
        """No answer came in time."""
        self._backed = min(self._backed * 2, 64.0)
