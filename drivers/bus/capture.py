"""The last frames of a line, for support. What is secret in them is hidden before it is kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from meters.device import Frame

from ..conversation import Send, Witness
from ..veil import Veil

KEPT: Final = 500


@dataclass(frozen=True, slots=True)
class Captured:
    """One frame, or as much of one as came at once."""

    at: float
    """Seconds of the line's monotonic clock."""
    unit: str
    frame: Frame


class Ring:
    """The latest frames of a whole line."""

    def __init__(self, clock: Callable[[], float], kept: int = KEPT) -> None:
        self._clock = clock
        self._kept: deque[tuple[float, str, bool, str]] = deque(maxlen=kept)

    def witness(self, unit: str, other: Witness | None = None) -> Witness:
        """Keeps what it sees and passes it on to `other`."""
        return _Passing(self, unit, other)

    def add(self, unit: str, sent: bool, shown: str) -> None:
        """Keep one more; the oldest falls out."""
        self._kept.append((self._clock(), unit, sent, shown))

    def latest(self) -> Sequence[Captured]:
        """Oldest first."""
        return [Captured(at, unit, Frame(sent, shown)) for at, unit, sent, shown in [*self._kept]]


class _Passing:
    def __init__(self, ring: Ring, unit: str, other: Witness | None) -> None:
        self._ring = ring
        self._unit = unit
        self._other = other
        self._veil: Veil | None = None
        """None as long as nothing was secret, as of nearly every frame."""

    def sent(self, step: Send) -> None:
        if step.secret and self._veil is None:
            self._veil = Veil()
        shown = step.data.hex() if self._veil is None else "".join(self._veil.sent(step))
        self._ring.add(self._unit, True, shown)
        if self._other is not None:
            self._other.sent(step)

    def received(self, data: bytes) -> None:
        shown = data.hex() if self._veil is None else "".join(self._veil.received(data))
        self._ring.add(self._unit, False, shown)
        if self._other is not None:
            self._other.received(data)
