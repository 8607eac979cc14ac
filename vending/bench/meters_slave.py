"""A Modbus RTU meter on a pty at the pace of a real line, as a program:

    python -m vending.bench.meters_slave BAUD

prints the path of the port and answers reads of input registers (register N holds 1000 + N) as unit
1: after as many seconds as the request takes on the wire it keeps the standard's silence, then its
characters leave one by one, each when it is due.

It never sleeps while anybody talks to it and so takes a processor of its own, as hardware would be:
a meter that oversleeps would measure itself and not its master. Register SILENCE tells the least
silence, in microseconds, that its master kept between a reply's last character and a request since
it was last read.
"""

from __future__ import annotations

import os
import pty
import select
import struct
import sys
import time
import tty
from typing import Final

from drivers.conversation import LineSettings
from drivers.crc import crc, with_crc
from drivers.modbus.rtu import silence_s

SILENCE: Final = 0xFFFE
MOST_SILENCE_US: Final = 0xFFFF
_REQUEST_BYTES: Final = 8
_IDLE_S: Final = 0.5
"""Whoever is not asked for so long may sleep until he is."""


class Slave:
    """One meter at one end of a pseudo-terminal."""

    def __init__(self, master: int, line: LineSettings) -> None:
        self._master = master
        self._line = line
        self._ended = float("-inf")
        """When the last character of the last reply had gone out."""
        self._least_s = float("inf")

    def serve(self) -> None:
        """Takes one request and answers it."""
        # The first character's time has passed before a meter could know of it.
        begun = self._called()
        frame = os.read(self._master, 300)
        while len(frame) < _REQUEST_BYTES:
            frame += os.read(self._master, 300)
        self._least_s = min(self._least_s, begun - self._ended)
        reply, character_s = self._reply(frame), self._line.character_s
        due = begun + len(frame) * character_s + silence_s(self._line)
        sent = 0
        while sent < len(reply):
            _until(due + (sent + 1) * character_s)
            self._ended = time.monotonic()
            over = min(len(reply), int((self._ended - due) / character_s))
            os.write(self._master, reply[sent:over])
            sent = max(sent, over)

    def _called(self) -> float:
        idle = time.monotonic() + _IDLE_S
        while not select.select([self._master], [], [], 0)[0]:
            if time.monotonic() > idle:
                select.select([self._master], [], [])
        return time.monotonic()

    def _reply(self, frame: bytes) -> bytes:
        unit, function, addr, count = struct.unpack(">BBHH", frame[:6])
        if unit != 1 or crc(frame):
            return b""
        if addr == SILENCE:
            words = [int(min(self._least_s * 1e6, MOST_SILENCE_US))]
            self._least_s = float("inf")
        else:
            words = list(range(1000 + addr, 1000 + addr + count))
        return with_crc(struct.pack(f">BBB{len(words)}H", unit, function, 2 * len(words), *words))


def _until(moment: float) -> None:
    while time.monotonic() < moment:
        pass


def main() -> None:
    master, port = pty.openpty()
    tty.setraw(master)
    tty.setraw(port)
    slave = Slave(master, LineSettings(baud=int(sys.argv[1])))
    print(os.ttyname(port), flush=True)
    while True:
        slave.serve()


if __name__ == "__main__":
    main()
