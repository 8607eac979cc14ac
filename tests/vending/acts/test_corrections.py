"""A sale to a wrong meter is sold anew to the right one: no money moves, and what is not sold anew
is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meters.gateway import Gateway, MeterWithoutAddress
from meters.quantities import Money
from meters.verdicts import TokenResult
from tests.vending.acts.support import (
    CHIEF,
    CLERK,
    WHY,
    Office,
    P,
    W,
)
from tests.vending.support import ADMIN, put_operator, put_point
from vending.acts.errors import CorrectionNotPossible
from vending.aftersale import Evidence
from vending.blocking import Block, Blocked
from vending.operators import OperatorDayLimit
from vending.parties import Meter
from vending.requests import BasketRequest, Credit, Units
from vending.sale import Payment, SaleKind, SaleReceipt, Tender
from vending.store.approvals import SqlPeople
from vending.voids import TokenTaken, VoidUnseen, VoidWithoutAddress, read_document

from .test_acts import N

pytestmark = pytest.mark.system


def test_a_sale_to_a_wrong_meter_is_sold_anew_to_the_right_one(office: Office) -> None:
    office.sell("v-0", N, 3000)
    paid = (Payment(Tender.CARD, Money(2000), "slip 7"), Payment(Tender.CASH, Money(3010)))
    basket = BasketRequest("v-1", (Credit(P, Units("64.4")), Credit(W, Money(2000))))
    due = sum(
        one.quote.tendered.minor for one in office.service.vend_basket(CLERK, basket).receipts
    )
    assert due % 10 != 0
    plain = BasketRequest("v-2", (Credit(P, Money(5010)),), paid)
    office.service.vend_basket(CLERK, plain)
    tills = {role: office.balance(role, "P1") for role in ("till", "cards")}
    for id, sale in (("A-1", "v-1"), ("A-2", "v-2")):
        wrong = office.service.what_became(CLERK, sale).receipt
        office.ask(id, "correction", sale=sale, meter=N)
        made: SaleReceipt = office.approve(id)
        void = office.service.what_became(CLERK, sale).void
        assert void is not None
        assert void.evidence is Evidence.NOT_IN_LOG
        assert read_document(void)["replaced_by"] == id
        assert (made.kind, made.refers_to, made.buyer.meter) == (SaleKind.CORRECTION, sale, N)
        assert made.parts == (wrong.parts or (Payment(wrong.tender, wrong.quote.tendered),))
        assert {role: office.balance(role, "P1") for role in tills} == tills
        assert office.type_in(id) is TokenResult.ACCEPT
    assert office.balance("meters_electricity", P) == 0
    assert office.service.balance(CLERK, P).is_zero
    office.check()
    # A wrong correction is corrected in turn, before its token is typed.
    office.sell("v-3")
    office.ask("A-3", "correction", sale="v-3", meter=W)
    office.approve("A-3")
    office.ask("A-4", "correction", sale="A-3", meter=N)
    assert office.approve("A-4").refers_to == "A-3"
    office.check()


def test_a_correction_takes_nothing_and_what_it_puts_right_was_taken(office: Office) -> None:
    """As far as limits per sale, per day and of what lies in the till go."""
    put_operator(office.town.store, "samir", most_per_day=12_000)
    put_point(office.town.store, most_per_day=12_000)

    def taken(point: str | None = None, operator: str | None = None) -> int:
        day = office.town.clock().replace(hour=0)
        with office.town.store.reading() as books:
            return books.taken_since(point, operator, day)

    office.sell("v-1", amount=5_000)
    office.sell("v-2", amount=5_000)
    limits = {"most_per_sale": 100, "most_per_day": 9_000, "most_in_till": 9_000}
    put_point(office.town.store, **limits)
    office.ask("A-1", "correction", sale="v-1", meter=N)
    office.approve("A-1")
    assert (taken(), taken("P1"), taken(operator="samir"), taken(operator="layla")) == (
        *(10_000, 10_000, 10_000),
        0,
    )
    wide = dict.fromkeys(("most_per_sale", "most_per_day", "most_in_till"), 12_000)
    put_point(office.town.store, **wide)
    with pytest.raises(OperatorDayLimit) as error:
        office.sell("v-3", amount=2_010)
    assert error.value.left == "20.00 ILS"
    office.sell("v-3", amount=1_000)
    office.ask("A-2", "correction", sale="A-1", meter=W)
    office.approve("A-2")
    assert taken(operator="samir") == 11_000
    # Given back in the end, it was not taken.
    office.service.void(CHIEF, "A-2", WHY)
    assert (taken(), taken(operator="samir")) == (6_000, 6_000)
    office.check()


def test_a_sale_on_a_deposit_is_sold_anew_on_the_same(office: Office) -> None:
    terms = {"settlement": "deposit", "credit_limit": 6_000, "commission": "2"}
    put_operator(office.town.store, "samir", **terms)
    put_point(office.town.store, most_in_till=0)
    office.sell("v-1", amount=5_000)
    assert office.balance("operator_deposit", "samir") == 5_000 - 100
    # No credit is left, and the terms are others: the customer has paid all the same.
    put_operator(office.town.store, "samir", credit_limit=0, settlement="till")
    for id, wrong in (("A-1", "v-1"), ("A-2", "A-1")):
        office.ask(id, "correction", sale=wrong, meter=W if wrong == "v-1" else N)
        made: SaleReceipt = office.approve(id)
        assert (made.on_deposit, made.deposit_of, made.commission) == (True, "samir", None)
        assert made == office.approve(id)
        void = office.service.what_became(CLERK, wrong).void
        assert void is not None
        assert office.balance("operator_deposit", "samir") == 5_000
        assert office.balance("operator_deposit") == office.balance("till", "P1") == 0
    assert office.type_in("A-2") is TokenResult.ACCEPT
    told = office.reports.operator(CHIEF, "samir")
    assert (told.closing, told.commission) == (-5_000, 0)
    office.check()


def test_the_last_purchase_is_one_that_stands(office: Office) -> None:
    """What a quote is explained beside: money for units, and no gift, void or other token."""
    assert office.service.last_bought(CLERK, P) is None
    bought = office.sell("v-1").quote
    office.ask("F-1", "free_issue", meter=P, units="2")
    office.approve("F-1")
    office.ask("E-1", "engineering", meter=P, token="clear_tamper_condition")
    office.approve("E-1")
    assert office.service.last_bought(CLERK, P) == bought
    office.sell("v-2", amount=3000)
    office.service.void(CHIEF, "v-2", WHY)
    assert office.service.last_bought(CLERK, P) == bought
    later = office.sell("v-3", amount=2000).quote
    # The money is given back, the units stay: it was a purchase.
    office.ask("A-1", "void_refund", sale="v-3")
    office.approve("A-1")
    assert office.service.last_bought(CLERK, P) == later
    assert office.service.last_bought(CLERK, N) is None


def test_what_is_not_sold_anew(office: Office) -> None:
    office.sell("v-1")
    office.sell("v-2")
    office.ask("F-1", "free_issue", meter=P, units="2")
    office.approve("F-1")
    for sale, meter, why in (("F-1", N, "not_bought"), ("v-1", P, "same_meter")):
        with pytest.raises(CorrectionNotPossible, match=why):
            office.ask("A-1", "correction", sale=sale, meter=meter)
    office.ask("A-1", "correction", sale="v-1", meter=N)
    office.ask("A-2", "correction", sale="v-2", meter=N)
    office.type_in("v-1")
    before = office.entries()
    with pytest.raises(TokenTaken):
        office.approve("A-1")
    office.service.void(CHIEF, "v-2", WHY)
    with pytest.raises(CorrectionNotPossible, match="voided"):
        office.approve("A-2")
    assert office.entries() == before + 1
    office.check()


def test_a_refused_sale_undoes_the_void(office: Office) -> None:
    """Both or neither: the right meter is barred by now."""
    office.sell("v-1")
    office.ask("A-1", "correction", sale="v-1", meter=W)
    before = office.entries()
    with SqlPeople(office.town.store).writing() as books:
        books.set_block(Block("meter", W, "Cover broken", office.town.clock()), "Huda")
    with pytest.raises(Blocked):
        office.approve("A-1")
    assert office.service.what_became(CLERK, "v-1").void is None
    assert office.entries() == before
    office.check()


def test_a_meter_that_does_not_answer_keeps_the_money_where_it_is(office: Office) -> None:
    office.sell("v-1")
    office.ask("A-1", "correction", sale="v-1", meter=N)
    gone = {number: office.meters.pop(number) for number in list(office.meters)}
    # Not `meter.unreachable`, whose advice is to let the customer type the token.
    with pytest.raises(VoidUnseen) as told:
        office.approve("A-1")
    assert told.value.meter == P
    assert office.failure("A-1") == "void.meter_unreachable"
    office.meters.update(gone)
    assert office.approve("A-1").buyer.meter == N
    assert office.service.verify(ADMIN).ok


def test_a_meter_without_an_address_is_not_tried_again_for_a_correction(office: Office) -> None:
    office.sell("v-1")
    office.ask("A-1", "correction", sale="v-1", meter=N)

    def without_address(meter: Meter) -> Gateway:
        raise MeterWithoutAddress(meter.number.number)

    ports = replace(office.service.ports, gateway_for=without_address)
    office.acts_now(ports)
    with pytest.raises(VoidWithoutAddress):
        office.approve("A-1")
    assert office.failure("A-1") == "void.meter_without_address"
    assert office.service.what_became(CLERK, "v-1").void is None
    assert office.service.verify(ADMIN).ok
