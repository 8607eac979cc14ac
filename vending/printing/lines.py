"""Lines to receipt printers: the network (port 9100), a serial port, a device file, and none at all
for tests. Bytes out, and what comes back within a while; what they mean is `device.py`'s business.
"""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol

import serial

PATIENCE_S: Final = 5.0
"""For an open line."""
_WRITING_S: Final = 60.0
"""A printer that takes no byte for so long is stuck."""


class Open(Protocol):
    """An open line. Its methods raise OSError when the line breaks."""

    def send(self, data: bytes) -> None: ...

    def receive(self, within_s: float) -> bytes:
        """What came back, at most some bytes; empty if nothing came in time."""
        ...


class Line(Protocol):
    """A way to a printer."""

    def open(self) -> AbstractContextManager[Open]:
        """Raises OSError if there is nobody."""
        ...


@dataclass(frozen=True, slots=True)
class NetworkLine:
    """A printer with a network port."""

    host: str
    port: int = 9100

    @contextmanager
    def open(self) -> Iterator[Open]:
        with socket.create_connection((self.host, self.port), PATIENCE_S) as made:
            yield _Socket(made)


@dataclass(frozen=True, slots=True)
class _Socket:
    made: socket.socket

    def send(self, data: bytes) -> None:
        self.made.settimeout(_WRITING_S)
        self.made.sendall(data)

    def receive(self, within_s: float) -> bytes:
        self.made.settimeout(within_s)
        try:
            return self.made.recv(64)
        except TimeoutError:
            return b""


@dataclass(frozen=True, slots=True)
class SerialLine:
    """A printer at a serial port."""

    device: str
    baudrate: int = 38400

    @contextmanager
    def open(self) -> Iterator[Open]:
        with serial.Serial(self.device, self.baudrate, write_timeout=_WRITING_S) as made:
            yield _Serial(made)


@dataclass(frozen=True, slots=True)
class _Serial:
    made: serial.Serial

    def send(self, data: bytes) -> None:
        self.made.write(data)
        self.made.flush()

    def receive(self, within_s: float) -> bytes:
        self.made.timeout = within_s
        return bytes(self.made.read(1))


@dataclass(frozen=True, slots=True)
class FileLine:
    """A printer that the system shows as a file (USB). Who is there is found out by writing."""

    path: str

    @contextmanager
    def open(self) -> Iterator[Open]:
        handle = os.open(self.path, os.O_RDWR | os.O_NONBLOCK)
        try:
            yield _File(handle)
        finally:
            os.close(handle)


@dataclass(frozen=True, slots=True)
class _File:
    handle: int

    def send(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            if not select.select([], [self.handle], [], _WRITING_S)[1]:
                raise TimeoutError("stuck")
            rest = rest[os.write(self.handle, rest[:4096]) :]

    def receive(self, within_s: float) -> bytes:
        end = time.monotonic() + within_s
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.handle], [], [], left)[0]:
                break
            # Nothing at all is the end of a plain file: nobody answers there.
            return os.read(self.handle, 64)
        return b""


@dataclass
class DummyLine:
    """A printer of nothing: keeps what it was sent, and answers as told."""

    answer: Callable[[bytes], bytes] = lambda _: b""
    sent: list[bytes] = field(default_factory=list)
    broken: bool = False
    """Nobody is there."""
    _waiting: bytes = b""

    @contextmanager
    def open(self) -> Iterator[Open]:
        if self.broken:
            raise ConnectionRefusedError("nobody is there")
        yield self

    def send(self, data: bytes) -> None:
        self.sent.append(data)
        self._waiting += self.answer(data)

    def receive(self, within_s: float) -> bytes:  # noqa: ARG002
        found, self._waiting = self._waiting[:64], self._waiting[64:]
        return found
