"""What belongs to the day that it is decided on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.vending.books.support import BILLING, CHIEF, SHORT, ZONE, office
from vending.accounting import AdjustmentState
from vending.clock import ClockWentBack


def test_what_belongs_to_today_is_booked_now(tmp_path: Path) -> None:
    """Not at the end of the day: the counters would stand until then."""
    here = office(tmp_path / "books.db")
    here.sell("a")
    today = here.town.clock().astimezone(ZONE).date().isoformat()
    here.keeping.adjust(BILLING, "ADJ-1", SHORT, "Counted twice on Monday", booked_on=today)
    here.keeping.approve(CHIEF, "ADJ-1")
    assert here.reports.account(CHIEF, "5010").lines[0].at == here.town.clock()
    here.sell("b")
    here.close()


def test_a_clock_that_is_behind_books_nothing_in_a_month_that_is_over(tmp_path: Path) -> None:
    """December has begun at the counters; the machine of who approves is an hour slow."""
    here = office(tmp_path / "books.db")
    here.keeping.adjust(BILLING, "ADJ-1", SHORT, "Counted twice on Monday")
    december = datetime(2026, 11, 30, 22, 30, tzinfo=UTC)
    here.town.clock.now = december
    here.sell("a")
    here.town.clock.now = december - timedelta(hours=1)
    with pytest.raises(ClockWentBack):
        here.keeping.approve(CHIEF, "ADJ-1")
    here.town.clock.now = december
    assert here.keeping.approve(CHIEF, "ADJ-1").state is AdjustmentState.POSTED
    assert here.reports.account(CHIEF, "5010", last="2026-11-30").lines == ()
    here.close()
