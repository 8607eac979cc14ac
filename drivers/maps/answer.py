"""One request and its reply, for drivers that know their meter's map by heart and want plain
numbers instead of readings: made once, asked many times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from meters.readings import Value

from .codec import NoValue, decode, number
from .errors import MapInvalid, RegisterContent
from .model import MeterMap, Register, Table

_Place = tuple[Register, slice]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came for a form. Methods raise KeyError for a register that it does not ask for,
    RegisterContent for nonsense."""

    places: Mapping[str, _Place] = field(repr=False)
    data: bytes = field(repr=False)

    def integer(self, name: str) -> int:
        """A whole number; of a register with an enum, its number, whether it has a word or not."""
        register, place = self.places[name]
        value = number(register, self.data[place])
        whole = int(value)
        if value != whole:
            raise RegisterContent(name, "not a whole number")
        return whole

    def text(self, name: str) -> str:
        """A text, or the enum's word."""
        value = self._value(name)
        if not isinstance(value, str):
            problem = "a number without a meaning" if isinstance(value, Decimal) else "not a text"
            raise RegisterContent(name, problem)
        return value

    def flags(self, name: str) -> frozenset[str]:
        """Names of bits that are set, all of which the map must know."""
        value = self._value(name)
        if not isinstance(value, frozenset):
            raise RegisterContent(name, "not bits")
        if not value.issubset(self.places[name][0].bits.values()):
            raise RegisterContent(name, "bits without a meaning")
        return value

    def _value(self, name: str) -> Value:
        register, place = self.places[name]
        try:
            return decode(register, self.data[place])
        except NoValue:
            raise RegisterContent(name, "no value") from None


@dataclass(frozen=True, slots=True)
class Form:
    """A stretch of one table that a single request reads, so that nothing in it is torn."""

    table: Table
    addr: int
    count: int
    places: Mapping[str, _Place]

    def answer(self, data: bytes) -> Answer:
        """The reply, two bytes for each register. Raises RegisterContent if it is short or
        long."""
        if len(data) != 2 * self.count:
            place = f"{self.table.value}@{self.addr:#06x}"
            raise RegisterContent(place, f"{len(data)} bytes for {self.count} registers")
        return Answer(self.places, data)


def form(meter_map: MeterMap, names: Iterable[str]) -> Form:
    """One request for all of `names` (repeats whole), whatever lies between them. Raises MapInvalid
    if they do not lie close enough together, or cannot be read."""
    registers = [meter_map.registers[full] for name in names for full in meter_map.names(name)]
    tables = {register.table for register in registers}
    first = min(register.span[0] for register in registers)
    count = max(register.span[-1] for register in registers) + 1 - first
    unreadable = [register.name for register in registers if not register.access.readable]
    if len(tables) != 1 or count > meter_map.limits.max_registers or unreadable:
        place = ", ".join(unreadable) or f"{first:#06x}..{first + count - 1:#06x}"
        raise MapInvalid(meter_map.id, place, "one request cannot read these together")
    places = {
        register.name: (
            register,
            slice(2 * (register.span[0] - first), 2 * (register.span[-1] + 1 - first)),
        )
        for register in registers
    }
    return Form(tables.pop(), first, count, places)
