"""Faults of the meter: whether, when and how it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..serving.crc import crc
from .base import HONEST, Ask, Effect, Fault, Layer, Piece
from .registry import fault

_READS: Final = frozenset({1, 2, 3, 4})
_SILENT: Final = Effect(execute=False, reply=False)


@fault("late", Layer.METER)
@dataclass(slots=True)
class Late(Fault):
    """The next `number` replies come `by_s` seconds after the request, behind the master's
    time-out if that is shorter; the line goes on meanwhile."""

    by_s: float = 0.6
    jitter_s: float = 0.0
    number: float = float("inf")

    def effect(self, ask: Ask) -> Effect:
        if self.number < 1:
            return HONEST
        self.number -= 1
        self.hit("late")
        return Effect(delay_s=self.by_s + self.chance.random() * self.jitter_s, hold=False)


@fault("exception", Layer.METER)
@dataclass(slots=True)
class Exceptions(Fault):
    """Requests that touch registers `first` to `last` are answered with a Modbus exception: 1 to 4,
    6 (busy), 10 and 11 (from a gateway)."""

    code: int = 6
    number: float = float("inf")
    first: int = 0
    last: int = 0xFFFF
    functions: Sequence[Any] = ()
    """Only these; all if empty."""

    def effect(self, ask: Ask) -> Effect:
        last = ask.addr + max(1, ask.count if ask.function not in (5, 6) else 1) - 1
        misses = last < self.first or ask.addr > self.last
        if self.number < 1 or misses or (self.functions and ask.function not in self.functions):
            return HONEST
        self.number -= 1
        self.hit(f"exception {self.code:02d}")
        return Effect(exception=self.code)


@fault("strict_block", Layer.METER)
@dataclass(slots=True)
class StrictBlock(Fault):
    """Refuses to read more than `most` registers, odd counts if `even`, and across `edge`."""

    most: int = 60
    even: bool = False
    edge: int = -1
    code: int = 3

    def effect(self, ask: Ask) -> Effect:
        if ask.function not in _READS:
            return HONEST
        odd = self.even and (ask.count % 2 == 1 or ask.addr % 2 == 1)
        across = ask.addr < self.edge < ask.addr + ask.count
        if ask.count <= self.most and not odd and not across:
            return HONEST
        self.hit("block refused")
        return Effect(exception=self.code)


@fault("ignores_function", Layer.METER)
@dataclass(slots=True)
class IgnoresFunction(Fault):
    """Does not know these functions: says nothing, or exception 01 if `says_so`. A broadcast is
    ignored by a meter with `functions` 6 and 16 as well."""

    functions: Sequence[Any] = (6,)
    says_so: bool = False

    def effect(self, ask: Ask) -> Effect:
        if ask.function not in self.functions:
            return HONEST
        self.hit(f"function {ask.function} ignored")
        return Effect(exception=1) if self.says_so else _SILENT


@fault("write_ignored", Layer.METER)
@dataclass(slots=True)
class WriteIgnored(Fault):
    """Writes are acknowledged and do nothing: locked, or it would take a restart."""

    number: float = float("inf")

    def effect(self, ask: Ask) -> Effect:
        if not ask.is_write or self.number < 1:
            return HONEST
        self.number -= 1
        self.hit("write acknowledged, not done")
        return Effect(pretend=True)


@fault("two_byte_count", Layer.METER)
@dataclass(slots=True)
class TwoByteCount(Fault):
    """Replies to reads carry a byte count of two bytes, with a check sum that fits."""

    def reply(self, pieces: list[Piece], ask: Ask) -> list[Piece]:
        if ask.function not in _READS or ask.tcp:
            return pieces
        self.hit("two bytes of count")
        return [Piece(_counted_twice(one.data), one.delay_s) for one in pieces]


def _counted_twice(data: bytes) -> bytes:
    if len(data) < 6 or data[1] & 0x80:
        return data
    body = data[:2] + b"\0" + data[2:-2]
    return body + crc(body)


@fault("wrong_id", Layer.METER)
@dataclass(slots=True)
class WrongId(Fault):
    """Replies carry the id of somebody else."""

    unit: int = 99

    def reply(self, pieces: list[Piece], ask: Ask) -> list[Piece]:
        if pieces:
            self.hit(f"answered as {self.unit}")
        return [Piece(self._renamed(one.data, ask), one.delay_s) for one in pieces]

    def _renamed(self, data: bytes, ask: Ask) -> bytes:
        if ask.tcp:
            return data[:6] + bytes([self.unit]) + data[7:]
        body = bytes([self.unit]) + data[1:-2]
        return body + crc(body)


@fault("restarting", Layer.METER)
@dataclass(slots=True)
class Restarting(Fault):
    """The meter is starting anew and says nothing until it is done; settings that waited for a
    restart hold from then on."""

    restarts = True

    def effect(self, ask: Ask) -> Effect:
        self.hit("starting")
        return _SILENT
