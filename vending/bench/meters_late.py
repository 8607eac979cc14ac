"""Whether a reply that comes after the time-out is ever taken for the answer to the next request.

There is nothing in a Modbus RTU frame that says which request it answers. So one meter is read in
blocks of the same length, each of other values, while its replies come late by chance: by up to
three times what its model ever takes. Half of the readings are of a meter that answers one request
after the other, half of one that hears nothing while it thinks. What is counted are values that
belong to another block.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from random import Random
from typing import Final

from drivers.bus.timing import Manners
from drivers.crc import with_crc
from drivers.lines import NoReply, Resting
from drivers.link import Priority
from drivers.maps.model import Table
from drivers.modbus.rtu_line import RtuLine
from drivers.modbus.shared import SharedLine, bus_of
from drivers.transports.memory import MemoryLine, VirtualClock

from .runner import Figure, figure

_SEED: Final = 2026
_WORDS: Final = 10
_USUAL_S: Final = 0.02
_LATE: Final = 0.3
"""Of the replies."""
_BY: Final = (0.5, 3.0)
"""Times the model's worst."""
_MANNERS: Final = Manners()


def late_figures(count: int) -> list[Figure]:
    """Readings that were another block's, of so many; and, so that one sees that something was
    read, the share of the readings that succeeded."""
    right = misread = 0
    for queues in (True, False):
        for is_right in _readings(queues, count // 2):
            right, misread = right + is_right, misread + (not is_right)
    return [
        figure("meters.late.misread", misread, "readings", goal=0, at_most=True),
        figure("meters.late.read", 100 * right / count, "%"),
    ]


def _readings(queues: bool, count: int) -> Iterator[bool]:
    """Those of so many readings that gave values: whether they are those of the block."""
    clock, chance = VirtualClock(), Random(_SEED)  # noqa: S311 - not for secrets
    line = RtuLine(MemoryLine(_Late(chance, queues), clock), "memory")
    # Whoever commissions a meter does not let it rest when it does not answer.
    shared = SharedLine(bus_of(line, clock, clock.sleep), _MANNERS, Priority.COMMISSIONING)
    for number in range(count):
        addr = number % 100 * _WORDS
        with suppress(NoReply, Resting):
            words = shared.read(1, Table.INPUT, addr, _WORDS)
            yield words == tuple(range(addr, addr + _WORDS))


class _Late:
    """A meter that takes its time for some requests. While it thinks about one, the next waits; or
    it does not hear it."""

    def __init__(self, chance: Random, queues: bool) -> None:
        self._chance = chance
        self._queues = queues
        self._busy_until = 0.0

    def __call__(self, now: float, frame: bytes) -> Iterable[tuple[float, bytes]]:
        if now < self._busy_until and not self._queues:
            return []
        unit, function, addr, count = struct.unpack(">BBHH", frame[:6])
        takes = _USUAL_S
        if self._chance.random() < _LATE:
            takes = _MANNERS.worst_s * self._chance.uniform(*_BY)
        self._busy_until = max(now, self._busy_until) + takes
        words = range(addr, addr + count)
        reply = struct.pack(f">BBB{count}H", unit, function, 2 * count, *words)
        return [(self._busy_until - now, with_crc(reply))]
