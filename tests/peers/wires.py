"""Two ends of a serial line without a machine behind either: ptys with a thread between them."""

from __future__ import annotations

import os
import pty
import select
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def serial_pair() -> Iterator[tuple[str, str]]:
    """Paths of two serial ports (8N1 only) that are wired to each other."""
    ends = [pty.openpty(), pty.openpty()]
    for end in ends:
        for side in end:
            tty.setraw(side)
    (left, left_port), (right, right_port) = ends
    stop_read, stop = os.pipe()

    def pump() -> None:
        while True:
            ready = select.select([left, right, stop_read], [], [])[0]
            if stop_read in ready:
                return
            for here in ready:
                os.write(right if here == left else left, os.read(here, 4096))

    thread = threading.Thread(target=pump)
    thread.start()
    try:
        yield os.ttyname(left_port), os.ttyname(right_port)
    finally:
        os.write(stop, b"x")
        thread.join(5)
        for side in (left, left_port, right, right_port, stop_read, stop):
            os.close(side)
