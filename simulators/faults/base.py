"""What a fault is: a small class with parameters and a seed, one row in the registry.

    @fault("bit_noise", Layer.WIRE)
    @dataclass(slots=True)
    class BitNoise(Fault):
        \"\"\"Bits of replies turn over.\"\"\"
        rate: float = 1e-4

        def reply(self, pieces, ask): ...

It overrides only the hooks it needs. Parameters are the dataclass's fields; `make` reads them from
text or numbers, times as `350ms`, `2s`, `5m`, `1h`. Whatever a fault does at random comes from
its own generator, seeded with what it was told and its target's name.
"""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar, Final, TypeVar, get_type_hints

from drivers.maps.model import Register
from meters.errors import Invalid
from meters.readings import Value

from ..premises import Premises


@dataclass(eq=False)
class FaultInvalid(Invalid, code="simulator.fault_invalid"):
    """No fault of this name, or its number makes no sense."""

    fault: str
    problem: str


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
    chance: random.Random = field(init=False, repr=False, compare=False)
    hit: Hit = field(init=False, repr=False, compare=False)

    def bind(self, seed: str, hit: Hit = lambda _: None) -> None:
        """Give it a seed and a log."""
        self.chance = random.Random(f"{seed} {self.name}")  # noqa: S311 - not for secrets
        self.hit = hit

    def begin(self, place: Premises, now: int) -> None:
        """It starts at a meter's premises."""

    def end(self, place: Premises, now: int) -> None:
        """It is over: put things right, where they come right by themselves."""

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


HOOKS: Final = ("effect", "reply", "value", "raw", "clock", "judged", "chatter", "admits")


class FaultSet:
    """The faults of one meter or line, by hook, so that asking costs nothing where none is."""

    __slots__ = ("_by_hook", "all")

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self.all: tuple[Fault, ...] = tuple(faults)
        self._by_hook = {
            hook: tuple(
                one for one in self.all if getattr(type(one), hook) is not getattr(Fault, hook)
            )
            for hook in HOOKS
        }

    def __bool__(self) -> bool:
        return bool(self.all)

    def plus(self, fault: Fault) -> FaultSet:
        return FaultSet((*self.all, fault))

    def minus(self, fault: Fault) -> FaultSet:
        return FaultSet(one for one in self.all if one is not fault)

    def of(self, hook: str) -> tuple[Fault, ...]:
        """Those that have something to say at this hook."""
        return self._by_hook[hook]

    def effect(self, ask: Ask) -> Effect:
        """The first effect that is not honest."""
        for one in self._by_hook["effect"]:
            effect = one.effect(ask)
            if effect is not HONEST:
                return effect
        return HONEST

    def reply(self, pieces: list[Piece], ask: Ask) -> list[Piece]:
        """Through all of them, one after the other."""
        for one in self._by_hook["reply"]:
            pieces = one.reply(pieces, ask)
        return pieces

    def clock(self, now: datetime) -> datetime:
        for one in self._by_hook["clock"]:
            now = one.clock(now)
        return now


NO_FAULTS: Final = FaultSet()

FAULTS: Final[dict[str, type[Fault]]] = {}
"""Every fault there is, by name."""

_F = TypeVar("_F", bound=type[Fault])


def fault(name: str, layer: Layer) -> Callable[[_F], _F]:
    """Registers a fault class."""

    def register(kind: _F) -> _F:
        assert name not in FAULTS, name
        kind.name, kind.layer = name, layer
        FAULTS[name] = kind
        return kind

    return register


_TIME: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_SECONDS: Final = {
    "ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600),
    "d": Decimal(86400),
}  # fmt: skip


def seconds(text: str) -> float:
    """`350ms`, `2s`, `5m`, `1h30m` as seconds. Raises ValueError."""
    rest = text.strip().removeprefix("-")
    if not rest or _TIME.sub("", rest):
        raise ValueError(text)
    total = sum(Decimal(number) * _SECONDS[unit] for number, unit in _TIME.findall(rest))
    return float(-total if text.strip().startswith("-") else total)


def make(name: str, parameters: Mapping[str, object]) -> Fault:
    """A fresh fault. Raises FaultInvalid for an unknown name or parameter, or a value that its
    type cannot mean."""
    if name not in FAULTS:
        raise FaultInvalid(name[:40], f"one of {', '.join(sorted(FAULTS))}")
    kind = FAULTS[name]
    hints = get_type_hints(kind)
    known = {one.name: hints[one.name] for one in dataclasses.fields(kind) if one.init}
    values: dict[str, Any] = {}
    for key, value in parameters.items():
        if key not in known:
            raise FaultInvalid(name, f"has no {key[:40]}; it takes {', '.join(known) or 'none'}")
        try:
            values[key] = _read(known[key], key, value)
        except (ValueError, TypeError):
            raise FaultInvalid(name, f"{key} cannot be {str(value)[:40]}") from None
    try:
        return kind(**values)
    except ValueError as error:
        raise FaultInvalid(name, str(error)) from None


def _read(kind: Any, key: str, value: object) -> object:
    if kind is bool:
        if not isinstance(value, bool):
            raise TypeError
        return value
    if isinstance(value, bool):
        raise TypeError
    if kind is float:
        if key.endswith("_s") and isinstance(value, str):
            return seconds(value)
        return float(str(value))
    if kind is int:
        return value if isinstance(value, int) else int(str(value), 0)
    if kind is str:
        return str(value)
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise TypeError
    return tuple(value)


def matches(pattern: str, register: Register) -> bool:
    """Whether a fault is about this register: its name, `prefix.*`, or `*` for every one."""
    if pattern.endswith("*"):
        return register.name.startswith(pattern[:-1])
    return register.name == pattern
