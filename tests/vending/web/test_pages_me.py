"""One's own page: language, password, sessions; and nothing offered that one cannot use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest

from tests.vending.web.pages_support import PASSWORD, House, Visit, form, forms, house_over
from vending.parties import Role
from vending.people import UserDraft

pytestmark = pytest.mark.system

NEW = "خبز طازج كل صباح"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_over(tmp_path) as house:
        yield house


def lines(house: House, act: str) -> list[str]:
    found = house.api.parts.office.trail(house.boss, limit=200)
    return [f"{one.actor} {one.before}{one.after}" for one in found if one.act == act]


def test_a_language_of_ones_own(house: House) -> None:
    visit = house.visit("maya", language="en")
    page = visit.get("/me")
    assert 'lang="en"' in page.text[:200]
    changed = visit.send(page, "/me/language", language="ar")
    assert 'dir="rtl"' in changed.text[:200]
    assert 'dir="rtl"' in visit.get("/").text[:200]
    # It stays with the person.
    again = house.visit("maya", language="en")
    assert 'dir="rtl"' in again.get("/").text[:200]
    assert lines(house, "user_changed") == ['maya {"language":"en"}{"language":"ar"}']
    assert again.send(changed, "/me/language", language="fr").status_code == 422


def test_a_password_of_ones_own(house: House) -> None:
    visit = house.visit("maya")
    page = visit.get("/me")
    wrong = visit.send(page, "/me/password", old="guess", new=NEW)
    assert wrong.status_code == 422
    assert 'role="alert"' in wrong.text
    assert NEW not in wrong.text
    short = visit.send(page, "/me/password", old=PASSWORD, new="short")
    assert short.status_code == 422
    done = visit.send(page, "/me/password", old=PASSWORD, new=NEW)
    assert "Your password is changed" in done.text
    other = Visit(house.api)
    assert other.sign_in("maya").status_code == 422
    assert other.sign_in("maya", password=NEW).status_code == 200


def test_who_guesses_at_an_open_screen_must_wait(house: House) -> None:
    visit = house.visit("maya")
    page = visit.get("/me")
    for _ in range(4):
        visit.send(page, "/me/password", old="guess", new=NEW)
    told = visit.send(page, "/me/password", old=PASSWORD, new=NEW)
    assert "Too many wrong tries" in told.text
    house.api.clock.forward(seconds=16)
    done = visit.send(page, "/me/password", old=PASSWORD, new=NEW)
    assert "Your password is changed" in done.text


def test_a_second_factor_of_ones_own(house: House) -> None:
    visit = house.visit("maya")
    page = visit.get("/me")
    secret = form(page, "/me/second-factor").fields["secret"]
    code = pyotp.TOTP(secret).at(house.api.clock())
    forged = visit.send(page, "/me/second-factor", password=PASSWORD, code=code, secret="0/0")
    assert forged.status_code == 422
    for wrong in ({"password": "guess", "code": code}, {"password": PASSWORD, "code": "000000"}):
        refused = visit.send(page, "/me/second-factor", **wrong)
        assert refused.status_code == 422
        # The telephone that has read the code need not read another one.
        assert secret in refused.text
        assert PASSWORD not in refused.text
    done = visit.send(page, "/me/second-factor", password=PASSWORD, code=code)
    assert "the code of this telephone is asked for" in done.text
    house.api.clock.forward(seconds=31)
    again = Visit(house.api)
    assert again.sign_in("maya").status_code == 422
    told = pyotp.TOTP(secret).at(house.api.clock())
    assert again.sign_in("maya", code=told).status_code == 200
    assert len(lines(house, "second_factor_set")) == 1


def test_sessions_of_ones_own_can_be_ended(house: House) -> None:
    # Clerks have one session; others may have several.
    draft = UserDraft("nadia", Role.BILLING, "نادية", "Nadia", language="en")
    house.api.parts.office.add(house.boss, draft, PASSWORD, must_change=False)
    office, home = house.visit("nadia"), house.visit("nadia")
    page = office.get("/me")
    assert page.text.count("/me/sessions/end") == 1
    assert "this is you" in page.text
    ended = office.send(page, "/me/sessions/end")
    assert "/me/sessions/end" not in ended.text
    assert "Sign in" in home.get("/").text
    # Somebody else's is none of one's own.
    (clerk,) = [s for s in house.api.parts.office.sessions(house.boss) if s.user == "nadia"]
    samir = house.visit("samir", language="en")
    refused = samir.post("/me/sessions/end", {"session": clerk.digest})
    assert refused.status_code == 422
    assert office.get("/me").status_code == 200


def test_who_sits_at_no_point_is_offered_no_till(house: House) -> None:
    draft = UserDraft("nadia", Role.BILLING, "نادية", "Nadia", language="en")
    house.api.parts.office.add(house.boss, draft, PASSWORD, must_change=False)
    page = house.visit("nadia").get("/")
    assert 'href="/counter"' not in page.text
    assert 'href="/shift"' not in page.text
    assert 'href="/shift/all"' in page.text
    assert house.visit("nadia").get("/shift").url.path == "/shift/all"
    clerk = house.visit("maya").get("/")
    assert 'href="/counter"' in clerk.text
    assert 'href="/shift"' in clerk.text


def test_the_page_is_for_people_who_are_signed_in(house: House) -> None:
    assert all(one.action != "/me/password" for one in forms(Visit(house.api).get("/me")))
