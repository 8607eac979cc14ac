"""Modbus TCP on the meters' side: an asyncio protocol that answers what came in one segment with
one write, in order, each under its own transaction id.

A fault's delay holds up the requests behind it, as the wire behind a gateway does, unless the fault
says that the reply is merely late.
"""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from collections.abc import Callable
from typing import Final

from ..faults.base import HONEST, Piece
from .connection import Connection
from .line import Line

_HEADER: Final = struct.Struct(">HHHB")  # transaction, protocol, length, unit
_LEAST_LENGTH: Final = 2
_MOST_LENGTH: Final = 254


class ModbusTcpEnd(Connection):
    """One connection to a line."""

    def __init__(self, line: Line, opened: set[ModbusTcpEnd]) -> None:
        super().__init__(opened, lambda: line.faults)
        self.line = line
        self._buffer = b""
        self._pending: deque[bytes] = deque()
        self._held = False

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        at, size = 0, len(buffer)
        while size - at >= _HEADER.size:
            _, protocol, length, _ = _HEADER.unpack_from(buffer, at)
            if protocol != 0 or not _LEAST_LENGTH <= length <= _MOST_LENGTH:
                # The next frame's start is not known: only hanging up is safe.
                if self._transport is not None:
                    self._answer()
                    self._transport.close()
                return
            end = at + 6 + length
            if end > size:
                break
            self._pending.append(buffer[at:end])
            at = end
        self._buffer = buffer[at:]
        if not self._held:
            self._answer()

    def _answer(self) -> None:
        """Deal with what is pending, until something holds it up."""
        ready: list[bytes] = []
        while self._pending and not self._held:
            request = self._pending.popleft()
            transaction, _, _, unit = _HEADER.unpack_from(request)
            pieces, effect = self.line.ask(
                unit,
                request[7],
                request[8:],
                lambda pdu, t=transaction, u=unit: (  # type: ignore[misc]
                    _HEADER.pack(t, 0, len(pdu) + 1, u) + pdu
                ),
                request,
                tcp=True,
            )
            if effect is HONEST and len(pieces) == 1 and not pieces[0].delay_s:
                ready.append(pieces[0].data)
                if pieces[0].hang_up:
                    self._write_all(ready)
                    self.hang_up()
                    return
                continue
            self._write_all(ready)
            ready = []
            if effect.hold and effect.delay_s:
                self._held = True
                self._loop.call_later(effect.delay_s, self._release, pieces, effect.hang_up)
            else:
                self._put(pieces, effect.hang_up)
        self._write_all(ready)

    def _release(self, pieces: list[Piece] | tuple[Piece, ...], hang_up: bool) -> None:
        self._held = False
        self._put(pieces, hang_up)
        if self._transport is not None:
            self._answer()

    def _put(self, pieces: list[Piece] | tuple[Piece, ...], hang_up: bool) -> None:
        schedule(self._loop, pieces, self.write, self.hang_up)
        if hang_up:
            self.hang_up()

    def _write_all(self, ready: list[bytes]) -> None:
        if ready and self._transport is not None:
            self._transport.write(b"".join(ready))


def schedule(
    loop: asyncio.AbstractEventLoop,
    pieces: list[Piece] | tuple[Piece, ...],
    write: Callable[[bytes], object],
    hang_up: Callable[[], object],
) -> None:
    """Send each piece when its time has come."""
    for piece in pieces:
        if not piece.delay_s:
            if piece.data:
                write(piece.data)
            if piece.hang_up:
                hang_up()
        else:
            if piece.data:
                loop.call_later(piece.delay_s, write, piece.data)
            if piece.hang_up:
                loop.call_later(piece.delay_s, hang_up)
