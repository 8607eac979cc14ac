"""The doors as pages: who is let in, thrown out, made to wait, and where to afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vending.web.pages_support import PASSWORD, SAME, House, Visit, form, house_over
from vending.parties import Actor, Role
from vending.web.pages.shield import HEADERS


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_over(tmp_path) as made:
        yield made


SUPERVISOR = Actor("boss", Role.SUPERVISOR)


def test_a_wrong_password_keeps_what_else_was_typed(house: House) -> None:
    visit = Visit(house.api)
    page = visit.get("/sign-in?next=/shift&terminal=T7")
    told = visit.send(page, "/sign-in", name="maya", password="wrong")
    assert told.status_code == 422
    kept = form(told, "/sign-in").fields
    assert (kept["name"], kept["next"], kept["terminal"]) == ("maya", "/shift", "T7")
    assert kept["password"] == ""
    assert visit.send(told, "/sign-in", password=PASSWORD).url.path == "/shift"


def test_after_some_wrong_tries_one_waits(house: House) -> None:
    visit = Visit(house.api)
    for _ in range(4):
        visit.sign_in("maya", password="wrong")
    told = visit.sign_in("maya")
    assert told.status_code == 422
    assert "15" in told.text
    house.api.clock.forward(seconds=16)
    assert visit.sign_in("maya").url.path == "/"


def test_a_session_that_a_supervisor_ends_is_over_at_the_next_click(house: House) -> None:
    visit = house.visit()
    (session,) = house.api.parts.office.sessions(SUPERVISOR)
    house.api.parts.office.end_session(SUPERVISOR, session.digest, "went home")
    assert visit.get("/counter").url.path == "/sign-in"
    asked = {"HX-Request": "true"}
    piece = visit.client.get("/counter", headers=asked)
    assert (piece.status_code, piece.headers["HX-Redirect"]) == (401, "/sign-in?next=/counter")


def test_one_clerk_sits_at_one_place(house: House) -> None:
    first, second = house.visit(), house.visit()
    assert first.get("/counter").url.path == "/sign-in"
    assert second.get("/counter").url.path == "/counter"


ELSEWHERE = (
    "https://example.invalid/",
    "//example.invalid/",
    "/\\example.invalid/",
    "\\\\example.invalid",
    "/\t/example.invalid",
    "javascript:alert(1)",
    " //example.invalid",
    "http:example.invalid",
)


@pytest.mark.parametrize("next", ELSEWHERE)
@pytest.mark.parametrize("path", ["/sign-in", "/language"])
def test_the_way_on_never_leaves_the_site(house: House, path: str, next: str) -> None:
    visit = Visit(house.api)
    visit.client.follow_redirects = False
    fields = {"name": "maya", "password": PASSWORD, "language": "ar", "next": next}
    answer = visit.post(path, fields)
    assert answer.status_code == 303
    target = answer.headers["location"]
    assert target.startswith("/")
    assert not target.startswith(("//", "/\\", "/\t"))


ORIGINS = [
    ({"Sec-Fetch-Site": "same-origin"}, True),
    ({"Sec-Fetch-Site": "same-site"}, False),
    ({"Sec-Fetch-Site": "cross-site"}, False),
    ({"Sec-Fetch-Site": "none"}, False),
    ({"Origin": "http://testserver"}, True),
    ({"Origin": "http://example.invalid"}, False),
    ({"Origin": "null"}, False),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, False),
    ({}, False),
]


@pytest.mark.parametrize(("headers", "passes"), ORIGINS)
def test_other_sites_change_nothing(house: House, headers: dict[str, str], passes: bool) -> None:
    visit = house.visit()
    answer = visit.client.post("/sign-out", headers=headers)
    assert (answer.status_code == 200) is passes
    assert (visit.get("/counter").url.path == "/sign-in") is passes


PAGES = (
    "/",
    "/counter",
    "/counter?find=10001",
    "/counter/last",
    "/shift",
    "/shift/all",
    "/nowhere",
)


@pytest.mark.parametrize("path", [*PAGES, "/sign-in"])
def test_every_page_has_its_shield(house: House, path: str) -> None:
    page = house.visit().get(path)
    for name, value in HEADERS.items():
        assert page.headers[name] == value
    assert page.headers["Cache-Control"] == "no-store"


def test_a_page_that_is_not_there_is_told_in_the_persons_own_language(house: House) -> None:
    page = house.visit("samir", language="en").get("/nowhere")
    assert page.status_code == 404
    assert 'lang="ar-PS" dir="rtl"' in page.text
    # And the way on is there.
    assert 'href="/counter"' in page.text


def test_the_cookie_is_for_the_server_alone(house: House) -> None:
    visit = Visit(house.api)
    visit.client.follow_redirects = False
    told = visit.sign_in("maya").headers["set-cookie"].lower()
    assert "httponly" in told
    assert "samesite=lax" in told


def test_what_is_not_text_in_a_form_hurts_nobody(house: House) -> None:
    visit = Visit(house.api)
    for name, password in (("\x00", "\x00"), ("ma\x00ya", PASSWORD), ("م" * 5000, "x" * 5000)):
        assert visit.sign_in(name, password=password).status_code == 422
    upload = {"name": ("x.txt", b"abc")}
    assert visit.client.post("/sign-in", files=upload, headers=SAME).status_code == 422
