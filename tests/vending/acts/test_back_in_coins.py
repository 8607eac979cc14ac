"""One sale of a basket that was paid to the coin is taken back: in sums that coins pay, and all of
them together are what was taken. On both databases."""

from __future__ import annotations

from itertools import permutations, product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from meters.quantities import Money
from tests.vending.acts.support import CHIEF, CLERK, NEXT_DOOR, WHY, Office, P, W
from tests.vending.support import chart, put_operator
from vending.aftersale import Evidence
from vending.ledger import Posting
from vending.payments import parts_of, settle, to_coin
from vending.persons import person
from vending.requests import BasketRequest, Credit, Units
from vending.sale import Payment, Tender
from vending.sold import known_sale
from vending.voidcoins import given_with
from vending.voidproof import Proof

THREE = (Credit(P, Units("7.3")), Credit(W, Units("1.1")), Credit(NEXT_DOOR.number, Units("3.7")))
ANEW = [
    ("correction", "void", "refund"),
    ("void", "void", "correction"),
    ("correction", "void", "correction"),
]
"""Some of them sold anew to another meter before."""


@given(
    dues=st.lists(st.integers(0, 3_000), min_size=1, max_size=6),
    card=st.integers(0, 4_000),
    data=st.data(),
)
def test_in_every_order_coins_pay_what_was_taken(
    dues: list[int], card: int, data: st.DataObject
) -> None:
    total = sum(dues)
    offered = [Payment(Tender.CARD, Money(card))] if 0 < card < total else []
    rest = to_coin(Money(total - sum(p.amount.minor for p in offered)))
    # Less than half a coin beside a card is nobody's cash.
    assume(rest.minor or not offered)
    offered += [Payment(Tender.CASH, rest)] if offered else []
    paid = settle(Money(total), offered, as_told=False)
    parts = parts_of(paid, [Money(due) for due in dues])
    cash = [
        sum((p.amount for p in part.payments if p.tender is Tender.CASH), Money(0))
        for part in parts
    ]
    whole = sum(cash, Money(0))
    before = back = Money(0)
    for place in data.draw(st.permutations(range(len(cash)))):
        given_now = given_with(whole, before, cash[place])
        assert given_now.minor % 10 == 0
        assert given_now.minor >= 0
        assert abs(given_now.minor - cash[place].minor) < 10
        before += cash[place]
        back += given_now
    assert back == whole


@given(cash=st.lists(st.integers(0, 3_000), min_size=1, max_size=5))
def test_who_paid_to_the_agora_gets_it_back_to_the_agora(cash: list[int]) -> None:
    whole = Money(sum(cash) // 10 * 10 + 7)
    assert all(given_with(whole, Money(3), Money(own)) == Money(own) for own in cash)


def take_back(office: Office, vend_id: str, meter: str, way: str) -> None:
    request = f"{way}-{vend_id}".replace("+", "-")
    if way == "refund":
        office.ask(request, "void_refund", sale=vend_id)
        office.approve(request)
        return
    if way == "correction":
        other = P if meter != P else NEXT_DOOR.number
        office.ask(request, "correction", sale=vend_id, meter=other)
        till = office.balance("till", "P1")
        office.approve(request)
        # What is sold anew takes its money along, to the agora.
        assert office.balance("till", "P1") == till
        vend_id = request
    office.service.void(CHIEF, vend_id, WHY)


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_a_basket_is_taken_back_piece_by_piece(office: Office, order: tuple[int, ...]) -> None:
    for place, ways in enumerate([*product(("void", "refund"), repeat=3), *ANEW]):
        office.town.clock.forward(minutes=3)
        sold = office.service.vend_basket(CLERK, BasketRequest(f"b{place}", THREE, hold=True))
        assert sold.leading.paid is not None
        taken = sold.leading.paid.payments[0].amount.minor
        assert taken % 10 == 0
        assert [r for r in sold.receipts if sum(p.amount.minor for p in r.parts) % 10]
        given_back = 0
        for one in order:
            before = office.balance("till", "P1")
            take_back(office, sold.receipts[one].vend_id, THREE[one].meter, ways[one])
            back = before - office.balance("till", "P1")
            assert back % 10 == 0
            given_back += back
        assert given_back == taken
        assert office.balance("till", "P1") == office.balance("coin_rounding") == 0
    office.check()


def test_off_a_deposit_it_is_the_same(office: Office) -> None:
    """The operator gives the coins, and what they gave stands on the deposit again."""
    code = person(CLERK.name)
    terms = {"settlement": "deposit", "credit_limit": 100_000, "commission": "1.5"}
    put_operator(office.town.store, code, **terms)
    sold = office.service.vend_basket(CLERK, BasketRequest("b-1", THREE, hold=True))
    for one in sold.receipts:
        before = office.balance("operator_deposit", code)
        office.service.void(CHIEF, one.vend_id, WHY)
        earned = 0 if one.commission is None else one.commission.minor
        assert (before - office.balance("operator_deposit", code) + earned) % 10 == 0
    assert office.balance("operator_deposit", code) == office.balance("coin_rounding") == 0
    assert office.balance("commission") == 0
    office.check()


def test_what_was_given_is_told(office: Office) -> None:
    sold = office.service.vend_basket(CLERK, BasketRequest("b-1", THREE))
    office.ask("M-1", "void_refund", sale="b-1+2")
    told = office.approve("M-1")["given_back"]
    given_back = Money.from_text(told)
    assert given_back.minor % 10 == 0
    assert given_back != sum((p.amount for p in sold.receipts[1].parts), Money(0))
    assert sold.leading.paid is not None
    left = sold.leading.paid.handed.minor - given_back.minor
    assert office.balance("till", "P1") == left
    (row,) = office.reports.takings(CHIEF)
    assert row.given_back == -given_back.minor
    office.check()


def test_refunds_of_before_are_counted_by_what_they_say(office: Office) -> None:
    """They gave back what was due, and kept what rounding had added: that is what their entry and
    their document say, and no difference."""
    basket = BasketRequest("v-1", (Credit(P, Units("7.3")),))
    receipt = office.service.vend_basket(CLERK, basket).leading
    assert receipt.rounding
    due, loss, till = receipt.quote.tendered.minor, chart().role("refunds"), chart().role("till")
    lines = (Posting(loss.code, "", "ILS", due), Posting(till.code, "P1", "ILS", -due))
    said = Proof(Evidence.REFUND, {"requested_by": CLERK.name, "approval": "M-1", "given": due})
    with office.town.store.writing() as books:
        record = known_sale(books, "v-1")
        office.service._voiding._book(books, CHIEF, record, WHY, said, lines, None)
    office.check()
    (row,) = office.reports.takings(CHIEF)
    assert (row.amount, row.given_back) == (due + receipt.rounding, -due)
