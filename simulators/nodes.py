"""Meters of the other protocols as nodes of a bus: which end speaks for them, what is for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from drivers.dlt645.frames import ALL, find, matches
from drivers.dlt645.station import Function
from drivers.maps.model import Protocol
from drivers.mbus.frames import REQ_UD2, SELECTED, SND_NKE, find_long, find_short

from .mapped import MappedMeter
from .protocols.dlt645 import Dlt645End
from .protocols.iec21 import Iec21End
from .protocols.mbus import MbusEnd, Nameplate
from .serving.bus import Node

PASSWORD: Final = "00000000"  # noqa: S105 - of a stand-in, as delivered
_LEVELS: Final = {0: "000000", 2: "000000", 4: "000000"}
_DLT_ORDERS: Final = frozenset(
    {Function.WRITE, Function.WRITE_ADDRESS, Function.RELAY, Function.SECURITY, Function.BAUD}
)


def dlt645_node(meter: MappedMeter) -> Node:
    """DL/T 645: its address is the meter's serial in twelve digits."""
    end = Dlt645End(
        meter.serial.zfill(12)[-12:], meter.map.registers.values(), meter, passwords=_LEVELS
    )

    def concerns(data: bytes) -> bool:
        found = find(data)
        if found is None:
            return False
        wanted = found[0].address
        return wanted != ALL and matches(wanted, end.address)

    def is_order(data: bytes) -> bool:
        found = find(data)
        return found is not None and found[0].function in _DLT_ORDERS

    return Node(meter, end, concerns, is_order)


def iec21_node(meter: MappedMeter) -> Node:
    """IEC 62056-21: its address is the meter's serial."""
    end = Iec21End(meter.map.registers.values(), meter, address=meter.serial, password=PASSWORD)

    def concerns(data: bytes) -> bool:
        called = b"/?" in data
        address = data.partition(b"/?")[2].partition(b"!")[0].decode("ascii", "replace")
        return address.lstrip("0") in ("", meter.serial.lstrip("0")) if called else end.is_open

    return Node(meter, end, concerns, lambda data: b"\x01W" in data)


def mbus_node(meter: MappedMeter) -> Node:
    """M-Bus: primary address by its unit, secondary by its serial."""
    plate = Nameplate(identification=meter.serial.zfill(8)[-8:])
    end = MbusEnd(meter.unit, meter.map.registers.values(), meter, nameplate=plate)

    def concerns(data: bytes) -> bool:
        frame = find_long(data) or find_short(data)
        return frame is not None and frame[0].address in (end.address, SELECTED)

    def is_order(data: bytes) -> bool:
        short = find_short(data)
        return short is None or short[0].control & ~0x20 not in (SND_NKE, REQ_UD2)

    return Node(meter, end, concerns, is_order)


NODES: Final[Mapping[Protocol, Callable[[MappedMeter], Node]]] = {
    Protocol.DLT645: dlt645_node,
    Protocol.IEC21: iec21_node,
    Protocol.MBUS: mbus_node,
}
