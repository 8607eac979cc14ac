"""The demo checks each local day that it has seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vending.demo.stage import days_between

EVENING = datetime(2026, 11, 23, 21, 58, tzinfo=UTC)
"""Two minutes to midnight in Hebron."""


@pytest.mark.parametrize(
    ("minutes", "days"),
    [
        (0, ["2026-11-23"]),
        (1, ["2026-11-23"]),
        (2, ["2026-11-23", "2026-11-24"]),
        (24 * 60 + 2, ["2026-11-23", "2026-11-24", "2026-11-25"]),
    ],
)
def test_past_midnight_there_are_more_days(minutes: int, days: list[str]) -> None:
    assert days_between(EVENING, EVENING + timedelta(minutes=minutes)) == days
