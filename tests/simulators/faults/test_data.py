"""Faults of the data: the frame is right, and what it says is not."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulators.faults import FaultSet
from simulators.loads import MICRO
from tests.simulators.meters import bench, on_line

from .rig import HONEST, READ, broken, fault


def test_words_in_another_order(struck: list[str]) -> None:
    made = broken(fault("word_order", order="CDAB"), struck)
    honest = HONEST[3:7]
    assert on_line(made, 1, READ)[3:7] == honest[2:] + honest[:2]


def test_a_wrong_prefix(struck: list[str]) -> None:
    made = broken(fault("scaled", factor="0.001", register="energy.*"), struck)
    assert made.number("energy.active.import") < 2
    assert made.number("voltage.l1n") > 200


@pytest.mark.parametrize(
    ("mark", "raw"), [("nan", "7fc00000"), ("ffff", "ffffffff"), ("zero", "00000000")]
)
def test_no_value(mark: str, raw: str, struck: list[str]) -> None:
    made = broken(fault("not_available", register="voltage.l1n", mark=mark), struck)
    assert on_line(made, 1, READ)[3:7].hex() == raw


def test_a_counter_rolls_over(struck: list[str]) -> None:
    made = broken(fault("rollover", size="100000", margin="0.5"), struck)
    assert made.number("energy.active.import") == Decimal("99999.5")
    made.clock.now += 600  # 0.6 kWh
    assert made.number("energy.active.import") == Decimal("0.1")


def test_a_counter_stands_and_steps(struck: list[str]) -> None:
    made = broken(fault("plateau", step="1"), struck)
    first = made.number("energy.active.import")
    made.clock.now += 100
    assert made.number("energy.active.import") == first == int(first)
    made.clock.now += 1000
    assert made.number("energy.active.import") == first + 1


def test_a_counter_jumps_back(struck: list[str]) -> None:
    honest = bench().number("energy.active.import")
    made = broken(fault("jump_back", by="100"), struck)
    assert made.number("energy.active.import") == honest - 100


def test_a_value_torn_between_two_moments(struck: list[str]) -> None:
    made = broken(fault("torn", register="energy.*"), struck, model="schneider-iem3155")
    made.meter.place.forward = 65_535_999 * 3600 * MICRO
    made.read("energy.active.import")
    made.clock.now += 3600
    made.meter.place.forward = 2 * 65_536_000 * 65_536 * 3600 * MICRO
    torn = made.meter.raw("energy.active.import")
    made.meter.faults = FaultSet()
    assert torn[:4] == bytes(4)
    assert torn != made.meter.raw("energy.active.import")


def test_values_that_stand_still(struck: list[str]) -> None:
    made = broken(fault("frozen"), struck)
    first = made.number("energy.active.import")
    made.clock.now += 3600
    assert made.number("energy.active.import") == first


def test_another_meter_behind_the_same_id(struck: list[str]) -> None:
    made = broken(fault("meter_swapped", serial="77000001"), struck)
    assert made.number("meter.serial") == 77000001
    assert made.number("energy.active.import") < 100


def test_another_firmware(struck: list[str]) -> None:
    made = broken(fault("firmware_changed"), struck)
    now = made.meter.get("meter.firmware")
    made.meter.faults = FaultSet()
    before = made.meter.get("meter.firmware")
    assert isinstance(before, Decimal)
    assert now == before + 1
    made = broken(fault("firmware_changed", firmware="7.7"), struck, model="schneider-iem3155")
    reply = made.meter.pdu(43, b"\x0e\x01\x00")
    assert reply is not None
    assert b"7.7" in reply
    assert b"METSEIEM3155" in reply
    assert struck[-1].endswith("Revision")


def test_another_ratio(struck: list[str]) -> None:
    made = broken(fault("ct_ratio", factor="4"), struck)
    first = made.number("energy.active.import")
    assert made.number("power.active") == 4 * 3600
    made.clock.now += 3600
    assert abs(made.number("energy.active.import") - first - Decimal("14.4")) < Decimal("0.001")
