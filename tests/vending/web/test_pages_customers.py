"""The customer's page and statement: what is owed is told, put off, disputed and paid there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from meters.quantities import Money
from tests.vending.support import POWER
from tests.vending.web.pages_support import House, Visit, form, forms, house_over
from vending.parties import Actor, Role
from vending.tariff import Instalment, Label

pytestmark = pytest.mark.system

BILLING = Actor("nadia", Role.BILLING)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_over(tmp_path) as house:
        yield house


@pytest.fixture
def account(house: House) -> str:
    """A customer with a debt of 180."""
    file = house.api.parts.service.meter(BILLING, POWER.number)
    house.api.parts.accounts.add_debt(
        BILLING, file.agreement.number, "old", Label("متأخرات", "Arrears"), Money(18000, "ILS"),
        Instalment(Money(2000, "ILS")), "Unpaid bills", "Bills of 2025",
    )  # fmt: skip
    return file.customer.account


def standing(house: House) -> str:
    """Of the debt."""
    (one,) = house.api.parts.accounts.account(BILLING, POWER.number).debts
    return one.standing.value


def arranged(visit: Visit, account: str, act: str, **typed: str) -> int:
    action = f"/customers/{account}/debts"
    return visit.post(action, offered(visit, account, act), **typed).status_code


def offered(visit: Visit, account: str, act: str) -> dict[str, str]:
    """The fields of the form for this act, as the page has them."""
    page = visit.get(f"/customers/{account}")
    found = [one.fields for one in forms(page) if one.fields.get("act") == act]
    assert found, act
    return found[0]


def test_the_page_tells_everything_of_a_customer(house: House, account: str) -> None:
    visit = house.visit()
    assert house.api.vend("v-1").status_code == 201
    page = visit.get(f"/customers/{account}")
    assert page.status_code == 200
    for told in (POWER.number, "Arrears", "Last sales", "Pay, without units", "Statement"):
        assert told in page.text, told
    arabic = house.visit("samir", "ar").get(f"/customers/{account}")
    assert "متأخرات" in arabic.text
    assert "كشف حساب" in arabic.text


def test_the_only_one_that_is_meant_is_shown_at_once(house: House, account: str) -> None:
    page = house.visit().get(f"/customers?find={POWER.number}")
    assert page.url.path == f"/customers/{account}"
    nobody = house.visit().get("/customers?find=zzzzzz")
    assert "Nobody is found" in nobody.text
    assert house.visit().get("/customers/999999").status_code == 422


def test_a_debt_is_put_off_and_asked_for_again(house: House, account: str) -> None:
    visit = house.visit()
    until = (house.api.clock() + timedelta(days=5)).date().isoformat()
    assert arranged(visit, account, "postpone", until=until, reason="School fees") == 200
    assert standing(house) == "postponed"
    assert arranged(visit, account, "resume", reason="Paid out") == 200
    assert standing(house) == "open"


def test_a_form_that_is_sent_twice_acts_once(house: House, account: str) -> None:
    visit = house.visit()
    action = f"/customers/{account}/debts"
    fields = offered(visit, account, "dispute")
    for _ in range(2):
        assert visit.post(action, fields, reason="Paid in 2024").status_code == 200
    assert standing(house) == "disputed"
    happened = house.api.parts.accounts.history(BILLING, POWER.number)
    assert len(happened) == 2


def test_what_cannot_be_is_told_in_place_and_what_was_typed_stays(
    house: House, account: str
) -> None:
    visit = house.visit()
    fields = offered(visit, account, "postpone")
    far = {**fields, "until": "2099-12-31", "reason": "Some day"}
    answer = visit.post(f"/customers/{account}/debts", far)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert 'value="Some day"' in answer.text
    assert standing(house) == "open"
    stranger = {**fields, "agreement": "9999-E", "until": "2026-12-01", "reason": "x"}
    assert visit.post(f"/customers/{account}/debts", stranger).status_code == 422


def test_a_debt_is_paid_from_the_page(house: House, account: str) -> None:
    visit = house.visit()
    page = visit.get(f"/customers/{account}")
    preview = visit.send(page, "/counter/preview", **{f"amount:{POWER.number}": "25"})
    assert "25.00" in preview.text
    sold = visit.send(preview, "/counter/sell")
    assert sold.status_code == 200
    (one,) = house.api.parts.accounts.account(BILLING, POWER.number).debts
    assert one.debt.owed == Money(15500, "ILS")


def owed(house: House) -> Money:
    """Of the debt."""
    (one,) = house.api.parts.accounts.account(BILLING, POWER.number).debts
    return one.debt.owed


@pytest.mark.parametrize("put_off", [False, True])
def test_an_instalment_is_put_off_for_one_sale_at_the_counter(
    house: House, account: str, put_off: bool
) -> None:
    visit = house.visit()
    asked = visit.get(f"/counter?account={account}")
    page = visit.send(asked, "/counter/preview", **{f"amount:{POWER.number}": "50"})
    field = f"postpone:{POWER.number}:old"
    assert "Arrears" in page.text
    if put_off:
        (putting,) = [one for one in forms(page) if field in one.fields]
        wrong = visit.post(putting.action, {**putting.fields, field: "x"})
        assert wrong.status_code == 422
        assert form(wrong, "/counter/preview").fields[f"amount:{POWER.number}"] == "50"
        # A quote is named by its inputs and its moment, and time stands still in a test.
        house.api.clock.forward(seconds=1)
        page = visit.post(putting.action, {**putting.fields, field: "School fees"})
    assert form(page, "/counter/sell").fields.get(field, "") == ("School fees" if put_off else "")
    assert visit.send(page, "/counter/sell").status_code == 200
    assert owed(house) == Money(18000 if put_off else 16000, "ILS")


def test_the_statement_says_what_was_paid_and_what_is_left(house: House, account: str) -> None:
    visit = house.visit()
    assert house.api.vend("v-1").status_code == 201
    page = visit.get(f"/customers/{account}/statement")
    assert page.status_code == 200
    assert "Debt taken over" in page.text
    assert "50.00" in page.text
    days = form(page, f"/customers/{account}/statement").fields
    early = visit.get(
        f"/customers/{account}/statement?agreement={days['agreement']}&first=٢٠٢٠-٠١-٠١&last=2020-01-31"
    )
    assert "Nothing happened in these days" in early.text
    up_to = visit.get(f"/customers/{account}/statement?last=2020-01-31")
    assert form(up_to, f"/customers/{account}/statement").fields["first"] == "2019-12-02"
    turned = visit.get(f"/customers/{account}/statement?first=2020-01-31&last=2020-01-01")
    assert "is after the last" in turned.text
    for days_asked in ("first=yesterday", "last=yesterday", "first=2020-02-01&last=2020-01-31"):
        wrong = visit.get(f"/customers/{account}/statement?{days_asked}")
        assert wrong.status_code == 422
    other = visit.get(f"/customers/{account}/statement?agreement=9999-E")
    assert other.status_code == 422
