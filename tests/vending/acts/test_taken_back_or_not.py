"""What is never given back, what a refusal names, and what a void keeps of why it was made; on both
databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from meters.account import TokenLogEntry
from meters.quantities import Money
from simulators.direct import DirectGateway
from tests.vending.acts.support import (
    CHIEF,
    CLERK,
    NEXT_DOOR,
    OTHER_CHIEF,
    WHY,
    Office,
    P,
    W,
    put_in,
)
from tests.vending.support import chart, put_point
from vending.acts import Source
from vending.aftersale import Evidence
from vending.clock import ClockGuard, ClockLimits, ClockRanAhead, ClockWentBack
from vending.counter import ShiftNeeded
from vending.drawer import Drawers
from vending.parties import Role
from vending.permissions import ALLOWED, ActorNotAllowed
from vending.record import SaleRecord
from vending.requests import BasketRequest, Credit, Units
from vending.sale import VendRequest
from vending.selling import SecondPersonNeeded
from vending.store.drawer import SqlDrawers
from vending.voidproof import Proved, Proving
from vending.voids import GivenBackBefore, NotProved, VoidNotAllowed, read_document

N = NEXT_DOOR.number


def behind_the_log(
    office: Office, monkeypatch: pytest.MonkeyPatch, happens: str, reason: str = WHY
) -> None:
    """Right after the log of a meter was read, once, somebody else is quicker."""
    read = DirectGateway.read_token_log

    def quick(gateway: DirectGateway) -> list[TokenLogEntry]:
        log = read(gateway)
        monkeypatch.setattr(DirectGateway, "read_token_log", read)
        if happens == "void":
            office.service.void(CHIEF, "v-1", reason)
        else:
            office.service.deliver(CLERK, "v-1")
        return log

    monkeypatch.setattr(DirectGateway, "read_token_log", quick)


def test_what_nobody_paid_for_is_not_refunded(office: Office) -> None:
    office.ask("F-1", "free_issue", meter=P, units="20")
    office.approve("F-1")
    # What that one left pays so few units, but for less than half a coin.
    office.sell("v-0", amount=1_000)
    assert office.service.balance(CLERK, P) == Money(4)
    few = BasketRequest("v-1", (Credit(P, Units("0.1")),))
    (sold,) = office.service.vend_basket(CLERK, few).receipts
    assert sold.quote.tendered + Money(sold.rounding) == Money(0)
    assert not sold.quote.tendered.is_zero
    before = office.entries()
    for sale in ("F-1", "v-1"):
        with pytest.raises(VoidNotAllowed) as error:
            office.service.refund(CHIEF, sale, "Samir", WHY, "A-1")
        assert (error.value.vend_id, error.value.why) == (sale, "kind")
    assert office.entries() == before
    office.check()


def test_who_refunds_needs_another_who_asked(office: Office) -> None:
    office.sell("v-1")
    with pytest.raises(SecondPersonNeeded) as error:
        office.service.refund(CHIEF, "v-1", "LAYLA", WHY, "A-1")
    assert error.value.kind == "void_refund"
    done = office.service.refund(CHIEF, "v-1", "Samir", WHY, "A-1")
    kept = {"requested_by": "Samir", "approval": "A-1", "given": 5000}
    assert read_document(done) == kept
    # Repeated under its approval it is answered, under any other one told who was quicker.
    assert office.service.refund(CHIEF, "v-1", "Samir", WHY, "A-1") == done
    with pytest.raises(GivenBackBefore) as again:
        office.service.refund(OTHER_CHIEF, "v-1", "Samir", WHY, "A-2")
    told = again.value
    assert (told.vend_id, told.actor, told.moment) == ("v-1", "Layla", done.at)
    office.check()


def test_what_was_taken_back_meanwhile_is_not_sold_anew(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where the same person took it back, in the same words: its money is gone."""
    office.sell("v-1")
    office.ask("C-1", "correction", sale="v-1", meter=N)
    behind_the_log(office, monkeypatch, "void")
    with pytest.raises(VoidNotAllowed) as error:
        office.approve("C-1")
    assert (error.value.vend_id, error.value.why) == ("v-1", "voided")
    assert office.balance("till", "P1") == 0
    assert office.balance("meters_electricity", N) == 0
    office.check()


