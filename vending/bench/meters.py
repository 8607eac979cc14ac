"""Talking with meters: requests a second over TCP, the stand-in meters' own rate and memory, the
use made of a serial line, and what one dead meter costs the others on its line.

Over TCP our client and those of others read from one libmodbus server in C, taking turns. The
serial line is a pty at the pace of a real one, and what limits it is the standard's own arithmetic:
the characters and a silence of 3.5 of them on either side. The sweep runs on a virtual clock.
"""

from __future__ import annotations

import statistics
import struct
import time
from collections.abc import Mapping
from typing import Final

from drivers.bus.timing import Manners
from drivers.conversation import LineSettings
from drivers.crc import with_crc
from drivers.lines import NoReply, Resting
from drivers.link import Priority
from drivers.maps.model import Table
from drivers.modbus.rtu import silence_s
from drivers.modbus.rtu_line import RtuLine
from drivers.modbus.shared import SharedLine, bus_of
from drivers.transports.memory import MemoryLine, VirtualClock
from drivers.transports.serial_port import SerialChannel

from .meters_clients import Read, clients
from .meters_peers import Missing, compiled, python, started
from .meters_simulator import simulator_figures
from .runner import Figure, Size, Tell, figure

_ROUNDS: Final[Mapping[Size, int]] = {Size.QUICK: 2, Size.USUAL: 5, Size.FULL: 9}
_READS: Final[Mapping[Size, int]] = {Size.QUICK: 500, Size.USUAL: 3000, Size.FULL: 10_000}
_LINE_S: Final[Mapping[Size, float]] = {Size.QUICK: 1.0, Size.USUAL: 3.0, Size.FULL: 10.0}
_BAUDS: Final = (9_600, 19_200, 115_200)
_REGISTERS: Final = 20
_METERS: Final = range(1, 32)
_SWEEPS: Final = 4
_PER_METER: Final = 2
_DEAD: Final = 17
_AS_FAST: Final = 0.9
"""Rounds of the same client differ by more than the rest of it."""
_TURNAROUND_S: Final = 0.02


def measure(tell: Tell, size: Size = Size.USUAL) -> list[Figure]:
    """All figures; those that need libmodbus only where it is."""
    figures: list[Figure] = []
    try:
        figures += _over_tcp(tell, size)
    except Missing as missing:
        tell(f"without the comparison over TCP: {missing}")
    figures += simulator_figures(tell, size)
    for baud in _BAUDS:
        tell(f"a line of {baud} baud")
        figures.append(_line_use(baud, _LINE_S[size]))
    tell("a sweep with a dead meter")
    whole, spoilt = _sweeps(dead=0), _sweeps(dead=_DEAD)
    figures.append(
        figure(
            "meters.sweep.one_dead",
            spoilt,
            "s",
            anchor=f"{_SWEEPS} sweeps of {len(_METERS)} living meters at 9 600 baud",
            anchor_value=whole,
            goal=1.2 * whole,
            at_most=True,
        )
    )
    return figures


def _over_tcp(tell: Tell, size: Size) -> list[Figure]:
    with (
        started(str(compiled("server")), "tcp") as port,
        clients(int(port), time.monotonic, time.sleep) as found,
    ):
        rates: dict[str, list[float]] = {name: [] for name in found}
        # Round 0 warms up. The clients take turns: a machine that slows down slows all of them.
        for round_ in range(_ROUNDS[size] + 1):
            for name, read in found.items():
                tell(f"reads over TCP by {name}, round {round_} of {_ROUNDS[size]}")
                rate = _rate(read, _READS[size])
                if round_:
                    rates[name].append(rate)
    medians = {name: statistics.median(values) for name, values in rates.items()}
    library = medians["pymodbus"]
    # We look whether the connection still stands and check the reply, and wait with fewer calls of
    # the system than the library does.
    goals = {"ours": _AS_FAST * library}
    return [
        figure(
            f"meters.tcp.{name}",
            rate,
            "requests/s",
            anchor="pymodbus, synchronous",
            anchor_value=library,
            goal=goals.get(name),
        )
        for name, rate in medians.items()
    ]


def _rate(read: Read, count: int) -> float:
    begun = time.perf_counter()
    own = read(count)
    return count / (own or time.perf_counter() - begun)


def _line_use(baud: int, seconds: float) -> Figure:
    """Readings of 20 registers over a paced line, as a share of what its arithmetic allows. The
    median reading counts: other programs on the machine delay some of them by milliseconds."""
    settings = LineSettings(baud=baud)
    characters = 8 + 5 + 2 * _REGISTERS
    most = 1 / (characters * settings.character_s + 2 * silence_s(settings))
    with started(*python("vending.bench.meters_slave", str(baud))) as path:
        line = RtuLine(SerialChannel(path, settings), path)
        owner = bus_of(line, time.monotonic, time.sleep)
        shared = SharedLine(owner, Manners(), Priority.BILLING)
        expected = tuple(1000 + n for n in range(_REGISTERS))
        try:
            shared.read(1, Table.INPUT, 0, _REGISTERS)
            took: list[float] = []
            begun = now = time.monotonic()
            while now - begun < seconds:
                assert shared.read(1, Table.INPUT, 0, _REGISTERS) == expected
                before, now = now, time.monotonic()
                took.append(now - before)
        finally:
            line.close()
    return figure(
        f"meters.rtu.{baud}",
        1 / statistics.median(took),
        "requests/s",
        anchor="characters and both silences of the standard",
        anchor_value=most,
        goal=0.95 * most,
    )


def _sweeps(dead: int) -> float:
    """Seconds that a few sweeps of a line take, one of whose meters may not answer."""

    def far(_: float, frame: bytes) -> list[tuple[float, bytes]]:
        unit, function, addr, count = struct.unpack(">BBHH", frame[:6])
        if unit == dead:
            return []
        words = range(addr, addr + count)
        reply = struct.pack(f">BBB{count}H", unit, function, 2 * count, *words)
        return [(_TURNAROUND_S, with_crc(reply))]

    clock = VirtualClock()
    owner = bus_of(RtuLine(MemoryLine(far, clock), "memory"), clock, clock.sleep)
    shared = SharedLine(owner, Manners(), Priority.BILLING)
    for _ in range(_SWEEPS):
        for unit in _METERS:
            try:
                for part in range(_PER_METER):
                    shared.read(unit, Table.INPUT, 30 * part, 30)
            except (NoReply, Resting):
                continue
    return clock()
