"""What registers hold besides numbers: texts, moments, bits by name, an order of bytes. Texts stay
out of every error: a token or a password passes through here."""

from __future__ import annotations

from datetime import datetime

from meters.readings import Value

from .datetimes import CODECS
from .model import Order, Register
from .orders import arrange, order_told
from .types import Family, ValueType


def other_of(register: Register, kind: ValueType, plain: bytes) -> Value:
    match kind.family:
        case Family.BITS:
            mask = int.from_bytes(plain, "big")
            names = {name for bit, name in register.bits.items() if mask >> bit & 1}
            # A bit without a name is told all the same: it may be the one that matters.
            unnamed = mask & ~sum(1 << bit for bit in register.bits)
            names |= {f"bit{bit}" for bit in range(8 * kind.size) if unnamed >> bit & 1}
            return frozenset(names)
        case Family.DATETIME:
            return CODECS[kind.codec].decode(plain)
        case Family.ORDER:
            order = order_told(kind.marker, plain)
            if order is None:
                raise ValueError("not the number that tells the order")
            return order.value
        case Family.ASCII_LOW:
            return _ascii(plain[1::2])
        case _:
            return _ascii(plain)


def _ascii(plain: bytes) -> str:
    text = plain.rstrip(b"\0 ")
    if not all(0x20 <= byte < 0x7F for byte in text):
        raise ValueError("not ASCII text")
    return text.decode("ascii")


def other_bytes(register: Register, kind: ValueType, value: Value) -> bytes:
    match kind.family, value:
        case Family.BITS, frozenset():
            return sum(1 << _bit_number(register, kind, name) for name in value).to_bytes(
                kind.size, "big"
            )
        case Family.DATETIME, datetime():
            codec = CODECS[kind.codec]
            if not codec.first <= value <= codec.last:
                raise ValueError("beyond the meter's calendar")
            return codec.encode(value)
        case Family.ORDER, str():
            return arrange(kind.marker, Order(value))
        case ((Family.ASCII | Family.ASCII_LOW | Family.TEXT), str()):
            return _text_bytes(kind, value)
    raise ValueError(f"type {register.type} holds nothing of that kind")


def _bit_number(register: Register, kind: ValueType, name: str) -> int:
    for bit, known in register.bits.items():
        if known == name:
            return bit
    plain = name.removeprefix("bit")
    if plain != name and plain.isdecimal() and int(plain) < 8 * kind.size:
        return int(plain)
    raise KeyError(name)


def _text_bytes(kind: ValueType, text: str) -> bytes:
    # The text itself stays out of errors: a token passes through here.
    if not all(0x20 <= ord(character) < 0x7F for character in text):
        raise ValueError("not ASCII text")
    raw = text.encode("ascii")
    room = kind.size // 2 if kind.family is Family.ASCII_LOW else kind.size
    if room and len(raw) > room:
        raise ValueError(f"{len(raw)} characters do not fit {room}")
    filled = raw.ljust(room, b"\0")
    if kind.family is Family.ASCII_LOW:
        return b"".join(bytes((0, byte)) for byte in filled)
    return filled
