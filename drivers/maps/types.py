"""The types that a register may have, as register maps spell them.

`u16 s16 u32 s32 u64 s64` and, where values are not whole registers (M-Bus, DL/T 645),
`u8 s8 u24 s24 u48 s48`; `f32 f64`; `bcd(digits)`; `ascii(bytes)`; `ascii-low(words)`, one
character in each low byte; `bits`, 16 of them, or `bits(8)`, `bits(24)`, `bits(32)`; `bit`, one
coil; `bit(n)`, one of 16, counted from the lowest; `high8 low8`, one half of a register;
`datetime(codec)`; `pair(whole,fraction)` or `pair(whole,fraction,scale)`, two numbers one after the
other, the second to be multiplied by `scale`; `order(number)`, a single-precision number known
beforehand, which stands there in the order of bytes that holds; `text` and `number`, characters as
they stand (of IEC 62056-21: `number` with its `*unit`).
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache

from .datetimes import CODECS


class Family(Enum):
    INTEGER = "integer"
    FLOAT = "float"
    BCD = "bcd"
    ASCII = "ascii"
    ASCII_LOW = "ascii-low"
    BITS = "bits"
    BIT = "bit"
    PICKED = "picked"
    HALF = "half"
    DATETIME = "datetime"
    PAIR = "pair"
    TEXT = "text"
    NUMBER = "number"
    ORDER = "order"


NUMERIC = frozenset(
    {
        Family.INTEGER,
        Family.FLOAT,
        Family.BCD,
        Family.PAIR,
        Family.NUMBER,
        Family.HALF,
        Family.BIT,
        Family.PICKED,
    }
)
"""Families whose values are numbers: only these have scale, range, unit and roll-over."""


@dataclass(frozen=True, slots=True)
class ValueType:
    """A type, taken apart."""

    family: Family
    size: int
    """Bytes on the wire; 0 where the value says itself how long it is. Halves of a register take
    both of its bytes, because nothing smaller can be read."""
    signed: bool = False
    high: bool = False
    """The upper half of the register."""
    place: int = 0
    """Of one bit among 16."""
    codec: str = ""
    parts: tuple[ValueType, ...] = ()
    """Of a pair: the whole number and the fraction."""
    fraction_scale: Decimal = Decimal(1)
    marker: bytes = b""
    """Of an order: the known number, highest byte first."""

    @property
    def words(self) -> int:
        """Registers that it takes."""
        return self.size // 2


_PLAIN = {
    **{f"u{8 * n}": ValueType(Family.INTEGER, n) for n in (1, 2, 3, 4, 6, 8)},
    **{f"s{8 * n}": ValueType(Family.INTEGER, n, signed=True) for n in (1, 2, 3, 4, 6, 8)},
    "f32": ValueType(Family.FLOAT, 4),
    "f64": ValueType(Family.FLOAT, 8),
    "bits": ValueType(Family.BITS, 2),
    "bit": ValueType(Family.BIT, 1),
    "high8": ValueType(Family.HALF, 2, high=True),
    "low8": ValueType(Family.HALF, 2),
    "text": ValueType(Family.TEXT, 0),
    "number": ValueType(Family.NUMBER, 0),
}
_PICKED = re.compile(r"bit\(([0-9]|1[0-5])\)")
_SIZED = re.compile(r"(bcd|ascii|ascii-low|bits)\(([1-9][0-9]{0,2})\)")
_DATETIME = re.compile(r"datetime\(([a-z0-9-]+)\)")
_ORDER = re.compile(r"order\(([1-9][0-9]{0,8})\)")
_PAIR = re.compile(r"pair\(([a-z0-9]+),([a-z0-9]+)(?:,([0-9.]+))?\)")


@cache
def parse_type(name: str) -> ValueType:
    """The type of this name. Raises ValueError for one that we do not know."""
    if name in _PLAIN:
        return _PLAIN[name]
    if match := _PICKED.fullmatch(name):
        return ValueType(Family.PICKED, 2, place=int(match[1]))
    if match := _SIZED.fullmatch(name):
        return _sized(match[1], int(match[2]), name)
    if (match := _DATETIME.fullmatch(name)) and match[1] in CODECS:
        return ValueType(Family.DATETIME, CODECS[match[1]].size, codec=match[1])
    if match := _ORDER.fullmatch(name):
        return _marked(int(match[1]), name)
    if match := _PAIR.fullmatch(name):
        whole, fraction = parse_type(match[1]), parse_type(match[2])
        families = {whole.family, fraction.family}
        if whole.family is Family.INTEGER and families <= {Family.INTEGER, Family.FLOAT}:
            size = whole.size + fraction.size
            scale = _decimal(match[3] or "1", name)
            return ValueType(
                Family.PAIR, size, whole.signed, parts=(whole, fraction), fraction_scale=scale
            )
    raise ValueError(name)


def _sized(kind: str, count: int, name: str) -> ValueType:
    match kind:
        case "bcd" if count <= 32:
            return ValueType(Family.BCD, (count + 1) // 2)
        case "ascii":
            return ValueType(Family.ASCII, count)
        case "ascii-low":
            return ValueType(Family.ASCII_LOW, 2 * count)
        case "bits" if count in (8, 16, 24, 32):
            return ValueType(Family.BITS, count // 8)
    raise ValueError(name)


def _marked(number: int, name: str) -> ValueType:
    marker = struct.pack(">f", number)
    if len(set(marker)) < len(marker):
        # It would look alike in two orders.
        raise ValueError(name)
    return ValueType(Family.ORDER, len(marker), marker=marker)


def _decimal(text: str, name: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(name) from None
    if value <= 0:
        raise ValueError(name)
    return value
