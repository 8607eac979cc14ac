"""A meter's end (bytes in, bytes out) behind a real socket or a real pseudo terminal."""

from __future__ import annotations

import os
import pty
import select
import socket
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Feed = Callable[[bytes], bytes]


@contextmanager
def over_tcp(feed: Feed) -> Iterator[int]:
    """The port of 127.0.0.1 behind which it is; one connection after the other."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    done = threading.Event()

    def serve() -> None:
        while not done.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(0.05)
                while not done.is_set():
                    try:
                        data = connection.recv(4096)
                    except TimeoutError:
                        continue
                    except OSError:
                        break
                    if not data:
                        break
                    if reply := feed(data):
                        connection.sendall(reply)

    with listener, _running(serve, done):
        yield listener.getsockname()[1]


@contextmanager
def over_pty(feed: Feed) -> Iterator[str]:
    """The path of a serial port (8N1) at whose other end it is."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    done = threading.Event()

    def serve() -> None:
        while not done.is_set():
            if select.select([master], [], [], 0.05)[0] and (reply := feed(os.read(master, 4096))):
                os.write(master, reply)

    try:
        with _running(serve, done):
            yield os.ttyname(slave)
    finally:
        os.close(master)
        os.close(slave)


@contextmanager
def _running(serve: Callable[[], None], done: threading.Event) -> Iterator[None]:
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(5)
        assert not thread.is_alive()
