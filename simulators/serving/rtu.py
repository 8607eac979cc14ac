"""Modbus RTU on the meters' side, without I/O: a stream of bytes in, pieces of replies out.

Requests are found by their own length and check sum, so that noise before one costs nothing; what
is left of a cut request is forgotten when the line has been silent for a while.
"""

from __future__ import annotations

from typing import Final

from ..faults.base import Piece
from .crc import crc
from .line import Line

GAP_S: Final = 0.05
"""Silence after which a half request is no request."""
_LONGEST: Final = 256
_FIXED: Final = {1: 8, 2: 8, 3: 8, 4: 8, 5: 8, 6: 8, 7: 4, 17: 4, 43: 7}
_COUNTED: Final = frozenset({15, 16})


def frame(unit: int, pdu: bytes) -> bytes:
    """An RTU frame."""
    body = bytes([unit]) + pdu
    return body + crc(body)


class RtuEnd:
    """One stream into a line: a serial port, or a connection that carries RTU frames."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self._buffer = b""
        self._heard = 0.0

    def feed(self, data: bytes, now: float) -> list[Piece]:
        """`now` in seconds of any clock that only goes forward."""
        if now - self._heard > GAP_S:
            self._buffer = b""
        self._heard = now
        self._buffer += data
        pieces: list[Piece] = []
        while (found := self._next()) is not None:
            got, effect = self.line.ask(
                found[0],
                found[1],
                found[2:-2],
                lambda pdu, unit=found[0]: frame(unit, pdu),  # type: ignore[misc]
                found,
                tcp=False,
            )
            held = effect.delay_s if effect.hold else 0.0
            pieces += [
                Piece(one.data, one.delay_s + held, one.hang_up or effect.hang_up) for one in got
            ]
            if effect.hang_up and not got:
                pieces.append(Piece(b"", held, hang_up=True))
        return pieces

    def _next(self) -> bytes | None:
        """The next whole request with a right check sum, taken out of the buffer."""
        buffer = self._buffer
        for start in range(len(buffer) - 3):
            size = _length(buffer, start)
            if size is None:
                continue
            end = start + size
            if end > len(buffer):
                # It may still come whole; if it is noise, the next request stands behind it.
                continue
            found = buffer[start:end]
            if crc(found[:-2]) == found[-2:]:
                self._buffer = buffer[end:]
                return found
        self._buffer = buffer[-_LONGEST:]
        return None


def _length(buffer: bytes, start: int) -> int | None:
    """How long a request that begins here is; None if none does, or it cannot be told yet."""
    function = buffer[start + 1]
    if function in _FIXED:
        return _FIXED[function]
    if function in _COUNTED and len(buffer) > start + 6:
        return 9 + buffer[start + 6]
    return None
