"""Operators of before, kept under the door they came in by (`api:samir`): after the upgrade their
limits hold for the person, what they paid in is the person's, and both stand in the books."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from meters.quantities import Money
from tests.vending.books.support import CHIEF, SECOND, ZONE
from tests.vending.support import ADMIN, Town, chart, request
from vending.accounting import Bookkeeping, BookReports
from vending.accounting.adjustments import AdjustmentKind
from vending.accounting.checking import checked
from vending.accounting.daily import Booked, DayFacts
from vending.identity_checks import Argon2
from vending.ledger import Posting
from vending.operators import FloatUsedUp, OperatorSaleLimit
from vending.parties import Actor, Role
from vending.people import Office
from vending.store import downgrade, upgrade
from vending.store import schema as t
from vending.store.books import SqlBooks
from vending.store.house import SqlHouse

SAMIR = Actor("api:Samir", Role.OPERATOR, "P1", "T1")
TERMS: dict[str, Any] = {
    "name_ar": "سمير",
    "name_en": "Samir",
    "settlement": "deposit",
    "commission": "0",
    "credit_limit": 2_000,
    "most_per_sale": None,
    "most_per_day": None,
}


def before(town: Town, *operators: dict[str, Any], paid_in: dict[str, int]) -> None:
    """As the books stood before the upgrade."""
    with town.store.writing() as books:
        for row in operators:
            books._db.execute(t.operators.insert().values(**{**TERMS, **row}))
    keeping = Bookkeeping(SqlBooks(town.store), chart(), town.clock, ZONE)
    owed, bank = chart().role("operator_deposit").code, chart().role("bank").code
    for code, amount in paid_in.items():
        lines = (Posting(bank, "", "ILS", amount), Posting(owed, code, "ILS", -amount))
        # Past the door that writes persons down: as it was done then.
        keeping._request(
            CHIEF, f"d-{code}", AdjustmentKind.ADJUSTMENT, lines, "Paid in at the bank", None
        )
        keeping.approve(SECOND, f"d-{code}")
    downgrade(town.store.engine, "0005")
    upgrade(town.store.engine)
    with town.store.reading() as books:
        booked = books._db.execute(select(t.chain.c.at)).scalar()
    if booked is not None:
        town.clock.now = max(town.clock.now, booked + timedelta(minutes=1))


def operators(town: Town) -> dict[str, Any]:
    with town.store.reading() as books:
        return {row.code: row for row in books._db.execute(select(t.operators))}


def deposits(town: Town) -> dict[str, int]:
    with town.store.reading() as books:
        rows = books._db.execute(
            select(t.balances.c.holder, t.balances.c.amount).where(
                t.balances.c.account == chart().role("operator_deposit").code
            )
        )
        return {row.holder: -row.amount for row in rows if row.amount}


def test_terms_and_deposit_are_the_persons(place: Path | str) -> None:
    town = Town(place)
    before(town, {"code": "api:samir", "most_per_sale": 6_000}, paid_in={"api:samir": 10_000})
    assert set(operators(town)) == {"samir"}
    assert deposits(town) == {"samir": 10_000}
    with pytest.raises(OperatorSaleLimit):
        town.service.vend(SAMIR, request("v-0", amount="60.01"))
    town.service.vend(SAMIR, request("v-1", amount="60.00"))
    town.service.vend(SAMIR, request("v-2", amount="60.00"))
    # 120 of 100 paid in and 20 of credit: nothing is left.
    with pytest.raises(FloatUsedUp):
        town.service.vend(SAMIR, request("v-3", amount="20.00"))
    assert deposits(town) == {"samir": -2_000}
    keeping = Bookkeeping(SqlBooks(town.store), chart(), town.clock, ZONE)
    assert keeping.verify(CHIEF).ok
    assert town.service.verify(ADMIN).ok
    reports = BookReports(SqlBooks(town.store), chart(), town.clock, ZONE)
    assert reports.check(Actor("Nadia", Role.BILLING)).differences == ()
    office = Office(SqlHouse(town.store), Argon2(cheap=True), town.clock)
    lines, problem = office.verify_trail(ADMIN)
    assert (lines >= 1, problem) == (True, None)
    (told,) = [one for one in office.trail(ADMIN) if one.act == "operator_renamed"]
    assert (told.subject, "api:samir" in told.before, "6000" in told.after) == (
        "samir",
        True,
        True,
    )
    town.store.close()


def test_of_several_records_of_one_person_the_strictest_holds(place: Path | str) -> None:
    town = Town(place)
    before(
        town,
        {"code": "samir", "most_per_day": 50_000, "name_en": "Samir himself"},
        {"code": "api:samir", "most_per_sale": 6_000, "most_per_day": 9_000},
        {"code": "cli:samir", "credit_limit": None, "most_per_sale": 7_000},
        {"code": "api:kiosk-1", "settlement": "till"},
        paid_in={"samir": 500, "api:samir": 700, "cli:samir": 900},
    )
    found = operators(town)
    assert set(found) == {"samir", "kiosk-1"}
    samir = found["samir"]
    assert samir.name_en == "Samir himself"
    assert (samir.most_per_sale, samir.most_per_day, samir.credit_limit) == (6_000, 9_000, None)
    assert deposits(town) == {"samir": 2_100}
    assert Bookkeeping(SqlBooks(town.store), chart(), town.clock, ZONE).verify(CHIEF).ok
    town.store.close()


def test_books_that_need_nothing_get_nothing(place: Path | str) -> None:
    town = Town(place)
    town.service.vend(Actor("samir", Role.OPERATOR, "P1", "T1"), request("v-1"))
    before(town, {"code": "samir"}, paid_in={"samir": 700})
    with town.store.reading() as books:
        assert books._db.execute(text("SELECT count(*) FROM entries")).scalar() == 2
        assert books._db.execute(text("SELECT count(*) FROM trail")).scalar() == 0
    assert deposits(town) == {"samir": 700}
    assert town.service.vend(SAMIR, request("v-2", amount="27.00")).quote.tendered == Money(2_700)
    town.store.close()


def test_the_daily_check_knows_a_person_by_any_door() -> None:
    owed = chart().role("operator_deposit").code
    till = chart().role("till").code
    rows = [
        Booked(owed, "api:samir", "ILS", 500, 0),
        Booked(owed, "samir", "ILS", 0, 500),
        Booked(till, "P1", "ILS", 0, 0),
    ]
    facts = DayFacts((), {}, rows, (), rows, rows, (), 0, ())
    check = checked("2026-11-23", 1, 2, facts, chart(), lambda _, __: 0)
    assert check.differences == ()
