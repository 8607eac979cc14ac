"""A register map made ready to be answered from: what lies where, worked out once per model and
shared by every meter of it."""

from __future__ import annotations

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

from .quirks import Quirks, quirks_of

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

    @property
    def addresses(self) -> range:
        assert isinstance(self.register.addr, int)
        return range(self.register.addr, self.register.addr + self.words)


@dataclass(slots=True)
class Layout:
    """A model, ready. Addresses are 0-based wire addresses."""

    map: MeterMap
    items: Mapping[str, Item]
    by_table: Mapping[Table, tuple[Item, ...]]
    covered: Mapping[Table, frozenset[int]]
    phases: int
    is_water: bool
    quirks: Quirks
    holes: bool
    """Whether addresses without a register read as zero inside a block."""
    _blocks: dict[tuple[Table, int, int], tuple[tuple[Item, int], ...] | None] = field(
        default_factory=dict
    )

    def block(self, table: Table, addr: int, count: int) -> tuple[tuple[Item, int], ...] | None:
        """What a read of so many words touches: items and their offsets in words (negative, if the
        read begins in the middle). None if the meter has no such stretch."""
        key = (table, addr, count)
        if key not in self._blocks:
            if len(self._blocks) > 512:
                self._blocks.clear()
            self._blocks[key] = self._make_block(table, addr, count)
        return self._blocks[key]

    def _make_block(
        self, table: Table, addr: int, count: int
    ) -> tuple[tuple[Item, int], ...] | None:
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


_MADE: Final[dict[int, Layout]] = {}


def layout_of(meter_map: MeterMap) -> Layout:
    """The layout of a map, made once for each map that is alive."""
    found = _MADE.get(id(meter_map))
    if found is None:
        found = _MADE[id(meter_map)] = _layout(meter_map)
    return found


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
    covered = {
        table: frozenset(place for item in rows for place in item.addresses)
        for table, rows in by_table.items()
    }
    phases = 3 if any(".l3" in name or name.endswith("l3n") for name in map.registers) else 1
    return Layout(
        map,
        items,
        by_table,
        covered,
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
    return Item(register, follows, const, words, grain)


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


def blank(item: Item) -> bytes:
    """What the register holds where there is no value: its first mark for that, or zeros."""
    size = max(2 * item.words, 1)
    marks: Sequence[str] = item.register.sentinels
    return bytes.fromhex(marks[0]) if marks else bytes(size)
