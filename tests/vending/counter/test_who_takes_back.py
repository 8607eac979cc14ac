"""Who takes a sale back alone, when, and out of which drawer; on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meters.quantities import Money
from tests.vending.counter.support import owe
from tests.vending.counter.test_evidence import CHIEF, WHY, P, Rig, rig
from tests.vending.drawer.support import counting
from tests.vending.support import ADMIN, OPERATOR, chart, put_point
from vending.aftersale import Evidence
from vending.blocking import Block, Blocked
from vending.counter import ShiftNeeded
from vending.drawer import Drawers
from vending.drawer.errors import CashShort
from vending.operators import TillShort
from vending.parties import Actor
from vending.requests import BasketRequest, Credit, DebtPayment
from vending.sale import Payment, Tender
from vending.store.approvals import SqlPeopleWriting
from vending.store.drawer import SqlDrawers
from vending.voids import VoidNotAllowed

__all__ = ["rig"]

OTHER_CHIEF = replace(CHIEF, name="Omar")


def pay(rig: Rig, vend_id: str, by: Actor = OPERATOR) -> None:
    item = DebtPayment(P, Money(500))
    rig.service.vend_basket(by, BasketRequest(vend_id, (item,)))


def drawers(rig: Rig) -> Drawers:
    """At a point where nothing is sold without a shift."""
    put_point(rig.town.store, needs_shift=True)
    return Drawers(SqlDrawers(rig.town.store), chart(), rig.town.clock)


# Who, and when


def test_without_shifts_an_operator_takes_back_what_they_sold_today(rig: Rig) -> None:
    rig.sell("v-1", hold=True)
    rig.sell("v-2", hold=True)
    # 11:30 in the town, so still the same day in the evening.
    rig.town.clock.forward(hours=12)
    assert rig.service.void(OPERATOR, "v-1", WHY).evidence is Evidence.NOT_SHOWN
    rig.town.clock.forward(minutes=30)
    with pytest.raises(VoidNotAllowed, match="other_day"):
        rig.service.void(OPERATOR, "v-2", WHY)
    assert rig.service.void(CHIEF, "v-2", WHY).actor == "Layla"


def test_a_payment_is_taken_back_at_once_or_by_somebody_else(rig: Rig) -> None:
    owe(rig.town, old="300.00")
    pay(rig, "v-1")
    pay(rig, "v-2")
    pay(rig, "v-3", CHIEF)
    pay(rig, "v-4", CHIEF)
    # The mistyped sum, while the customer is still there.
    assert rig.service.void(OPERATOR, "v-1", WHY).evidence is Evidence.NO_TOKEN
    assert rig.service.void(CHIEF, "v-3", WHY).evidence is Evidence.NO_TOKEN
    rig.town.clock.forward(days=20)
    with pytest.raises(VoidNotAllowed, match="other_day"):
        rig.service.void(OPERATOR, "v-2", WHY)
    with pytest.raises(VoidNotAllowed, match="needs_supervisor"):
        rig.service.void(CHIEF, "v-4", WHY)
    assert rig.service.void(CHIEF, "v-2", WHY).evidence is Evidence.NO_TOKEN
    assert rig.service.void(OTHER_CHIEF, "v-4", WHY).evidence is Evidence.NO_TOKEN


@pytest.mark.parametrize(
    ("kind", "subject"), [("operator", "layla"), ("point", "P1"), ("terminal", "P1/T1")]
)
def test_who_is_barred_gives_nothing_back(rig: Rig, kind: str, subject: str) -> None:
    rig.sell("v-1")
    with rig.town.store.writing() as books:
        block = Block(kind, subject, "Suspected", rig.town.clock())
        SqlPeopleWriting(books._db).set_block(block, "Omar")
    with pytest.raises(Blocked) as error:
        rig.service.void(CHIEF, "v-1", WHY)
    assert (error.value.kind, error.value.subject) == (kind, subject)
    with pytest.raises(Blocked):
        rig.service.refund(CHIEF, "v-1", "Samir", WHY, "A-1")
    assert rig.service.what_became(CHIEF, "v-1").void is None


# Out of which drawer


@pytest.mark.parametrize(
    ("kind", "subject"), [("operator", "samir"), ("point", "P1"), ("terminal", "P1/T1")]
)
def test_who_is_barred_is_shown_no_digits(rig: Rig, kind: str, subject: str) -> None:
    rig.sell("v-1")
    rig.sell("v-2", hold=True)
    with rig.town.store.writing() as books:
        block = Block(kind, subject, "Suspected", rig.town.clock())
        SqlPeopleWriting(books._db).set_block(block, "Omar")
    papers = rig.service.paperwork
    asks = (rig.service.reprint, papers.print, papers.copy)
    for ask, vend_id in ((rig.service.show, "v-2"), *((ask, "v-1") for ask in asks)):
        with pytest.raises(Blocked) as error:
            ask(OPERATOR, vend_id)
        assert error.value.kind == kind
    status = rig.service.what_became(OPERATOR, "v-2")
    assert status.receipt.held
    assert rig.service.what_became(OPERATOR, "v-1").copies == 0


def test_cash_is_given_back_out_of_an_open_drawer_that_holds_it(rig: Rig) -> None:
    drawer = drawers(rig)
    drawer.open(OPERATOR, "s-1", Money(0))
    rig.sell("v-1")
    rig.sell("v-2")
    rig.town.clock.forward(minutes=1)
    drawer.close(OPERATOR, counting(10_000))
    rig.town.clock.forward(minutes=1)
    with pytest.raises(ShiftNeeded):
        rig.service.void(CHIEF, "v-1", WHY)
    drawer.open(CHIEF, "s-2", Money(2000))
    rig.town.clock.forward(minutes=1)
    with pytest.raises(CashShort):
        rig.service.void(CHIEF, "v-1", WHY)
    drawer.cash_in(CHIEF, "in-1", Money(4000), "From the safe")
    assert rig.service.void(CHIEF, "v-1", WHY).shift == "s-2"
    with pytest.raises(CashShort):
        rig.service.refund(CHIEF, "v-2", "Samir", WHY, "A-2")


def test_without_shifts_cash_is_given_back_out_of_a_till_that_holds_it(rig: Rig) -> None:
    """What was banked meanwhile is nobody's to give."""
    drawer = drawers(rig)
    drawer.open(OPERATOR, "s-1", Money(0))
    rig.sell("v-0")
    rig.town.clock.forward(minutes=1)
    drawer.cash_out(OPERATOR, "out-1", Money(5000), "Into the safe")
    drawer.close(OPERATOR, counting(0))
    put_point(rig.town.store, needs_shift=False)
    rig.town.clock.forward(minutes=1)
    with pytest.raises(TillShort) as refused:
        rig.service.void(CHIEF, "v-0", WHY)
    assert refused.value.facts() == {"point": "P1", "amount": "50.00"}
    with pytest.raises(TillShort):
        rig.service.refund(CHIEF, "v-0", "Samir", WHY, "A-1")
    # What is sold next lies there.
    rig.sell("v-1")
    assert rig.service.void(CHIEF, "v-0", WHY).shift is None
    with pytest.raises(TillShort):
        rig.service.void(CHIEF, "v-1", WHY)
    drawer.open(CHIEF, "s-2", Money(5000))
    rig.town.clock.forward(minutes=1)
    assert rig.service.void(CHIEF, "v-1", WHY).shift == "s-2"
    assert rig.service.verify(ADMIN).ok


def test_what_moves_no_cash_needs_no_drawer(rig: Rig) -> None:
    drawer = drawers(rig)
    drawer.open(OPERATOR, "s-1", Money(0))
    card = (Payment(Tender.CARD, Money(5000), "slip 1"),)
    asked = BasketRequest("v-1", (Credit(P, Money(5000)),), card, hold=True)
    rig.service.vend_basket(OPERATOR, asked)
    rig.town.clock.forward(minutes=1)
    drawer.close(OPERATOR, counting(0))
    rig.town.clock.forward(minutes=1)
    assert rig.service.void(CHIEF, "v-1", WHY).shift is None
