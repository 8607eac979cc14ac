"""Every Modbus model and its stand-in, by one map: all registers are answered and read back as what
the stand-in shows, and its commissioning checks hold there."""

from __future__ import annotations

from decimal import Decimal

import pytest

from drivers.maps.model import Protocol, Trust
from drivers.maps.reading import shipped_ids, shipped_map
from meters.readings import Quality, Reading

from .bench import bench

MODBUS = [map_id for map_id in shipped_ids() if shipped_map(map_id).protocol is Protocol.MODBUS]


@pytest.mark.parametrize("map_id", MODBUS)
def test_every_register_is_read(map_id: str) -> None:
    meter_map = shipped_map(map_id)
    here = bench(meter_map)
    names = [name for name, register in meter_map.registers.items() if register.access.readable]
    readings = [one for one in here.device.read(names) if not is_empty_place(one)]
    wrong = [told(reading) for reading in readings if reading.quality is Quality.BAD]
    assert wrong == []
    for reading in readings:
        open_ = meter_map.registers[reading.name].trust is Trust.UNVERIFIED
        assert reading.quality is (Quality.SUSPECT if open_ else Quality.GOOD), told(reading)


@pytest.mark.parametrize("map_id", MODBUS)
def test_what_is_counted_is_what_the_stand_in_counts(map_id: str) -> None:
    meter_map = shipped_map(map_id)
    here = bench(meter_map)
    names = [n for n, r in meter_map.registers.items() if r.kind.value == "counter" and r.unit]
    for reading in here.device.read(names) if names else []:
        shown = here.meter.get(reading.name)
        assert isinstance(shown, Decimal)
        assert isinstance(reading.value, Decimal)
        rollover = meter_map.registers[reading.name].rollover
        off = abs(reading.value - (shown % rollover if rollover else shown))
        # Cut to the meter's own step, or to what single precision can tell.
        fine = max(reading.uncertainty or Decimal(0), meter_map.registers[reading.name].scale)
        assert off <= fine, told(reading)


@pytest.mark.parametrize("map_id", [map_id for map_id in MODBUS if shipped_map(map_id).checks])
def test_its_checks_hold_on_a_meter_that_is_wired_right(map_id: str) -> None:
    results = bench(shipped_map(map_id), confirmed=True).device.wiring()
    assert [(one.name, one.detail) for one in results if one.holds is not True] == []


def is_empty_place(reading: Reading) -> bool:
    """Of an event log that has not filled yet."""
    return reading.name.startswith("event_log.") and reading.reason == "sentinel"


def told(reading: Reading) -> str:
    return f"{reading.name}={reading.value} {reading.unit} {reading.quality.value} {reading.reason}"
