"""Money given back: not with the units on top, by whom when a meter is gone, and to the coin. On
both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meters.quantities import Money
from tests.vending.acts.support import (
    CHIEF,
    CLERK,
    FRESH,
    NEXT_DOOR,
    RAMI,
    WHY,
    Office,
    P,
    new_meter,
    put_in,
)
from tests.vending.support import POWER
from vending.acts import Source
from vending.aftersale import Evidence
from vending.messages import Language
from vending.papers import Letterhead, taken_back_paper
from vending.requests import BasketRequest, Credit, Units
from vending.sold import known_sale
from vending.voids import GivenBackBefore, GoneUnproved, VoidNotAllowed

F = FRESH.number


def test_nobody_is_told_a_second_time_that_money_is_given_back(office: Office) -> None:
    """Who is told so at a counter hands it out."""
    office.sell_held("v-1")
    office.sell("v-2")
    office.sell_held("v-3")
    void = office.service.void(CLERK, "v-1", WHY)
    office.ask("R-1", "void_refund", sale="v-2")
    office.approve("R-1")
    office.ask("C-1", "correction", sale="v-3", meter=NEXT_DOOR.number)
    office.approve("C-1")
    before = office.entries()
    other = replace(CLERK, name="Rana", terminal="T2")
    for who, sale, reason in (
        (other, "v-1", WHY),
        (CLERK, "v-1", "The customer stands here"),
        (CLERK, "v-2", WHY),
        (CHIEF, "v-2", WHY),
        (CHIEF, "v-3", WHY),
    ):
        with pytest.raises(GivenBackBefore) as error:
            office.service.void(who, sale, reason)
        assert error.value.actor == ("Samir" if sale == "v-1" else "Layla")
    # An answer that was lost is given once more, through whichever door.
    assert office.service.void(replace(CLERK, name="api:samir"), "v-1", f" {WHY} ") == void
    assert office.entries() == before
    office.check()


def test_units_given_back_keep_the_money_where_it_is(office: Office) -> None:
    office.sell("v-1")
    office.ask("M-1", "void_refund", sale="v-1")
    office.ask("C-1", "correction", sale="v-1", meter=NEXT_DOOR.number)
    office.ask("R-1", "refund", meter=P, units="40", sale="v-1")
    office.approve("R-1")
    till = office.balance("till", "P1")
    for give in (
        lambda: office.service.void(CHIEF, "v-1", WHY),
        lambda: office.approve("M-1"),
        lambda: office.approve("C-1"),
        lambda: office.ask("M-2", "void_refund", sale="v-1"),
        lambda: office.ask("C-2", "correction", sale="v-1", meter=NEXT_DOOR.number),
    ):
        with pytest.raises(VoidNotAllowed, match="units_refunded"):
            give()
    assert office.balance("till", "P1") == till
    # Taken back itself, it stands in nobody's way.
    office.service.void(CHIEF, "R-1", WHY)
    assert office.service.void(CHIEF, "v-1", WHY).evidence is Evidence.NOT_IN_LOG
    office.check()


def test_that_a_meter_is_gone_is_said_by_a_supervisor_who_did_not_sell(office: Office) -> None:
    office.sell_held("v-1")
    put_in(office, Source.NONE)
    office.service.show(CLERK, "v-1")
    for person in (CLERK, replace(CHIEF, name="cli:SAMIR")):
        with pytest.raises(VoidNotAllowed, match="needs_supervisor"):
            office.service.void(person, "v-1", WHY)
    assert office.service.void(CHIEF, "v-1", WHY).evidence is Evidence.METER_GONE


@pytest.mark.parametrize("units", ["7.1", "7.2", "7.3", "7.4", "7.5", "7.6"])
def test_a_refund_gives_back_what_was_paid_to_the_coin(office: Office, units: str) -> None:
    basket = BasketRequest("v-1", (Credit(P, Units(units)),))
    sold = office.service.vend_basket(CLERK, basket).leading
    paid = office.balance("till", "P1")
    assert paid % 10 == 0
    office.ask("M-1", "void_refund", sale="v-1")
    assert office.approve("M-1")["given_back"] == Money(paid).to_text()
    assert office.balance("till", "P1") == office.balance("coin_rounding") == 0
    assert office.balance("refunds") == sold.quote.tendered.minor
    office.check()


def test_put_in_again_behind_the_proof_that_its_meter_is_gone(office: Office) -> None:
    """In use once more, it can be read, and its log decides."""
    office.sell_held("v-2")
    put_in(office, Source.NONE)
    office.service.show(CLERK, "v-2")
    voiding = office.service._voiding
    with office.town.store.reading() as books:
        proved = voiding.proved(known_sale(books, "v-2"))
    assert proved.proof.evidence is Evidence.METER_GONE
    office.town.clock.forward(minutes=3)
    office.exchanges.exchange(RAMI, "X-2", "A3", new_meter(POWER), Source.NONE, WHY)
    with office.town.store.writing() as books, pytest.raises(GoneUnproved):
        voiding.replace_within(books, CHIEF, proved, WHY, "C-1")
    assert office.service.void(CHIEF, "v-2", WHY).evidence is Evidence.NOT_IN_LOG


@pytest.mark.parametrize("language", list(Language), ids=str)
def test_the_note_about_a_corrected_sale_tells_no_money(office: Office, language: Language) -> None:
    """Nothing was handed over the counter, so there is nothing to sign for."""
    office.sell("v-1")
    office.sell("v-2")
    office.ask("C-1", "correction", sale="v-1", meter=NEXT_DOOR.number)
    office.approve("C-1")
    office.service.void(CHIEF, "v-2", WHY)
    notes = [office.service.paperwork.taken_back(CHIEF, sale) for sale in ("v-1", "v-2")]
    moved, voided = (
        taken_back_paper(note.receipt, note.void, note.code, Letterhead(), language).data
        for note in notes
    )
    assert moved["money"] == []
    assert "C-1" in moved["told"][1]
    assert [line["strong"] for line in voided["money"]] == [True]
    assert len(voided["told"]) == 1
