"""A model that nobody shipped: the map in docs/meters.md, put into a folder of its own, is loaded,
stood in for and read over TCP, and no code knows it."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import ROUND_DOWN, Decimal
from pathlib import Path

import pytest

from drivers.device.mapped import MappedDevice
from drivers.maps.model import MeterMap
from drivers.maps.reading import load_map, shipped_ids
from drivers.modbus.link import ModbusLink
from drivers.modbus.shared import bus_of
from drivers.modbus.tcp import ModbusTcpLine
from meters.device import Capability
from meters.readings import Quality
from simulators.loads import Draw, Use
from simulators.mapped import MappedMeter
from simulators.premises import Premises
from simulators.serving.line import Line
from simulators.serving.place import serve_tcp

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "meters.md"
NOON = int(datetime(2026, 3, 1, 12, 0, tzinfo=UTC).timestamp())
YESTERDAY = NOON - 86400


@pytest.fixture
def new_model(tmp_path: Path) -> MeterMap:
    """As somebody would add it: one file, named after its id."""
    (text,) = re.findall(r"```toml\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    file = tmp_path / "sus-turbine.toml"
    file.write_text(text, "utf-8")
    return load_map(file.read_text("utf-8"), file.stem)


def test_the_model_is_not_one_of_ours(new_model: MeterMap) -> None:
    assert new_model.id not in shipped_ids()


def test_it_is_read_from_its_stand_in_over_tcp(new_model: MeterMap) -> None:
    place = Premises(flow=Draw(7, Use.WATER, 400, YESTERDAY), at=YESTERDAY)
    meter = MappedMeter(new_model, place, lambda: float(NOON), seed=7)
    with served(meter) as port, opened(port) as line:
        bus = bus_of(line, time.monotonic, time.sleep)
        link = ModbusLink(bus, 1, new_model, time.sleep)
        device = MappedDevice(new_model, link, lambda: datetime.now(UTC), time.sleep)
        readings = device.read(["volume.forward", "flow", "meter.unit_id"])
        (check,) = device.wiring()
    volume, flow, unit = readings
    assert volume.quality is Quality.GOOD
    assert volume.unit == "m3"
    assert volume.source == "holding:0x0022"
    assert volume.map == "sus-turbine@1"
    # What the stand-in has counted in a day, in whole litres.
    counted = meter.get("volume.forward")
    assert isinstance(counted, Decimal)
    assert volume.value == counted.quantize(Decimal("0.001"), ROUND_DOWN)
    assert Decimal(0) < counted < 10
    assert (flow.quality, flow.reason) == (Quality.SUSPECT, "unverified")
    assert unit.value == 1
    assert check.holds is True
    assert Capability.CLOSE_SUPPLY not in device.capabilities


@contextmanager
def served(meter: MappedMeter) -> Iterator[int]:
    """A line with this meter at unit 1, on a port of its own."""
    line = Line("north")
    line.place(1, meter)
    loop = asyncio.new_event_loop()
    stand = loop.run_until_complete(serve_tcp(line))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield stand.port
    finally:
        loop.call_soon_threadsafe(stand.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.run_until_complete(stand.closed())
        loop.close()


@contextmanager
def opened(port: int) -> Iterator[ModbusTcpLine]:
    line = ModbusTcpLine("127.0.0.1", port, 2.0)
    try:
        yield line
    finally:
        line.close()
