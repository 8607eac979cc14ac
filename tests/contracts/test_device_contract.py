"""One contract for every Device: on the fake, and for every shipped Modbus model on its stand-in,
in memory, over TCP, over RTU in TCP and over a pseudo-terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from drivers.device.capabilities import BY_COMMAND
from drivers.device.mapped import MappedDevice
from drivers.device.recognising import Expected
from drivers.maps.model import Kind, MeterMap, Protocol
from drivers.maps.reading import shipped_map, shipped_maps
from meters.device import (
    Capability,
    CommandUnknown,
    FirmwareUnknown,
    NotCapable,
    Outcome,
    ReadingUnknown,
)
from meters.gateway import MeterMismatch
from meters.readings import Quality, Value
from tests.drivers.device.fake import FakeMeter, plain_values
from tests.drivers.device.rig import Rig

from .standins import BOSS, UNIT, Standin, in_memory, served

MODELS = [one.id for one in shipped_maps()]
MODBUS = {one.id for one in shipped_maps() if one.protocol is Protocol.MODBUS}
NEW_UNIT = 9


@dataclass
class Subject:
    """What the contract needs of whatever stands behind the device."""

    map: MeterMap
    made: Any
    standin: Standin | None = None

    def device(self, **settings: Any) -> MappedDevice:
        device: MappedDevice = self.made.device(**settings)
        return device

    def truth(self, name: str) -> Value | None:
        """What the meter would say."""
        if self.standin is not None:
            value = self.standin.meter.get(name)
            words = self.map.registers[name].enum
            return words.get(int(value), value) if isinstance(value, Decimal) and words else value
        meter: FakeMeter = self.made.meter
        return meter.values.get(name)

    def confirmed(self) -> frozenset[str]:
        """A technician has confirmed everything."""
        return frozenset(self.map.registers) | frozenset(self.map.commands)

    @property
    def readable(self) -> list[str]:
        return [name for name, one in self.map.registers.items() if one.access.readable]


@contextmanager
def fake(_: str) -> Iterator[Subject]:
    rig = Rig()
    rig.meter.reactions["supply.command"] = _obeys

    def moves(meter: FakeMeter, value: Value) -> None:
        rig.units[int(str(value))] = rig.units.pop(7)

    rig.meter.reactions["meter.unit_id"] = moves
    yield Subject(rig.map, rig)


def _obeys(meter: FakeMeter, value: Value) -> None:
    meter.values["supply.output"] = value
    load = Decimal(1000) if value == "on" else Decimal(0)
    meter.values |= {"power.active": load, "current.l1": load / 230}
    meter.values |= {name: plain_values()[name] for name in ("voltage.l1n",)}


@contextmanager
def memory(model: str) -> Iterator[Subject]:
    standin = in_memory(model)
    yield Subject(standin.map, standin, standin)


def _served(how: str) -> Any:
    @contextmanager
    def made(model: str) -> Iterator[Subject]:
        with served(model, how) as standin:
            yield Subject(standin.map, standin, standin)

    return made


SUBJECTS = [
    pytest.param((fake, ""), id="fake"),
    *(pytest.param((memory, model), id=f"{model}-memory") for model in MODELS),
    *(
        pytest.param((_served(how), model), id=f"{model}-{how}", marks=pytest.mark.system)
        for model in MODELS
        for how in ("tcp", "rtu-tcp", "pty")
        if how != "tcp" or model in MODBUS
    ),
]


@pytest.fixture(params=SUBJECTS)
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    make, model = request.param
    with make(model) as made:
        yield made


def near(read: Value | None, true: Value | None) -> bool:
    """The same, but for what a meter's resolution and the time between leave."""
    if isinstance(read, Decimal) and isinstance(true, Decimal):
        return abs(read - true) <= max(abs(true) / 100, Decimal("0.6"))
    if isinstance(read, datetime) and isinstance(true, datetime):
        return abs(read - true) < timedelta(seconds=10)
    return read == true


def test_every_value_is_what_the_meter_says(subject: Subject) -> None:
    readings = subject.device(confirmed=subject.confirmed()).read(subject.readable)
    assert [reading.name for reading in readings] == subject.readable
    good = [reading for reading in readings if reading.quality is Quality.GOOD]
    assert len(good) >= len(readings) * 2 // 3
    for reading in good:
        if subject.map.registers[reading.name].kind is not Kind.CLOCK:
            assert near(reading.value, subject.truth(reading.name)), reading
        assert reading.raw or reading.value == ""
        assert reading.reason == ""
        assert reading.map == subject.map.label
    for reading in readings:
        if reading.quality is not Quality.GOOD:
            assert reading.reason
        assert (reading.value is None) == (reading.quality is Quality.BAD)


def test_names_that_it_has_not_are_refused(subject: Subject) -> None:
    with pytest.raises(ReadingUnknown):
        subject.device().read(["no.such.thing"])


def test_unverified_registers_are_doubted(subject: Subject) -> None:
    doubted = [
        name for name in subject.readable if subject.map.registers[name].trust.value == "unverified"
    ]
    for reading in subject.device().read(doubted):
        assert reading.quality is not Quality.GOOD, reading


