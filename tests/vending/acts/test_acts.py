"""Sales of two people, from asking to the meter; on both databases, against simulated meters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from meters.quantities import Energy
from meters.verdicts import TokenResult
from tests.vending.acts.support import (
    CHIEF,
    CLERK,
    FRESH,
    NEXT_DOOR,
    OTHER_CHIEF,
    RAMI,
    WHY,
    Office,
    P,
    W,
)
from tests.vending.support import put_operator, put_point
from tokens.sts import (
    TokenFieldInvalid,
    TokenFieldUnreadable,
    TokenKindUnknown,
)
from vending.acts.errors import RefundNotPossible, RefundTooMuch
from vending.aftersale import Evidence
from vending.approvals.errors import (
    ApprovalDecided,
    ApprovalExpired,
    DocumentMalformed,
    OwnAct,
)
from vending.blocking import Block, Blocked
from vending.counter import ShiftNeeded
from vending.parties import MeterUnknown
from vending.permissions import ActorNotAllowed
from vending.sale import SaleKind, SaleReceipt
from vending.sold import SaleVoided
from vending.store import SqlStore
from vending.store.approvals import SqlPeople
from vending.vend import VendIdReused, VendUnknown
from vending.voids import GivenBackBefore, TokenTaken, VoidNotAllowed

pytestmark = pytest.mark.system

N = NEXT_DOOR.number

DOCUMENTS: dict[str, dict[str, Any]] = {
    "free_issue": {"meter": P, "units": "20"},
    "refund": {"meter": P, "units": "5.5", "sale": "v-1"},
    "engineering": {"meter": P, "token": "set_maximum_power_limit", "fields": {"limit_w": "4000"}},
    "void_refund": {"sale": "v-1"},
    "correction": {"sale": "v-1", "meter": N},
}


@pytest.mark.parametrize("act", DOCUMENTS)
def test_asked_approved_and_done_once(office: Office, act: str) -> None:
    office.sell("v-1")
    office.ask("A-1", act, **DOCUMENTS[act])
    before = office.entries()
    for actor, error in (
        (replace(CHIEF, name="  SAMIR "), OwnAct),
        (replace(CHIEF, role=CLERK.role), ActorNotAllowed),
    ):
        with pytest.raises(error):
            office.approvals.approve(actor, "A-1")
    assert office.entries() == before
    done = office.outcome("A-1")
    booked = office.entries()
    assert booked > before
    with pytest.raises(ApprovalDecided):
        office.approvals.approve(OTHER_CHIEF, "A-1")
    office.town.clock.forward(days=3)
    elsewhere = replace(CHIEF, point="P2", terminal="T3")
    again = office.approvals.approve(elsewhere, "A-1")
    assert (again.outcome, again.replayed) == (done.outcome, True)
    # Asked for again as it was: nothing is looked at any more, it is done.
    office.ask("A-1", act, **DOCUMENTS[act])
    assert office.entries() == booked
    if isinstance(done.outcome, SaleReceipt):
        assert done.outcome.vend_id == "A-1"
        assert done.outcome.seller.point == "P1"
        assert (done.outcome.seller.operator, done.outcome.requested_by) == ("Layla", "Samir")
        assert done.outcome.reason == WHY
        assert done.outcome.tokens[0].digits == ""
        assert office.type_in("A-1") is TokenResult.ACCEPT
    office.check()


class PowerCut(Exception):
    pass


@pytest.mark.parametrize("act", DOCUMENTS)
def test_cut_between_approval_and_sale(
    office: Office, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.sell("v-1")
    office.ask("A-1", act, **DOCUMENTS[act])
    before = office.entries()
    writing = SqlStore.writing
    calls: list[int] = []

    def cut(store: SqlStore, **how: bool) -> Any:
        calls.append(1)
        if len(calls) > 1:
            raise PowerCut
        return writing(store, **how)

    with monkeypatch.context() as patch:
        patch.setattr(SqlStore, "writing", cut)
        with pytest.raises(PowerCut):
            office.outcome("A-1")
    assert office.entries() == before
    assert office.approvals.approval(CHIEF, "A-1").decision is not None
    done = office.outcome("A-1")
    assert done.replayed
    assert office.approve("A-1") == done.outcome
    office.check()


def test_what_was_approved_and_not_done_ends_too(office: Office) -> None:
    office.ask("A-1", "free_issue", meter=P, units="20")
    office.town.clock.forward(minutes=1)
    block = Block("meter", P, "Cover broken", office.town.clock())
    with SqlPeople(office.town.store).writing() as books:
        books.set_block(block, "Huda")
    with pytest.raises(Blocked):
        office.approve("A-1")
    office.town.clock.forward(hours=24)
    with pytest.raises(ApprovalExpired):
        office.approve("A-1")
    with pytest.raises(VendUnknown):
        office.service.what_became(CLERK, "A-1")


def test_digits_are_the_counters(office: Office) -> None:
    office.ask("A-1", "free_issue", meter=P, units="20")
    made: SaleReceipt = office.approve("A-1")
    assert (made.held, made.kind, made.refers_to) == (True, SaleKind.FREE_ISSUE, "A-1")
    assert made.quote.quantity == Energy(20_000)
    assert made.quote.tendered.is_zero
    with pytest.raises(ActorNotAllowed):
        office.service.show(RAMI, "A-1")
    shown = office.service.show(CLERK, "A-1")
    assert len(shown.tokens[0].digits) == 20
    assert office.balance("meters_electricity", P) == 20_000
    # Before anybody has seen it, it is taken back without reading a meter.
    office.ask("A-2", "free_issue", meter=P, units="3")
    office.approve("A-2")
    assert office.service.void(CHIEF, "A-2", WHY).evidence is Evidence.NOT_SHOWN
    with pytest.raises(SaleVoided):
        office.approve("A-2")
    office.check()


def test_an_id_that_was_sold_under_is_not_taken_for_the_act(office: Office) -> None:
    office.ask("A-1", "free_issue", meter=P, units="2")
    office.sell("A-1")
    with pytest.raises(VendIdReused):
        office.approve("A-1")


def test_units_that_were_given_may_be_given_back_too(office: Office) -> None:
    """What nobody paid for may have been lost as well."""
    office.ask("F-1", "free_issue", meter=P, units="20")
    office.approve("F-1")
    office.ask("A-1", "refund", meter=P, units="15", sale="F-1")
    assert office.approve("A-1").refers_to == "F-1"
    with pytest.raises(RefundTooMuch):
        office.ask("A-2", "refund", meter=P, units="5.1", sale="F-1")


def test_refunds_are_never_more_than_was_sold(office: Office) -> None:
    sold = office.sell("v-1").quote.quantity
    office.sell("w-1", W)

    def refund(id: str, units: str, meter: str = P, sale: str = "v-1") -> Callable[[], object]:
        return lambda: office.ask(id, "refund", meter=meter, units=units, sale=sale)

    for request, error in (
        (refund("A-1", "1", sale="nothing"), VendUnknown),
        (refund("A-1", "0"), DocumentMalformed),
        (refund("A-1", str(sold.value)), RefundTooMuch),
        (refund("A-1", "1", W), RefundNotPossible),
    ):
        with pytest.raises(error):
            request()
    whole = sold.to_text()
    refund("A-1", whole)()
    refund("A-2", "0.1")()
    assert office.approve("A-1").refers_to == "v-1"
    # Both were asked for while there was something left.
    with pytest.raises(RefundTooMuch):
        office.approve("A-2")
    with pytest.raises(RefundNotPossible, match="no_own_units"):
        refund("A-3", "0.1", sale="A-1")()
    office.service.void(CHIEF, "A-1", WHY)
    assert office.approve("A-2").quote.quantity == Energy(100)
    # What the customer bought for one meter is given back at another of theirs.
    refund("A-4", "1", N)()
    assert office.approve("A-4").buyer.meter == N
    office.service.void(CHIEF, "w-1", WHY)
    with pytest.raises(RefundNotPossible, match="voided"):
        refund("A-5", "0.1", W, "w-1")()
    office.check()


def test_engineering_tokens_are_what_they_say(office: Office) -> None:
    def ask(token: str, **fields: str) -> None:
        office.ask("A-9", "engineering", meter=P, token=token, fields=fields)

    for token, fields, error in (
        ("transfer_credit_electricity", {"amount": "5"}, TokenKindUnknown),
        ("open_sesame", {}, TokenKindUnknown),
        ("clear_credit", {}, TokenFieldUnreadable),
        ("clear_credit", {"register": "-1"}, TokenFieldUnreadable),
        ("clear_credit", {"register": "99999"}, TokenFieldInvalid),
        ("clear_credit", {"register": "1", "more": "2"}, DocumentMalformed),
    ):
        with pytest.raises(error):
            ask(token, **fields)
    with pytest.raises(MeterUnknown):
        office.ask("A-9", "engineering", meter=FRESH.number, token="clear_tamper_condition")
    office.sell("v-1")
    office.type_in("v-1")
    meter = next(one for number, one in office.meters.items() if number.number == P)
    assert meter.memory.balance > 0
    account = office.balance("meters_electricity", P)
    for place, (token, fields) in enumerate(
        (
            ("clear_credit", {"register": "65535"}),
            ("set_maximum_power_limit", {"limit_w": "4000"}),
            ("clear_tamper_condition", {}),
        )
    ):
        office.ask(f"E-{place}", "engineering", meter=P, token=token, fields=fields)
        made: SaleReceipt = office.approve(f"E-{place}")
        assert (made.kind, made.refers_to) == (SaleKind.ENGINEERING, token)
        assert office.type_in(f"E-{place}") is TokenResult.ACCEPT
    assert meter.memory.balance == 0
    assert office.balance("meters_tokens", P) == 3
    assert office.balance("supply_tokens") == -3
    assert office.balance("meters_electricity", P) == account
    office.check()


def test_an_engineering_token_may_be_the_first_of_an_agreement(office: Office) -> None:
    office.ask("A-1", "engineering", meter=P, token="clear_tamper_condition")
    office.approve("A-1")
    office.check()
    office.service.void(CHIEF, "A-1", WHY)
    office.check()


def test_money_given_back_leaves_the_till_and_the_units_stay(office: Office) -> None:
    office.sell("v-1")
    office.type_in("v-1")
    units = office.balance("meters_electricity", P)
    with pytest.raises(TokenTaken):
        office.service.void(CHIEF, "v-1", WHY)
    office.ask("A-1", "void_refund", sale="v-1")
    office.ask("A-2", "void_refund", sale="v-1")
    done = office.approve("A-1")
    assert done == {
        "vend_id": "v-1",
        "evidence": "refund",
        "given_back": "50.00",
        "journal_entry": 2,
    }
    assert (office.balance("till", "P1"), office.balance("refunds")) == (0, 5000)
    assert office.balance("meters_electricity", P) == units
    with pytest.raises(GivenBackBefore, match="Layla"):
        office.approve("A-2")
    with pytest.raises(GivenBackBefore, match="Layla"):
        office.ask("A-3", "void_refund", sale="v-1")
    office.ask("F-1", "free_issue", meter=P, units="2")
    office.approve("F-1")
    with pytest.raises(VoidNotAllowed, match="kind"):
        office.ask("A-4", "void_refund", sale="F-1")
    office.check()


def test_cash_is_given_back_where_it_was_taken_and_out_of_a_drawer(office: Office) -> None:
    office.sell("v-1")
    elsewhere = replace(CLERK, point="P2")
    office.approvals.request(elsewhere, "A-1", "void_refund", {"sale": "v-1"}, WHY)
    with pytest.raises(VoidNotAllowed, match="other_point"):
        office.approve("A-1")
    put_point(office.town.store, needs_shift=True)
    office.ask("A-2", "void_refund", sale="v-1")
    with pytest.raises(ShiftNeeded):
        office.approve("A-2")
    # Units without money need no drawer.
    office.ask("A-3", "free_issue", meter=P, units="2")
    office.approve("A-3")


def test_a_commission_is_given_up_with_a_void_and_kept_behind_a_refund(office: Office) -> None:
    put_operator(office.town.store, "samir", commission="2")
    for vend_id in ("v-1", "v-2"):
        office.sell(vend_id, amount=5_000)
    assert office.balance("commission") == 200
    office.ask("A-1", "void_refund", sale="v-1")
    office.approve("A-1")
    assert (office.balance("commission"), office.balance("operator_deposit", "samir")) == (
        200,
        -200,
    )
    office.service.void(CHIEF, "v-2", WHY)
    assert (office.balance("commission"), office.balance("operator_deposit", "samir")) == (
        100,
        -100,
    )
    told = office.reports.operator(CHIEF, "samir")
    assert (told.commission, told.closing) == (100, 100)
    office.check()
