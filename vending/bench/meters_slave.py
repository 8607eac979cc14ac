"""A Modbus RTU meter on a pty at the pace of a real line, as a program:

    python -m vending.bench.meters_slave BAUD

prints the path of the port and answers reads of input registers (register N holds 1000 + N) as unit
1: after as many seconds as the request takes on the wire it keeps the standard's silence, then its
characters leave one by one, each when it is due.
"""

from __future__ import annotations

import os
import pty
import select
import struct
import sys
import time
import tty

from drivers.conversation import LineSettings
from drivers.crc import crc, with_crc
from drivers.modbus.rtu import silence_s

_REQUEST_BYTES = 8
_OVERSLEPT_S = 0.0003


def _reply(frame: bytes) -> bytes:
    unit, function, addr, count = struct.unpack(">BBHH", frame[:6])
    if unit != 1 or crc(frame):
        return b""
    words = range(1000 + addr, 1000 + addr + count)
    return with_crc(struct.pack(f">BBB{count}H", unit, function, 2 * count, *words))


def _until(moment: float) -> None:
    """Hardware is on time: the end of the wait is not slept through."""
    left = moment - time.monotonic() - _OVERSLEPT_S
    if left > 0:
        time.sleep(left)
    while time.monotonic() < moment:
        pass


def main() -> None:
    line = LineSettings(baud=int(sys.argv[1]))
    master, port = pty.openpty()
    tty.setraw(master)
    tty.setraw(port)
    print(os.ttyname(port), flush=True)
    while True:
        select.select([master], [], [])
        # The first character's time has passed before a meter could know of it.
        begun = time.monotonic()
        frame = os.read(master, 300)
        while len(frame) < _REQUEST_BYTES:
            frame += os.read(master, 300)
        reply = _reply(frame)
        due = begun + len(frame) * line.character_s + silence_s(line)
        sent = 0
        while sent < len(reply):
            _until(due + (sent + 1) * line.character_s)
            over = min(len(reply), int((time.monotonic() - due) / line.character_s))
            os.write(master, reply[sent:over])
            sent = max(sent, over)


if __name__ == "__main__":
    main()
