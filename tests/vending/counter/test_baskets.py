"""Baskets: several services on one receipt, paid in several ways, all or nothing, exactly once; on
both databases."""

from __future__ import annotations

import pytest

from meters.quantities import Energy
from meters.values import replace
from tests.vending.support import ADMIN, OPERATOR, Town, put_point, request
from vending.aftersale import SoldHere
from vending.operators import PointDayLimit, PointSaleLimit, TillFull
from vending.parties import Role
from vending.permissions import ActorNotAllowed
from vending.record import content_hash_of
from vending.requests import (
    BasketRequest,
    Credit,
    DebtPayment,
    FreeIssue,
    Postponement,
    SecondPerson,
    Transfer,
    Units,
    basket_of,
)
from vending.sale import (
    Payment,
    SaleKind,
    SaleReceipt,
    Tender,
    VendRequest,
)
from vending.samerequest import input_hash
from vending.selling import SecondPersonNeeded
from vending.sold import NoSaleYet, OthersSold
from vending.tariff import (
    AmountTooHigh,
    Limited,
    MoreThanOwed,
    NotOwed,
)
from vending.vend import VendIdReused

from .support import P, W, code, ils, owe, posted

UNITS = Credit(P, Units("33.3"))
PUT_OFF = Credit(P, ils("20.00"), postpone=(Postponement("old", "salaries are late"),))


def test_electricity_and_water_on_one_receipt(here: Town) -> None:
    both = BasketRequest("b-1", (Credit(P, ils("50.00")), Credit(W, ils("20.00"))))
    sold = here.service.vend_basket(OPERATOR, both)
    power, water = sold.receipts
    assert power.number == water.number == 1
    assert (power.vend_id, water.vend_id, water.basket) == ("b-1", "b-1+2", "b-1")
    assert [t.kind for r in sold.receipts for t in r.tokens] == [
        "credit_electricity",
        "credit_water",
    ]
    assert power.paid is not None
    assert power.paid.handed == ils("70.00")
    again = here.service.vend_basket(OPERATOR, both)
    assert again == sold
    assert again.replayed
    with pytest.raises(VendIdReused):
        here.service.vend_basket(OPERATOR, replace(both, items=both.items[::-1]))
    with pytest.raises(VendIdReused):
        here.service.vend(OPERATOR, request("b-1"))
    assert [s.receipt.vend_id for s in here.service.basket(OPERATOR, "b-1")] == ["b-1", "b-1+2"]
    assert here.service.last_sale(OPERATOR).receipt == power
    with pytest.raises(NoSaleYet):
        here.service.last_sale(replace(OPERATOR, terminal="T9"))
    assert here.service.vend(OPERATOR, request("v-1")).number == 2
    assert here.service.verify(ADMIN).ok


def test_the_last_sale_is_that_of_who_asks(here: Town) -> None:
    """A supervisor approves at the clerk's terminal, and the sale is theirs."""
    chief = replace(OPERATOR, name="Layla", role=Role.SUPERVISOR)
    both = BasketRequest("b-1", (Credit(P, ils("50.00")), Credit(W, ils("20.00"))))
    here.service.vend_basket(OPERATOR, both)
    here.clock.forward(minutes=1)
    with pytest.raises(OthersSold) as error:
        here.service.last_sale(chief)
    assert (error.value.vend_id, error.value.operator) == ("b-1", OPERATOR.name)
    given = BasketRequest(
        "f-1",
        (FreeIssue(P, Units("5")),),
        second=SecondPerson(OPERATOR.name, "tested twice", "f-1"),
    )
    here.service.vend_basket(chief, given)
    last = here.service.last_sale(OPERATOR)
    assert last.receipt.vend_id == "b-1"
    assert last.later == SoldHere("f-1", here.clock(), "Layla")
    led, following = here.service.last_basket(replace(OPERATOR, name="api: samir"))
    assert (led.later, following.receipt.vend_id, following.later) == (last.later, "b-1+2", None)
    own = here.service.last_sale(chief)
    assert (own.receipt.vend_id, own.later) == ("f-1", None)
    # At the same moment it is the entry that counts, and their own is last again.
    here.service.vend(OPERATOR, request("v-1"))
    assert here.service.last_sale(OPERATOR).later is None


def test_the_last_sale_is_the_one_that_was_booked_last_by_whichever_clock(here: Town) -> None:
    """It was set back meanwhile, or the next sale went to a server whose clock stands behind."""
    chief = replace(OPERATOR, name="Layla", role=Role.SUPERVISOR)
    here.service.vend(OPERATOR, request("v-1"))
    here.clock.forward(minutes=-4)
    here.service.vend(OPERATOR, request("v-2"))
    last = here.service.last_sale(OPERATOR)
    assert (last.receipt.vend_id, last.later) == ("v-2", None)
    # Somebody else's later one is told beside it, and an earlier one is not.
    here.service.vend(chief, request("v-3"))
    assert here.service.last_sale(chief).later is None
    last = here.service.last_sale(OPERATOR)
    assert last.later is not None
    assert (last.receipt.vend_id, last.later.vend_id) == ("v-2", "v-3")
    here.service.vend(OPERATOR, request("v-4"))
    assert here.service.last_sale(OPERATOR).receipt.vend_id == "v-4"
    last = here.service.last_sale(chief)
    assert last.later is not None
    assert (last.receipt.vend_id, last.later.vend_id) == ("v-3", "v-4")