def test_what_was_pushed_meanwhile_is_named(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.sell("v-1")
    behind_the_log(office, monkeypatch, "deliver")
    with pytest.raises(NotProved) as error:
        office.service.void(CHIEF, "v-1", WHY)
    refused = error.value
    assert (refused.vend_id, refused.meter, refused.why) == ("v-1", P, "being_delivered")


def test_what_is_sold_anew_is_in_no_shift_and_keeps_what_proved_it(office: Office) -> None:
    drawers = Drawers(SqlDrawers(office.town.store), chart(), office.town.clock)
    drawers.open(CLERK, "s-1", Money(0))
    office.sell("v-1")
    office.sell("v-2")
    office.ask("C-1", "correction", sale="v-1", meter=N)
    office.approve("C-1")
    anew = office.service.what_became(CLERK, "v-1").void
    assert anew is not None
    assert anew.shift is None
    kept = read_document(anew)
    assert kept == {"log_from": 1, "log_to": 0, "key_moved": False, "replaced_by": "C-1"}
    # Its money lies where it lay; what is taken back for money is in the shift that gives it.
    back = office.service.void(CLERK, "v-2", WHY)
    assert back.shift == "s-1"
    assert read_document(back) == {"log_from": 1, "log_to": 0, "key_moved": False}
    office.check()


def test_nothing_is_taken_back_by_a_clock_that_was_set_back(office: Office) -> None:
    office.sell("v-1")
    office.sell("v-2")
    before = office.entries()
    now = office.town.clock()
    office.town.clock.now = now - timedelta(days=1)
    with pytest.raises(ClockWentBack):
        office.service.void(CHIEF, "v-1", WHY)
    with pytest.raises(ClockWentBack):
        office.service.refund(CHIEF, "v-2", "Samir", WHY, "A-1")
    office.town.clock.now = now
    assert office.entries() == before
    assert office.service.void(CHIEF, "v-1", WHY).at == now


def test_what_was_taken_back_is_what_the_clock_is_held_against(office: Office) -> None:
    office.sell_held("v-1")
    office.sell_held("v-2")
    limits = ClockLimits(closed=timedelta(days=5), leap=timedelta(minutes=10))
    service = office.town.with_(guard=ClockGuard(limits, lambda: 0))
    service.void(CLERK, "v-1", WHY)
    # By the steady clock no time has passed since.
    office.town.clock.forward(hours=1)
    with pytest.raises(ClockRanAhead):
        service.void(CLERK, "v-2", WHY)
    assert office.service.what_became(CLERK, "v-2").void is None


@pytest.mark.parametrize("role", sorted(set(Role) - ALLOWED["void_sale"], key=str))
def test_who_does_not_sell_takes_nothing_back(office: Office, role: Role) -> None:
    office.sell("v-1")
    office.sell("v-2")
    office.service.void(CHIEF, "v-2", WHY)
    for sale in ("v-1", "v-2"):
        with pytest.raises(ActorNotAllowed):
            office.service.void(replace(CHIEF, role=role), sale, WHY)
    assert office.service.what_became(CLERK, "v-1").void is None


def test_digits_that_were_shown_meanwhile_are_seen(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.sell_held("v-1")
    proved = Proving.proved

    def then_shown(self: Proving, record: SaleRecord) -> Proved:
        found = proved(self, record)
        office.service.show(CLERK, "v-1")
        return found

    monkeypatch.setattr(Proving, "proved", then_shown)
    with pytest.raises(NotProved) as error:
        office.service.void(CLERK, "v-1", WHY)
    refused = error.value
    assert (refused.vend_id, refused.meter, refused.why) == ("v-1", P, "being_delivered")


def test_what_is_spent_of_the_balance_is_named(office: Office) -> None:
    office.sell("v-1", amount=1_000)
    office.sell("v-2", amount=1_001)
    with pytest.raises(VoidNotAllowed) as error:
        office.service.void(CHIEF, "v-1", WHY)
    assert (error.value.vend_id, error.value.why) == ("v-1", "balance_used")


def test_an_answer_is_given_once_more_to_whoever_had_it(office: Office) -> None:
    """Though the meter that was asked then does not answer any more."""
    office.sell("v-1")
    void = office.service.void(CHIEF, "v-1", WHY)
    office.lose()
    assert office.service.void(replace(CHIEF, name=" LAYLA "), "v-1", WHY) == void
    for who, why in ((OTHER_CHIEF, WHY), (CHIEF, "Another reason")):
        with pytest.raises(GivenBackBefore) as error:
            office.service.void(who, "v-1", why)
        assert (error.value.vend_id, error.value.actor) == ("v-1", "Layla")


def test_whoever_sold_may_approve_what_another_asks_to_be_sold_anew(office: Office) -> None:
    """Though alone they would not take it back: that the meter is gone needs a second person, and
    there are two."""
    office.service.vend(CHIEF, VendRequest("v-1", P, Money(5000), hold=True))
    put_in(office, Source.NONE)
    office.lose()
    office.service.show(CHIEF, "v-1")
    with pytest.raises(VoidNotAllowed, match="needs_supervisor"):
        office.service.void(CHIEF, "v-1", WHY)
    office.ask("C-1", "correction", sale="v-1", meter=N)
    office.approve("C-1")
    anew = office.service.what_became(CLERK, "v-1").void
    assert anew is not None
    assert (anew.evidence, anew.actor) == (Evidence.METER_GONE, "Layla")
    office.check()


def test_what_is_sold_anew_leaves_every_drawer_alone(office: Office) -> None:
    """Where nothing is given back without a shift, and none is open, it is sold anew all the same:
    its money lies where it lay, to the agora."""
    few = Credit(P, Units("7.3"))
    office.service.vend_basket(CLERK, BasketRequest("v-1", (few, Credit(W, Units("1.1")))))
    till = office.balance("till", "P1")
    office.ask("C-1", "correction", sale="v-1", meter=N)
    put_point(office.town.store, needs_shift=True)
    with pytest.raises(ShiftNeeded):
        office.service.void(CHIEF, "v-1", WHY)
    office.approve("C-1")
    anew = office.service.what_became(CLERK, "v-1").void
    assert anew is not None
    assert "given" not in read_document(anew)
    assert office.balance("till", "P1") == till
    office.check()


def test_what_coins_give_back_is_kept_beside_what_proved_it(office: Office) -> None:
    basket = (Credit(P, Units("7.3")), Credit(W, Units("1.1")))
    office.service.vend_basket(CLERK, BasketRequest("v-1", basket))
    kept = read_document(office.service.void(CHIEF, "v-1", WHY))
    given = kept.pop("given")
    assert isinstance(given, int)
    assert given % 10 == 0
    assert kept == {"log_from": 1, "log_to": 0, "key_moved": False}
    office.check()
