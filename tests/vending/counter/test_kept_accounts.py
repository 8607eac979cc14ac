"""Whatever kind of sale moves an account, or does not: what is kept is what its history says; on
both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from meters.quantities import Money
from meters.values import replace
from tests.vending.accounts.support import ZONE
from tests.vending.support import ADMIN, OPERATOR, POWER, Town, chart, tariffs
from vending.accounts import Accounts
from vending.parties import Actor, Role
from vending.requests import (
    BasketRequest,
    Credit,
    DebtPayment,
    Engineering,
    FreeIssue,
    Item,
    Refund,
    SecondPerson,
    Transfer,
    Units,
)
from vending.store.accounts import SqlAccounts
from vending.tariff import Label, Percentage

P = POWER.number
CHIEF = replace(OPERATOR, name="Omar", role=Role.SUPERVISOR)
LAYLA = Actor("Layla", Role.BILLING)
SECOND = SecondPerson("Layla", "the meter was faulty", "a-1")
WHY = "the wrong customer"

ITEMS: dict[str, Item] = {
    "credit": Credit(P, Money(1_005)),
    "payment": DebtPayment(P, Money(500)),
    "free issue": FreeIssue(P, Units("5")),
    "refund": Refund(P, Units("5"), "v-0"),
    "transfer": Transfer(P, Units("5"), "01000019990"),
    "engineering": Engineering(P, "clear_credit", (("register", "0"),)),
}


@pytest.fixture
def here(place: Path | str) -> Iterator[Town]:
    made = Town(place)
    yield made
    made.store.close()


def accounts_of(here: Town) -> Accounts:
    return Accounts(SqlAccounts(here.store), tariffs(), chart(), here.clock, ZONE)


def right(here: Town) -> None:
    report = accounts_of(here).verify_accounts(ADMIN)
    assert report.ok, report.problems
    proof = here.service.verify(ADMIN)
    assert proof.ok, proof.problem


@pytest.mark.parametrize("name", ITEMS)
def test_every_kind_of_sale_and_its_void(here: Town, name: str) -> None:
    """As the first that happens to the account, and after another sale."""
    if name == "payment":
        accounts_of(here).add_debt(
            LAYLA,
            "A1",
            "old",
            Label("ذمم سابقة", "Arrears"),
            Money(3_000),
            Percentage("25"),
            "From the old ledger",
            "Bill 2025/114",
        )
    second = None if isinstance(ITEMS[name], Credit | DebtPayment) else SECOND
    for vend_id in ("first", "second"):
        basket = BasketRequest(vend_id, (ITEMS[name],), hold=True, second=second)
        here.service.vend_basket(CHIEF, basket)
        right(here)
        here.service.void(CHIEF, vend_id, WHY)
        right(here)
        here.service.vend_basket(CHIEF, replace(basket, vend_id=f"{vend_id}-again"))
        right(here)
        here.service.vend_basket(CHIEF, BasketRequest(f"{vend_id}-0", (Credit(P, Money(2_000)),)))
        right(here)


def test_money_given_back_leaves_the_units(here: Town) -> None:
    here.service.vend_basket(CHIEF, BasketRequest("v-1", (ITEMS["credit"],)))
    here.service._voiding.refund(CHIEF, "v-1", "Layla", WHY, "a-1")
    right(here)
