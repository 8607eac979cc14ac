"""Faults of a meter's clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from meters.device import Outcome

from ..standins import BOSS, in_memory
from .table import VALVE, everything, reaction


@reaction("drift")
def _() -> None:
    standin = in_memory(VALVE)
    standin.strike("drift", ppm=200)
    device = standin.device(confirmed=everything(standin))
    device.read_clock()
    standin.pause(86_400)
    drift = device.read_clock().drift.total_seconds()
    assert 16 < drift < 18.5


@reaction("clock_jump", "clock_reset", "double_hour", "year_kept")
def _() -> None:
    wrong: dict[str, dict[str, object]] = {
        "clock_jump": {"by_s": 3600.0},
        "clock_reset": {"to": "1970-01-01T00:00:00"},
        "double_hour": {"since": "2026-03-01T08:00:00"},
        "year_kept": {"year": 2025},
    }
    for name, parameters in wrong.items():
        standin = in_memory(VALVE)
        standin.strike(name, **parameters)
        device = standin.device(confirmed=everything(standin))
        drift = device.read_clock().drift
        assert abs(drift) > timedelta(minutes=59), name
        # Far off is set at once; this meter does not keep it, and that is told.
        record = device.command("set_clock", {}, BOSS)
        assert record.outcome is Outcome.DECLINED, name
        assert record.detail.startswith("still:"), name
        standin.heal()
        assert isinstance(device.read(["clock"])[0].value, datetime)
