"""Sales of two people, from asking to the meter; on both databases, against simulated meters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from meters.errors import RaseedError
from meters.gateway import MeterUnreachable
from meters.quantities import Energy, Money
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
    T,
    W,
)
from tests.vending.support import ADMIN
from tokens.sts import (
    KeyUnknown,
    MemorySecurityModule,
    TokenFieldInvalid,
    TokenFieldUnreadable,
    TokenKindUnknown,
)
from vending.acts import sale_acts
from vending.acts.errors import CorrectionNotPossible, RefundNotPossible, RefundTooMuch
from vending.aftersale import Evidence
from vending.approvals import Approvals
from vending.approvals.errors import (
    ApprovalDecided,
    ApprovalExpired,
    ApprovalIdReused,
    DocumentMalformed,
    OwnAct,
)
from vending.blocking import Block, Blocked
from vending.counter import ShiftNeeded
from vending.operators import OperatorDayLimit
from vending.parties import ActorNotAllowed, MeterUnknown, PointUnknown
from vending.requests import BasketRequest, Credit, Units
from vending.sale import Payment, SaleKind, SaleReceipt, Tender
from vending.sold import SaleVoided
from vending.store import SqlStore
from vending.store.acts import SqlActs
from vending.store.approvals import SqlPeople
from vending.tariff import AmountTooHigh, AmountTooLow, UnitsNotCarried
from vending.vend import VendIdReused, VendUnknown
from vending.voids import TokenTaken, VoidNotAllowed, read_document

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


def test_an_id_that_was_sold_under_is_not_taken_for_the_act(office: Office) -> None:
    office.ask("A-1", "free_issue", meter=P, units="2")
    office.sell("A-1")
    with pytest.raises(VendIdReused):
        office.approve("A-1")


def test_nothing_is_asked_for_under_the_id_of_a_sale(office: Office) -> None:
    office.sell("v-1")
    with pytest.raises(ApprovalIdReused):
        office.ask("v-1", "free_issue", meter=P, units="2")
    assert office.approvals.approvals(CHIEF) == []


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
    with pytest.raises(VoidNotAllowed, match="voided"):
        office.approve("A-2")
    with pytest.raises(VoidNotAllowed, match="voided"):
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
    with office.town.store.writing() as books:
        books._db.execute(T["points"].update().values(needs_shift=True))
    office.ask("A-2", "void_refund", sale="v-1")
    with pytest.raises(ShiftNeeded):
        office.approve("A-2")
    # Units without money need no drawer.
    office.ask("A-3", "free_issue", meter=P, units="2")
    office.approve("A-3")


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
    with office.town.store.engine.begin() as db:
        row = {"code": "samir", "name_ar": "سمير", "name_en": "Samir", "settlement": "till"}
        db.execute(T["operators"].insert().values(**row, most_per_day=12_000, commission="0"))
        db.execute(T["points"].update().values(most_per_day=12_000))

    def taken(point: str | None = None, operator: str | None = None) -> int:
        day = office.town.clock().replace(hour=0)
        with office.town.store.reading() as books:
            return books.taken_since(point, operator, day)

    office.sell("v-1", amount=5_000)
    office.sell("v-2", amount=5_000)
    with office.town.store.engine.begin() as db:
        limits = {"most_per_sale": 100, "most_per_day": 9_000, "most_in_till": 9_000}
        db.execute(T["points"].update().values(limits))
    office.ask("A-1", "correction", sale="v-1", meter=N)
    office.approve("A-1")
    assert (taken(), taken("P1"), taken(operator="samir"), taken(operator="layla")) == (
        *(10_000, 10_000, 10_000),
        0,
    )
    with office.town.store.engine.begin() as db:
        wide = dict.fromkeys(("most_per_sale", "most_per_day", "most_in_till"), 12_000)
        db.execute(T["points"].update().values(wide))
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


def test_a_commission_is_given_up_with_a_void_and_kept_behind_a_refund(office: Office) -> None:
    with office.town.store.engine.begin() as db:
        row = {"code": "samir", "name_ar": "سمير", "name_en": "Samir", "settlement": "till"}
        db.execute(T["operators"].insert().values(**row, commission="2"))
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


def test_a_sale_on_a_deposit_is_sold_anew_on_the_same(office: Office) -> None:
    terms = {"settlement": "deposit", "credit_limit": 6_000, "commission": "2"}
    row = {"code": "samir", "name_ar": "سمير", "name_en": "Samir", **terms}
    with office.town.store.engine.begin() as db:
        db.execute(T["operators"].insert().values(**row))
        db.execute(T["points"].update().values(most_in_till=0))
    office.sell("v-1", amount=5_000)
    assert office.balance("operator_deposit", "samir") == 5_000 - 100
    # No credit is left, and the terms are others: the customer has paid all the same.
    with office.town.store.engine.begin() as db:
        db.execute(T["operators"].update().values(credit_limit=0, settlement="till"))
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


def test_what_could_not_be_done_is_not_asked_for(office: Office) -> None:
    """Units, size, key and what the books know, each before anybody is asked for it."""
    small = BasketRequest("v-1", (Credit(P, Units("0.1")),))
    office.service.vend_basket(CLERK, small)
    office.sell("v-2")
    office.service.deliver(RAMI, "v-2")
    cases: list[tuple[str, dict[str, Any], type[RaseedError]]] = [
        ("free_issue", {"meter": P, "units": "0.05"}, UnitsNotCarried),
        ("free_issue", {"meter": P, "units": "2000000"}, AmountTooHigh),
        ("free_issue", {"meter": FRESH.number, "units": "5"}, MeterUnknown),
        ("correction", {"sale": "v-1", "meter": W}, AmountTooLow),
        ("correction", {"sale": "v-2", "meter": W}, TokenTaken),
        ("refund", {"sale": "v-2", "meter": P, "units": "0.05"}, UnitsNotCarried),
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


def test_where_no_key_is_held_none_is_looked_at(office: Office) -> None:
    """As at a command line without the passphrase: the rest is tried out all the same."""
    ports = replace(office.service.ports, security=MemorySecurityModule(()))
    acts = sale_acts(ports, SqlActs(office.town.store))
    asking = Approvals(SqlPeople(office.town.store), acts, office.town.clock)
    with pytest.raises(UnitsNotCarried):
        asking.request(CLERK, "A-1", "free_issue", {"meter": P, "units": "0.05"}, WHY)
    asking.request(CLERK, "A-1", "free_issue", {"meter": P, "units": "5"}, WHY)
    assert office.approve("A-1").quote.quantity == Energy(5_000)
    # Nor does what a meter was told with its key stand in the way.
    for told in ({"ken": 104}, {"base_date": 1993}, {"ea": "11"}):
        with office.town.store.writing() as books:
            books._db.execute(T["meters"].update().where(T["meters"].c.number == P).values(told))
        named = f"A-{next(iter(told))}"
        asking.request(CLERK, named, "free_issue", {"meter": P, "units": "5"}, WHY)


def test_a_meter_that_does_not_answer_keeps_the_money_where_it_is(office: Office) -> None:
    office.sell("v-1")
    office.ask("A-1", "correction", sale="v-1", meter=N)
    gone = {number: office.meters.pop(number) for number in list(office.meters)}
    with pytest.raises(MeterUnreachable):
        office.approve("A-1")
    office.meters.update(gone)
    assert office.approve("A-1").buyer.meter == N
    assert office.service.verify(ADMIN).ok
