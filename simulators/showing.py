"""What a register of a mapped meter shows, and the bytes that go out for it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from drivers.maps.errors import RegisterContent
from drivers.maps.model import Order, Register
from drivers.maps.orders import arrange
from drivers.maps.types import Family, parse_type
from meters.readings import Value

from .delivered import delivered
from .layout import Item, blank, bytes_of
from .modbus_errors import Exceptional, ModbusError
from .named import SPECIAL, SUPPLY, flags
from .quantities import in_unit, quantity
from .supply import supply_word

if TYPE_CHECKING:
    from .mapped import MappedMeter

_NEVER_KEPT: Final = frozenset({"clock", "meter.unit_id"})
"""What is written there is done, and not remembered."""


def block(meter: MappedMeter, function: int, data: bytes) -> bytes:
    """The reply to a read, behind its function. Raises Exceptional."""
    items = meter.layout.block(function, data)
    count = int.from_bytes(data[2:], "big")
    if function in (1, 2):
        bits = sum(raw(meter, item)[0] << offset for item, offset in items)
        packed = bits.to_bytes((count + 7) // 8, "little")
        return bytes([len(packed)]) + packed
    image = bytearray(2 * count)
    for item, offset in items:
        told = raw(meter, item)
        begin = 2 * offset
        if item.register.type in ("high8", "low8"):
            # Two settings share the register: each fills its own half.
            half = begin + (item.register.type == "low8")
            image[half] = told[half - begin]
            continue
        cut = max(0, -begin)
        part = told[cut : cut + len(image) - max(0, begin)]
        image[max(0, begin) : max(0, begin) + len(part)] = part
    return meter.quirks.byte_count(2 * count) + bytes(image)


def raw(meter: MappedMeter, item: Item) -> bytes:
    """A register's bytes on the wire. Raises Exceptional where it has none to give."""
    if item.measures is not None and meter.stored is None and not meter.faults:
        value = item.measures(meter.moment())
        return bytes_of(item, value if item.size is None else value / item.size)
    return _raw_of_any(meter, item)


def _raw_of_any(meter: MappedMeter, item: Item) -> bytes:
    value = told(meter, item)
    if value is None:
        found = blank(item)
    else:
        try:
            found = bytes_of(item, value, factor(meter, item.register)[1])
        except RegisterContent:
            raise Exceptional(ModbusError.DEVICE_FAILURE) from None
        found = reordered(meter, item.register, found)
    for one in meter.faults.of("raw"):
        found = one.raw(item.register, found, meter.second)
    return found


def told(meter: MappedMeter, item: Item) -> Value | None:
    """The value in the register's unit, as the meter's faults have it."""
    value = shown(meter, item)
    for one in meter.faults.of("value"):
        value = one.value(item.register, value, meter.second)
    return value


def shown(meter: MappedMeter, item: Item) -> Value | None:
    """The value in the register's unit, before any fault."""
    register = item.register
    if meter.quirks.lock and (state := meter.quirks.lock_shown(meter, register.name)) is not None:
        return state
    kept = meter.stored
    if kept is not None and item.follows not in _NEVER_KEPT and register.name in kept:
        return kept[register.name]
    if item.const is not None:
        return item.const
    if (special := SPECIAL.get(item.follows)) is not None:
        return special(meter, item)
    if item.follows.startswith(SUPPLY) and not register.bits:
        meter.place.settle(meter.second)
        return supply_word(meter.place, register, meter.layout.is_water)
    if register.bits:
        return flags(meter, item)
    if (found := quantity(item.follows)) is not None:
        return in_unit(found(meter.moment()), factor(meter, register)[0])
    if parse_type(register.type).family is Family.DATETIME:
        return meter.now()
    return delivered(meter.map, register, meter.serial)


def factor(meter: MappedMeter, register: Register) -> tuple[str, Decimal]:
    """The unit, and what `unit_from` adds to the scale."""
    if not register.unit_from:
        return register.unit, Decimal(1)
    decider = meter.layout.items[register.unit_from]
    chosen = shown(meter, decider)
    word = str(chosen)
    if isinstance(chosen, Decimal):
        word = decider.register.enum.get(int(chosen), str(int(chosen)))
    return register.units.get(word, (register.unit, Decimal(1)))


def reordered(meter: MappedMeter, register: Register, raw: bytes) -> bytes:
    """From the order of bytes in which the model is delivered to the one that this meter was told
    to go by, or back: orders undo themselves."""
    now = setting(meter, register.order_from) if register.order_from else None
    if not isinstance(now, str) or now == register.order.value:
        return raw
    return arrange(arrange(raw, register.order), Order(now))


def setting(meter: MappedMeter, name: str) -> Value | None:
    """What the setting of this name is now, a number where its word is one; None if the model has
    none of that name."""
    item = meter.layout.items.get(name)
    if item is None:
        return None
    value = shown(meter, item)
    return Decimal(value) if isinstance(value, str) and value.isdecimal() else value
