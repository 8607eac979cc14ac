"""Faults of the place, and what people do to meters: power that goes, seals that are broken."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Final

from drivers.outage import Silence, outages
from tests.drivers.device.models import made_up

from ..standins import START, in_memory
from .table import ELECTRIC, RELAY, reaction, read_often


@reaction("power_cut", "brownout")
def _() -> None:
    for name in ("power_cut", "brownout"):
        silences = []
        for number in range(5):
            standin = in_memory(ELECTRIC)
            standin.strike(name)
            (reading,) = read_often(standin, 1, ("voltage.l1n",))
            silent = reading.reason in ("no_reply", "timeout")
            since = START + timedelta(seconds=number) if silent else None
            silences.append(Silence(str(number), "feeder north", since))
        (event,) = outages(silences)
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
