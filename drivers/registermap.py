"""Register maps: what a meter model keeps at which Modbus address, read from TOML.

One map serves the driver, which decodes, and the simulator, which encodes, so the two cannot
drift apart. The file format is told by `config/meters/raseed-payment.toml`; addresses are the
0-based numbers on the wire. Nothing here touches a network.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from types import MappingProxyType

from .maps.errors import MapInvalid as MapInvalid
from .maps.errors import MapUnknown as MapUnknown
from .maps.errors import RegisterContent as RegisterContent

HIGHEST_ADDRESS = 0xFFFF

Value = int | str | frozenset[str]
"""What a register holds, decoded: a number, a text, or the names of the bits that are set."""


class Table(Enum):
    """Modbus data tables of 16-bit registers."""

    INPUT = "input"
    HOLDING = "holding"


class Order(Enum):
    """Order of bytes on the wire, spelled for a 32-bit value whose highest byte is A."""

    ABCD = "ABCD"
    CDAB = "CDAB"
    BADC = "BADC"
    DCBA = "DCBA"

    @property
    def low_word_first(self) -> bool:
        return self in (Order.CDAB, Order.DCBA)

    @property
    def bytes_swapped(self) -> bool:
        return self in (Order.BADC, Order.DCBA)

    def arrange(self, words: Sequence[int]) -> tuple[int, ...]:
        """Between plain order (highest word first) and wire order; its own inverse."""
        turned = words[::-1] if self.low_word_first else words
        if self.bytes_swapped:
            return tuple((word >> 8) | ((word & 0xFF) << 8) for word in turned)
        return tuple(turned)


# Integer types: number of registers, signed.
_INTEGERS = {"u16": (1, False), "u32": (2, False), "u64": (4, False), "s64": (4, True)}
_ASCII = re.compile(r"ascii\(([1-9][0-9]{0,2})\)")


def type_words(type_name: str) -> int:
    """Registers a value of this type takes. Raises ValueError for a type we do not know."""
    if type_name in _INTEGERS:
        return _INTEGERS[type_name][0]
    if type_name == "bits":
        return 1
    if (match := _ASCII.fullmatch(type_name)) and int(match[1]) % 2 == 0:
        return int(match[1]) // 2
    raise ValueError(type_name)


@dataclass(frozen=True, slots=True)
class Register:
    """One value of the meter: where it lies and what its words mean."""

    name: str
    table: Table
    addr: int
    type: str
    order: Order
    scale: Decimal
    """Raw number times `scale` is the value in `unit`."""
    unit: str
    unit_from: str
    """Name of the register whose enum decides the unit, where one map serves two commodities."""
    kind: str
    access: str
    """`r`, `w` or `rw`."""
    enum: Mapping[int, str] = field(default_factory=dict)
    bits: Mapping[int, str] = field(default_factory=dict)

    @property
    def words(self) -> int:
        return type_words(self.type)

    @property
    def addresses(self) -> range:
        return range(self.addr, self.addr + self.words)

    def encode(self, value: Value) -> tuple[int, ...]:
        """Wire words of `value`. Raises RegisterContent if the type cannot hold it."""
        if isinstance(value, frozenset):
            return self.order.arrange([self._mask(value)])
        if isinstance(value, str):
            raw = self._ascii_bytes(value)
        else:
            raw = self._integer_bytes(value)
        words = [int.from_bytes(raw[i : i + 2], "big") for i in range(0, len(raw), 2)]
        return self.order.arrange(words)

    def decode(self, words: Sequence[int]) -> Value:
        """The value that `words` mean: int for integer types (scaled, must come out whole),
        str for ascii (NUL filling removed), names of set bits for bits.

        Raises RegisterContent for words that mean nothing.
        """
        plain = self.order.arrange(words)
        raw = b"".join(word.to_bytes(2, "big") for word in plain)
        if self.type == "bits":
            unnamed = plain[0] & ~sum(1 << bit for bit in self.bits)
            if unnamed:
                raise RegisterContent(self.name, f"unknown bits {unnamed:#06x}")
            return frozenset(name for bit, name in self.bits.items() if plain[0] >> bit & 1)
        if self.type in _INTEGERS:
            number = int.from_bytes(raw, "big", signed=_INTEGERS[self.type][1])
            scaled = number * self.scale
            if scaled != int(scaled):
                raise RegisterContent(self.name, f"{number} times {self.scale} is not whole")
            if self.enum and int(scaled) not in self.enum:
                raise RegisterContent(self.name, f"{number} has no meaning")
            return int(scaled)
        text = raw.rstrip(b"\0")
        if not text.isascii() or b"\0" in text:
            raise RegisterContent(self.name, "not ASCII text")
        return text.decode("ascii")

    def _mask(self, names: frozenset[str]) -> int:
        by_name = {name: bit for bit, name in self.bits.items()}
        if self.type != "bits" or not names <= by_name.keys():
            raise RegisterContent(self.name, f"no bits for {sorted(names)}")
        return sum(1 << by_name[name] for name in names)

    def _integer_bytes(self, value: int) -> bytes:
        if self.type not in _INTEGERS:
            raise RegisterContent(self.name, f"a number for type {self.type}")
        words, signed = _INTEGERS[self.type]
        raw = value / self.scale
        try:
            if raw != int(raw):
                raise OverflowError
            return int(raw).to_bytes(2 * words, "big", signed=signed)
        except OverflowError:
            raise RegisterContent(self.name, f"{value} does not fit {self.type}") from None

    def _ascii_bytes(self, value: str) -> bytes:
        # The text itself stays out of the error: a token passes through here.
        if not self.type.startswith("ascii") or not value.isascii():
            raise RegisterContent(self.name, f"no ASCII text for type {self.type}")
        if len(value) > 2 * self.words:
            raise RegisterContent(self.name, f"{len(value)} characters do not fit {self.type}")
        return value.encode("ascii").ljust(2 * self.words, b"\0")


@dataclass(frozen=True, slots=True)
class Command:
    """Something the meter can be told to do: write one register, prove it by reading others."""

    name: str
    danger: str
    params: Mapping[str, str]
    write: str
    verify: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Values:
    """The registers of one reply, decoded when asked for by name."""

    span: Span
    words: tuple[int, ...] = field(repr=False)

    def integer(self, name: str) -> int:
        """Raises KeyError for a register outside the span, RegisterContent for nonsense."""
        value = self._value(name)
        if not isinstance(value, int):
            raise RegisterContent(name, "not a number")
        return value

    def text(self, name: str) -> str:
        """As `integer`, for ascii registers."""
        value = self._value(name)
        if not isinstance(value, str):
            raise RegisterContent(name, "not a text")
        return value

    def flags(self, name: str) -> frozenset[str]:
        """As `integer`, for bit registers: the names of the bits that are set."""
        value = self._value(name)
        if not isinstance(value, frozenset):
            raise RegisterContent(name, "not bits")
        return value

    def _value(self, name: str) -> Value:
        register = self.span.registers[name]
        start = register.addr - self.span.addr
        return register.decode(self.words[start : start + register.words])


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one table that a single request reads, so that nothing in it is torn."""

    table: Table
    addr: int
    count: int
    registers: Mapping[str, Register]

    def values(self, words: Sequence[int]) -> Values:
        """The reply to this request. Raises RegisterContent if it is short or long."""
        if len(words) != self.count:
            raise RegisterContent(f"{self.table.value}@{self.addr:#06x}", f"{len(words)} words")
        return Values(self, tuple(words))


