"""Power cuts and tampering: what the meter sees of its premises."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulators.loads import MICRO
from tests.simulators.meters import bench

from .rig import broken, fault


def test_a_power_cut_is_staggered_and_nothing_flows(struck: list[str]) -> None:
    one = fault("power_cut", stagger_s="500ms")
    made = broken(one, struck)
    assert made.meter.place.rate(int(made.clock()) + 60) == 0
    one.end(made.meter.place, int(made.clock()) + 60)
    assert made.meter.place.rate(int(made.clock()) + 61) > 0
    assert [one.lingers(order) for order in range(3)] == [0, 0.5, 1.0]
    assert fault("brownout").lingers(5) == 0


TAMPERED: list[tuple[str, str, str, int]] = [
    # name, model, flag, what the meter still sees of 3600 W or l/h
    ("cover_open", "hiking-dds238", "cover", 3600),
    ("terminal_open", "hiking-dds238", "terminal", 3600),
    ("magnet", "hiking-dds238", "magnet", 1080),
    ("reverse_current", "hiking-dds238", "reverse", -3600),
    ("neutral_missing", "hiking-dds238", "neutral", 0),
    ("phase_missing", "schneider-iem3155", "phase_loss", 2401),
    ("phases_swapped", "gavazzi-em340", "reverse_phase", 3600),
    ("bypass", "hiking-dds238", "", 1440),
    ("reverse_flow", "xintai-valve", "reverse", -3600),
    ("empty_pipe", "xintai-valve", "empty", 0),
    ("leak", "xintai-valve", "leak", 3640),
    ("battery_low", "xintai-valve", "battery", 3600),
]


@pytest.mark.parametrize(("name", "model", "flag", "seen"), TAMPERED)
def test_tampering(name: str, model: str, flag: str, seen: int, struck: list[str]) -> None:
    one = fault(name)
    made = broken(one, struck, model=model, credit=10**7)
    place, now = made.meter.place, int(made.clock()) + 10
    assert place.rate(now) == pytest.approx(seen * MICRO, rel=0.001)
    assert (flag in place.flags) is bool(flag)
    one.end(place, now)
    assert place.rate(now + 10) == 3600 * MICRO
    assert not place.flags


def test_tampering_shows_in_registers(struck: list[str]) -> None:
    swapped = broken(fault("phases_swapped"), struck, model="gavazzi-em340")
    assert swapped.read("phase.sequence") != bench("gavazzi-em340").read("phase.sequence")
    lost = broken(fault("phase_missing"), struck, model="schneider-iem3155")
    assert lost.number("voltage.l2n") == 0
    assert lost.number("current.l2") == 0
    empty = broken(fault("empty_pipe"), struck, model="xintai-valve", credit=1000)
    assert empty.read("pipe.state") == "empty"
    battery = broken(fault("battery_low"), struck, model="xintai-valve", credit=1000)
    assert battery.read("supply.output") == frozenset({"on", "battery"})
    backwards = broken(fault("reverse_current"), struck)
    backwards.clock.now += 3600
    assert backwards.number("energy.active.export") == Decimal("3.6")
