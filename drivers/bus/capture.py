"""The last frames of a line, for support and for the records of commands. What is secret in them
is blanked before it is kept anywhere."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from meters.device import Frame

from ..conversation import Send, Witness

KEPT: Final = 500
_BLANK: Final = "**"


def blanked(step: Send) -> str:
    """The bytes in hex, two characters each; of secret ones only how many."""
    if not step.secret:
        return step.data.hex()
    shown = [f"{byte:02x}" for byte in step.data]
    for begin, end in step.secret:
        shown[begin:end] = [_BLANK] * len(shown[begin:end])
    return "".join(shown)


@dataclass(frozen=True, slots=True)
class Captured:
    """One frame, or as much of one as came at once."""

    at: float
    """Seconds of the line's monotonic clock."""
    unit: str
    frame: Frame


class Frames:
    """A Witness that keeps the frames of one conversation."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []

    def sent(self, step: Send) -> None:
        self.frames.append(Frame(True, blanked(step)))

    def received(self, data: bytes) -> None:
        self.frames.append(Frame(False, data.hex()))


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

    def sent(self, step: Send) -> None:
        self._ring.add(self._unit, True, blanked(step))
        if self._other is not None:
            self._other.sent(step)

    def received(self, data: bytes) -> None:
        self._ring.add(self._unit, False, data.hex())
        if self._other is not None:
            self._other.received(data)
