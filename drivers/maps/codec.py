"""Bytes on the wire to values and back, exactly: numbers are Decimal from raw integers, times the
scale that the map gives as a decimal.

`decode(encode(x)) == x` for every value that a register's type can hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Context, Decimal, InvalidOperation
from functools import cache

from meters.readings import Value

from .datetimes import CODECS
from .errors import RegisterContent
from .floats import decimal_of, float_of, is_nan, step_of
from .model import Order, Register
from .types import NUMERIC, Family, ValueType, parse_type

# A 64-bit number times a scale has at most some 30 digits; nothing here may be rounded.
_EXACT = Context(prec=60)
_WRITTEN = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?")


class NoValue(Exception):
    """The bytes are the meter's mark for "there is no value"."""


def arrange(raw: bytes, order: Order) -> bytes:
    """Between wire order and plain order (highest byte first); its own inverse. Odd lengths know
    only ABCD and DCBA."""
    match order:
        case Order.ABCD:
            return raw
        case Order.DCBA:
            return raw[::-1]
        case Order.CDAB:
            return b"".join(raw[i : i + 2] for i in range(len(raw) - 2, -1, -2))
        case Order.BADC:
            swapped = bytearray(raw)
            swapped[0::2], swapped[1::2] = raw[1::2], raw[0::2]
            return bytes(swapped)


def decode(
    register: Register, raw: bytes, factor: Decimal = Decimal(1), exponent: int = 0
) -> Value:
    """The value that the bytes mean: a Decimal in the register's unit, the word of an `enum`, a
    text (NUL and blank filling removed), a naive datetime, the names of set bits. A number that an
    enum has no word for comes back as a Decimal.

    `factor` is what `unit_from` adds to the scale, `exponent` a further power of ten (M-Bus).
    Raises NoValue for a sentinel, RegisterContent for bytes that mean nothing.
    """
    kind = parse_type(register.type)
    try:
        if kind.size and len(raw) != kind.size:
            raise ValueError(f"{len(raw)} bytes instead of {kind.size}")
        plain = _plain(kind, raw, register.order)
        if register.sentinels and _is_sentinel(register, kind, plain):
            raise NoValue
        if kind.family in NUMERIC:
            number = _number(register, kind, plain, factor, exponent)
            if register.enum and number == number.to_integral_value():
                return register.enum.get(int(number), number)
            return number
        return _other(register, kind, plain)
    except ValueError as error:
        raise RegisterContent(register.name, str(error)) from None


def number(register: Register, raw: bytes) -> Decimal:
    """As `decode`, of a register that holds a number, without looking for the enum's word."""
    kind = parse_type(register.type)
    if kind.family not in NUMERIC or (kind.size and len(raw) != kind.size):
        raise RegisterContent(register.name, "not a number")
    try:
        return _number(register, kind, _plain(kind, raw, register.order), Decimal(1), 0)
    except ValueError as error:
        raise RegisterContent(register.name, str(error)) from None


def encode(register: Register, value: Value, factor: Decimal = Decimal(1)) -> bytes:
    """Wire bytes of `value`. Of a `high8` or `low8` register: both bytes, the other one 0.

    Raises RegisterContent if the type cannot hold it exactly (floats: hold at all).
    """
    kind = parse_type(register.type)
    try:
        if isinstance(value, str) and register.enum:
            value = Decimal(_by_word(register)[value])
        if kind.family in NUMERIC and isinstance(value, Decimal):
            plain = _number_bytes(register, kind, value, factor)
        else:
            plain = _other_bytes(register, kind, value)
    except KeyError:
        raise RegisterContent(register.name, "a word that it does not know") from None
    except (ValueError, InvalidOperation, OverflowError) as error:
        raise RegisterContent(register.name, str(error) or "does not fit") from None
    return _wire(kind, plain, register.order)


