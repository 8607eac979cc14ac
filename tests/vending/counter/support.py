"""Selling baskets: who sells, and what was booked."""

from __future__ import annotations

from meters.quantities import Money
from tests.vending.support import OPERATOR, POWER, WATER, Town, chart, put_operator, tariffs
from vending.accounts import Accounts
from vending.parties import Actor, Role
from vending.persons import person
from vending.store.accounts import SqlAccounts
from vending.store.schema import metadata
from vending.tariff import Label, Percentage
from vending.tariff.months import PLACE

T = metadata.tables
ADMIN_AT_P1 = Actor("Layla", Role.SUPERVISOR, "P1", "T7")
P, W = POWER.number, WATER.number
PERSON = person(OPERATOR.name)


def accounts_of(town: Town) -> Accounts:
    return Accounts(SqlAccounts(town.store), tariffs(), chart(), town.clock, PLACE)


def ils(text: str) -> Money:
    return Money.from_text(text)


def posted(town: Town, vend_id: str) -> dict[tuple[str, str], int]:
    (entry,) = town.service.entries(OPERATOR, vend_id)
    return {(p.account, p.holder): p.amount for p in entry.entry.postings}


def write(town: Town, table: str, **values: object) -> None:
    with town.store.writing() as books:
        books._db.execute(T[table].insert().values(**values))


def code(role: str) -> str:
    return chart().role(role).code


def samir_sells(town: Town, **terms: object) -> None:
    """On these terms: settlement, limits, commission."""
    put_operator(town.store, PERSON, **terms)


def owe(town: Town, **debts: str) -> None:
    """Debts on A1, as a billing officer enters them."""
    for place, (name, text) in enumerate(debts.items(), start=1):
        accounts_of(town).add_debt(
            Actor("Layla", Role.BILLING),
            "A1",
            name,
            Label(f"دين {name}", f"Debt {name}"),
            ils(text),
            Percentage("50"),
            "brought over from the old books",
            "ledger of 2024",
            priority=place,
        )
