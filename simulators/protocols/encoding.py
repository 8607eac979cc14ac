"""A meter's value as its protocol's bytes, cut to what its register can tell."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from drivers.maps.codec import NoValue, decode, encode
from drivers.maps.errors import RegisterContent
from drivers.maps.model import Access, Register
from drivers.maps.types import NUMERIC, Family, parse_type

from .values import NotAccepted, Values

_WRITTEN = Decimal("0.001")
"""The finest that a display writes."""
_ONE = Decimal(1)


def raw_of(register: Register, values: Values, factor: Decimal = _ONE) -> bytes | None:
    """The bytes of a register now; None if this meter has no such value. `factor` is what the
    protocol itself multiplies with (M-Bus: the VIF)."""
    value = values.get(register.name)
    if value is None:
        return None
    family = parse_type(register.type).family
    if isinstance(value, Decimal) and family in NUMERIC and family is not Family.FLOAT:
        step = _WRITTEN if family is Family.NUMBER else register.scale * factor
        shifted = (value - register.offset) / step
        value = shifted.to_integral_value(ROUND_DOWN) * step + register.offset
    return encode(register, value, factor)


def put_raw(register: Register, values: Values, raw: bytes, factor: Decimal = _ONE) -> None:
    """Writes the bytes. Raises NotAccepted, also for bytes that mean nothing there."""
    if register.access is Access.READ:
        raise NotAccepted
    try:
        value = decode(register, raw, factor)
    except (RegisterContent, NoValue):
        raise NotAccepted from None
    values.put(register.name, value)
