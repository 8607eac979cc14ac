"""Faults of the wire: noise, echoes, spoilt and crossed telegrams, and jabber."""

from __future__ import annotations

from drivers.device.diagnosis import Trouble, troubles
from drivers.scan import Presence, scan
from meters.device import Outcome

from ..standins import BOSS, UNIT, in_memory
from .table import (
    ELECTRIC,
    RELAY,
    TWINS,
    everything,
    good_and_true,
    modbus,
    reaction,
    read_often,
    reasons,
    resting_over,
)


@reaction("bit_noise")
def _() -> None:
    standin = in_memory(ELECTRIC)
    standin.strike("bit_noise", rate=2e-3)
    readings = read_often(standin, 100)
    good = good_and_true(standin, readings)
    assert 0 < good < len(readings)
    assert reasons(readings) & {"crc", "truncated"}
    assert standin.place.bus.counts["crc"] > 5


@reaction("missing_termination")
def _() -> None:
    standin = in_memory(ELECTRIC)
    standin.line.baud = 38_400
    standin.strike("missing_termination", rate=1e-4)
    readings = read_often(standin, 60)
    assert good_and_true(standin, readings) > 0
    assert Trouble.SPOILT in troubles(standin.place.bus.counts)
    slower = in_memory(ELECTRIC)
    slower.line.baud = 2400
    slower.strike("missing_termination", rate=1e-4)
    read_often(slower, 60)
    assert troubles(slower.place.bus.counts) == []


@reaction("junk")
def _() -> None:
    for before, after in (("00", ""), ("ff", ""), ("", "00ff"), ("070300", "07")):
        standin = in_memory(ELECTRIC)
        standin.strike("junk", before=before, after=after)
        readings = read_often(standin, 10)
        assert good_and_true(standin, readings) == len(readings), (before, after)


@reaction("echo")
def _() -> None:
    standin = in_memory(RELAY)
    standin.strike("echo")
    readings = read_often(standin, 5)
    assert good_and_true(standin, readings) == len(readings)
    record = standin.device(confirmed=everything(standin)).command("close_supply", {}, BOSS)
    assert record.outcome is Outcome.DONE
    assert not standin.meter.place.switch.closed


@reaction("truncated")
def _() -> None:
    standin = in_memory(ELECTRIC)
    standin.strike("truncated", size=4)
    readings = read_often(standin, 3)
    assert good_and_true(standin, readings) == 0
    assert "truncated" in reasons(readings)
    standin.heal()
    resting_over(standin)
    assert good_and_true(standin, read_often(standin, 1)) == len(TWINS)


@reaction("gap")
def _() -> None:
    for pause_s in (0.03, 0.09):
        standin = in_memory(ELECTRIC)
        standin.strike("gap", size=3, pause_s=pause_s)
        readings = read_often(standin, 10)
        assert good_and_true(standin, readings) == len(readings), pause_s


@reaction("jabber")
def _() -> None:
    standin = in_memory(ELECTRIC)
    standin.strike("jabber")
    assert standin.memory is not None
    for tick in range(1500):
        standin.memory.inject(bytes(16), tick * 0.02)
    readings = read_often(standin, 8)
    assert good_and_true(standin, readings) == 0
    assert "line.busy" in reasons(readings)
    assert Trouble.JABBER in troubles(standin.place.bus.counts)
    standin.heal()
    standin.pause(60)
    assert good_and_true(standin, read_often(standin, 1)) == len(TWINS)


@reaction("wrong_baud")
def _() -> None:
    standin = in_memory(ELECTRIC)
    standin.strike("wrong_baud")
    readings = read_often(standin, 30)
    assert good_and_true(standin, readings) == 0
    place = modbus(standin)
    knocked = [place.knock(str(UNIT)) for _ in range(10)]
    assert "" not in knocked
    assert Trouble.SETTINGS in troubles(standin.place.bus.counts)


@reaction("collision")
def _() -> None:
    for how in ("merge", "append"):
        standin = in_memory(ELECTRIC)
        standin.strike("collision", how=how)
        readings = read_often(standin, 5)
        assert good_and_true(standin, readings) == 0
        assert reasons(readings) & {"conflict", "crc"}
        (found,) = scan(modbus(standin), [str(UNIT)], [standin.map], standin.now)
        assert found.presence is Presence.CONFLICT, how
