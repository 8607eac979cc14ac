"""Faults of the place, and what people do to meters: power that goes, seals that are broken."""

from __future__ import annotations

from decimal import Decimal
from itertools import cycle
from typing import Final

from drivers.device.settings import DeviceSettings
from drivers.follow import Following
from drivers.places import Place
from drivers.sweep import Member, Sweep
from tests.drivers.device.models import made_up

from ..standins import START, in_memory
from .table import ELECTRIC, RELAY, reaction, read_often


@reaction("power_cut", "brownout")
def _() -> None:
    for name in ("power_cut", "brownout"):
        _one_event(name)


def _one_event(name: str) -> None:
    street = {str(number): in_memory(ELECTRIC) for number in range(5)}
    members = [
        Member(
            number,
            Place("rtu-tcp", "north", 4001, station=one.station),
            one.map,
            DeviceSettings(one.station),
        )
        for number, one in street.items()
    ]
    wires = cycle(one.place for one in street.values())
    sweep = Sweep(members, lambda *_: next(wires), lambda: START)
    following = Following()
    for seen in sweep.round():
        assert following.took(seen)
    assert following.outages() == []
    for one in street.values():
        one.strike(name)
    for seen in sweep.round():
        assert seen.is_silent
        following.took(seen)
    (event,) = following.outages()
    assert event.whole
    assert len(event.meters) == 5


FLAGGED: Final = {
    "cover_open": "cover",
    "terminal_open": "terminal",
    "magnet": "magnet",
    "reverse_current": "reverse",
    "reverse_flow": "reverse",
    "neutral_missing": "neutral",
    "phase_missing": "phase_loss",
    "phases_swapped": "reverse_phase",
    "empty_pipe": "empty",
    "leak": "leak",
    "battery_low": "battery",
}


@reaction(*FLAGGED)
def _() -> None:
    for name, flag in FLAGGED.items():
        standin = in_memory("", meter_map=made_up())
        device = standin.device()
        assert device.flags() == frozenset(), name
        standin.strike(name)
        assert flag in device.flags(), name
        standin.heal()
        assert device.flags() == frozenset(), name
    # A model without flags shows it in its readings.
    standin = in_memory(RELAY)
    standin.strike("reverse_current")
    checks = {check.name: check.holds for check in standin.device().wiring()}
    assert checks["direction"] is False


@reaction("bypass")
def _() -> None:
    # No flag: the meter sees less than its feeder. What is seen is true, and less than before.
    standin = in_memory(ELECTRIC)
    (before,) = read_often(standin, 1, ("power.active",))
    standin.strike("bypass", passing=400)
    (after,) = read_often(standin, 1, ("power.active",))
    assert isinstance(before.value, Decimal)
    assert isinstance(after.value, Decimal)
    assert after.value < before.value / 2
