"""A register map made ready to be answered from: what lies where, worked out once per model and
shared by every meter of it."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from typing import Final

from drivers.maps.codec import encode
from drivers.maps.errors import RegisterContent
from drivers.maps.model import Access, Kind, MeterMap, Register, Table
from drivers.maps.types import NUMERIC, Family, parse_type
from meters.account import Commodity
from meters.readings import Value

from .modbus_errors import Exceptional, ModbusError
from .named import is_named
from .quantities import Quantity, quantity, unit_size
from .quirks import Quirks, quirks_of
from .variants import as_variant

READS: Final = {1: Table.COIL, 2: Table.DISCRETE, 3: Table.HOLDING, 4: Table.INPUT}
_OTHER: Final = {Table.INPUT: Table.HOLDING, Table.HOLDING: Table.INPUT}
_NAN: Final = bytes.fromhex("7fc00000")
_MOST_BITS: Final = 2000
_MOST_BLOCKS: Final = 512
WRITABLE: Final = frozenset({Access.WRITE, Access.BOTH, Access.GUARDED})

# The names that a behaviour of a map means.
_ALIASES: Final[Mapping[tuple[str, str], str]] = {
    ("integral", "power.active"): "energy.active.import",
    ("integral", "flow"): "volume.forward",
    ("flow", ""): "flow",
    ("clock", ""): "clock",
    ("supply", ""): "supply.state",
    ("balance", ""): "account.balance",
    ("serial", ""): "meter.serial",
    ("unit_id", ""): "meter.unit_id",
    ("flags", ""): "flags",
    ("stored", ""): "stored",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One register, ready: what its value follows from, and how fine it is."""

    register: Register
    follows: str
    """The canonical name of what it shows; `const`, `stored`, `flags` besides."""
    const: Value | None
    words: int
    """Registers it takes; 0 for what has no fixed size."""
    grain: Decimal | None
    """Its smallest step in its unit; None where the type has no grain."""
    measures: Quantity | None
    """The quantity it shows, where that and its unit are all there is to know."""
    size: Decimal | None
    """What that is divided by to come into its unit."""

    @property
    def addresses(self) -> range:
        assert isinstance(self.register.addr, int)
        return range(self.register.addr, self.register.addr + self.words)


Block = tuple[tuple[Item, int], ...]
"""Items, and their offsets in words within a read (negative if it begins in their middle)."""


@dataclass(slots=True)
class Layout:
    """A model, ready. Addresses are 0-based wire addresses."""

    map: MeterMap
    items: Mapping[str, Item]
    by_table: Mapping[Table, tuple[Item, ...]]
    phases: int
    is_water: bool
    quirks: Quirks
    holes: bool
    """Whether addresses without a register read as zero inside a block."""
    _blocks: dict[tuple[int, bytes], Block | ModbusError] = field(default_factory=dict)

    def block(self, function: int, data: bytes) -> Block:
        """What a read request touches. Raises Exceptional where this model refuses it."""
        key = (function, data)
        found = self._blocks.get(key)
        if found is None:
            if len(self._blocks) > _MOST_BLOCKS:
                self._blocks.clear()
            found = self._blocks[key] = self._checked(function, data)
        if isinstance(found, ModbusError):
            raise Exceptional(found)
        return found

    def _checked(self, function: int, data: bytes) -> Block | ModbusError:
        if function not in self.quirks.read_functions:
            return ModbusError.ILLEGAL_FUNCTION
        if len(data) != 4:
            return ModbusError.ILLEGAL_VALUE
        addr, count = struct.unpack(">HH", data)
        table, limits = READS[function], self.map.limits
        is_bits = table in (Table.COIL, Table.DISCRETE)
        if not 1 <= count <= (_MOST_BITS if is_bits else limits.max_registers):
            return ModbusError.ILLEGAL_VALUE
        if limits.even_only and not is_bits and (addr % 2 or count % 2):
            return self.quirks.odd_error(addr)
        block = self.stretch(table, addr, count)
        if block is None and self.quirks.both_tables:
            block = self.stretch(_OTHER.get(table, table), addr, count)
        return ModbusError.ILLEGAL_ADDRESS if block is None else block

    def stretch(self, table: Table, addr: int, count: int) -> Block | None:
        """What so many words from `addr` on hold; None if the meter has no such stretch."""
        wanted = range(addr, addr + count)
        here = [
            item
            for item in self.by_table.get(table, ())
            if item.register.access.readable
            and item.addresses.start < wanted.stop
            and wanted.start < item.addresses.stop
        ]
        alone = [item for item in here if item.register.read_alone]
        if alone and alone[0].addresses == wanted:
            here = alone[:1]
        else:
            # Inside a larger block these addresses mean something else.
            here = [item for item in here if not item.register.read_alone]
        seen = {place for item in here for place in item.addresses}
        seen |= {place for item in alone for place in item.addresses}
        if not here or (not self.holes and not seen.issuperset(wanted)):
            return None
        return tuple((item, item.addresses.start - addr) for item in here)


