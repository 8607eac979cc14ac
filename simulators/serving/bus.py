"""A line of meters that do not speak Modbus: everybody hears every byte, and answers when meant.

Faults sit on the meters and on the line, as with Modbus. The protocols' ends tell nothing of whom a
request is for; `Node.concerns` finds it out, so that a silent meter has not acted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from ..faults.base import HONEST, Ask, Effect, Piece
from ..faults.sets import NO_FAULTS, FaultSet
from ..mapped import MappedMeter
from .line import overlapped

READ = 3
WRITE = 16
"""How a fault sees the request of any protocol: a read, or an order."""


class SerialEnd(Protocol):
    """A meter's end of a serial protocol (simulators.protocols)."""

    def feed(self, data: bytes) -> bytes: ...


@dataclass(slots=True)
class Node:
    """One meter on the bus."""

    meter: MappedMeter
    end: SerialEnd
    concerns: Callable[[bytes], bool]
    """Whether these bytes hold a request for it."""
    is_order: Callable[[bytes], bool]
    """Whether they ask it to change something."""


@dataclass(slots=True)
class SerialBus:
    """`streams.End` for many meters."""

    name: str
    nodes: list[Node] = field(default_factory=list)
    faults: FaultSet = NO_FAULTS
    baud: int = 2400
    seconds: Callable[[], float] = lambda: 0.0
    requests: int = 0
    answers: int = 0

    def everyone(self) -> Iterable[MappedMeter]:
        return (node.meter for node in self.nodes)

    def feed(self, data: bytes, now: float) -> list[Piece]:  # noqa: ARG002 - an End
        """Bytes on the bus; what the meters say to them."""
        self.requests += 1
        pieces: list[Piece] = []
        hang_up = False
        for node in self.nodes:
            got, effect = self._one(node, data)
            pieces = overlapped(pieces, got)
            hang_up = hang_up or effect.hang_up
        if self.faults:
            pieces = self.faults.reply(pieces, self._ask(data, READ))
        if hang_up:
            pieces.append(Piece(b"", 0.0, hang_up=True))
        return pieces

    def _one(self, node: Node, data: bytes) -> tuple[list[Piece], Effect]:
        meter, effect = node.meter, HONEST
        if meter.place.dark:
            return [], HONEST
        is_faulty = bool(meter.faults or self.faults)
        if is_faulty and node.concerns(data):
            ask = self._ask(data, WRITE if node.is_order(data) else READ)
            effect = self.faults.effect(ask)
            if effect is HONEST:
                effect = meter.faults.effect(ask)
            if not effect.execute or effect.exception or (effect.pretend and ask.is_write):
                return [], effect
        answer = node.end.feed(data)
        if answer:
            meter.heard(READ)
            self.answers += 1
        if not answer or not effect.reply:
            return [], effect
        pieces = [Piece(answer, effect.delay_s)]
        if meter.faults:
            pieces = meter.faults.reply(pieces, self._ask(data, READ))
        return pieces, effect

    def _ask(self, data: bytes, function: int) -> Ask:
        return Ask(0, function, frame=data, baud=self.baud, at=self.seconds())
