"""What belongs to the day that it is decided on."""

from __future__ import annotations

from pathlib import Path

from tests.vending.books.support import BILLING, CHIEF, SHORT, ZONE, office


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
