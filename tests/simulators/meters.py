"""Stand-ins of mapped models for tests: a meter, its clock, and requests as they go on the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from drivers.maps.codec import decode, encode
from drivers.maps.model import MeterMap, Table
from drivers.maps.reading import shipped_map
from meters.readings import Value
from simulators.loads import PER_UNIT, Draw, Use
from simulators.mapped import MappedMeter
from simulators.premises import Premises, Switch
from simulators.serving.line import Line
from simulators.serving.rtu import RtuEnd, frame

NOON = 1_772_364_600  # a Sunday in March 2026
_READS = {Table.INPUT: 4, Table.HOLDING: 3}


@dataclass
class Seconds:
    """A clock in seconds since 1970 that a test moves."""

    now: float = float(NOON)

    def __call__(self) -> float:
        return self.now


@dataclass
class Bench:
    """One meter on a bench."""

    map: MeterMap
    clock: Seconds
    meter: MappedMeter
    line: Line = field(default_factory=lambda: Line("bench"))

    def ask(self, function: int, *words: int) -> bytes:
        """A request of 16-bit fields, as a PDU; the reply."""
        reply = self.meter.pdu(function, b"".join(word.to_bytes(2, "big") for word in words))
        assert reply is not None
        return reply

    def read(self, name: str) -> Value:
        """A register's value over the wire, by a request for it alone."""
        register = self.map.registers[name]
        assert isinstance(register.addr, int)
        size = self.meter.layout.items[name].words
        reply = self.ask(_READS[register.table], register.addr, size)
        assert reply[0] < 0x80, f"{name}: exception {reply[1]}"
        factor = self.meter.factor(register)[1]
        return decode(register, reply[2:], factor)

    def write(self, name: str, value: Value, function: int = 16) -> bytes:
        """Write one register; the reply."""
        register = self.map.registers[name]
        assert isinstance(register.addr, int)
        raw = encode(register, value)
        head = register.addr.to_bytes(2, "big")
        if function == 16:
            head += (len(raw) // 2).to_bytes(2, "big") + bytes([len(raw)])
        reply = self.meter.pdu(function, head + raw)
        assert reply is not None
        return reply

    def number(self, name: str) -> Decimal:
        value = self.read(name)
        assert isinstance(value, Decimal), value
        return value


def bench(
    model: str | MeterMap = "eastron-sdm120",
    *,
    size: int = 3600,
    use: Use = Use.FLAT,
    credit: int | None = None,
    travel_s: int = 0,
    **more: Any,
) -> Bench:
    """A meter whose household draws `size` W (litres an hour) all the time."""
    meter_map = shipped_map(model) if isinstance(model, str) else model
    clock = Seconds()
    place = Premises(Draw(5, use, size, NOON - NOON % 86400), NOON, Switch(travel_s=travel_s))
    place.forward = 1000 * 1000 * PER_UNIT
    place.balance = None if credit is None else credit * PER_UNIT
    meter = MappedMeter(meter_map, place, clock, seed=5, **more)
    made = Bench(meter_map, clock, meter)
    made.line.seconds = clock
    made.line.place(meter.unit, meter)
    return made


def on_line(made: Bench, unit: int, pdu: bytes, now: float = 100.0) -> bytes:
    """A PDU through the RTU end of the bench's line: all bytes that come back."""
    pieces = RtuEnd(made.line).feed(frame(unit, pdu), now)
    return b"".join(piece.data for piece in pieces)
