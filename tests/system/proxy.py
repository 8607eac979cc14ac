"""A TCP proxy that loses things: it stands between a client and a server, passes bytes on, and at
a chosen place cuts the connection, so that one side or the other never hears of it.

    with proxy(target) as between:
        between.cut(Cut.BEFORE, b"COMMIT")     # the next time a client sends this
        ...                                    # connect to between.port

A cut happens once; connections after it pass. Or, with `stays`, nothing passes until `heal`.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Final

Target = tuple[str, int] | Path
"""Host and port, or a socket of this machine."""

_PATIENCE_S: Final = 30


class Cut(Enum):
    """Where a connection is cut, seen from the bytes that a client sends."""

    BEFORE = "the server never gets them"
    AFTER = "the server gets them; the client never hears the answer"
    SILENT = "as AFTER, but the client is left waiting until it gives up or `hang_up`"


class Proxy:
    """See above. Threads of its own; all of them end with the block."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cuts = 0
        """How many connections were cut."""
        self.connections = 0
        self.sent = bytearray()
        """All that clients have sent to the server."""
        self._lock = threading.Lock()
        self._cut: tuple[Cut, bytes, bytes] | None = None
        self._stays = self._dead = False
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def cut(self, where: Cut, at: bytes, *, behind: bytes = b"", stays: bool = False) -> None:
        """The next time that a client sends `at`; with `behind`, on a connection that has sent
        that from now on. `stays`: from then on the line is dead; what is sent over it does not
        get through, whatever the connection."""
        with self._lock:
            self._cut = (where, at, behind)
            self._stays = stays

    def heal(self) -> None:
        """A line that is dead lives again."""
        with self._lock:
            self._dead = False

    def hang_up(self) -> None:
        """Resets every connection there is."""
        with self._lock:
            connections, self._open = self._open, []
        for connection in connections:
            _reset(connection)

    def close(self) -> None:
        # Closing alone would not wake up the thread that accepts.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        for thread in self._threads:
            thread.join(_PATIENCE_S)
            assert not thread.is_alive()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = _connected(self._target)
            except OSError:
                _reset(client)
                continue
            with self._lock:
                self.connections += 1
                self._open += [client, server]
            self._begin(_Pair(self, client, server))

    def _begin(self, pair: _Pair) -> None:
        for work in (pair.up, pair.down):
            thread = threading.Thread(target=work, daemon=True)
            self._threads.append(thread)
            thread.start()

    def passing(self, pair: _Pair, seen: bytes, fresh: bytes) -> Cut | None:
        """Notes what a client sends; where to cut, if here. `seen` are its last bytes before."""
        with self._lock:
            where = Cut.BEFORE if self._dead else None
            if self._cut is not None:
                cut, wanted, behind = self._cut
                if not behind or _is_new(behind, seen, fresh):
                    pair.armed = self._cut
                if pair.armed is self._cut and _is_new(wanted, seen, fresh):
                    where, self._cut = cut, None
                    self.cuts += 1
                    self._dead = self._stays
            if where is not Cut.BEFORE:
                self.sent += fresh
            return where


class _Pair:
    """One connection, in two directions."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._mute: Cut | None = None
        self.armed: object = None
        """The cut whose `behind` has been sent here."""

    def up(self) -> None:
        """From the client to the server."""
        seen = b""
        with contextlib.suppress(OSError):
            while fresh := self._client.recv(65536):
                where = self._proxy.passing(self, seen, fresh)
                seen = (seen + fresh)[-200:]
                if where is Cut.BEFORE:
                    break
                # Before it is sent: the answer may be quick.
                self._mute = self._mute or where
                self._server.sendall(fresh)
            else:
                _shut(self._server)
                return
        _reset(self._client)
        _reset(self._server)

    def down(self) -> None:
        """From the server to the client."""
        with contextlib.suppress(OSError):
            while fresh := self._server.recv(65536):
                if self._mute is Cut.AFTER:
                    # It has answered, so it has done it.
                    break
                if self._mute is None:
                    self._client.sendall(fresh)
            else:
                _shut(self._client)
                return
        _reset(self._client)
        _reset(self._server)


def _is_new(wanted: bytes, seen: bytes, fresh: bytes) -> bool:
    """What was seen whole before does not count again."""
    return wanted in (seen + fresh)[max(0, len(seen) - len(wanted) + 1) :]


def _connected(target: Target) -> socket.socket:
    if isinstance(target, Path):
        made = socket.socket(socket.AF_UNIX)
        made.connect(str(target))
        return made
    return socket.create_connection(target)


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_WR)


def _reset(connection: socket.socket) -> None:
    """Ends it without a farewell."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with contextlib.suppress(OSError):
        # Wakes up a thread that reads from it, which closing alone would not.
        connection.shutdown(socket.SHUT_RD)
    connection.close()


@contextmanager
def proxy(target: Target) -> Iterator[Proxy]:
    """Listening until the block ends."""
    made = Proxy(target)
    try:
        yield made
    finally:
        made.close()
