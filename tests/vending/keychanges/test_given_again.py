"""Who is given the digits of a set that is out once more: whoever could have seen them before. On
both databases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from meters.quantities import Money
from meters.verdicts import TokenResult
from tests.vending.support import OPERATOR, POWER, TECHNICIAN, chart, tariffs
from vending.accounting.errors import ReasonMissing
from vending.accounts import Accounts
from vending.aftersale import Evidence
from vending.approvals import Approvals, Blocks, own_acts
from vending.blocking import Blocked
from vending.keychanges.changes import KeySetHeld, KeySetNotOut
from vending.messages import LOCAL_ZONE
from vending.parties import Actor, Role
from vending.permissions import ActorNotAllowed
from vending.requests import BasketRequest, DebtPayment
from vending.store.accounts import SqlAccounts
from vending.store.approvals import SqlPeople
from vending.tariff import Label, Percentage

from .test_voided import CHIEF, LOST, Voids


def test_who_needs_the_set_again_takes_back_that_it_was_entered(place: Path | str) -> None:
    town = Voids(place)
    sold = town.sold("v-1")
    town.changes.mark_entered(OPERATOR, POWER.number)
    with pytest.raises(ReasonMissing):
        town.changes.tokens_again(OPERATOR, POWER.number, " ")
    with pytest.raises(ActorNotAllowed):
        town.changes.tokens_again(TECHNICIAN, POWER.number, LOST)
    again = town.changes.tokens_again(OPERATOR, POWER.number, LOST)
    assert again.tokens == sold.key_tokens
    assert town.states() == ["issued", "entered", "issued"]
    # Its sale stands: the next one carries no set.
    assert not town.sold("v-2").key_tokens
    town.check()
    town.store.close()


@pytest.mark.parametrize(
    ("kind", "subject"), [("operator", "cli:samir"), ("point", "P1"), ("terminal", "P1/T1")]
)
def test_who_is_barred_is_given_no_set_again(place: Path | str, kind: str, subject: str) -> None:
    """As no copy of a sale, which holds the same digits."""
    town = Voids(place)
    sold = town.sold("v-1")
    people = SqlPeople(town.store)
    blocks = Blocks(people, Approvals(people, own_acts("ILS"), town.clock), town.clock)
    blocks.block(CHIEF, kind, subject, "Counted short three days running")
    with pytest.raises(Blocked):
        town.service.reprint(OPERATOR, "v-1")
    with pytest.raises(Blocked) as told:
        town.changes.tokens_again(OPERATOR, POWER.number, LOST)
    assert (told.value.kind, told.value.reason) == (kind, "Counted short three days running")
    assert town.states() == ["issued"]
    elsewhere = replace(OPERATOR, name="Lina", point="P2", terminal="T2")
    assert town.changes.tokens_again(elsewhere, POWER.number, LOST).tokens == sold.key_tokens
    town.check()
    town.store.close()


def test_a_set_is_counted_on_the_day_of_its_sale_alone(place: Path | str) -> None:
    """That sale is the last entry before the next day."""
    town = Voids(place)
    assert town.sold("v-1").key_tokens
    town.check()
    town.clock.forward(days=1)
    town.sold("v-2")
    town.check()
    town.store.close()


def test_digits_that_nobody_has_seen_are_not_given_again(place: Path | str) -> None:
    town = Voids(place)
    town.sold("v-1", hold=True)
    town.sold("v-2", hold=True)
    with pytest.raises(KeySetHeld) as told:
        town.changes.tokens_again(OPERATOR, POWER.number, LOST)
    assert told.value.vend_id == "v-1"
    # Taken back unseen: the set is the next customer's as soon as they have their own digits.
    assert town.void("v-1") is Evidence.NOT_SHOWN
    with pytest.raises(KeySetHeld) as told:
        town.changes.tokens_again(OPERATOR, POWER.number, LOST)
    assert told.value.vend_id == "v-2"
    assert town.states() == ["issued", "issued"]
    shown = town.service.show(OPERATOR, "v-2")
    for token in town.changes.tokens_again(OPERATOR, POWER.number, LOST).tokens:
        town.machine.enter_token(token.digits, town.clock())
    assert town.typed(shown) is TokenResult.ACCEPT
    town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    with pytest.raises(KeySetNotOut):
        town.changes.tokens_again(OPERATOR, POWER.number, LOST)
    town.check()
    town.store.close()


def test_a_later_paper_opens_no_set_of_a_sale_that_stands_unseen(place: Path | str) -> None:
    """It could be taken back without asking the meter, which may have the set by then."""
    town = Voids(place)
    town.sold("v-1", hold=True)
    town.sold("v-2")
    with pytest.raises(KeySetHeld) as told:
        town.changes.tokens_again(OPERATOR, POWER.number, LOST)
    assert told.value.vend_id == "v-1"
    shown = town.service.show(OPERATOR, "v-1")
    assert town.changes.tokens_again(OPERATOR, POWER.number, LOST).tokens == shown.key_tokens
    town.store.close()


def test_a_paid_debt_opens_no_set(place: Path | str) -> None:
    """Its receipt has no digits, so that whoever holds it has seen none."""
    town = Voids(place)
    Accounts(SqlAccounts(town.store), tariffs(), chart(), town.clock, LOCAL_ZONE).add_debt(
        Actor("Layla", Role.BILLING),
        "A1",
        "arrears",
        Label("ذمم سابقة", "Arrears"),
        Money(15_000),
        Percentage("25"),
        "From the old ledger",
        "Bill 2025/114",
    )
    town.sold("v-1", hold=True)
    town.sold("v-2", hold=True)
    town.void("v-1")
    paid = BasketRequest("p-1", (DebtPayment(POWER.number, Money(1000)),))
    assert town.service.vend_basket(OPERATOR, paid).leading.tokens == ()
    with pytest.raises(KeySetHeld) as told:
        town.changes.tokens_again(OPERATOR, POWER.number, LOST)
    assert told.value.vend_id == "v-2"
    town.check()
    town.store.close()


def test_a_set_that_was_seen_once_is_given_again_though_a_later_carrier_is_held(
    place: Path | str,
) -> None:
    town = Voids(place)
    first = town.sold("v-1")
    town.sold("v-2")
    town.void("v-1")
    assert len(town.sold("v-3", hold=True).key_tokens) == 2
    again = town.changes.tokens_again(OPERATOR, POWER.number, LOST)
    assert again.tokens == first.key_tokens
    assert again.change.carriers == ("v-1", "v-3")
    town.check()
    town.store.close()
