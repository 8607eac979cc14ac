"""Golden frames of the protocols that are not Modbus, taken apart by their own framers and decoded
by the maps. (Those of Modbus are decoded by the maps' reader.)"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest

from drivers.dlt645 import frames as dlt645
from drivers.iec21 import frames as iec21
from drivers.maps.codec import decode, value_of
from drivers.maps.model import Golden, MeterMap, Register
from drivers.maps.reading import shipped_map
from drivers.mbus import frames as mbus
from drivers.mbus.structures import telegram

CASES = [
    (map_id, golden.name)
    for map_id in ("dlt645-2007", "iec62056-21-generic", "mbus-water")
    for golden in shipped_map(map_id).golden
]
_ACCESS_BYTES = 8
"""Password level, password and operator before a relay's order."""


@pytest.mark.parametrize(("map_id", "name"), CASES)
def test_a_golden_frame_means_what_the_map_says(map_id: str, name: str) -> None:
    meter_map = shipped_map(map_id)
    (golden,) = [one for one in meter_map.golden if one.name == name]
    found = CONTENT[map_id](meter_map, golden)
    for register_name, text in golden.expect.items():
        register = meter_map.registers[register_name]
        raw, exponent = found[register_name]
        value = decode(register, raw, exponent=exponent)
        assert value == (Decimal(text) if exponent else value_of(register, text))


Content = Mapping[str, tuple[bytes, int]]
"""By register: its bytes, and the power of ten that the telegram adds."""


def of_dlt645(meter_map: MeterMap, golden: Golden) -> Content:
    asked, answered = dlt645.find(golden.request), dlt645.find(golden.response)
    assert asked is not None
    assert answered is not None
    request, reply = asked[0], answered[0]
    assert reply.is_reply
    assert not reply.failed
    if request.function == 0x1C:
        order = request.data[_ACCESS_BYTES : _ACCESS_BYTES + 1]
        return {"supply.command": (order, 0)}
    di = reply.data[3::-1].hex().upper()
    return {one.name: (reply.data[4:], 0) for one in at(meter_map, di)}


def of_iec21(meter_map: MeterMap, golden: Golden) -> Content:
    (request,) = iec21.blocks(golden.request)
    (asked,) = iec21.data_sets(request.text) or ()
    written = "*".join(filter(None, asked.values[0]))
    told = [block.text for block in iec21.blocks(golden.response)]
    text = written or told[0].strip("()")
    return {one.name: (text.encode("ascii"), 0) for one in at(meter_map, asked.id)}


def of_mbus(meter_map: MeterMap, golden: Golden) -> Content:
    found = mbus.find_long(golden.response)
    assert found is not None
    content = {}
    for record in telegram(found[0]).records:
        # Named by quantity, a number comes as 64 bits, however the meter encoded it.
        exponent = record.meaning.exponent
        assert isinstance(record.value, Decimal)
        raw = int(record.value.scaleb(-exponent)).to_bytes(8, "little", signed=True)
        storage = f"[{record.storage}]" if record.storage else ""
        for one in at(meter_map, record.meaning.quantity + storage):
            content[one.name] = (raw, exponent)
    return content


def at(meter_map: MeterMap, addr: str) -> list[Register]:
    return [one for one in meter_map.registers.values() if one.addr == addr]


CONTENT = {"dlt645-2007": of_dlt645, "iec62056-21-generic": of_iec21, "mbus-water": of_mbus}
