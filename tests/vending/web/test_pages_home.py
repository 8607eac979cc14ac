"""The first page says what waits for whom, and offers nothing that a role cannot do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vending.support import POWER
from tests.vending.web.pages_support import PASSWORD, House, house_over
from vending.parties import Actor, Role
from vending.people import UserDraft

BILLING = Actor("nadia", Role.BILLING)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_over(tmp_path) as house:
        for name, role in (("nadia", Role.BILLING), ("wafa", Role.AUDITOR)):
            draft = UserDraft(name, role, name, name.title(), language="en")
            house.api.parts.office.add(house.boss, draft, PASSWORD, must_change=False)
        yield house


def test_a_clerk_sees_the_till_and_the_sales_of_today(house: House) -> None:
    visit = house.visit()
    home = visit.get("/")
    assert "No shift is open here" in home.text
    assert "Nothing was sold here today" in home.text
    account = house.api.parts.service.meter(BILLING, POWER.number).customer.account
    opening = visit.get("/shift")
    visit.send(opening, "/shift/open", float="100")
    page = visit.get(f"/counter?account={account}")
    preview = visit.send(page, "/counter/preview", **{f"amount:{POWER.number}": "50"})
    sold = visit.send(preview, "/counter/sell")
    assert sold.status_code == 200
    home = visit.get("/")
    assert "is open since" in home.text
    assert "50.00" in home.text


def test_the_office_sees_what_waits(house: House) -> None:
    parts = house.api.parts
    parts.blocks.block(BILLING, "meter", POWER.number, "The seal is broken")
    parts.blocks.lift(BILLING, "l-1", "meter", POWER.number, "It was whole after all")
    home = house.visit("nadia").get("/")
    assert "It was whole after all" in home.text
    assert "What waits" in home.text
    assert "Your till" not in home.text


def test_who_changes_nothing_is_offered_nothing_to_change(house: House) -> None:
    page = house.visit("wafa").get("/").text
    assert 'href="/customers"' in page
    assert 'data-key="F2"' not in page
    assert 'data-key="F4"' not in page
