"""The hour that comes twice in autumn: which of the two it was is told where a moment is read."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meters.values import replace
from vending.messages import Language, on_the_wall
from vending.papers import Letterhead, receipt_paper
from vending.sale import SaleReceipt
from vending.sending.texts import slip_text
from vending.web.pages.telling import Telling

from .test_receipt import CHECK, texts

FIRST = datetime(2026, 10, 23, 22, 40, tzinfo=UTC)
"""01:40 by summer time; at two of it the clocks go back to one."""
SINCE = datetime(2012, 1, 1, tzinfo=UTC)
"""Up to 2021 the hour before midnight or the one behind it came twice."""
MOMENTS = st.integers(0, 50 * 366 * 24 * 60).map(lambda minute: SINCE + timedelta(minutes=minute))


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (FIRST - timedelta(minutes=41), "2026-10-24 00:59"),
        (FIRST, "2026-10-24 01:40 +03:00"),
        (FIRST + timedelta(hours=1), "2026-10-24 01:40 +02:00"),
        (FIRST + timedelta(minutes=80), "2026-10-24 02:00"),
        # In spring an hour is left out, and none comes twice.
        (datetime(2026, 3, 27, 23, 59, tzinfo=UTC), "2026-03-28 01:59"),
        (datetime(2026, 3, 28, 0, 0, tzinfo=UTC), "2026-03-28 03:00"),
    ],
)
def test_the_offset_is_told_where_it_is_needed(moment: datetime, told: str) -> None:
    assert on_the_wall(moment) == told
    minute, *offset = told.split(" +")
    assert on_the_wall(moment, seconds=True) == " +".join((f"{minute}:00", *offset))


@given(MOMENTS, st.integers(1, 180))
@example(FIRST, 60)
def test_no_two_minutes_read_the_same(moment: datetime, later: int) -> None:
    assert on_the_wall(moment) != on_the_wall(moment + timedelta(minutes=later))


@pytest.mark.parametrize("language", list(Language))
def test_receipts_of_both_hours_differ(
    sold: SaleReceipt, head: Letterhead, language: Language
) -> None:
    for moment, told in (
        (FIRST, "2026-10-24 01:40 +03:00"),
        (FIRST + timedelta(hours=1), "2026-10-24 01:40 +02:00"),
    ):
        receipt = replace(sold, sold_at=moment)
        paper = receipt_paper([receipt], head, language, check=CHECK)
        assert told in texts(paper.data)
        assert told in re.sub("[\u2066-\u2069]", "", slip_text(receipt, language))
        assert f">{told}<" in Telling(language).moment(moment)
