"""Wait for one reply among whatever a serial line brings: echoes, noise, pauses in mid-frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from .conversation import Conversation, Receive

F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a reply."""

    first_s: float
    """For it to begin, also after noise."""
    next_s: float
    """For its next piece once it has begun: gateways and adapters pause for 30 to 100 ms, some
    meters for seconds."""
    most: int
    """Bytes after which it is no reply but a line that never stops. Since a conversation has no
    clock, this is what bounds a wait."""


@dataclass(frozen=True, slots=True)
class Gathered(Generic[F]):
    """What came: the reply if there was one, and all bytes, for saying what was wrong."""

    found: F | None
    raw: bytes

    @property
    def trouble(self) -> str:
        """Why nothing was found: `timeout` if the line was silent, else `garbled`."""
        return "garbled" if self.raw else "timeout"


def gather(
    find: Callable[[bytes], F | None],
    begun: Callable[[bytes], bool],
    patience: Patience,
) -> Conversation[Gathered[F]]:
    """The first thing that `find` sees in the bytes that come. `begun` tells whether they may hold
    the beginning of a reply, so that only a pause in mid-frame is judged by `next_s`."""
    buffer = bytearray()
    within_s = patience.first_s
    while len(buffer) <= patience.most and (got := (yield Receive(within_s))):
        buffer += got
        raw = bytes(buffer)
        if (found := find(raw)) is not None:
            return Gathered(found, raw)
        within_s = patience.next_s if begun(raw) else patience.first_s
    return Gathered(None, bytes(buffer))


def without_echo(raw: bytes, sent: bytes) -> bytes:
    """What came, less our own request that a half-duplex adapter hears."""
    return raw[len(sent) :] if sent and raw.startswith(sent) else raw
