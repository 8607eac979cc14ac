"""A null modem in memory on a virtual clock: characters take their time, nobody waits for it.

    clock = VirtualClock()
    line = MemoryLine(meter, clock, LineSettings(baud=9600))

`meter` is the far end: called with the time and the bytes that have arrived, it says what it
answers and how long after (`[(0.02, reply)]`), piece by piece. Two lines may share a clock.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from typing import Final

from ..conversation import LineSettings
from ..lines import LineDown
from .silence import Silence

FarEnd = Callable[[float, bytes], Iterable[tuple[float, bytes]]]
"""(now, what has arrived) -> pieces of an answer, each with the seconds from now until its first
character starts."""

_SOON: Final = 1e-9
"""Sums of float seconds differ by less."""


class VirtualClock:
    """Seconds that pass when somebody waits."""

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def __call__(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass at once."""
        self._now += max(0.0, seconds)

    def reach(self, moment: float) -> None:
        """Let the time pass until `moment`; nothing happens if it is over."""
        self._now = max(self._now, moment)


class MemoryLine:
    """A Channel whose far end is a function. Not for threads that share a clock."""

    def __init__(
        self,
        far: FarEnd,
        clock: VirtualClock,
        settings: LineSettings | None = None,
        *,
        echo: bool = False,
        address: str = "memory",
    ) -> None:
        """`echo`: as with some half-duplex adapters, what we send comes back first."""
        self.address = address
        self.sent: list[bytes] = []
        """Everything that was sent, a frame each."""
        self.cut = False
        """Set it to have the line down."""
        self._far = far
        self._clock = clock
        self._settings = settings or LineSettings()
        self._echo = echo
        self._coming: list[tuple[float, int, bytes]] = []
        self._pieces = 0
        self._silence = Silence(clock)

    @property
    def settings(self) -> LineSettings:
        return self._settings

    def monotonic(self) -> float:
        return self._clock()

    def inject(self, data: bytes, after_s: float = 0.0) -> None:
        """Bytes that nobody asked for: noise, a late reply."""
        self._push(self._clock() + after_s, data)

    def send(self, data: bytes) -> None:
        self._must_be_up()
        self.sent.append(data)
        begun = self._clock()
        self._clock.sleep(len(data) * self._settings.character_s)
        self._silence.heard()
        if self._echo:
            self._push(begun, data)
        for delay, piece in self._far(self._clock(), data):
            self.inject(piece, delay)

    def receive(self, within_s: float, missing: int = 1) -> bytes:  # noqa: ARG002
        """A piece comes when its last character has, or as much of it as is there in time."""
        self._must_be_up()
        deadline = self._clock() + within_s + _SOON
        if not self._coming:
            self._clock.reach(deadline - _SOON)
            return b""
        begin, order, data = self._coming[0]
        character = self._settings.character_s
        here = min(len(data), int((deadline - begin) / character))
        if here <= 0:
            self._clock.reach(deadline - _SOON)
            return b""
        heapq.heappop(self._coming)
        if data[here:]:
            heapq.heappush(self._coming, (begin + here * character, order, data[here:]))
        self._clock.reach(begin + here * character)
        self._silence.heard()
        return data[:here]

    def quiet(self, for_s: float, most_s: float) -> bytes:
        return self._silence.wait(self.receive, for_s, most_s)

    def switch(self, settings: LineSettings) -> None:
        self._settings = settings

    def close(self) -> None:
        """Nothing to let go of."""

    def _push(self, begin: float, data: bytes) -> None:
        if data:
            heapq.heappush(self._coming, (begin, self._pieces, data))
            self._pieces += 1

    def _must_be_up(self) -> None:
        if self.cut:
            raise LineDown(self.address, "cut")
