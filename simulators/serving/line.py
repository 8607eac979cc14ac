"""A line and the Modbus meters on it, without I/O: requests in, pieces of replies out.

A bus is one wire: an address that nobody has stays silent, a broadcast is executed and never
answered, and two meters at one address talk over each other. A gateway's line is the same with
another frame around.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from ..faults.base import HONEST, Ask, Effect, Piece
from ..faults.sets import NO_FAULTS, FaultSet

BROADCAST: Final = 0
_NOTHING: Final[tuple[Piece, ...]] = ()


class Unit(Protocol):
    """A Modbus meter as its line sees it."""

    faults: FaultSet

    def pdu(self, function: int, data: bytes) -> bytes | None:
        """Execute a request and return the reply without its frame; None to stay silent."""
        ...

    def heard(self, function: int) -> None:
        """A request for this meter was on the line, whatever becomes of it."""
        ...

    def hears(self, baud: int) -> bool:
        """Whether the meter is set to this speed."""
        ...

    @property
    def takes_broadcast(self) -> bool: ...


Framed = Callable[[bytes], bytes]
"""Puts the frame of the reply around a PDU."""


@dataclass(slots=True)
class Line:
    """Meters by unit id. `faults` strike everything that goes over the line."""

    name: str
    units: dict[int, Unit] = field(default_factory=dict)
    twins: dict[int, list[Unit]] = field(default_factory=dict)
    """Further meters at an id that is taken."""
    faults: FaultSet = NO_FAULTS
    baud: int = 9600
    """What the wire behind a gateway runs at; a serial line tells its own."""
    strict_baud: bool = False
    """Whether meters set to another speed hear only noise, and say nothing."""
    seconds: Callable[[], float] = lambda: 0.0
    requests: int = 0
    answers: int = 0

    def place(self, number: int, unit: Unit) -> None:
        """Put a meter at an id, beside whoever is there."""
        if number in self.units:
            self.twins.setdefault(number, []).append(unit)
        else:
            self.units[number] = unit

    def move(self, unit: Unit, new: int) -> None:
        """The meter has taken another id."""
        for number, one in list(self.units.items()):
            if one is unit:
                left = self.twins.get(number, [])
                if left:
                    self.units[number] = left.pop(0)
                else:
                    del self.units[number]
        for others in self.twins.values():
            others[:] = [one for one in others if one is not unit]
        self.place(new, unit)

    def everyone(self) -> Iterator[Unit]:
        yield from self.units.values()
        for others in self.twins.values():
            yield from others

    def ask(
        self, number: int, function: int, data: bytes, framed: Framed, request: bytes, tcp: bool
    ) -> tuple[list[Piece] | tuple[Piece, ...], Effect]:
        """What goes over the line after a request: pieces of replies, and the effect on it."""
        self.requests += 1
        unit = self.units.get(number)
        if unit is None:
            if number == BROADCAST and not tcp:
                for one in self.everyone():
                    if one.takes_broadcast:
                        one.pdu(function, data)
            if not self.faults:
                return _NOTHING, HONEST
        if unit is not None and not (unit.faults or self.faults or self.twins):
            # Nobody is broken here: the usual way, as short as it can be.
            if self.strict_baud and not unit.hears(self.baud):
                return _NOTHING, HONEST
            unit.heard(function)
            pdu = unit.pdu(function, data)
            if pdu is None:
                return _NOTHING, HONEST
            self.answers += 1
            return (Piece(framed(pdu)),), HONEST
        return self._faulty(number, function, data, framed, request, tcp)

    def _faulty(
        self, number: int, function: int, data: bytes, framed: Framed, request: bytes, tcp: bool
    ) -> tuple[list[Piece], Effect]:
        ask = Ask(
            number,
            function,
            int.from_bytes(data[:2], "big"),
            int.from_bytes(data[2:4], "big"),
            request,
            tcp,
            self.baud,
            self.seconds(),
        )
        effect = self.faults.effect(ask)
        pieces: list[Piece] = []
        here = [one for one in (self.units.get(number), *self.twins.get(number, ())) if one]
        if self.strict_baud:
            here = [one for one in here if one.hears(self.baud)]
        for unit in here:
            unit.heard(function)
            own = effect if effect is not HONEST else unit.faults.effect(ask)
            got = self._one(unit, own, ask, data, framed)
            if got:
                self.answers += 1
                if unit.faults:
                    got = unit.faults.reply(got, ask)
            pieces = overlapped(pieces, got)
            if own is not HONEST:
                effect = own
        # A line's faults are asked even where nobody answers: an echo comes back all the same.
        return self.faults.reply(pieces, ask), effect

    @staticmethod
    def _one(unit: Unit, effect: Effect, ask: Ask, data: bytes, framed: Framed) -> list[Piece]:
        pdu: bytes | None = None
        if effect.exception:
            pdu = bytes([ask.function | 0x80, effect.exception])
        elif effect.pretend and ask.is_write:
            pdu = bytes([ask.function]) + data[:4]
        elif effect.execute:
            pdu = unit.pdu(ask.function, data)
        if pdu is None or not effect.reply:
            return []
        return [Piece(framed(pdu), 0.0 if effect.hold else effect.delay_s)]


def overlapped(first: list[Piece], second: list[Piece]) -> list[Piece]:
    """Two meters driving the bus at once: where their bytes meet, a zero wins; the longer one's
    tail stands alone."""
    if not first or not second:
        return first or second
    a = b"".join(piece.data for piece in first)
    b = b"".join(piece.data for piece in second)
    both = bytes(one & two for one, two in zip(a, b, strict=False))
    longer = a if len(a) > len(b) else b
    return [Piece(both + longer[len(both) :], first[0].delay_s)]
