"""Whether a meter is worth asking: one that does not answer is left alone, longer each time, so
that it costs the others on its line next to nothing."""

from __future__ import annotations

from typing import Final

TOLERATED: Final = 2
"""Failures in a row before the first rest: one may be a noise."""
FIRST_REST_S: Final = 5.0
MOST_REST_S: Final = 300.0


class Health:
    """Of one meter. Times are seconds of any monotonic clock, passed in."""

    def __init__(self) -> None:
        self.failures = 0
        """In a row."""
        self._until = float("-inf")

    def rests_s(self, now: float) -> float:
        """Seconds for which it is still left alone; 0: ask it."""
        return max(0.0, self._until - now)

    def answered(self) -> None:
        """It lives."""
        self.failures = 0
        self._until = float("-inf")

    def failed(self, now: float) -> None:
        """No usable answer: from the second in a row on it rests, each time twice as long."""
        self.failures += 1
        doublings = self.failures - TOLERATED
        if doublings >= 0:
            self._until = now + min(MOST_REST_S, FIRST_REST_S * 2.0 ** min(doublings, 16))
