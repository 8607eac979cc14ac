"""A clock that is not believed, at the pages: everybody is told before they sell, and who may vouch
for it does so without a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.system.machines import Machine
from tests.vending.support import POWER
from tests.vending.web.pages_support import (
    PASSWORD,
    House,
    Visit,
    form,
    give_second_factor,
    house_over,
    let_in,
)
from vending.parties import Role
from vending.people import UserDraft

TOLD = "further ahead than is believed"
WHY = "Eid: closed for nine days"


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def house(tmp_path: Path, machine: Machine) -> Iterator[House]:
    with house_over(tmp_path, machine) as house:
        draft = UserDraft("salma", Role.SUPERVISOR, "سلمى", "Salma", language="en")
        house.api.parts.office.add(house.boss, draft, PASSWORD, must_change=False)
        give_second_factor(house, "salma")
        assert house.api.vend("v-1").status_code == 201
        yield house


def priced(visit: Visit) -> httpx2.Response:
    """What the screen says before any money is taken."""
    page = visit.get("/counter?account=10001")
    return visit.send(page, "/counter/preview", **{f"amount:{POWER.number}": "20"})


def sold(visit: Visit) -> str:
    """What the screen says of a sale."""
    return visit.send(priced(visit), "/counter/sell").text


def test_a_clock_that_is_believed_is_not_talked_about(house: House) -> None:
    assert TOLD not in house.visit().get("/").text
    boss = let_in(house, "salma").get("/clock")
    assert "Sales are booked by this clock." in boss.text
    assert 'action="/clock"' not in boss.text


def test_who_sells_is_told_why_nothing_is_sold_and_cannot_vouch(
    house: House, machine: Machine
) -> None:
    machine.forward(days=9)
    visit = house.visit()
    home = visit.get("/").text
    assert TOLD in home
    assert 'href="/clock"' not in home
    assert 'action="/clock"' not in visit.get("/clock").text
    assert visit.post("/clock", {"reason": WHY}).status_code == 422
    before = priced(visit).text
    assert "Do not take the money yet" in before
    assert TOLD in before
    assert TOLD in sold(visit)
    assert house.sales() == 1
    arabic = house.visit("samir", "ar").get("/").text
    assert "متقدمة أكثر مما يُصدَّق" in arabic


def test_a_supervisor_vouches_and_the_house_sells(house: House, machine: Machine) -> None:
    machine.forward(days=9)
    boss = let_in(house, "salma")
    assert 'href="/clock"' in boss.get("/").text
    page = boss.get("/clock")
    assert TOLD in page.text
    # A reason of nothing is none.
    unsaid = boss.send(page, "/clock", reason=" ")
    assert unsaid.status_code == 422
    assert form(unsaid, "/clock").method == "post"
    done = boss.send(page, "/clock", reason=WHY)
    assert done.status_code == 200
    assert "Sales are booked by this clock." in done.text
    assert WHY in done.text
    assert TOLD not in sold(house.visit())
    assert house.sales() == 2


def test_a_clock_behind_the_books_is_told_and_not_to_be_vouched_for(
    house: House, machine: Machine
) -> None:
    machine.forward(hours=-1)
    boss = let_in(house, "salma")
    assert "behind what is booked" in boss.get("/").text
    page = boss.get("/clock")
    assert "behind what is booked" in page.text
    assert 'action="/clock"' not in page.text
    assert boss.post("/clock", {"reason": WHY}).status_code == 422
    assert house.api.get("/clock").json()["confirmation"] is None
