"""When a connection that failed may be tried again: soon at first, then less and less often."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

FIRST_S: Final = 0.25
MOST_S: Final = 30.0


class Reconnect:
    """Keeps the pause after failures: doubling, between a half and the whole of it by chance, so
    that a hundred lines do not come back at the same moment. The first failure costs nothing: who
    asks right after it may try at once."""

    def __init__(self, clock: Callable[[], float], random: Random) -> None:
        self._clock = clock
        self._random = random
        self._failures = 0
        self._not_before = clock()

    def wait_s(self) -> float:
        """Seconds until the next try; 0 or less: now."""
        return self._not_before - self._clock()

    def failed(self) -> None:
        """A try has failed."""
        self._failures += 1
        if self._failures > 1:
            pause: float = min(MOST_S, FIRST_S * 2.0 ** min(self._failures, 10))
            self._not_before = self._clock() + pause * (0.5 + self._random.random() / 2)

    def succeeded(self) -> None:
        """The connection stands: the next failure is the first."""
        self._failures = 0
