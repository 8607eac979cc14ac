"""Readings say how far they may be trusted, and why not."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from drivers.link import Fetched
from drivers.maps.decoding import deciders_of, reading_of
from drivers.maps.reading import shipped_map
from meters.readings import Quality, Reading, Value

from .probes import PLAIN, probe

ENUM: dict[str, Any] = {"name": "supply.output", "type": "u16", "unit": None, "kind": "status"}
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def read(wire: str, problem: str = "", confirmed: tuple[str, ...] = (), **changes: Any) -> Reading:
    meter_map = probe({k: v for k, v in (PLAIN | changes).items() if v is not None})
    (register,) = meter_map.registers.values()
    fetched = Fetched(bytes.fromhex(wire), problem, 0.0124)
    return reading_of(register, fetched, {}, NOW, meter_map, confirmed)


def test_a_good_reading_tells_where_it_came_from() -> None:
    reading = read("0000002a", scale="0.1")
    assert reading == Reading(
        name="volume.forward",
        value=Decimal("4.2"),
        unit="m3",
        raw="0000002a",
        quality=Quality.GOOD,
        reason="",
        read_at=NOW,
        latency_ms=12,
        source="holding:0x000a",
        map="probe@3",
    )


@pytest.mark.parametrize(
    ("wire", "changes", "quality", "reason", "value"),
    [
        ("000003e9", {"max": "1000"}, Quality.SUSPECT, "out_of_range", Decimal(1001)),
        ("000003e8", {"max": "1000"}, Quality.GOOD, "", Decimal(1000)),
        ("00000001", {"min": "2"}, Quality.SUSPECT, "out_of_range", Decimal(1)),
        ("ffffffff", {"sentinel": ["ffffffff"]}, Quality.BAD, "sentinel", None),
        ("7fc00000", {"type": "f32", "sentinel": ["nan"]}, Quality.BAD, "sentinel", None),
        ("7fc00000", {"type": "f32"}, Quality.BAD, "content", None),
        ("000001", {}, Quality.BAD, "content", None),
        ("0005", {**ENUM, "enum": {"1": "on"}}, Quality.SUSPECT, "unknown_code", Decimal(5)),
        ("0001", {**ENUM, "enum": {"1": "on"}}, Quality.GOOD, "", "on"),
        ("00000001", {"trust": "unverified"}, Quality.SUSPECT, "unverified", Decimal(1)),
    ],
)
def test_how_far_it_may_be_trusted(
    wire: str, changes: dict[str, Any], quality: Quality, reason: str, value: Value | None
) -> None:
    reading = read(wire, **changes)
    assert (reading.quality, reading.reason, reading.value) == (quality, reason, value)


def test_what_a_technician_has_settled_is_good() -> None:
    reading = read("00000001", confirmed=("volume.forward",), trust="unverified")
    assert (reading.quality, reading.reason) == (Quality.GOOD, "")


@pytest.mark.parametrize("problem", ["no_reply", "exception_2", "missing"])
def test_what_could_not_be_fetched_is_bad_and_has_no_value(problem: str) -> None:
    reading = read("", problem)
    assert (reading.quality, reading.reason, reading.value) == (Quality.BAD, problem, None)
    assert reading.raw == ""


def test_a_float_carries_its_step() -> None:
    # 131072 kWh
    assert read("48000000", type="f32").uncertainty == Decimal("0.015625")
    assert read("00000001").uncertainty is None
    words = {**ENUM, "enum": {"0": "off"}}
    assert read("00000000", **{**words, "type": "f32"}).uncertainty is None


@pytest.mark.parametrize(
    ("decider", "quality", "reason", "unit", "value"),
    [
        ("k", Quality.GOOD, "", "kWh", Decimal("230.2")),
        ("M", Quality.GOOD, "", "kWh", Decimal(230200)),
        (None, Quality.BAD, "no_unit", "", None),
        (Decimal(7), Quality.BAD, "no_unit", "", None),
    ],
)
def test_a_prefix_that_the_meter_is_set_to(
    decider: Value | None, quality: Quality, reason: str, unit: str, value: Decimal | None
) -> None:
    """The SDM630 counts kWh or MWh, whatever its register 001E says."""
    sdm630 = shipped_map("eastron-sdm630")
    deciders: dict[str, Value] = {"meter.register_order": "ABCD"}
    if decider is not None:
        deciders["meter.energy_prefix"] = decider
    fetched = Fetched(bytes.fromhex("43663333"), "", 0.0)
    energy = sdm630.registers["energy.active.import"]
    reading = reading_of(energy, fetched, deciders, NOW, sdm630)
    assert (reading.quality, reading.reason) == (quality, reason)
    assert (reading.unit, reading.value) == (unit, value)
    assert reading.map == "eastron-sdm630@2"


@pytest.mark.parametrize(
    ("decider", "raw", "reason", "value"),
    [
        ("ABCD", "43663333", "", Decimal("230.2")),
        ("CDAB", "33334366", "", Decimal("230.2")),
        (None, "43663333", "no_order", None),
        (Decimal(2141), "43663333", "no_order", None),
    ],
)
def test_an_order_of_words_that_the_meter_is_set_to(
    decider: Value | None, raw: str, reason: str, value: Decimal | None
) -> None:
    sdm630 = shipped_map("eastron-sdm630")
    deciders = {} if decider is None else {"meter.register_order": decider}
    fetched = Fetched(bytes.fromhex(raw), "", 0.0)
    reading = reading_of(sdm630.registers["voltage.l1n"], fetched, deciders, NOW, sdm630)
    assert (reading.value, reading.reason) == (value, reason)
    assert reading.quality is (Quality.BAD if reason else Quality.GOOD)


def test_what_decides_comes_before_what_hangs_on_it() -> None:
    sdm630, payment = shipped_map("eastron-sdm630"), shipped_map("raseed-payment")
    assert deciders_of(sdm630, ["energy.active.import"]) == (
        "meter.register_order",
        "meter.energy_prefix",
    )
    assert deciders_of(sdm630, ["meter.serial", "meter.register_order"]) == ()
    assert deciders_of(payment, ["account.balance"]) == ("meter.commodity",)


def test_a_power_of_ten_from_the_telegram() -> None:
    meter_map = probe(PLAIN)
    (register,) = meter_map.registers.values()
    fetched = Fetched(bytes.fromhex("0000d431"), "", 0.0, exponent=-3)
    assert reading_of(register, fetched, {}, NOW, meter_map).value == Decimal("54.321")
