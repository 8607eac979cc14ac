"""Faults of what a meter says: wrong words, counters that jump, another meter in its place."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from drivers.maps.counters import Advance, Doubt, Suspicious, Trail
from meters.device import FirmwareUnknown
from meters.gateway import MeterMismatch
from meters.readings import Quality, Reading
from tests.drivers.device.models import made_up

from ..standins import BOSS, Standin, in_memory
from .table import ELECTRIC, RELAY, VALVE, everything, reaction, read_often


@reaction("word_order")
def _() -> None:
    standin = in_memory(ELECTRIC)
    standin.strike("word_order", order="CDAB")
    readings = read_often(standin, 1, ("voltage.l1n", "frequency"))
    assert not any(one.quality is Quality.GOOD for one in readings)
    assert not all(check.holds for check in standin.device().wiring())


@reaction("scaled")
def _() -> None:
    standin = in_memory(ELECTRIC)
    standin.strike("scaled", factor="0.001", register="power.*")
    checks = {check.name: check.holds for check in standin.device().wiring()}
    assert False in checks.values()


@reaction("not_available")
def _() -> None:
    standin = in_memory(ELECTRIC)
    standin.strike("not_available", register="voltage.l1n", mark="nan")
    voltage, current, *_ = read_often(standin, 1)
    assert (voltage.quality, voltage.value) == (Quality.BAD, None)
    assert current.quality is Quality.GOOD
    standin = in_memory(ELECTRIC)
    standin.strike("not_available", register="voltage.l1n", mark="zero")
    voltage, *_ = read_often(standin, 1)
    assert (voltage.quality, voltage.reason) == (Quality.SUSPECT, "out_of_range")


def trail(standin: Standin, name: str, most_per_hour: int = 3) -> Trail:
    return Trail(standin.map.registers[name], Decimal(most_per_hour))


def one_reading(standin: Standin, name: str) -> Reading:
    return standin.device(confirmed=everything(standin)).read([name])[0]


@reaction("rollover")
def _() -> None:
    # Of a model whose counter has six digits and two decimals.
    standin = in_memory("", meter_map=made_up())
    name = "energy.active.import"
    register = standin.map.registers[name]
    assert register.rollover is not None
    standin.strike("rollover", register=name, size=str(register.rollover), margin="0.5")
    counted, seen = Decimal(0), trail(standin, name)
    rolled = False
    for _ in range(5):
        seen, verdict = seen.take(one_reading(standin, name))
        if verdict is not None:
            assert isinstance(verdict, Advance)
            assert 0 <= verdict.delta < 1
            counted += verdict.delta
            rolled = rolled or verdict.rolled
        standin.pause(900)
    assert rolled
    assert abs(counted - 1) < Decimal("0.05")


@reaction("plateau")
def _() -> None:
    standin = in_memory(ELECTRIC)
    name = "energy.active.import"
    standin.strike("plateau", register=name, step="0.125")
    seen = trail(standin, name)
    deltas = []
    for _ in range(30):
        seen, verdict = seen.take(one_reading(standin, name))
        if verdict is not None:
            # Standing still is no doubt, and no stopped meter: it steps, and loses nothing.
            assert isinstance(verdict, Advance)
            deltas.append(verdict.delta)
        standin.pause(240)
    assert 0 in deltas
    assert abs(sum(deltas) - Decimal("1.93")) < Decimal("0.2")


@reaction("jump_back")
def _() -> None:
    standin = in_memory(ELECTRIC)
    name = "energy.active.import"
    seen, _ = trail(standin, name).take(one_reading(standin, name))
    standin.pause(900)
    standin.strike("jump_back", register=name, by="100")
    seen, verdict = seen.take(one_reading(standin, name))
    assert isinstance(verdict, Suspicious)
    assert verdict.doubt is Doubt.BACK
    # Nothing is billed until somebody has looked, not even when the count goes on.
    standin.pause(900)
    _, verdict = seen.take(one_reading(standin, name))
    assert isinstance(verdict, Suspicious)
    assert verdict.doubt is Doubt.UNCONFIRMED


@reaction("torn")
def _() -> None:
    standin = in_memory(RELAY)
    name = "energy.active.import"
    standin.meter.place.forward = 655 * 1000 * 3600 * 10**6
    seen, _ = trail(standin, name).take(one_reading(standin, name))
    standin.strike("torn", register=name)
    doubts = []
    for _ in range(8):
        standin.pause(900)
        seen, verdict = seen.take(one_reading(standin, name))
        doubts.append(isinstance(verdict, Suspicious))
    # 655.36 is where the upper half should have moved and has not.
    assert any(doubts)


@reaction("frozen")
def _() -> None:
    standin = in_memory(VALVE)
    standin.strike("frozen")
    device = standin.device(confirmed=everything(standin))
    assert device.read(["volume.forward"])[0].quality is Quality.GOOD
    standin.pause(60)
    (reading,) = device.read(["volume.forward"])
    assert (reading.quality, reading.reason) == (Quality.SUSPECT, "stale")


@reaction("meter_swapped")
def _() -> None:
    standin = in_memory(ELECTRIC)
    expected = standin.expected()
    device = standin.device(expected=expected, identity_every=timedelta(minutes=15))
    device.read(["energy.active.import"])
    standin.strike("meter_swapped")
    standin.pause(900)
    with pytest.raises(MeterMismatch):
        device.read(["energy.active.import"])
    with pytest.raises(MeterMismatch):
        device.command("set_pulse_width", {"ms": "60"}, BOSS)


@reaction("firmware_changed")
def _() -> None:
    standin = in_memory(ELECTRIC)
    order, name = ("set_pulse_width", {"ms": "60"}, BOSS), "energy.active.import"
    known = standin.device().identify().firmware
    standin.device(firmware=known).command(*order)
    standin.strike("firmware_changed")
    device = standin.device(firmware=known)
    assert device.read([name])[0].quality is Quality.GOOD
    with pytest.raises(FirmwareUnknown):
        device.command(*order)
    # A technician was there, and it is kept with what answers now.
    standin.device(firmware=standin.device().identify().firmware).command(*order)


@reaction("ct_ratio")
def _() -> None:
    standin = in_memory(ELECTRIC)
    name = "energy.active.import"
    seen, _ = trail(standin, name).take(one_reading(standin, name))
    standin.strike("ct_ratio", factor="4")
    one_reading(standin, name)
    standin.pause(7200)
    _, verdict = seen.take(one_reading(standin, name))
    assert isinstance(verdict, Suspicious)
    assert verdict.doubt is Doubt.TOO_MUCH
