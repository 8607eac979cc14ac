"""The bytes of a command for its record, with what is secret hidden."""

from __future__ import annotations

from typing import Final

from meters.device import Frame

from ..conversation import Send
from ..veil import Veil

MOST: Final = 200


class Frames:
    """A Witness that keeps the first frames in hex, of a whole command."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._veil = Veil()
        self.frames: list[Frame] = []

    def sent(self, step: Send) -> None:
        self._keep(True, self._veil.sent(step))

    def received(self, data: bytes) -> None:
        self._keep(False, self._veil.received(data))

    def _keep(self, sent: bool, shown: list[str]) -> None:
        if len(self.frames) < self._most:
            self.frames.append(Frame(sent, " ".join(shown)))
