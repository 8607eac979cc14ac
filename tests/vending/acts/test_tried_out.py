"""What can be told without effect is told when an act is asked for, not when it is approved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from meters.errors import RaseedError
from meters.quantities import Energy
from tests.vending.acts.support import (
    CHIEF,
    CLERK,
    FRESH,
    RAMI,
    WHY,
    Office,
    P,
    T,
    W,
    put_in,
)
from tokens.sts import (
    KeyUnknown,
    MemorySecurityModule,
)
from vending.acts import sale_acts
from vending.acts.documents import Source
from vending.approvals import Approvals
from vending.approvals.errors import ApprovalIdReused
from vending.parties import MeterUnknown, PointUnknown
from vending.requests import BasketRequest, Credit, Units
from vending.sale import SaleReceipt
from vending.store.acts import SqlActs
from vending.store.approvals import SqlPeople
from vending.tariff import AmountTooHigh, AmountTooLow, UnitsNotCarried
from vending.voids import TokenTaken

pytestmark = pytest.mark.system


def test_nobody_at_a_point_asks_for_the_approvers(office: Office) -> None:
    nowhere = replace(CLERK, point=None, terminal="")
    document = {"meter": P, "units": "2"}
    office.approvals.request(nowhere, "A-1", "free_issue", document, WHY)
    with pytest.raises(PointUnknown):
        office.approvals.approve(replace(CHIEF, point=None), "A-1")
    done = office.approvals.approve(replace(CHIEF, point="P2"), "A-1").outcome
    assert isinstance(done, SaleReceipt)
    assert done.seller.point == "P2"
    assert office.approvals.approve(CHIEF, "A-1").outcome == done


def test_nothing_is_asked_for_under_the_id_of_a_sale(office: Office) -> None:
    office.sell("v-1")
    with pytest.raises(ApprovalIdReused):
        office.ask("v-1", "free_issue", meter=P, units="2")
    assert office.approvals.approvals(CHIEF) == []


def test_what_could_not_be_done_is_not_asked_for(office: Office) -> None:
    """Units, size, key and what the books know, each before anybody is asked for it."""
    small = BasketRequest("v-1", (Credit(P, Units("0.1")),))
    office.service.vend_basket(CLERK, small)
    office.sell("v-2")
    office.service.deliver(RAMI, "v-2")
    cases: list[tuple[str, dict[str, Any], type[RaseedError]]] = [
        ("free_issue", {"meter": P, "units": "0.15"}, UnitsNotCarried),
        ("free_issue", {"meter": P, "units": "0.05"}, AmountTooLow),
        ("free_issue", {"meter": P, "units": "2000000"}, AmountTooHigh),
        ("free_issue", {"meter": FRESH.number, "units": "5"}, MeterUnknown),
        ("correction", {"sale": "v-1", "meter": W}, AmountTooLow),
        ("correction", {"sale": "v-2", "meter": W}, TokenTaken),
        ("refund", {"sale": "v-2", "meter": P, "units": "0.15"}, UnitsNotCarried),
    ]
    for act, document, error in cases:
        with pytest.raises(error):
            office.ask("A-1", act, **document)
    with office.town.store.writing() as books:
        books._db.execute(T["meters"].update().where(T["meters"].c.number == P).values(krn=7))
    for act, document in (
        ("free_issue", {"meter": P, "units": "5"}),
        ("engineering", {"meter": P, "token": "clear_tamper_condition"}),
    ):
        with pytest.raises(KeyUnknown):
            office.ask("A-1", act, **document)
    assert office.approvals.approvals(CHIEF) == []
    assert office.entries() == 2


def test_what_could_not_be_moved_is_not_asked_for(office: Office) -> None:
    put_in(office, Source.NONE)
    asked = {"agreement": "A1", "old_meter": P}
    with pytest.raises(UnitsNotCarried):
        office.ask("X-2", "transfer", **asked, units="0.15", source="photo")
    # Where nothing is left no token is made, and no key is looked at.
    with office.town.store.writing() as books:
        fresh = T["meters"].c.number == FRESH.number
        books._db.execute(T["meters"].update().where(fresh).values(krn=7))
    with pytest.raises(KeyUnknown):
        office.ask("X-2", "transfer", **asked, units="2", source="photo")
    office.ask("X-2", "transfer", **asked, units="0", source="none")
    assert [one.id for one in office.approvals.approvals(CHIEF)] == ["X-2", "X-1"]


def test_where_no_key_is_held_none_is_looked_at(office: Office) -> None:
    """As at a command line without the passphrase: the rest is tried out all the same."""
    ports = replace(office.service.ports, security=MemorySecurityModule(()))
    acts = sale_acts(ports, SqlActs(office.town.store))
    asking = Approvals(SqlPeople(office.town.store), acts, office.town.clock)
    with pytest.raises(UnitsNotCarried):
        asking.request(CLERK, "A-1", "free_issue", {"meter": P, "units": "0.15"}, WHY)
    asking.request(CLERK, "A-1", "free_issue", {"meter": P, "units": "5"}, WHY)
    assert office.approve("A-1").quote.quantity == Energy(5_000)
    # Nor does what a meter was told with its key stand in the way.
    for told in ({"ken": 104}, {"base_date": 1993}, {"ea": "11"}):
        with office.town.store.writing() as books:
            books._db.execute(T["meters"].update().where(T["meters"].c.number == P).values(told))
        named = f"A-{next(iter(told))}"
        asking.request(CLERK, named, "free_issue", {"meter": P, "units": "5"}, WHY)
