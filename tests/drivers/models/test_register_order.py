"""The SDM630 can be told to send the low word of its floats first. It is read right before and
after, and where nobody can know the order, nothing is read, billed or written."""

from __future__ import annotations

from decimal import Decimal

import pytest

from drivers.maps.reading import shipped_map
from meters.device import Outcome
from meters.gateway import MeterMismatch, MeterUnreachable
from meters.readings import Quality
from simulators.faults.registry import make
from simulators.faults.sets import FaultSet

from .bench import SOMEBODY, Bench, bench

MODEL = "eastron-sdm630"
MARKER = "meter.register_order"
NAMES = ["voltage.l1n", "power.active", "energy.active.import", "demand.period", "meter.serial"]
# 2141.0 is 4505 D000; sums computed here.
LOW_FIRST = "01 10 00 28 00 02 04 D0 00 45 05 3A 42"
HIGH_FIRST = "01 10 00 28 00 02 04 45 05 D0 00 A8 DC"


def told_to(here: Bench, order: str) -> None:
    record = here.device.command("set_register_order", {"order": order}, SOMEBODY)
    assert (record.outcome, record.detail) == (Outcome.DONE, "read_back")


def read_right(here: Bench) -> None:
    for reading in here.device.read(NAMES):
        shown = here.meter.get(reading.name)
        assert reading.quality is Quality.GOOD, reading
        assert isinstance(shown, Decimal)
        assert isinstance(reading.value, Decimal)
        # The meter goes on measuring; in another order it would be another number altogether.
        assert abs(reading.value - shown) <= abs(shown) / 50, reading.name


def spoil(here: Bench, name: str, **parameters: object) -> None:
    fault = make(name, parameters)
    fault.bind("order", lambda _: None)
    here.meter.faults = FaultSet((fault,))
    here.meter.forget()


def test_it_is_read_right_in_either_order_and_back() -> None:
    here = bench(shipped_map(MODEL))
    read_right(here)
    told_to(here, "CDAB")
    assert here.writes() == [LOW_FIRST]
    voltage = here.meter.raw("voltage.l1n")
    assert voltage[2:] < b"\x44"
    assert voltage[2] == 0x43, "the exponent of some 230 V stands in the second word"
    read_right(here)
    told_to(here, "ABCD")
    assert here.writes() == [LOW_FIRST, HIGH_FIRST]
    assert here.meter.raw("voltage.l1n")[0] == 0x43
    read_right(here)


def test_settings_are_written_in_the_order_that_holds() -> None:
    here = bench(shipped_map(MODEL))
    told_to(here, "CDAB")
    params = {"password": "1000", "ms": "60"}
    record = here.device.command("set_pulse_width", params, SOMEBODY)
    assert (record.outcome, record.detail) == (Outcome.DONE, "read_back")
    assert here.meter.get("pulse.width") == 60
    # 1000.0 is 447A 0000, 60.0 is 4270 0000.
    assert [frame[21:32] for frame in here.writes()[1:]] == ["00 00 44 7A", "00 00 42 70"]


def test_a_meter_found_in_another_order_than_delivered_is_read_right() -> None:
    here = bench(shipped_map(MODEL))
    here.meter.keep(MARKER, "CDAB")
    read_right(here)
    assert here.device.identify().serial == here.meter.serial
    checks = {one.name: one.holds for one in here.device.wiring()}
    assert checks.pop("register_order_as_delivered") is False
    assert set(checks.values()) == {True}


@pytest.mark.parametrize(
    ("fault", "parameters"),
    [
        ("exception", {"code": 4, "first": 0x28, "last": 0x29, "number": 99}),
        ("not_available", {"register": MARKER, "mark": "zero"}),
        ("not_available", {"register": MARKER, "mark": "ffff"}),
    ],
)
def test_where_nobody_knows_the_order_nothing_is_read_or_written(
    fault: str, parameters: dict[str, object]
) -> None:
    here = bench(shipped_map(MODEL))
    here.device.read(["meter.serial"])
    spoil(here, fault, **parameters)
    floats = here.device.read(["energy.active.import", "voltage.l1n"])
    assert {(one.value, one.quality, one.reason) for one in floats} == {
        (None, Quality.BAD, "no_order")
    }
    here.meter.faults = FaultSet()
    told = here.device.command("lock", {}, SOMEBODY)
    assert told.outcome is Outcome.DONE
    sent = here.writes()
    spoil(here, fault, **parameters)
    with pytest.raises((MeterUnreachable, MeterMismatch)):
        here.device.command("set_pulse_width", {"password": "1000", "ms": "60"}, SOMEBODY)
    assert here.writes() == sent
