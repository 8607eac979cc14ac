"""A meter that is only a script: a socket server that answers as a test tells it."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable

from meters.identity import Drn
from tests.simulators.support import ELECTRICITY

Script = Callable[[bytes], bytes | None]
"""PDU in, PDU out; None is silence; b"" drops the connection."""


class Raw(bytes):
    """An answer sent as it stands, without a header that fits the request."""


def frame(request: bytes, pdu: bytes) -> bytes:
    return request[:4] + struct.pack(">H", len(pdu) + 1) + request[6:7] + pdu


class ScriptedMeter:
    """A socket server that answers each request as the script says, and keeps the frames."""

    def __init__(self, script: Script) -> None:
        self.frames: list[bytes] = []
        self._script = script
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    @property
    def functions(self) -> list[int]:
        return [request[7] for request in self.frames]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._open.append(connection)
            with connection:
                self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            while request := connection.recv(1024):
                self.frames.append(request)
                pdu = self._script(request[7:])
                if pdu == b"":
                    return
                if pdu is not None:
                    connection.sendall(pdu if isinstance(pdu, Raw) else frame(request, pdu))
        except OSError:
            return

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for connection in self._open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self._thread.join(5)
        assert not self._thread.is_alive()


def empty_log(drn: Drn = ELECTRICITY) -> bytes:
    """A whole image of 102 input registers: this meter, nothing in its account or log."""
    return drn.number.encode().ljust(14, b"\0") + bytes(2 * 95)


def reading(pdu: bytes, image: bytes) -> bytes:
    function, addr, count = struct.unpack(">BHH", pdu)
    assert function == 4
    part = image[2 * addr : 2 * (addr + count)]
    return bytes([4, len(part)]) + part
