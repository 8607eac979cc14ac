"""Faults of gateways: connections and how frames travel in them. They sit on a line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from .base import HONEST, Ask, Effect, Fault, Layer, Piece
from .registry import fault

_SILENT: Final = Effect(execute=False, reply=False)


@fault("tcp_reset", Layer.GATEWAY)
@dataclass(slots=True)
class TcpReset(Fault):
    """The next `number` requests are dropped together with their connection; `executed` if the
    meter got them first."""

    number: float = 1
    executed: bool = False

    def effect(self, ask: Ask) -> Effect:
        if self.number < 1:
            return HONEST
        self.number -= 1
        self.hit("connection dropped")
        return Effect(execute=self.executed, reply=False, hang_up=True)


@fault("half_open", Layer.GATEWAY)
@dataclass(slots=True)
class HalfOpen(Fault):
    """The connection stands and nothing comes through it any more."""

    def effect(self, ask: Ask) -> Effect:
        self.hit("swallowed")
        return _SILENT


@fault("max_clients", Layer.GATEWAY)
@dataclass(slots=True)
class MaxClients(Fault):
    """Takes `most` connections and drops the rest."""

    most: int = 1

    def admits(self, connections: int) -> bool:
        if connections < self.most:
            return True
        self.hit("connection refused")
        return False


@fault("slow_fifo", Layer.GATEWAY)
@dataclass(slots=True)
class SlowFifo(Fault):
    """Every request takes `delay_s`, one behind the other."""

    delay_s: float = 0.2

    def effect(self, ask: Ask) -> Effect:
        self.hit("queued")
        return Effect(delay_s=self.delay_s)


@fault("wrong_transaction", Layer.GATEWAY)
@dataclass(slots=True)
class WrongTransaction(Fault):
    """The next `number` replies carry another transaction id."""

    offset: int = 1
    number: float = 1

    def reply(self, pieces: list[Piece], ask: Ask) -> list[Piece]:
        if not ask.tcp or self.number < 1 or not pieces:
            return pieces
        self.number -= 1
        self.hit("transaction id")
        wrong = (int.from_bytes(ask.frame[:2], "big") + self.offset) & 0xFFFF
        for one in pieces:
            one.data = wrong.to_bytes(2, "big") + one.data[2:]
        return pieces


@fault("unit_habit", Layer.GATEWAY)
@dataclass(slots=True)
class UnitHabit(Fault):
    """Replies carry unit id 0 or 255, whoever was asked."""

    unit: int = 255

    def reply(self, pieces: list[Piece], ask: Ask) -> list[Piece]:
        if ask.tcp and pieces:
            self.hit(f"unit {self.unit}")
            for one in pieces:
                one.data = one.data[:6] + bytes([self.unit]) + one.data[7:]
        return pieces


@fault("out_of_order", Layer.GATEWAY)
@dataclass(slots=True)
class OutOfOrder(Fault):
    """Every second reply is overtaken by the one behind it."""

    by_s: float = 0.05
    turn: bool = field(default=False, init=False, repr=False)

    def reply(self, pieces: list[Piece], ask: Ask) -> list[Piece]:
        self.turn = not self.turn
        if self.turn and pieces:
            self.hit("overtaken")
            for one in pieces:
                one.delay_s += self.by_s
        return pieces


@fault("reboot", Layer.GATEWAY)
@dataclass(slots=True)
class Reboot(Fault):
    """The gateway starts anew: connections drop, and none is taken until it is over."""

    def effect(self, ask: Ask) -> Effect:
        self.hit("rebooting")
        return Effect(execute=False, reply=False, hang_up=True)

    def admits(self, connections: int) -> bool:
        self.hit("connection refused")
        return False


@fault("segmented", Layer.GATEWAY)
@dataclass(slots=True)
class Segmented(Fault):
    """Frames are cut over several packets of `size` bytes, `pause_s` apart."""

    size: int = 3
    pause_s: float = 0.005

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError("size must be 1 or more")

    def reply(self, pieces: list[Piece], ask: Ask) -> list[Piece]:
        data = b"".join(one.data for one in pieces)
        if not data:
            return pieces
        self.hit("cut")
        begin = pieces[0].delay_s
        return [
            Piece(data[at : at + self.size], begin + self.pause_s * (at // self.size))
            for at in range(0, len(data), self.size)
        ]


@fault("coalesced", Layer.GATEWAY)
@dataclass(slots=True)
class Coalesced(Fault):
    """Two frames in one packet: the reply before once more, and then the right one."""

    before: bytes = field(default=b"", init=False, repr=False)

    def reply(self, pieces: list[Piece], ask: Ask) -> list[Piece]:
        data = b"".join(one.data for one in pieces)
        if not data:
            return pieces
        before, self.before = self.before, data
        if before:
            self.hit("two in one")
        return [Piece(before + data, pieces[0].delay_s)]


@fault("repeated", Layer.GATEWAY)
@dataclass(slots=True)
class Repeated(Fault):
    """Replies come twice, the second time `after_s` later."""

    after_s: float = 0.02
    probability: float = 1.0

    def reply(self, pieces: list[Piece], ask: Ask) -> list[Piece]:
        if not pieces or self.chance.random() >= self.probability:
            return pieces
        self.hit("repeated")
        return [*pieces, *(Piece(one.data, one.delay_s + self.after_s) for one in pieces)]