_MADE: Final[dict[tuple[int, str, str], tuple[MeterMap, Layout]]] = {}


def layout_of(meter_map: MeterMap, variant: str = "", firmware: str = "") -> Layout:
    """The layout of a map, as a stand-in of this variant has it (`variants.as_variant`); made once
    for each map that is alive."""
    key = (id(meter_map), variant, firmware)
    found = _MADE.get(key)
    if found is None:
        # The map is kept too, so that no other one comes by its id.
        made = _layout(as_variant(meter_map, variant, firmware))
        found = _MADE[key] = (meter_map, made)
    return found[1]


def _layout(map: MeterMap) -> Layout:
    items = {name: _item(map, register) for name, register in map.registers.items()}
    by_table = {
        table: tuple(
            sorted(
                (item for item in items.values() if item.register.table is table),
                key=lambda item: item.addresses.start,
            )
        )
        for table in (Table.INPUT, Table.HOLDING, Table.COIL, Table.DISCRETE)
    }
    phases = 3 if any(".l3" in name or name.endswith("l3n") for name in map.registers) else 1
    return Layout(
        map,
        items,
        by_table,
        phases,
        Commodity.WATER in map.commodity and Commodity.ELECTRICITY not in map.commodity,
        quirks_of(map),
        map.limits.max_hole > 0,
    )


def _item(map: MeterMap, register: Register) -> Item:
    kind = parse_type(register.type)
    behaviour = map.behaviours.get(register.name)
    follows, const = register.name.partition("[")[0], None
    if behaviour is not None:
        of = str(behaviour.args.get("of", ""))
        follows = _ALIASES.get((behaviour.what, of), of or behaviour.what)
        if behaviour.what in ("const", "constant"):
            follows, const = "const", _constant(register, behaviour.args.get("value", "0"))
    words = 1 if kind.family is Family.BIT else kind.words
    grain = None
    if kind.family in NUMERIC and kind.family is not Family.FLOAT:
        grain = register.scale
        if kind.parts:
            fraction = kind.parts[1].family
            grain = None if fraction is Family.FLOAT else register.scale * kind.fraction_scale
    measures = None
    if const is None and not (is_named(follows) or register.bits or register.unit_from):
        measures = quantity(follows)
    return Item(register, follows, const, words, grain, measures, unit_size(register.unit))


def _constant(register: Register, written: object) -> Value:
    kind = parse_type(register.type)
    text = str(written)
    if kind.family is Family.BITS:
        return frozenset(text.split())
    if kind.family in NUMERIC and text not in register.enum.values():
        return Decimal(text)
    return text


def bytes_of(item: Item, value: Value, factor: Decimal = Decimal(1)) -> bytes:
    """The wire bytes of a value: cut to the register's grain (counters downward), rolled over,
    and held at the type's end where it does not fit, as a meter does. Raises RegisterContent for
    a value of another kind."""
    register = item.register
    if isinstance(value, Decimal):
        if register.rollover is not None and register.kind is Kind.COUNTER:
            value %= register.rollover
        if item.grain is not None:
            rounding = ROUND_DOWN if register.kind is Kind.COUNTER else ROUND_HALF_EVEN
            grain = item.grain * factor
            steps = ((value - register.offset) / grain).to_integral_value(rounding=rounding)
            value = steps * grain + register.offset
        try:
            return encode(register, value, factor)
        except RegisterContent:
            return encode(register, Decimal(0), factor)
    return encode(register, value, factor)


def mark_bytes(mark: str) -> bytes:
    """A sentinel of a map as it goes out: hex, or a "not a number" of single precision."""
    return _NAN if mark == "nan" else bytes.fromhex(mark)


def blank(item: Item) -> bytes:
    """What the register holds where there is no value: its first mark for that, or zeros."""
    size = max(2 * item.words, 1)
    marks: Sequence[str] = item.register.sentinels
    return mark_bytes(marks[0]).ljust(size, b"\0") if marks else bytes(size)