def value_of(register: Register, text: str) -> Value:
    """What a person or a map writes as text: a number, a word of the enum, names of bits with
    commas between, a moment in ISO 8601 without zone. Raises RegisterContent."""
    family = parse_type(register.type).family
    try:
        if family in NUMERIC:
            return text if text in register.enum.values() else Decimal(text)
        if family is Family.BITS:
            return frozenset(part.strip() for part in text.split(",") if part.strip())
        return datetime.fromisoformat(text) if family is Family.DATETIME else text
    except (InvalidOperation, ValueError):
        raise RegisterContent(register.name, f"cannot be read as {register.type}") from None


def text_of(value: Value) -> str:
    """The inverse of `value_of`: no exponents, names of bits sorted."""
    match value:
        case Decimal():
            return f"{value:f}"
        case frozenset():
            return ",".join(sorted(value))
        case datetime():
            return value.isoformat()
    return value


def step(register: Register, raw: bytes, factor: Decimal = Decimal(1)) -> Decimal | None:
    """The smallest difference that the meter can tell at this value, in the register's unit, where
    the type makes it coarser than the digits shown: of floats."""
    kind = parse_type(register.type)
    if kind.family is not Family.FLOAT or len(raw) != kind.size:
        return None
    fine = step_of(arrange(raw, register.order))
    return _EXACT.multiply(_EXACT.multiply(fine, register.scale), factor).copy_abs()


def _is_sentinel(register: Register, kind: ValueType, plain: bytes) -> bool:
    if plain.hex() in register.sentinels:
        return True
    # One "not a number" is as good as another: the standard has millions of them.
    return "nan" in register.sentinels and kind.family is Family.FLOAT and is_nan(plain)


def _plain(kind: ValueType, raw: bytes, order: Order) -> bytes:
    if kind.family is not Family.PAIR:
        return arrange(raw, order)
    # Each of the two numbers is arranged by itself.
    cut = kind.parts[0].size
    return arrange(raw[:cut], order) + arrange(raw[cut:], order)


_wire = _plain  # every arrangement undoes itself


# --- Numbers ----------------------------------------------------------------------------------


def _number(
    register: Register, kind: ValueType, plain: bytes, factor: Decimal, exponent: int
) -> Decimal:
    number = _raw_number(register, kind, plain)
    if register.scale != 1:
        number = _EXACT.multiply(number, register.scale)
    if factor != 1:
        number = _EXACT.multiply(number, factor)
    if exponent:
        number = number.scaleb(exponent, _EXACT)
    return _EXACT.add(number, register.offset) if register.offset else number


def _raw_number(register: Register, kind: ValueType, plain: bytes) -> Decimal:
    match kind.family:
        case Family.INTEGER:
            return Decimal(int.from_bytes(plain, "big", signed=kind.signed))
        case Family.FLOAT:
            return decimal_of(plain)
        case Family.BCD:
            digits = plain.hex()
            if not digits.isdecimal():
                raise ValueError("not BCD")
            return Decimal(int(digits))
        case Family.HALF:
            return Decimal(plain[0] if kind.high else plain[1])
        case Family.BIT:
            return Decimal(plain[0] & 1)
        case Family.PICKED:
            return Decimal(int.from_bytes(plain, "big") >> kind.place & 1)
        case Family.PAIR:
            whole, part = kind.parts
            fraction = _raw_number(register, part, plain[whole.size :])
            fraction = _EXACT.multiply(fraction, kind.fraction_scale)
            return _EXACT.add(_raw_number(register, whole, plain[: whole.size]), fraction)
        case _:
            return _written_number(register, plain)


def _written_number(register: Register, plain: bytes) -> Decimal:
    """`001234.56*kWh`: the unit, where it is told, must be the one we expect, or differ from it by
    nothing but k or M."""
    text, _, unit = _ascii(plain).partition("*")
    power = _power(unit or register.unit, register.unit)
    # Decimal would take `1e3`, `NaN` and `1_000` as well; a meter does not write so.
    if not _WRITTEN.fullmatch(text.strip()):
        raise ValueError("not a number")
    return Decimal(text.strip()).scaleb(power, _EXACT)