def test_one_bad_item_spoils_its_basket_and_nothing_else(here: Town) -> None:
    bad = BasketRequest("b-1", (Credit(P, ils("50.00")), Credit(W, ils("999999.00"))))
    good = request("v-1")
    refused, sold = here.service.vend_many([(OPERATOR, bad), (OPERATOR, good)])
    assert isinstance(refused, AmountTooHigh)
    assert sold == here.service.vend(OPERATOR, good)
    assert here.service.vend(OPERATOR, request("v-2")).number == 2
    assert here.service.verify(ADMIN).ok


def test_two_purchases_for_one_meter_follow_each_other(here: Town) -> None:
    twice = BasketRequest("b-1", (Credit(P, ils("10.05")), Credit(P, ils("10.05"))))
    first, second = here.service.vend_basket(OPERATOR, twice).receipts
    assert second.tokens[0].tid == first.tokens[0].tid + 1
    assert second.quote.balance_before == first.quote.balance_after
    assert here.service.verify(ADMIN).ok


def test_the_hashes_of_sales_that_stand_hold() -> None:
    """As they were made before the way was carried: what was asked for then is asked for now."""
    told = {
        "units": BasketRequest("b", (UNITS,)),
        "cash": BasketRequest("b", (UNITS,), tender=Tender.CASH),
        "postponed": BasketRequest("b", (PUT_OFF,)),
        "paid": BasketRequest("b", (UNITS,), (Payment(Tender.CARD, ils("20.00"), "slip 7"),)),
    }
    assert {name: input_hash(one, [P], "P1")[:16] for name, one in told.items()} == {
        "units": "3d3b8949e44bc0ba",
        "cash": "3d3b8949e44bc0ba",
        "postponed": "1f05ba0b8acbf6a2",
        "paid": "fb108a4c53885090",
    }
    plain = BasketRequest("b", (Credit(P, ils("50.00")),), tender=Tender.CARD)
    short = basket_of(VendRequest("b", P, ils("50.00"), Tender.CARD))
    assert input_hash(plain, [P], "P1") == input_hash(short, [P], "P1")


def test_what_the_books_say_of_sales_that_stand_holds() -> None:
    """A sale by itself is proved as it was before there were kinds, baskets and shifts; of every
    other each of the three is proved."""
    token = (1, "credit_electricity", "1" * 20, 7, "6" * 18, "93", 100, "Wh")
    hashes = {
        what: content_hash_of(("v-1", 5000, *what), [token])[:16]
        for what in (
            ("credit", None, None),
            ("allowance", None, None),
            ("credit", "b-1", None),
            ("credit", None, "S-1"),
        )
    }
    assert hashes[("credit", None, None)] == "2faa5ba794554c0f"
    assert len(set(hashes.values())) == len(hashes)


def test_a_debt_is_taken_from_each_sale_and_may_be_postponed(here: Town) -> None:
    owe(here, old="30.00")
    first = here.service.vend(OPERATOR, request("v-1", amount="20.00"))
    (line,) = [one for one in first.quote.lines if one.code == "old"]
    assert (line.amount, line.left) == (ils("10.00"), ils("20.00"))
    assert posted(here, "v-1")[code("debts"), "A1"] == -1000
    later = (Postponement("old", "salaries are late"),)
    item = Credit(P, ils("20.00"), postpone=later)
    second = here.service.vend_basket(OPERATOR, BasketRequest("v-2", (item,))).leading
    (line,) = [one for one in second.quote.lines if one.code == "old"]
    assert (line.amount, line.limited, line.reason) == (
        ils("0"),
        Limited.POSTPONED,
        "salaries are late",
    )
    assert here.service.vend(OPERATOR, request("v-3", amount="20.00")).quote.deducted == ils(
        "10.00"
    )