@dataclass(frozen=True, slots=True)
class RegisterMap:
    """One meter model family. Build it with `registermaps.load_map` or `shipped_map`."""

    id: str
    maker: str
    models: tuple[str, ...]
    commodity: tuple[str, ...]
    revision: int
    trust: str
    port: int
    unit_ids: range
    max_registers: int
    turnaround_max_ms: int
    """The longest the meter takes to answer; the driver's time-out."""
    registers: Mapping[str, Register]
    """By name; a repeated register stands here as `name[0]`, `name[1]`, ..."""
    repeats: Mapping[str, int]
    commands: Mapping[str, Command]

    def names(self, name: str) -> tuple[str, ...]:
        """The register's full names: itself, or one for each repetition."""
        if name in self.repeats:
            return tuple(f"{name}[{i}]" for i in range(self.repeats[name]))
        return (name,)

    def span(self, names: Iterable[str]) -> Span:
        """One request that reads all of `names` (repeats whole). Raises MapInvalid if they do
        not lie close enough together, or cannot be read."""
        wanted = {full: self.registers[full] for name in names for full in self.names(name)}
        tables = {register.table for register in wanted.values()}
        first = min(register.addr for register in wanted.values())
        last = max(register.addresses[-1] for register in wanted.values())
        unreadable = [name for name, register in wanted.items() if "r" not in register.access]
        if len(tables) != 1 or last - first >= self.max_registers or unreadable:
            place = ", ".join(unreadable) or f"{first:#06x}..{last:#06x}"
            raise MapInvalid(self.id, place, "one request cannot read these together")
        return Span(tables.pop(), first, last - first + 1, MappingProxyType(wanted))
