"""What is given back by two people, and what stays as it was sold; on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from meters.quantities import Money
from tests.vending.acts.support import CLERK, NEXT_DOOR, Office, P, T
from vending.acts.errors import RefundNotPossible
from vending.sale import SaleReceipt, VendRequest

pytestmark = pytest.mark.system


def test_a_refunded_sale_is_answered_as_it_was_sold(office: Office) -> None:
    """Its money went back, its units did not: the token may still be used."""
    office.sell("v-1")
    office.ask("A-1", "void_refund", sale="v-1")
    office.approve("A-1")
    again = office.service.vend(CLERK, VendRequest("v-1", P, Money(5000)))
    assert again.replayed
    assert again.tokens[0].digits


def test_units_are_refunded_at_no_other_customers_meter(office: Office) -> None:
    office.sell("v-1")
    with office.town.store.engine.begin() as db:
        db.execute(
            T["agreements"]
            .update()
            .where(T["agreements"].c.number == "A3")
            .values(customer="10002")
        )
    with pytest.raises(RefundNotPossible, match="other_customer"):
        office.ask("A-1", "refund", meter=NEXT_DOOR.number, units="1", sale="v-1")


def test_a_correction_is_in_no_shift(office: Office) -> None:
    office.sell("v-1")
    shift: dict[str, Any] = {"point": "P1", "terminal": CLERK.terminal, "operator": CLERK.name}
    with office.town.store.engine.begin() as db:
        more = {"id": "s-1", "number": 1, "opened_at": office.town.clock(), "currency": "ILS"}
        db.execute(T["shifts"].insert().values(**shift, **more, opening_float=0))
        db.execute(T["open_shifts"].insert().values(**shift, shift="s-1"))
    office.ask("A-1", "correction", sale="v-1", meter=NEXT_DOOR.number)
    made: SaleReceipt = office.approve("A-1")
    void = office.service.what_became(CLERK, "v-1").void
    assert void is not None
    assert (made.shift, void.shift) == (None, None)
    office.check()
