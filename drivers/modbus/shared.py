"""A Modbus line that has an owner: requests of many callers take their turns on it."""

from __future__ import annotations

from collections.abc import Callable

from ..bus.bus import Bus
from ..bus.timing import Manners, Pace
from ..conversation import Witness
from ..link import Priority
from .line import ModbusLine
from .pdu import Request
from .rtu import Heard, reply_data

ModbusBus = Bus[ModbusLine]


def bus_of(
    line: ModbusLine, clock: Callable[[], float], sleep: Callable[[float], None]
) -> ModbusBus:
    """The owner of a line; `clock` and `sleep` are those of the line."""
    return Bus(line, line.address, clock, sleep)


class SharedLine(ModbusLine):
    """A ModbusLine for one meter, by way of the bus: for drivers that know lines and no bus.
    Besides what every line raises, its requests raise Resting."""

    def __init__(self, bus: ModbusBus, manners: Manners, priority: Priority) -> None:
        super().__init__(bus.address, Pace(manners.gap_s, manners.worst_s, manners.worst_s))
        self._bus = bus
        self._manners = manners
        self._priority = priority

    def ask(
        self, request: Request, pace: Pace | None = None, witness: Witness | None = None
    ) -> Heard:
        """At the pace that the bus has found for the meter; of `pace` only `listen_s` counts.
        Raises Declined too, so that the bus knows what a gateway says."""

        def job(line: ModbusLine, found: Pace, seen: Witness) -> Heard:
            heard = line.ask(request, found, seen)
            reply_data(request, heard, line.address)
            return heard

        unit, listen = str(request.unit), pace.listen_s if pace else 0.0
        return self._bus.ask(unit, self._manners, self._priority, job, witness, listen)

    def close(self) -> None:
        """The line stays with its owner."""
