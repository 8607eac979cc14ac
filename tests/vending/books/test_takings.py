"""What rows of the books come to, as takings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from vending.accounting.parts import Taken
from vending.accounting.ports import SoldRow
from vending.accounting.takings import takings_of

SOLD = SoldRow(
    entry=1,
    at=datetime(2026, 11, 23, 9, tzinfo=UTC),
    kind="sale",
    sale_kind="credit",
    point="P2",
    receipt_number=1,
    operator="Rana",
    tender="cash",
    customer="10001",
    agreement="A1",
    meter="01000010015",
    currency="ILS",
    paid=5000,
    net=4310,
    vat=690,
    quantity=76_800,
    unit="Wh",
    balance=0,
    taken=Taken((("cash", 5000),), on_deposit=True),
)
"""By an operator on deposit."""


def test_what_takes_no_money_comes_off_no_deposit() -> None:
    free = SOLD._replace(entry=2, sale_kind="allowance", paid=0, taken=Taken((), on_deposit=True))
    found = takings_of([SOLD, free], ZoneInfo("Asia/Hebron"))
    told = {row.tender: (row.on_deposit, row.sales, row.net) for row in found}
    assert told == {"cash": (True, 1, 5000), "no_money": (False, 1, 0)}


@pytest.mark.parametrize(("back", "left"), [(-5000, 0), (-1500, 3500)])
def test_what_is_given_back_is_taken_off_what_was_taken(back: int, left: int) -> None:
    """On its own day, of which nothing but what went out is left."""
    given = Taken((("cash", back),), on_deposit=True)
    same_day = SOLD._replace(entry=2, kind="void", paid=back, taken=given)
    day_after = same_day._replace(at=SOLD.at + timedelta(days=1))
    (both,) = takings_of([SOLD, same_day], ZoneInfo("Asia/Hebron"))
    assert (both.sales, both.amount, both.voids, both.given_back) == (1, 5000, 1, back)
    assert both.net == left
    apart = takings_of([SOLD, day_after], ZoneInfo("Asia/Hebron"))
    assert [(row.day, row.net) for row in apart] == [("2026-11-23", 5000), ("2026-11-24", back)]
