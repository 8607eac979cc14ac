"""Modbus requests that change something, and function 43, as a mapped meter executes them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from drivers.maps.codec import NoValue, decode
from drivers.maps.errors import RegisterContent
from drivers.maps.model import Table
from meters.readings import Value

from .layout import WRITABLE, Item
from .modbus_errors import Exceptional, ModbusError
from .showing import reordered

if TYPE_CHECKING:
    from .mapped import MappedMeter

_ON: Final = b"\xff\x00"
_OFF: Final = b"\x00\x00"
_MOST_COILS: Final = 1968


def act(meter: MappedMeter, function: int, data: bytes) -> bytes:
    """Execute it: the reply behind its function. Raises Exceptional."""
    if function == 43:
        return _identification(meter, data)
    limits = meter.map.limits
    if function not in (5, 6, 15, 16) or function not in limits.write_fc:
        raise Exceptional(ModbusError.ILLEGAL_FUNCTION)
    if len(data) < (5 if function == 16 else 4):
        raise Exceptional(ModbusError.ILLEGAL_VALUE)
    addr = int.from_bytes(data[:2], "big")
    if function in (5, 15):
        _write_coils(meter, function, addr, data)
        return data[:4]
    if function == 6:
        body, count = data[2:], 1
    else:
        count, size = struct.unpack_from(">HB", data, 2)
        body = data[5:]
        if not 1 <= count <= 123 or size != 2 * count or len(body) != size:
            raise Exceptional(ModbusError.ILLEGAL_VALUE)
    if len(body) != 2 * count:
        raise Exceptional(ModbusError.ILLEGAL_VALUE)
    _write(meter, addr, body)
    return data[:4]


def _write(meter: MappedMeter, addr: int, body: bytes) -> None:
    """Holding registers, whole values only, all of them or none."""
    if meter.quirks.mailed(meter, addr, body):
        meter.forget()
        return
    wanted = range(addr, addr + len(body) // 2)
    items = [
        item
        for item in meter.layout.by_table[Table.HOLDING]
        if item.addresses.start < wanted.stop and wanted.start < item.addresses.stop
    ]
    items = [item for item in items if item.register.access in WRITABLE]
    inside = [
        item
        for item in items
        if wanted.start <= item.addresses.start and item.addresses.stop <= wanted.stop
    ]
    covered = {place for item in inside for place in item.addresses}
    if not covered.issuperset(wanted):
        raise Exceptional(ModbusError.ILLEGAL_ADDRESS)
    distinct = {item.addresses.start for item in inside}
    if meter.map.limits.one_value_per_write and len(distinct) > 1:
        raise Exceptional(ModbusError.ILLEGAL_VALUE)
    decoded: list[tuple[Item, Value]] = []
    for item in inside:
        begin = 2 * (item.addresses.start - addr)
        part = body[begin : begin + 2 * item.words]
        try:
            part = reordered(meter, item.register, part)
            decoded.append((item, decode(item.register, part, meter.factor(item.register)[1])))
        except (NoValue, RegisterContent):
            raise Exceptional(ModbusError.ILLEGAL_VALUE) from None
    meter.quirks.permit(meter, [item.register.name for item, _ in decoded])
    for item, value in decoded:
        meter.take(item.register.name, item, value)
        meter.quirks.written(meter, item.register.name, value)
    meter.forget()


def _write_coils(meter: MappedMeter, function: int, addr: int, data: bytes) -> None:
    """Coils, all of them or none."""
    bits = _one_coil(data) if function == 5 else _many_coils(data)
    blocks = [meter.layout.stretch(Table.COIL, addr + place, 1) for place in range(len(bits))]
    items = [block[0][0] for block in blocks if block is not None]
    if len(items) < len(bits) or any(item.register.access not in WRITABLE for item in items):
        raise Exceptional(ModbusError.ILLEGAL_ADDRESS)
    for item, bit in zip(items, bits, strict=True):
        meter.take(item.register.name, item, decode(item.register, bytes([bit])))
    meter.forget()


def _one_coil(data: bytes) -> list[int]:
    if len(data) != 4 or data[2:] not in (_ON, _OFF):
        raise Exceptional(ModbusError.ILLEGAL_VALUE)
    return [int(data[2:] == _ON)]


def _many_coils(data: bytes) -> list[int]:
    count, packed = int.from_bytes(data[2:4], "big"), data[5:]
    sizes = {len(packed), (count + 7) // 8, *data[4:5]}
    if not 1 <= count <= _MOST_COILS or len(data) < 5 or len(sizes) != 1:
        raise Exceptional(ModbusError.ILLEGAL_VALUE)
    return [packed[place // 8] >> (place % 8) & 1 for place in range(count)]


def _identification(meter: MappedMeter, data: bytes) -> bytes:
    """Read device identification (function 43, MEI 14), basic objects."""
    if not any(step.method == "fc43" for step in meter.map.identify):
        raise Exceptional(ModbusError.ILLEGAL_FUNCTION)
    if len(data) != 3 or data[0] != 0x0E:
        raise Exceptional(ModbusError.ILLEGAL_VALUE)
    told = {"VendorName": meter.map.maker, "ProductCode": meter.map.models[0], "Revision": "1.0"}
    told.update(meter.quirks.identification)
    for one in meter.faults.of("said"):
        told = {name: one.said(name, text) for name, text in told.items()}
    texts = [told[key].encode("ascii") for key in ("VendorName", "ProductCode", "Revision")]
    code, first = data[1], data[2]
    if code == 4:
        if first > 2:
            raise Exceptional(ModbusError.ILLEGAL_ADDRESS)
        chosen = [(first, texts[first])]
    else:
        chosen = list(enumerate(texts))[first if first <= 2 else 0 :]
    objects = b"".join(bytes([number, len(text)]) + text for number, text in chosen)
    return bytes([0x0E, code, 0x01, 0, 0, len(chosen)]) + objects
