"""A serial line behind a socket: a transparent gateway passes on what comes, both ways.

For Modbus RTU over TCP and for serial protocols. The connection is opened when the line is first
wanted, kept alive, and opened anew before a request if the other end has hung up meanwhile; after
a request was sent it never is.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from random import Random
from typing import Final

from ..conversation import LineSettings
from ..lines import LineDown
from .retrying import Reconnect
from .silence import Silence

_CHUNK: Final = 4096
_KEEP_ALIVE: Final = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
"""Seconds and tries: a gateway that lost its power is known within a minute."""


class TcpChannel:
    """A Channel over one TCP connection. One thread at a time."""

    def __init__(
        self,
        host: str,
        port: int,
        settings: LineSettings | None = None,
        connect_s: float = 3.0,
        clock: Callable[[], float] = time.monotonic,
        random: Random | None = None,
    ) -> None:
        """`settings` are those of the line behind the gateway: they tell how long a character
        takes there. `connect_s` bounds the connecting."""
        self.address = f"{host}:{port}"
        self._peer = (host, port)
        self._settings = settings or LineSettings()
        self._connect_s = connect_s
        self._clock = clock
        self._silence = Silence(clock)
        self._reconnect = Reconnect(clock, random or Random(self.address))  # noqa: S311 - jitter
        self._socket: socket.socket | None = None

    @property
    def settings(self) -> LineSettings:
        return self._settings

    def monotonic(self) -> float:
        return self._clock()

    def send(self, data: bytes) -> None:
        line = self._open()
        begun = self._clock()
        try:
            line.sendall(data)
        except OSError as error:
            raise self._down(type(error).__name__) from None
        self._silence.sent(begun, len(data) * self._settings.character_s)

    def receive(self, within_s: float, missing: int = 1) -> bytes:  # noqa: ARG002
        """A segment, however many are missing: the gateway has let characters gather."""
        line = self._open()
        try:
            if not select.select([line], [], [], max(0.0, within_s))[0]:
                return b""
            data = line.recv(_CHUNK)
        except OSError as error:
            raise self._down(type(error).__name__) from None
        if not data:
            raise self._down("closed by the other end")
        self._silence.heard()
        return data

    def quiet(self, for_s: float, most_s: float) -> bytes:
        kept = self._socket is not None
        self._open()
        try:
            return self._silence.wait(self.receive, for_s, most_s)
        except LineDown:
            # Hung up while nobody used it: nothing was asked, so nothing can be lost.
            if not kept:
                raise
        self._open()
        return self._silence.wait(self.receive, for_s, most_s)

    def switch(self, settings: LineSettings) -> None:
        """The gateway's own settings are the gateway's matter: only our timing changes."""
        self._settings = settings

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _open(self) -> socket.socket:
        if self._socket is not None:
            return self._socket
        wait = self._reconnect.wait_s()
        if wait > 0:
            raise LineDown(self.address, f"next try in {wait:.0f} s")
        try:
            line = socket.create_connection(self._peer, self._connect_s)
        except (OSError, UnicodeError) as error:
            self._reconnect.failed()
            raise LineDown(self.address, type(error).__name__) from None
        self._reconnect.succeeded()
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEP_ALIVE.items():
            if hasattr(socket, name):
                line.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        self._socket = line
        return line

    def _down(self, reason: str) -> LineDown:
        self.close()
        return LineDown(self.address, reason)