def test_a_debt_is_paid_without_units(here: Town) -> None:
    owe(here, old="30.00", new="8.00")
    one = BasketRequest("d-1", (DebtPayment(P, ils("5.00"), "new"),))
    receipt = here.service.vend_basket(OPERATOR, one).leading
    assert (receipt.kind, receipt.tokens, receipt.quote.quantity) == (
        SaleKind.PAYMENT,
        (),
        Energy(0),
    )
    assert posted(here, "d-1") == {(code("till"), "P1"): 500, (code("debts"), "A1"): -500}
    both = BasketRequest("d-2", (DebtPayment(P, ils("33.00")), Credit(P, ils("10.00"))))
    paid, bought = here.service.vend_basket(OPERATOR, both).receipts
    assert [(x.code, x.amount.minor) for x in paid.quote.lines] == [("old", 3000), ("new", 300)]
    assert bought.quote.deducted == ils("0")
    with pytest.raises(MoreThanOwed) as error:
        here.service.vend_basket(OPERATOR, BasketRequest("d-3", (DebtPayment(P, ils("1.00")),)))
    assert error.value.owed == "0.00"
    for paid_or_mistyped in ("old", "odl"):
        payment = DebtPayment(P, ils("1.00"), paid_or_mistyped)
        with pytest.raises(NotOwed):
            here.service.vend_basket(OPERATOR, BasketRequest("d-3", (payment,)))
    assert here.service.verify(ADMIN).ok


def test_what_needs_two_people_is_not_sold_by_one(here: Town) -> None:
    free = BasketRequest("f-1", (FreeIssue(P, Units("5")),))
    with pytest.raises(SecondPersonNeeded):
        here.service.vend_basket(OPERATOR, free)
    asked = replace(free, second=SecondPerson("Layla", "meter was faulty", "a-1"))
    receipt = here.service.vend_basket(replace(OPERATOR, role=Role.SUPERVISOR), asked).leading
    assert receipt.quote.quantity == Energy(5000)
    assert (receipt.quote.tendered, receipt.requested_by, receipt.reason) == (
        ils("0"),
        "Layla",
        "meter was faulty",
    )
    assert posted(here, "f-1") == {
        (code("meters_electricity"), P): 5000,
        (code("supply_electricity"), ""): -5000,
    }
    moved = BasketRequest("t-1", (Transfer(P, Units("2.5"), "01000019990"),), second=asked.second)
    here.service.vend_basket(replace(OPERATOR, role=Role.SUPERVISOR), moved)
    assert posted(here, "t-1") == {
        (code("meters_electricity"), P): 2500,
        (code("meters_electricity"), "01000019990"): -2500,
    }
    assert here.service.verify(ADMIN).ok


def test_nobody_is_their_own_second_person_whatever_the_edge_says(here: Town) -> None:
    head = replace(OPERATOR, role=Role.SUPERVISOR)

    def asked_by(name: str) -> BasketRequest:
        second = SecondPerson(name, "meter was faulty", "a-1")
        return BasketRequest("f-1", (FreeIssue(P, Units("5")),), second=second)

    for own in (OPERATOR.name, f" {OPERATOR.name.upper()} "):
        with pytest.raises(SecondPersonNeeded):
            here.service.vend_basket(head, asked_by(own))
    # Nor is it for an operator to say that somebody had asked.
    with pytest.raises(ActorNotAllowed):
        here.service.vend_basket(OPERATOR, asked_by("Layla"))
    with here.store.reading() as books:
        assert books.sale("f-1") is None
    here.service.vend_basket(head, asked_by("Layla"))


def test_digits_that_are_held_back_stand_in_no_list(here: Town) -> None:
    here.service.vend(OPERATOR, replace(request("h-1"), hold=True))
    here.service.vend(OPERATOR, request("v-1"))

    def digits() -> list[list[dict[str, bool]]]:
        since = here.service.what_became(OPERATOR, "h-1").receipt.sold_at
        lists = (
            here.service.sales(OPERATOR, meter=P),
            here.service.sales_here(OPERATOR, since, limit=10),
        )
        return [[{r.vend_id: bool(r.tokens[0].digits)} for r in found] for found in lists]

    for found in digits():
        assert {"h-1": False} in found
        assert {"v-1": True} in found
    here.service.show(OPERATOR, "h-1")
    for found in digits():
        assert {"h-1": True} in found


def test_limits_of_a_point(here: Town) -> None:
    put_point(here.store, "P1", most_per_sale=6_000, most_per_day=10_000, most_in_till=9_000)
    with pytest.raises(PointSaleLimit):
        here.service.vend(OPERATOR, request("v-1", amount="60.01"))
    answers = here.service.vend_many(
        [(OPERATOR, request(f"v-{i}", amount="45.00")) for i in (1, 2, 3)]
    )
    assert [type(a).__name__ for a in answers] == ["SaleReceipt", "SaleReceipt", "PointDayLimit"]
    here.clock.forward(days=1)
    with pytest.raises(TillFull):
        here.service.vend(OPERATOR, request("v-4", amount="10.00"))
    by_card = BasketRequest(
        "v-5", (Credit(P, ils("10.00")),), (Payment(Tender.CARD, ils("10.00")),)
    )
    here.service.vend_basket(OPERATOR, by_card)
    by_cards = [
        (OPERATOR, replace(request(f"v-{i}", amount="50.00"), tender=Tender.CARD)) for i in (6, 7)
    ]
    assert [type(a) for a in here.service.vend_many(by_cards)] == [SaleReceipt, PointDayLimit]
