"""Who is given the digits of a set that is out once more: whoever could have seen them before. On
both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from meters.quantities import Money
from meters.verdicts import TokenResult
from tests.vending.support import OPERATOR, POWER, TECHNICIAN, chart, tariffs
from vending.accounting.errors import ReasonMissing
from vending.accounts import Accounts
from vending.aftersale import Evidence
from vending.keychanges.changes import KeySetHeld, KeySetNotOut
from vending.messages import LOCAL_ZONE
from vending.parties import Actor, Role
from vending.permissions import ActorNotAllowed
from vending.requests import BasketRequest, DebtPayment
from vending.store.accounts import SqlAccounts
from vending.tariff import Label, Percentage

from .test_voided import LOST, Voids


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