def test_it_says_who_it_is(subject: Subject) -> None:
    device = subject.device()
    if Capability.IDENTIFY not in device.capabilities:
        with pytest.raises(NotCapable):
            device.identify()
        return
    found = device.identify()
    assert found.maker == subject.map.maker
    assert found.address == (subject.standin.station if subject.standin else str(UNIT))
    if found.serial and "meter.serial" in subject.map.registers:
        assert found.serial.lstrip("0") == str(subject.truth("meter.serial")).lstrip("0")
        with pytest.raises(MeterMismatch):
            subject.device(expected=Expected(serial="1")).read(subject.readable[:1])


def test_capabilities_are_true(subject: Subject) -> None:
    device = subject.device(confirmed=subject.confirmed())
    calls = {
        Capability.READ_CLOCK: device.read_clock,
        Capability.READ_SUPPLY: device.read_supply,
        Capability.ACCOUNT: device.account,
        Capability.FLAGS: device.flags,
        Capability.EVENTS: device.events,
        Capability.WIRING: device.wiring,
    }
    for capability, call in calls.items():
        if capability in device.capabilities:
            call()
        else:
            with pytest.raises(NotCapable):
                call()
    with pytest.raises(CommandUnknown):
        device.command("no_such_thing", {}, BOSS)


def test_another_firmware_than_on_record_is_read_and_not_written(subject: Subject) -> None:
    device = subject.device(firmware="none that there is")
    if Capability.IDENTIFY not in device.capabilities:
        return
    assert any(one.value is not None for one in device.read(subject.readable))
    assert device.is_read_only
    assert not device.capabilities & set(BY_COMMAND.values())
    for name in ("close_supply", "set_clock"):
        if name in subject.map.commands:
            device = subject.device(firmware="none that there is", confirmed=subject.confirmed())
            with pytest.raises(FirmwareUnknown):
                device.command(name, {}, BOSS)
    if subject.standin is not None:
        assert subject.standin.records == []


def test_the_account_that_the_meter_holds(subject: Subject) -> None:
    device = subject.device(confirmed=subject.confirmed())
    if Capability.ACCOUNT not in device.capabilities:
        return
    account = device.account()
    told = [getattr(account, field.name) for field in fields(account)]
    readings = [one for one in told if one is not None]
    assert readings[0].name == "account.balance"
    assert {one.quality for one in readings} == {Quality.GOOD}
    for reading in readings:
        assert near(reading.value, subject.truth(reading.name)), reading
    kept = {name for name in subject.readable if name.startswith("account.")}
    # Beside these, models keep the same once more in another unit, and what lets a relay close.
    more = {name for name in kept if name.endswith((".energy", ".close_limit"))}
    assert {one.name for one in readings} == kept - more


def test_the_checks_hold_at_a_healthy_meter(subject: Subject) -> None:
    device = subject.device(confirmed=subject.confirmed())
    if Capability.WIRING in device.capabilities:
        assert [one for one in device.wiring() if one.holds is not True] == []


def test_the_clock(subject: Subject) -> None:
    device = subject.device(confirmed=subject.confirmed())
    if Capability.READ_CLOCK in device.capabilities:
        assert abs(device.read_clock().drift) < timedelta(seconds=10)
    if Capability.SET_CLOCK not in device.capabilities:
        return
    record = device.command("set_clock", {}, BOSS)
    assert record.outcome is Outcome.DONE, record
    if "clock" in subject.map.registers:
        assert record.detail == "drift_small"
        record = device.command("set_clock", {"time": "2026-07-01 12:00:00"}, BOSS)
        assert (record.outcome, record.detail) == (Outcome.DONE, "read_back")


def test_the_supply_is_closed_and_opened(subject: Subject) -> None:
    device = subject.device(confirmed=subject.confirmed())
    if Capability.CLOSE_SUPPLY not in device.capabilities:
        return
    if subject.standin is not None and subject.standin.memory is None:
        # Seconds that pass really: no travel, and no rest between orders.
        subject.standin.meter.place.switch.travel_s = 0
    record = device.command("close_supply", {}, BOSS)
    assert record.outcome is Outcome.DONE, record
    assert any(frame.sent for frame in record.frames)
    if subject.standin is not None:
        assert not subject.standin.meter.place.switch.closed
    device = subject.device(confirmed=subject.confirmed())
    record = device.command("open_supply", {}, BOSS)
    assert record.outcome is Outcome.DONE, record
    if subject.standin is not None:
        assert subject.standin.meter.place.switch.closed


def test_a_new_unit_id(subject: Subject) -> None:
    device = subject.device(confirmed=subject.confirmed())
    if Capability.SET_UNIT_ID not in device.capabilities:
        return
    params = dict.fromkeys(subject.map.commands["set_unit_id"].params, "1")
    record = device.command("set_unit_id", {**params, "new": str(NEW_UNIT)}, BOSS)
    expected = {(Outcome.DONE, f"answers_at:{NEW_UNIT}")}
    if "meter.unit_id" in subject.map.limits.restart_after:
        expected.add((Outcome.UNKNOWN, f"still_at:{UNIT}"))
    assert (record.outcome, record.detail) in expected, record


def test_commands_are_only_what_the_map_has(subject: Subject) -> None:
    has = (
        set(shipped_map(subject.map.id).commands) if subject.standin else set(subject.map.commands)
    )
    assert has == set(subject.map.commands)
