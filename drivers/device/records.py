"""The bytes of a command for its record, with what is secret blanked."""

from __future__ import annotations

from meters.device import Frame

from ..conversation import Send

_LEAST_SECRET = 3
"""Shorter stretches are not looked for in what comes back: they stand in any frame."""


class Frames:
    """A Witness that keeps every frame in hex. Bytes of a secret stretch are `**`, in what is sent
    and in what comes back: half-duplex adapters echo, and some meters repeat a write."""

    def __init__(self, most: int = 200) -> None:
        self._most = most
        self._secrets: list[bytes] = []
        self.frames: list[Frame] = []

    def sent(self, step: Send) -> None:
        hidden = {i for begin, end in step.secret for i in range(begin, end)}
        for begin, end in step.secret:
            if end - begin >= _LEAST_SECRET:
                self._secrets.append(step.data[begin:end])
        self._keep(True, step.data, hidden)

    def received(self, data: bytes) -> None:
        hidden: set[int] = set()
        for secret in self._secrets:
            at = data.find(secret)
            while at >= 0:
                hidden |= set(range(at, at + len(secret)))
                at = data.find(secret, at + 1)
        self._keep(False, data, hidden)

    def _keep(self, sent: bool, data: bytes, hidden: set[int]) -> None:
        if len(self.frames) < self._most:
            told = ("**" if i in hidden else f"{byte:02x}" for i, byte in enumerate(data))
            self.frames.append(Frame(sent, " ".join(told)))
