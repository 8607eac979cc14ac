"""Numbers in registers: raw integers, floats, BCD, bits, pairs and written digits, each way. Exact:
what would have to be rounded is refused."""

from __future__ import annotations

import re
from decimal import Context, Decimal

from .floats import decimal_of, float_of
from .model import Register
from .types import Family, ValueType

# A 64-bit number times a scale has at most some 30 digits; nothing here may be rounded.
EXACT = Context(prec=60)
_WRITTEN = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?")


def number_of(
    register: Register, kind: ValueType, plain: bytes, factor: Decimal, exponent: int
) -> Decimal:
    number = _raw_number(register, kind, plain)
    if register.scale != 1:
        number = EXACT.multiply(number, register.scale)
    if factor != 1:
        number = EXACT.multiply(number, factor)
    if exponent:
        number = number.scaleb(exponent, EXACT)
    return EXACT.add(number, register.offset) if register.offset else number


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
            fraction = EXACT.multiply(fraction, kind.fraction_scale)
            return EXACT.add(_raw_number(register, whole, plain[: whole.size]), fraction)
        case _:
            return _written_number(register, plain)


def _written_number(register: Register, plain: bytes) -> Decimal:
    """`001234.56*kWh`: the unit, where it is told, must be the one we expect, or differ from it by
    nothing but k or M."""
    text, _, unit = plain.decode("ascii").partition("*")
    power = _power(unit or register.unit, register.unit)
    # Decimal would take `1e3`, `NaN` and `1_000` as well; a meter does not write so.
    if not _WRITTEN.fullmatch(text.strip()):
        raise ValueError("not a number")
    return Decimal(text.strip()).scaleb(power, EXACT)


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


def number_bytes(register: Register, kind: ValueType, value: Decimal, factor: Decimal) -> bytes:
    if not value.is_finite():
        raise ValueError("not a finite number")
    scale = EXACT.multiply(register.scale, factor)
    shifted = EXACT.subtract(value, register.offset)
    raw = shifted if scale == 1 else EXACT.divide(shifted, scale)
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
    fraction = EXACT.divide(EXACT.subtract(raw, integral), kind.fraction_scale)
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
