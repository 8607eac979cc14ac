"""What a fault is: a small class with parameters and a seed, one row in the registry.

    @fault("bit_noise", Layer.WIRE)
    @dataclass(slots=True)
    class BitNoise(Fault):
        \"\"\"Bits of replies turn over.\"\"\"
        rate: float = 1e-4

        def reply(self, pieces, ask): ...

It overrides only the hooks it needs. Parameters are the dataclass's fields (registry.py reads
them). Whatever a fault does at random comes from its own generator, seeded with what it was told
and its target's name.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import ClassVar, Final

from drivers.maps.model import Register
from meters.readings import Value

from ..premises import Premises
from ..trouble import NO_TROUBLE, Trouble


class Layer(Enum):
    """Where a fault strikes. WIRE faults sit on a meter or on a whole line, GATEWAY faults on a
    line, all others on meters (each meter of the target has its own)."""

    WIRE = "wire"
    METER = "meter"
    DATA = "data"
    TIME = "time"
    PREPAID = "prepaid"
    GATEWAY = "gateway"
    SITE = "site"
    TAMPER = "tamper"


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens to one request. The default is an honest meter."""

    execute: bool = True
    reply: bool = True
    hang_up: bool = False
    """Drop the connection instead of replying."""
    delay_s: float = 0.0
    """Real seconds between executing and replying."""
    hold: bool = True
    """Whether the delay holds up the requests behind it; a late reply does not."""
    exception: int = 0
    """Answer with this Modbus exception; nothing is executed."""
    pretend: bool = False
    """A write is acknowledged and not executed."""


HONEST: Final = Effect()


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as a fault sees it. The frame has no repr: it may carry a token."""

    unit: int
    function: int
    addr: int = 0
    count: int = 0
    frame: bytes = field(default=b"", repr=False)
    tcp: bool = False
    """Modbus TCP, with a header and without check sum."""
    baud: int = 9600
    at: float = 0.0
    """Seconds since 1970 on the world's clock."""

    @property
    def is_write(self) -> bool:
        return self.function in (5, 6, 15, 16)


@dataclass(slots=True)
class Piece:
    """Bytes that go out so many real seconds after the request was dealt with."""

    data: bytes
    delay_s: float = 0.0
    hang_up: bool = False


Hit = Callable[[str], None]
"""Tells the log that the fault struck, and how."""


@dataclass(slots=True)
class Fault:
    """An honest meter on a clean line: every hook leaves things as they are."""

    name: ClassVar[str] = ""
    layer: ClassVar[Layer] = Layer.METER
    restarts: ClassVar[bool] = False
    """Whether the meter starts anew when it is over."""
    jams: ClassVar[bool] = False
    """Whether a meter that has it spoils its line for everybody there."""
    chance: random.Random = field(init=False, repr=False, compare=False)
    hit: Hit = field(init=False, repr=False, compare=False)

    def bind(self, seed: str, hit: Hit = lambda _: None) -> None:
        """Give it a seed and a log."""
        self.chance = random.Random(f"{seed} {self.name}")  # noqa: S311 - not for secrets
        self.hit = hit

    def begin(self, place: Premises, now: int) -> None:
        """It starts at a meter's premises."""
        if (trouble := self.trouble()) != NO_TROUBLE:
            place.suffer(self, trouble, now)
            self.hit("began")

    def end(self, place: Premises, now: int) -> None:
        """It is over: its trouble is gone, and that of other faults stays."""
        place.recover(self, now)

    def trouble(self) -> Trouble:
        """What it makes of a meter's premises as long as it lasts."""
        return NO_TROUBLE

    def lingers(self, order: int) -> float:
        """How many seconds longer it lasts at the target's meter number `order` (from 0)."""
        return 0.0

    def effect(self, ask: Ask) -> Effect:
        """Of a request for this meter."""
        return HONEST

    def reply(self, pieces: list[Piece], ask: Ask) -> list[Piece]:
        """What becomes of the bytes of a reply on the wire."""
        return pieces

    def value(self, register: Register, value: Value | None, now: int) -> Value | None:
        """A register's value before it is encoded."""
        return value

    def raw(self, register: Register, raw: bytes, now: int) -> bytes:
        """A register's bytes as they would go out."""
        return raw

    def said(self, name: str, text: str) -> str:
        """An object of function 43, by the standard's name, before it goes out."""
        return text

    def clock(self, now: datetime) -> datetime:
        """What the meter's clock shows when it should show `now`."""
        return now

    def judged(self, digits: str) -> int | None:
        """The result (meters.verdicts.TokenResult) shown for a token in place of judging it;
        None to judge it."""
        return None

    def chatter(self) -> Piece | None:
        """Bytes that come on the line unasked, and the pause until the next; None: none."""
        return None

    def admits(self, connections: int) -> bool:
        """Whether a gateway takes one more connection beside so many."""
        return True
