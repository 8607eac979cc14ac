"""Every Modbus model's stand-in, read by a master that nobody here wrote: it gets the very words
that our own driver gets, register by register."""

from __future__ import annotations

import pytest

from drivers.link import Priority
from drivers.maps.model import MeterMap, Protocol, Register, Table
from drivers.maps.reading import shipped_maps
from drivers.opening import open_line
from drivers.places import parse_place

from .test_served import PATIENCE_S, Running

pytestmark = pytest.mark.system
MODELS = sorted(
    one.id
    for one in shipped_maps()
    if one.protocol is Protocol.MODBUS and one.id != "raseed-payment"
)
TOWN = "seed = 7\n" + "\n".join(
    f'[[line]]\nname = "{model}"\nmeter = [{{model = "{model}", count = 1}}]' for model in MODELS
)


@pytest.mark.parametrize("model", MODELS)
def test_a_foreign_master_reads_what_our_driver_reads(model: str) -> None:
    client_module = pytest.importorskip("pyModbusTCP.client", reason="pyModbusTCP is missing")
    (meter_map,) = [one for one in shipped_maps() if one.id == model]
    with Running(TOWN) as town:
        port, unit = town.port(model), 1
        line = open_line(parse_place(f"tcp://127.0.0.1:{port}/{unit}"), meter_map)
        foreign = client_module.ModbusClient(
            "127.0.0.1", port, unit_id=unit, timeout=PATIENCE_S, auto_close=False
        )
        try:
            asked = [one for one in meter_map.registers.values() if one.access.readable]
            ours = line.link(meter_map, str(unit)).fetch(asked, Priority.REST)
            theirs = {one.name: _words(foreign, one, meter_map) for one in asked}
        finally:
            foreign.close()
            line.close()
    assert len(asked) > 5
    assert {name: raw.hex() for name, raw in theirs.items()} == {
        name: found.raw.hex() for name, found in ours.items()
    }


def _words(client: object, register: Register, meter_map: MeterMap) -> bytes:
    """In one request of its own; where the model wants even ones, with its neighbour."""
    read = {
        Table.INPUT: "read_input_registers",
        Table.HOLDING: "read_holding_registers",
    }[register.table]
    addr, count = int(register.addr), register.words
    even = meter_map.limits.even_only
    before = addr % 2 if even else 0
    after = (before + count) % 2 if even else 0
    words = getattr(client, read)(addr - before, before + count + after)
    assert words is not None, register.name
    return b"".join(word.to_bytes(2, "big") for word in words[before : before + count])
