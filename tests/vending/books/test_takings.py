"""What rows of the books come to, as takings."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

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
