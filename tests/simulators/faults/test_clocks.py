"""Clocks that go wrong in every way that clocks do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from simulators.faults import Fault

from .rig import broken, fault, fresh


def shown(fault_: Fault, *moments: str) -> list[str]:
    return [fault_.clock(datetime.fromisoformat(one)).isoformat() for one in moments]


CLOCKS = [
    ("drift", {"ppm": 1000}, ["2026-03-01T00:00:00", "2026-03-02T00:00:00"],
     ["2026-03-01T00:00:00", "2026-03-02T00:01:26.400000"]),
    ("clock_jump", {"by_s": "-1h30m"}, ["2026-03-01T00:00:00"], ["2026-02-28T22:30:00"]),
    ("clock_reset", {"to": "1970-01-01T00:00:00"}, ["2026-03-01T00:00:00", "2026-03-01T01:00:00"],
     ["1970-01-01T00:00:00", "1970-01-01T01:00:00"]),
    ("double_hour", {"since": "2026-10-25T03:00:00"},
     ["2026-10-25T02:59:59", "2026-10-25T03:00:00"],
     ["2026-10-25T02:59:59", "2026-10-25T02:00:00"]),
    ("year_kept", {"year": 2026}, ["2026-12-31T23:59:59", "2027-01-01T00:00:00",
     "2028-02-29T00:00:00"], ["2026-12-31T23:59:59", "2026-01-01T00:00:00", "2026-02-28T00:00:00"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "parameters", "moments", "expected"), CLOCKS)
def test_clocks(
    name: str, parameters: dict[str, Any], moments: list[str], expected: list[str]
) -> None:
    assert shown(fresh(name, **parameters), *moments) == expected


def test_the_meter_shows_its_wrong_clock(struck: list[str]) -> None:
    made = broken(fault("clock_jump", by_s="1h"), struck, model="xintai-valve", credit=1000)
    assert made.read("clock") == datetime(2026, 3, 1, 12, 30)  # noqa: DTZ001
