"""The use made of a serial line: readings a second, as a share of what its arithmetic allows.

The line is a pty at the pace of a real one, and what limits it is the standard's own arithmetic:
the characters, and a silence of 3.5 of them (1.75 ms above 19 200 baud) on either side. What our
master loses is how late it knows that a reply is whole, and how late after the silence it asks
again. A pty loses some more, because the operating system carries each character from one end to
the other when it comes to it, as no wire would. So a bare master takes turns with ours on the same
pty: it does nothing but count characters and the silence, without ever sleeping, and shows what is
left for anybody. The far end (meters_slave.py) never sleeps either and tells the least silence that
was kept. With other programs at work on the machine, part of every reading is waiting for a turn.
"""

from __future__ import annotations

import os
import statistics
import struct
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from drivers.bus.timing import Manners
from drivers.conversation import LineSettings
from drivers.crc import with_crc
from drivers.link import Priority
from drivers.maps.model import Table
from drivers.modbus.rtu import silence_s
from drivers.modbus.rtu_line import RtuLine
from drivers.modbus.shared import SharedLine, bus_of
from drivers.transports.serial_port import SerialChannel

from .meters_peers import python, started
from .meters_slave import SILENCE
from .runner import Figure, figure

_REGISTERS: Final = 20
_CHARACTERS: Final = 8 + 5 + 2 * _REGISTERS
_TURNS: Final = 3
_EXPECTED: Final = tuple(1000 + n for n in range(_REGISTERS))
Reads = Callable[[int, int], tuple[int, ...]]
"""Input registers of unit 1: from which on, and how many."""


def line_figures(baud: int, seconds: float) -> list[Figure]:
    """Of our master and of a bare one, so many seconds each, and the least silence of ours. The
    median reading counts: other programs on the machine delay some of them by milliseconds."""
    settings = LineSettings(baud=baud)
    silence = silence_s(settings)
    most = 1 / (_CHARACTERS * settings.character_s + 2 * silence)
    took: dict[str, list[float]] = {"ours": [], "bare": []}
    kept_us: list[int] = []
    with started(*python("vending.bench.meters_slave", str(baud))) as path:
        for _ in range(_TURNS):
            with _ours(path, settings) as read:
                took["ours"] += _times(read, seconds / _TURNS)
                kept_us += read(SILENCE, 1)
            with _bare(path, settings) as read:
                took["bare"] += _times(read, seconds / _TURNS)
                read(SILENCE, 1)
    limit = "characters and both silences of the standard"
    rates = {name: 1 / statistics.median(times) for name, times in took.items()}
    name = f"meters.rtu.{baud}"
    return [
        figure(
            name, rates["ours"], "requests/s", anchor=limit, anchor_value=most, goal=0.95 * most
        ),
        figure(f"{name}.bare", rates["bare"], "requests/s", anchor=limit, anchor_value=most),
        figure(
            f"{name}.silence",
            min(kept_us) / 1000,
            "ms",
            anchor="the standard's, before every request",
            anchor_value=1000 * silence,
            goal=1000 * silence,
        ),
    ]


def _times(read: Reads, seconds: float) -> list[float]:
    read(0, _REGISTERS)
    took: list[float] = []
    begun = now = time.monotonic()
    while now - begun < seconds:
        assert read(0, _REGISTERS) == _EXPECTED
        before, now = now, time.monotonic()
        took.append(now - before)
    return took


@contextmanager
def _ours(path: str, settings: LineSettings) -> Iterator[Reads]:
    line = RtuLine(SerialChannel(path, settings), path)
    owner = bus_of(line, time.monotonic, time.sleep)
    shared = SharedLine(owner, Manners(), Priority.BILLING)
    try:
        yield lambda addr, count: shared.read(1, Table.INPUT, addr, count)
    finally:
        line.close()


@contextmanager
def _bare(path: str, settings: LineSettings) -> Iterator[Reads]:
    """A master without any care: it knows that the reply is right, and never waits by sleeping."""
    port = os.open(path, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(port)
    os.set_blocking(port, False)
    silence = silence_s(settings)
    ended = time.monotonic()

    def read(addr: int, count: int) -> tuple[int, ...]:
        nonlocal ended
        request = with_crc(struct.pack(">BBHH", 1, 4, addr, count))
        while time.monotonic() < ended + silence:
            pass
        os.write(port, request)
        reply, size = b"", 5 + 2 * count
        while len(reply) < size:
            try:
                reply += os.read(port, size)
            except BlockingIOError:
                continue
        ended = time.monotonic()
        return struct.unpack(f">{count}H", reply[3:-2])

    try:
        yield read
    finally:
        os.close(port)
