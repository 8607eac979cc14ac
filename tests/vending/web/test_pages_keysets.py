"""The tokens of a meter's new key once more, on its customer's page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from meters.quantities import Money
from tests.vending.support import OPERATOR, POWER
from tests.vending.web.pages_support import PASSWORD, TOKEN, House, house_over
from vending.parties import Actor, Role
from vending.people import UserDraft
from vending.requests import BasketRequest, Credit
from vending.sale import SaleReceipt

pytestmark = pytest.mark.system

CHIEF = Actor("layla", Role.SUPERVISOR, "P1", "T9")
WHERE = "/customers/10001"
AGAIN = f"{WHERE}/key-tokens"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_over(tmp_path) as house:
        house.api.parts.key_changes.plan(CHIEF, POWER.number, "Another tariff index", ti=2)
        yield house


def sold(house: House, *, hold: bool = False) -> SaleReceipt:
    """Two sales at once, of which the first carries the set."""
    item = Credit(POWER.number, Money(5000))
    request = BasketRequest("v-1", (item, item), hold=hold)
    return house.api.parts.service.vend_basket(OPERATOR, request).leading


def shown(page: str) -> list[str]:
    return ["".join(c for c in text if c.isdigit()) for text in TOKEN.findall(page)]


@pytest.mark.parametrize(
    ("name", "words"),
    [("maya", "Type these first, in this order"), ("samir", "مفتاح العداد الجديد")],
)
def test_a_clerk_shows_them_and_says_why(house: House, name: str, words: str) -> None:
    visit = house.visit(name)
    assert AGAIN not in visit.get(WHERE).text
    receipt = sold(house)
    page = visit.get(WHERE)
    made = visit.send(page, AGAIN, reason="The paper is lost")
    assert made.status_code == 200, made.text
    assert words in made.text
    assert made.headers["Cache-Control"] == "no-store"
    assert shown(made.text) == [token.digits for token in receipt.key_tokens]
    (change,) = house.api.parts.key_changes.of_meter(CHIEF, POWER.number)
    step = change.events[-1]
    assert (step.state.value, step.actor, step.note) == ("issued", name, "The paper is lost")


def test_what_cannot_be_is_told_in_place(house: House) -> None:
    visit = house.visit()
    sold(house, hold=True)
    page = visit.get(WHERE)
    held = visit.send(page, AGAIN, reason="The paper is lost")
    assert held.status_code == 422
    assert "nobody has seen" in held.text
    assert 'value="The paper is lost"' in held.text
    assert not shown(held.text)
    assert visit.send(page, AGAIN, reason="x").status_code == 422
    strange = visit.post(AGAIN, {"meter": "01000010023", "reason": "The paper is lost"})
    assert strange.status_code == 422


def test_who_may_not_see_tokens_has_no_such_form(house: House) -> None:
    sold(house)
    assert AGAIN in house.visit().get(WHERE).text
    draft = UserDraft("nadia", Role.BILLING, "نادية", "Nadia")
    house.api.parts.office.add(house.boss, draft, PASSWORD, must_change=False)
    visit = house.visit("nadia")
    assert AGAIN not in visit.get(WHERE).text
    answer = visit.post(AGAIN, {"meter": POWER.number, "reason": "The paper is lost"})
    assert answer.status_code == 422
    assert not shown(answer.text)


def test_a_sale_that_was_taken_back_leads_there(house: House) -> None:
    sold(house, hold=True)
    house.api.parts.service.void(CHIEF, "v-1", "The customer has no money")
    page = house.visit().get("/counter/sales/v-1")
    assert "Its digits come with the next sale" in page.text
    assert f'href="{WHERE}"' in page.text
