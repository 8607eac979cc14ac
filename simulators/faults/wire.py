"""Faults of the wire: what becomes of the bytes of a reply between the meter and the master.

Behind a Modbus TCP gateway nobody sees a spoiled frame: the gateway finds the check sum wrong and
says that the meter did not answer (exception 0B), and so do these.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from ..serving.crc import crc
from .base import Ask, Fault, Layer, Piece
from .registry import fault

_NO_RESPONSE: Final = 0x0B


def gateway_gave_up(ask: Ask) -> list[Piece]:
    """What a Modbus TCP gateway says when the meter's reply was spoiled."""
    head = ask.frame[:4] + (3).to_bytes(2, "big") + ask.frame[6:7]
    return [Piece(head + bytes([ask.function | 0x80, _NO_RESPONSE]))]


def with_errors(data: bytes, rate: float, burst: int, chance: random.Random) -> bytes:
    """Each bit turned over with this probability, and those behind it in a burst."""
    spoiled = bytearray(data)
    place = 0
    while place < 8 * len(spoiled):
        if chance.random() < rate:
            for bit in range(place, min(place + burst, 8 * len(spoiled))):
                spoiled[bit // 8] ^= 1 << bit % 8
            place += burst
        place += 1
    return bytes(spoiled)


def _probability(value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError("a probability is between 0 and 1")


@fault("bit_noise", Layer.WIRE)
@dataclass(slots=True)
class BitNoise(Fault):
    """Bits turn over, `rate` of them, `burst` in a row."""

    rate: float = 1e-3
    burst: int = 1

    def __post_init__(self) -> None:
        _probability(self.rate)

    def rate_at(self, baud: int) -> float:
        """The rate at a line's speed."""
        return self.rate

    def reply(self, pieces: list[Piece], ask: Ask) -> list[Piece]:
        spoiled = [
            Piece(
                with_errors(one.data, self.rate_at(ask.baud), self.burst, self.chance), one.delay_s
            )
            for one in pieces
        ]
        if all(new.data == old.data for new, old in zip(spoiled, pieces, strict=True)):
            return pieces
        self.hit("bits turned over")
        return gateway_gave_up(ask) if ask.tcp else spoiled


@fault("missing_termination", Layer.WIRE)
@dataclass(slots=True)
class MissingTermination(BitNoise):
    """No resistors at the ends, or a star instead of a line: errors grow with the square of the
    speed; `rate` is that at 9600 baud."""

    rate: float = 2e-4

    def rate_at(self, baud: int) -> float:
        return min(1.0, self.rate * (baud / 9600) ** 2)


@fault("junk", Layer.WIRE)
@dataclass(slots=True)
class Junk(Fault):
    """Bytes before or after a reply that belong to nobody: the driver turning round, no bias."""

    before: str = "00"
    after: str = ""
    """Both in hex."""
    probability: float = 1.0

    def __post_init__(self) -> None:
        bytes.fromhex(self.before + self.after)
        _probability(self.probability)

    def reply(self, pieces: list[Piece], ask: Ask) -> list[Piece]:
        if ask.tcp or not pieces or self.chance.random() >= self.probability:
            return pieces
        self.hit("junk around the reply")
        first, last = pieces[0], pieces[-1]
        first.data = bytes.fromhex(self.before) + first.data
        last.data += bytes.fromhex(self.after)
        return pieces


@fault("echo", Layer.WIRE)
@dataclass(slots=True)
class Echo(Fault):
    """A half-duplex adapter hears itself: the request comes back before the reply."""

    def reply(self, pieces: list[Piece], ask: Ask) -> list[Piece]:
        if ask.tcp:
            return pieces
        self.hit("echo")
        return [Piece(ask.frame), *pieces]


@fault("truncated", Layer.WIRE)
@dataclass(slots=True)
class Truncated(Fault):
    """Replies end after `size` bytes."""

    size: int = 4
    probability: float = 1.0

    def reply(self, pieces: list[Piece], ask: Ask) -> list[Piece]:
        data = b"".join(one.data for one in pieces)
        if len(data) <= self.size or self.chance.random() >= self.probability:
            return pieces
        self.hit("truncated")
        return gateway_gave_up(ask) if ask.tcp else [Piece(data[: self.size], pieces[0].delay_s)]


@fault("gap", Layer.WIRE)
@dataclass(slots=True)
class Gap(Fault):
    """A reply pauses after `size` bytes, as USB adapters and gateways make it."""

    size: int = 4
    pause_s: float = 0.03

    def reply(self, pieces: list[Piece], ask: Ask) -> list[Piece]:
        parted: list[Piece] = []
        for one in pieces:
            if len(one.data) <= self.size:
                parted.append(one)
                continue
            self.hit("paused")
            parted.append(Piece(one.data[: self.size], one.delay_s))
            parted.append(Piece(one.data[self.size :], one.delay_s + self.pause_s, one.hang_up))
        return parted


@fault("jabber", Layer.WIRE)
@dataclass(slots=True)
class Jabber(Fault):
    """One node never lets go of the bus: garbage all the time, or the zeros of a break."""

    jams = True
    every_s: float = 0.02
    size: int = 16
    byte: str = ""
    """In hex, to say the same all the time; random bytes otherwise."""

    def chatter(self) -> Piece | None:
        data = bytes.fromhex(self.byte) * self.size if self.byte else self._noise(self.size)
        return Piece(data, self.every_s)

    def reply(self, pieces: list[Piece], ask: Ask) -> list[Piece]:
        self.hit("jabbered over a reply")
        if ask.tcp:
            return gateway_gave_up(ask)
        return [Piece(self._noise(len(one.data)), one.delay_s) for one in pieces]

    def _noise(self, size: int) -> bytes:
        return self.chance.randbytes(size)


@fault("wrong_baud", Layer.WIRE)
@dataclass(slots=True)
class WrongBaud(Fault):
    """The meter is set to another speed or parity: what it says comes as garbage, of another
    length too."""

    ratio: float = 2.0
    """The meter's speed over the master's."""

    def reply(self, pieces: list[Piece], ask: Ask) -> list[Piece]:
        if not pieces:
            return pieces
        self.hit("garbled")
        if ask.tcp:
            return gateway_gave_up(ask)
        size = max(1, round(sum(len(one.data) for one in pieces) / self.ratio))
        return [Piece(self.chance.randbytes(size), pieces[0].delay_s)]


@fault("collision", Layer.WIRE)
@dataclass(slots=True)
class Collision(Fault):
    """A second meter has the same id: both answer at once (`merge`), or one behind the other
    (`append`). The other one's values are made up; its check sum is right."""

    how: str = "merge"

    def __post_init__(self) -> None:
        if self.how not in ("merge", "append"):
            raise ValueError("how must be merge or append")

    def reply(self, pieces: list[Piece], ask: Ask) -> list[Piece]:
        mine = b"".join(one.data for one in pieces)
        if ask.tcp or len(mine) < 6:
            return gateway_gave_up(ask) if ask.tcp and pieces else pieces
        self.hit(self.how)
        body = mine[:3] + self.chance.randbytes(len(mine) - 5)
        other = body + crc(body)
        if self.how == "append":
            return [Piece(mine + other, pieces[0].delay_s)]
        both = bytes(a & b for a, b in zip(mine, other, strict=True))
        return [Piece(both, pieces[0].delay_s)]
