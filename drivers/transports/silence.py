"""How long a line has been silent, and waiting until it has been for long enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_SOON: Final = 1e-9
"""Sums of float seconds differ by less."""


class Silence:
    """Knows when the line was last heard; every transport keeps one."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = clock()

    def heard(self) -> None:
        """Something came just now."""
        self._last = self._clock()

    def sent(self, begun: float, takes_s: float) -> None:
        """Something went out from `begun` on; it takes so long on the wire, whatever the operating
        system or a gateway says."""
        self._last = max(self._clock(), begun + takes_s)

    def wait(self, receive: Callable[[float], bytes], for_s: float, most_s: float) -> bytes:
        """As Channel.quiet promises: silence that has passed already counts."""
        until = self._clock() + (most_s or for_s)
        while True:
            wanted = self._last + for_s
            data = receive(max(0.0, min(wanted, until) - self._clock()))
            now = self._clock()
            if not data and now + _SOON >= wanted:
                return b""
            if now + _SOON >= until:
                return data or b"\0"
