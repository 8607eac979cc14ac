"""What a device reads, and how far it says that it may be trusted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from drivers.device.recognising import Expected
from meters.account import SupplyState
from meters.device import Capability, NotCapable, ReadingUnknown
from meters.gateway import MeterMismatch, MeterUnreachable
from meters.readings import Quality

from .rig import Rig


def test_values_come_in_the_order_asked_with_unit_and_source() -> None:
    rig = Rig()
    first, second = rig.device().read(["energy.active.import", "voltage.l1n"])
    assert (first.name, first.value, first.unit) == (
        "energy.active.import",
        Decimal("1234.56"),
        "kWh",
    )
    assert (first.quality, first.reason) == (Quality.GOOD, "")
    assert (first.source, first.map, first.raw) == ("input:0x0010", "nobody-n1@3", "0001e240")
    assert (first.read_at, first.latency_ms) == (rig.clock(), 20)
    assert second.value == Decimal("230.2")


@pytest.mark.parametrize("name", ["energy.active.export", "supply.command", "voltage"])
def test_a_name_that_the_model_does_not_keep_is_said_before_anything_is_asked(name: str) -> None:
    rig = Rig()
    with pytest.raises(ReadingUnknown):
        rig.device().read(["voltage.l1n", name])
    assert rig.link.fetches == []


@pytest.mark.parametrize(
    ("change", "quality", "reason"),
    [
        ({"raw": {"voltage.l1n": bytes.fromhex("ffff")}}, Quality.BAD, "sentinel"),
        ({"problems": {"voltage.l1n": "exception_2"}}, Quality.BAD, "exception_2"),
        ({"problems": {"voltage.l1n": "crc"}}, Quality.BAD, "crc"),
        ({"raw": {"voltage.l1n": bytes.fromhex("0bb8")}}, Quality.SUSPECT, "out_of_range"),
    ],
)
def test_doubtful_values_say_why(
    change: dict[str, dict[str, object]], quality: Quality, reason: str
) -> None:
    rig = Rig()
    for what, values in change.items():
        getattr(rig.meter, what).update(values)
    voltage, current = rig.device().read(["voltage.l1n", "current.l1"])
    assert (voltage.quality, voltage.reason) == (quality, reason)
    assert (voltage.value is None) == (quality is Quality.BAD)
    assert current.quality is Quality.GOOD


def test_an_unverified_register_is_doubted_until_it_is_confirmed() -> None:
    rig = Rig()
    (reading,) = rig.device().read(["power.apparent"])
    assert (reading.quality, reading.reason) == (Quality.SUSPECT, "unverified")
    (reading,) = rig.device(confirmed=frozenset({"power.apparent"})).read(["power.apparent"])
    assert (reading.quality, reading.reason) == (Quality.GOOD, "")


def test_a_meter_that_was_swapped_is_noticed_within_its_time() -> None:
    rig = Rig()
    device = rig.device()
    device.read(["voltage.l1n"])
    rig.meter.values["meter.serial"] = Decimal(99)
    device.read(["voltage.l1n"])
    rig.clock.pause(15 * 60)
    with pytest.raises(MeterMismatch) as told:
        device.read(["voltage.l1n"])
    assert told.value.facts() == {"expected": "12345678", "found": "99"}


def test_frozen_values_behind_a_live_line_are_stale() -> None:
    rig = Rig()
    device = rig.device()
    names = ["energy.active.import"]
    assert device.read(names)[0].quality is Quality.GOOD
    rig.clock.pause(60)
    frozen = device.read(names)[0]
    assert (frozen.quality, frozen.reason) == (Quality.SUSPECT, "stale")
    assert isinstance(rig.meter.values["clock"], datetime)
    rig.meter.values["clock"] += timedelta(minutes=1)
    assert device.read(names)[0].quality is Quality.GOOD


def test_the_meters_own_time_stands_with_what_is_billed() -> None:
    """Its clock is read along, of its own zone; what is not billed is read without it."""
    rig = Rig()
    rig.clock.pause(30)
    told = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
    energy, voltage = rig.device().read(["energy.active.import", "voltage.l1n"])
    assert energy.meter_time == voltage.meter_time == told
    assert rig.device().read(["voltage.l1n"])[0].meter_time is None
    zone = ZoneInfo("Asia/Hebron")
    assert rig.device(zone=zone).read(["clock"])[0].meter_time == told - timedelta(hours=2)


def test_a_fast_reader_does_not_hide_a_clock_that_stands() -> None:
    rig = Rig()
    device = rig.device()
    reasons = []
    for _ in range(5):
        reasons.append(device.read(["account.balance"])[0].reason)
        rig.clock.pause(1)
    assert reasons == ["", "", "", "stale", "stale"]


def test_no_answer_is_a_bad_reading_and_no_line_an_error() -> None:
    rig = Rig()
    device = rig.device(expected=Expected())
    rig.trouble.silent = True
    (reading,) = device.read(["voltage.l1n"])
    assert (reading.quality, reading.reason, reading.value) == (Quality.BAD, "timeout", None)
    rig.trouble.down = True
    with pytest.raises(MeterUnreachable):
        device.read(["voltage.l1n"])


def test_who_answers() -> None:
    rig = Rig()
    found = rig.device().identify()
    assert (found.maker, found.model, found.serial, found.address) == (
        "Nobody",
        "N1",
        "12345678",
        "7",
    )
    rig.meter.values["meter.code"] = Decimal(0x21)
    with pytest.raises(MeterMismatch):
        rig.device().identify()
    rig.trouble.silent = True
    with pytest.raises(MeterUnreachable):
        rig.device().identify()


def test_the_clock_with_its_drift() -> None:
    rig = Rig()
    rig.clock.pause(30)
    found = rig.device().read_clock()
    assert found.meter == datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
    assert found.drift == timedelta(seconds=-30, milliseconds=10)


@pytest.mark.parametrize(
    ("shown", "output", "state", "travel"),
    [
        ("on", True, SupplyState.CONNECTED, ""),
        ("off", False, SupplyState.DISCONNECTED, ""),
        ("closing", True, SupplyState.CONNECTED, "closing"),
    ],
)
def test_the_supply(shown: str, output: bool, state: SupplyState, travel: str) -> None:
    rig = Rig()
    rig.meter.values["supply.output"] = shown
    found = rig.device().read_supply()
    assert (found.output, found.state, found.travel) == (output, state, travel)


def test_flags_and_what_could_not_be_read() -> None:
    rig = Rig()
    assert rig.device().flags() == {"magnet"}
    rig.meter.values["flag.cover"] = Decimal(1)
    rig.meter.problems["meter.status"] = "exception_4"
    assert rig.device().flags() == {"cover", "unread.meter.status"}


def test_commissioning_checks() -> None:
    rig = Rig()
    voltage, apparent = rig.device().wiring()
    assert (voltage.name, voltage.holds, voltage.detail) == (
        "voltage",
        True,
        "voltage.l1n = 230.2 V",
    )
    assert apparent.holds is True
    rig.meter.values["power.apparent"] = Decimal(9)
    rig.meter.problems["voltage.l1n"] = "timeout"
    voltage, apparent = rig.device().wiring()
    assert voltage.holds is None
    assert voltage.detail == "voltage.l1n: timeout"


def test_what_a_model_cannot_do_is_listed_and_refused() -> None:
    rig = Rig()
    device = rig.device()
    can = device.capabilities
    assert {Capability.READ, Capability.OPEN_SUPPLY, Capability.SET_UNIT_ID, Capability.FLAGS} < can
    assert not can & {Capability.PROFILE, Capability.EVENTS, Capability.ARM_SUPPLY}
    with pytest.raises(NotCapable):
        device.events()
    with pytest.raises(NotCapable):
        device.profile(rig.clock(), rig.clock())