def _power(told: str, expected: str) -> int:
    """The power of ten from one unit to the other. Raises ValueError if they measure different
    things."""
    (told_power, told_base), (power, base) = _prefixed(told), _prefixed(expected)
    if told_base != base:
        raise ValueError("another unit than expected")
    return told_power - power


def _prefixed(unit: str) -> tuple[int, str]:
    # `m3` is no milli-anything, and a lone `M` or `k` no prefix.
    power = {"k": 3, "M": 6}.get(unit[:1], 0) if len(unit) > 1 else 0
    return power, unit[1:] if power else unit


def _number_bytes(register: Register, kind: ValueType, value: Decimal, factor: Decimal) -> bytes:
    if not value.is_finite():
        raise ValueError("not a finite number")
    scale = _EXACT.multiply(register.scale, factor)
    shifted = _EXACT.subtract(value, register.offset)
    raw = shifted if scale == 1 else _EXACT.divide(shifted, scale)
    match kind.family:
        case Family.FLOAT:
            return float_of(raw, kind.size)
        case Family.BCD:
            number = _whole(raw)
            digits = f"{number:0{2 * kind.size}d}"
            if number < 0 or len(digits) != 2 * kind.size:
                raise ValueError(f"does not fit {register.type}")
            return bytes.fromhex(digits)
        case Family.HALF:
            byte = _integer(raw, 1, False, register)
            return byte + b"\0" if kind.high else b"\0" + byte
        case Family.BIT:
            return _bit(raw)
        case Family.PICKED:
            return (_bit(raw)[0] << kind.place).to_bytes(2, "big")
        case Family.PAIR:
            return _pair(raw, kind, register)
        case Family.NUMBER:
            return f"{raw:f}".encode("ascii")
        case _:
            return _integer(raw, kind.size, kind.signed, register)


def _pair(raw: Decimal, kind: ValueType, register: Register) -> bytes:
    whole, part = kind.parts
    integral = raw.to_integral_value(rounding="ROUND_DOWN")
    fraction = _EXACT.divide(_EXACT.subtract(raw, integral), kind.fraction_scale)
    if part.family is Family.FLOAT:
        tail = float_of(fraction, part.size)
    else:
        tail = _integer(fraction, part.size, part.signed, register)
    return _integer(integral, whole.size, whole.signed, register) + tail


def _integer(raw: Decimal, size: int, signed: bool, register: Register) -> bytes:
    try:
        return _whole(raw).to_bytes(size, "big", signed=signed)
    except OverflowError:
        raise ValueError(f"does not fit {register.type}") from None


def _whole(raw: Decimal) -> int:
    if raw != raw.to_integral_value():
        raise ValueError("finer than the scale")
    return int(raw)


def _bit(raw: Decimal) -> bytes:
    if raw not in (0, 1):
        raise ValueError("a coil is 0 or 1")
    return bytes([int(raw)])


# --- Everything else --------------------------------------------------------------------------


def _other(register: Register, kind: ValueType, plain: bytes) -> Value:
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
        case Family.ASCII_LOW:
            return _ascii(plain[1::2])
        case _:
            return _ascii(plain)


def _ascii(plain: bytes) -> str:
    text = plain.rstrip(b"\0 ")
    if not all(0x20 <= byte < 0x7F for byte in text):
        raise ValueError("not ASCII text")
    return text.decode("ascii")


def _other_bytes(register: Register, kind: ValueType, value: Value) -> bytes:
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


def _by_word(register: Register) -> Mapping[str, int]:
    return _inverse(tuple(register.enum.items()))


@cache
def _inverse(enum: tuple[tuple[int, str], ...]) -> Mapping[str, int]:
    return {word: number for number, word in enum}
