"""Talking with meters: requests a second over TCP, the stand-in meters' own rate and memory, the
use made of a serial line, and what one dead meter costs the others on its line.

Over TCP our client and those of others read from one libmodbus server in C, taking turns.

Late replies and sweeps run on a virtual clock.
"""

from __future__ import annotations

import statistics
import struct
import time
from collections.abc import Mapping
from typing import Final

from drivers.bus.timing import Manners
from drivers.crc import with_crc
from drivers.lines import NoReply, Resting
from drivers.link import Priority
from drivers.maps.model import Table
from drivers.modbus.rtu_line import RtuLine
from drivers.modbus.shared import SharedLine, bus_of
from drivers.transports.memory import MemoryLine, VirtualClock

from .meters_clients import Read, clients
from .meters_late import late_figures
from .meters_line import line_figures
from .meters_peers import Missing, compiled, started
from .meters_simulator import simulator_figures
from .runner import Figure, Size, Tell, figure

_ROUNDS: Final[Mapping[Size, int]] = {Size.QUICK: 2, Size.USUAL: 5, Size.FULL: 9}
_READS: Final[Mapping[Size, int]] = {Size.QUICK: 500, Size.USUAL: 3000, Size.FULL: 10_000}
_LINE_S: Final[Mapping[Size, float]] = {Size.QUICK: 1.0, Size.USUAL: 3.0, Size.FULL: 10.0}
_BAUDS: Final = (9_600, 19_200, 115_200)
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
        figures += line_figures(baud, _LINE_S[size])
    tell("replies that come late")
    figures += late_figures(_READS[size])
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
