"""Hides what is secret in frames, before they are kept anywhere: token digits, passwords.

What was sent says itself where it is secret. What comes back does not: half-duplex adapters echo,
some meters repeat a write, and a line gives it all in pieces of any size. So whatever stretch of it
stands in a secret is hidden too. That hides now and then a byte that only looks so; the other way
round somebody's token would stand in a record.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .conversation import Send

HIDDEN: Final = "**"
LEAST: Final = 3
"""Fewer bytes in a row stand in many frames by chance; they are hidden where a secret may have been
cut: in a piece that is no longer than this, and at its ends."""


class Veil:
    """Of one conversation."""

    def __init__(self) -> None:
        self._secrets: list[bytes] = []

    def sent(self, step: Send) -> list[str]:
        """Two characters for each byte, those of secret ones hidden."""
        self._secrets += [step.data[begin:end] for begin, end in step.secret]
        hidden = {at for begin, end in step.secret for at in range(begin, end)}
        return _shown(step.data, hidden)

    def received(self, data: bytes) -> list[str]:
        """As `sent`, of what came: nothing of it says what is secret."""
        hidden = {at for secret in self._secrets for at in _alike(data, secret)}
        return _shown(data, hidden)


def _shown(data: bytes, hidden: set[int]) -> list[str]:
    return [HIDDEN if at in hidden else f"{byte:02x}" for at, byte in enumerate(data)]


def _alike(data: bytes, secret: bytes) -> Iterator[int]:
    """Places in `data` that may be of the secret."""
    # Of a secret that is shorter than that only the whole of it is looked for.
    least = min(LEAST, len(data), len(secret))
    for at in range(len(data) - least + 1):
        if least and data[at : at + least] in secret:
            yield from range(at, at + least)
    for size in range(1, min(LEAST, len(data), len(secret))):
        if secret.startswith(data[-size:]):
            yield from range(len(data) - size, len(data))
        if secret.endswith(data[:size]):
            yield from range(size)
