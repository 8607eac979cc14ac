"""What carries bytes into lines: TCP connections and pseudo-terminals.

An `End` is one stream's side of a line, without I/O (`rtu.RtuEnd`, `bus.SerialBus`).
A pseudo-terminal is one RS-485 line: whoever opens its path is the master. It takes every speed and
shows the meters which one the master has set, so that a meter set to another one hears only noise.
"""

from __future__ import annotations

import asyncio
import os
import pty
import termios
import tty
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol

from ..faults.base import Piece
from ..faults.sets import FaultSet
from .connection import Connection
from .tcp import schedule

_CHUNK: Final = 4096
_BITS: Final = 10
"""Of one character, 8N1: a pseudo-terminal takes nothing else."""
_SPEEDS: Final = {
    getattr(termios, f"B{baud}"): baud
    for baud in (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
}


class End(Protocol):
    """A stream into a line."""

    def feed(self, data: bytes, now: float) -> list[Piece]:
        """Bytes came; what goes back. `now` in seconds of a clock that only goes forward."""
        ...


class StreamEnd(Connection):
    """One TCP connection that carries the bytes of a serial line."""

    def __init__(
        self,
        make: Callable[[], End],
        opened: set[Any],
        faults: Callable[[], FaultSet],
    ) -> None:
        super().__init__(opened, faults)
        self._end = make()

    def data_received(self, data: bytes) -> None:
        schedule(self._loop, self._end.feed(data, self._loop.time()), self.write, self.hang_up)


class PtyLine:
    """One pseudo-terminal. `path` is what a master opens."""

    def __init__(
        self,
        end: End,
        told: Callable[[int], object] = int,
        paced: bool = False,
    ) -> None:
        """`told` is given the master's speed before each feed. `paced` makes replies take the time
        that their characters, and those of the request, take at that speed."""
        self._master, self._slave = pty.openpty()
        # Raw on both sides, and our own handle on the slave's: the line is not hung up when a
        # master closes it.
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self._end = end
        self._told = told
        self._paced = paced
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._master, self._readable)

    @property
    def baud(self) -> int:
        """What the master has set; 9600 if it is none that we know."""
        return _SPEEDS.get(termios.tcgetattr(self._master)[4], 9600)

    def write(self, data: bytes) -> None:
        """Put bytes on the line; they are lost if nobody has taken any for a while."""
        if self._master >= 0:
            with suppress(BlockingIOError):
                os.write(self._master, data)

    def close(self) -> None:
        """Unplug the line."""
        if self._master >= 0:
            self._loop.remove_reader(self._master)
            os.close(self._master)
            os.close(self._slave)
            self._master = -1

    def _readable(self) -> None:
        try:
            data = os.read(self._master, _CHUNK)
        except BlockingIOError:
            return
        baud = self.baud
        self._told(baud)
        pieces = self._end.feed(data, self._loop.time())
        if self._paced:
            for piece in pieces:
                piece.delay_s += (len(data) + len(piece.data)) * _BITS / baud
        schedule(self._loop, pieces, self.write, lambda: None)
