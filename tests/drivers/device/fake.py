"""A Link without a line: a meter made of a register map and a table of values, which does what it
is told and fails as it is told. The fake of the device contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from drivers.conversation import Send, Witness
from drivers.lines import Declined, LineDown, NoReply
from drivers.link import Fetched, Priority
from drivers.maps.codec import decode, encode
from drivers.maps.model import MeterMap, Register
from meters.readings import Value

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


class Clock:
    """A clock that a test moves, and that pauses move."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now
        self.pauses: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += timedelta(seconds=seconds)


Reaction = Callable[["FakeMeter", Value], None]


@dataclass
class FakeMeter:
    """What it keeps, by register name; what follows a write, by register name."""

    map: MeterMap
    values: dict[str, Value]
    reactions: dict[str, Reaction] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    """Instead of the value, why it cannot be had."""
    raw: dict[str, bytes] = field(default_factory=dict)
    """Instead of the value, these bytes."""
    writes: list[tuple[str, Value]] = field(default_factory=list)
    """Everything that arrived."""


@dataclass
class Trouble:
    """What goes wrong on the way. Each counts down."""

    lost_replies: int = 0
    """Writes that arrive and are not answered."""
    lost_writes: int = 0
    """Writes that do not arrive."""
    down: bool = False
    silent: bool = False
    refusal: tuple[str, bool] | None = None
    """The next write is refused: reason, nothing happened."""


class FakeLink:
    """A `drivers.link.Link`."""

    def __init__(self, units: Mapping[int, FakeMeter], unit: int, trouble: Trouble) -> None:
        self._units = units
        self._unit = unit
        self.trouble = trouble
        self.fetches: list[list[str]] = []
        self.closed = False

    @property
    def address(self) -> str:
        return f"fake unit {self._unit}"

    def fetch(
        self, registers: Sequence[Register], priority: Priority, witness: Witness | None = None
    ) -> Mapping[str, Fetched]:
        if self.trouble.down:
            raise LineDown(self.address, "no connection")
        self.fetches.append([register.name for register in registers])
        meter = self._units.get(self._unit)
        if meter is None or self.trouble.silent:
            return {register.name: Fetched(b"", "timeout", 0.3) for register in registers}
        if witness is not None:
            witness.sent(Send(b"\x01\x03"))
            witness.received(b"\x01\x03\x00")
        return {register.name: self._one(meter, register) for register in registers}

    def put(
        self,
        register: Register,
        raw: bytes,
        priority: Priority,
        witness: Witness | None = None,
        extra: Mapping[str, bytes] | None = None,
    ) -> None:
        if self.trouble.down:
            raise LineDown(self.address, "no connection")
        secret = ((2, 2 + len(raw)),) if register.kind.value == "credit" else ()
        if witness is not None:
            witness.sent(Send(b"\x01\x10" + raw, secret))
        meter = self._units.get(self._unit)
        if meter is None or self.trouble.silent:
            raise NoReply(self.address, str(self._unit), "timeout")
        if self.trouble.refusal is not None:
            (reason, nothing), self.trouble.refusal = self.trouble.refusal, None
            raise Declined(str(self._unit), "16", reason, nothing, False)
        if self.trouble.lost_writes:
            self.trouble.lost_writes -= 1
            raise NoReply(self.address, str(self._unit), "timeout")
        value = decode(register, raw)
        meter.writes.append((register.name, value))
        if register.name in meter.reactions:
            meter.reactions[register.name](meter, value)
        else:
            meter.values[register.name] = value
        if self.trouble.lost_replies:
            self.trouble.lost_replies -= 1
            raise NoReply(self.address, str(self._unit), "timeout")
        if witness is not None:
            witness.received(b"\x01\x10")

    def who(self, method: str, name: str) -> str:
        raise Declined(str(self._unit), "43", "exception_1", True, True)

    def close(self) -> None:
        self.closed = True

    def _one(self, meter: FakeMeter, register: Register) -> Fetched:
        if register.name in meter.problems:
            return Fetched(b"", meter.problems[register.name], 0.02)
        if register.name in meter.raw:
            return Fetched(meter.raw[register.name], "", 0.02)
        if register.name not in meter.values:
            return Fetched(b"", "exception_2", 0.02)
        return Fetched(encode(register, meter.values[register.name]), "", 0.02)


def plain_values() -> dict[str, Value]:
    """A healthy meter of `models.made_up`, drawing 1 kW."""
    return {
        "meter.code": Decimal(0x20),
        "meter.serial": Decimal(12345678),
        "meter.unit_id": Decimal(7),
        "line.baud": "9600",
        "demand.period": Decimal(15),
        "voltage.l1n": Decimal("230.2"),
        "current.l1": Decimal("4.5"),
        "power.active": Decimal(1000),
        "power.apparent": Decimal(1036),
        "energy.active.import": Decimal("1234.56"),
        "clock": datetime(2026, 3, 1, 8, 0),  # noqa: DTZ001
        "supply.output": "on",
        "account.purchase_count": Decimal(4),
        "account.balance": Decimal("12.34"),
        "flag.cover": Decimal(0),
        "meter.status": frozenset({"magnet"}),
    }
