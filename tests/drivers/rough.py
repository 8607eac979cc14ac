"""A line that loses, delays and repeats what goes over it, and puts noise beside it; seeded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Weather:
    """How likely each trouble is, of a request or a reply."""

    lost_request: float = 0.0
    late_request: float = 0.0
    """Held in a gateway and handed on with the next one."""
    lost_reply: float = 0.0
    late_reply: float = 0.0
    repeated_reply: float = 0.0
    noise: float = 0.0
    spoilt: float = 0.0
    """One burst of up to eight bits."""


FINE = Weather()
STORM = Weather(0.12, 0.06, 0.15, 0.12, 0.12, 0.08, 0.08)


class RoughLine:
    """A far end for MemoryLine around a meter's `feed`."""

    def __init__(
        self, feed: Callable[[bytes], bytes], random: Random, weather: Weather = FINE
    ) -> None:
        self._feed = feed
        self._random = random
        self._weather = weather
        self._held = b""

    def __call__(self, now: float, data: bytes) -> list[tuple[float, bytes]]:
        weather, chance = self._weather, self._random.random
        if chance() < weather.lost_request:
            return []
        if chance() < weather.late_request:
            self._held += data
            return []
        held, self._held = self._held, b""
        pieces: list[tuple[float, bytes]] = []
        for request in (held, data):
            reply = self._feed(request) if request else b""
            if not reply or chance() < weather.lost_reply:
                continue
            if chance() < weather.spoilt:
                reply = self._spoil(reply)
            delay = 0.05 + (self._random.uniform(0, 3) if chance() < weather.late_reply else 0)
            if chance() < weather.noise:
                pieces.append((0.01, self._random.randbytes(self._random.randint(1, 4))))
            pieces.append((delay, reply))
            if chance() < weather.repeated_reply:
                pieces.append((delay + self._random.uniform(0.3, 2), reply))
        return pieces

    def _spoil(self, reply: bytes) -> bytes:
        number = int.from_bytes(reply, "little")
        at = self._random.randrange(8 * len(reply) - 7)
        return (number ^ self._random.randint(1, 255) << at).to_bytes(len(reply), "little")
