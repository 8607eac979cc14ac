"""Numbers as offices write them, `2026/114`: what is registered under one is found under it, at
every address of the API and on every page, sent as it is or with its stroke written otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from meters.identity import Drn
from tests.vending.support import town
from tests.vending.web.pages_support import PASSWORD, Visit
from tests.vending.web.support import ALL_SCOPES, PREFIX, Api, api_over
from vending.parties import Role
from vending.people import UserDraft
from vending.web.addresses import MOST_STROKES

NUMBER = Drn.from_serial("01", 9001).number
ACCOUNT, AGREEMENT, POINT = "2026/114", "2026/114/E", "OLD/2"
PARTIES: dict[str, Any] = {
    "points": [{"code": POINT, "name_ar": "البلدة", "name_en": "Old town"}],
    "customers": [{"account": ACCOUNT, "name_ar": "سعاد", "name_en": "Suad"}],
    "places": [{"code": "SP/114", "quarter": "الوسط", "address": "شارع 9"}],
    "meters": [
        {
            "number": NUMBER,
            "commodity": "electricity",
            "sgc": "123457",
            "krn": 1,
            "ti": 1,
            "agreement": AGREEMENT,
            "customer": ACCOUNT,
            "place": "SP/114",
            "tariff": "electricity-domestic",
        }
    ],
}
WHY = {"reason": "As on the paper"}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with api_over(tmp_path, town()) as running:
        key = running.key("registrar", Role.ADMINISTRATOR, ALL_SCOPES, None)
        boss = {"Authorization": f"Bearer {key}"}
        made = running.post("/registrations", PARTIES, headers=boss)
        assert made.status_code == 201, made.text
        yield running


@pytest.mark.parametrize("safe", ["/", ""])
def test_every_address_of_the_api_takes_them(api: Api, safe: str) -> None:
    account, agreement, point = (quote(one, safe=safe) for one in (ACCOUNT, AGREEMENT, POINT))
    debt = {"code": "arrears", "name_ar": "ذمم", "name_en": "Arrears", "amount": "50", **WHY}
    owed = {**debt, "percent": "25", "source": "Bill 2025/114"}
    until = {"id": "p-1", "until": api.clock().date().replace(day=28).isoformat(), **WHY}
    limit = {"id": "c-1", "set": {"most_per_sale": "90.00"}, **WHY}
    asked: list[tuple[str, str, Any, int]] = [
        ("GET", f"/customers/{account}", None, 200),
        ("PUT", f"/customers/{account}/language", {"language": "en"}, 200),
        ("POST", f"/accounts/{agreement}/debts", owed, 201),
        ("POST", f"/accounts/{agreement}/debts/arrears/postponement", until, 201),
        ("POST", f"/accounts/{agreement}/debts/arrears/postponement/end", {"id": "e", **WHY}, 201),
        ("POST", f"/accounts/{agreement}/debts/arrears/dispute", {"id": "d-1", **WHY}, 201),
        ("GET", f"/accounts/{agreement}", None, 200),
        ("GET", f"/accounts/{agreement}/events", None, 200),
        ("GET", f"/agreements/{agreement}/statement", None, 200),
        ("GET", f"/ledger/accounts/1210:{agreement}", None, 200),
        ("GET", "/ledger/accounts/1210/holders", None, 200),
        ("POST", f"/points/{point}/changes", limit, 201),
    ]
    for method, path, body, status in asked:
        answer = api.client.request(method, PREFIX + path, json=body)
        assert answer.status_code == status, (path, answer.text)
    assert len(api.get(f"/accounts/{agreement}/events").json()) == 4
    assert api.get(f"/customers/{account}").json()["account"] == ACCOUNT


def test_nothing_is_no_number(api: Api) -> None:
    for path in ("/customers//114", "/accounts//events", "/agreements//statement"):
        answer = api.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "request.no_such_address")


def test_an_address_without_end_is_none(api: Api) -> None:
    """It is seen to be none at once: read in every way that it could be meant, this one would keep
    the server for seconds, without a key."""
    most = "/".join(["a"] * (MOST_STROKES + 1))
    assert api.get(f"/accounts/{most}").json()["code"] == "agreement.unknown"
    long = "/customers/" + "a/statement/" * 5000 + "x"
    for path in (f"{PREFIX}/accounts/{most}/a", f"{PREFIX}{long}", long):
        assert api.client.get(path).status_code == 404


def test_every_page_takes_them(api: Api) -> None:
    office = api.parts.office
    boss = office.begin(UserDraft("huda", Role.ADMINISTRATOR, "هدى", "Huda"), PASSWORD)
    draft = UserDraft("nadia", Role.BILLING, "نادية", "Nadia", "P1", "en")
    office.add(boss.actor("setup"), draft, PASSWORD, must_change=False)
    visit = Visit(api)
    assert visit.sign_in("nadia").status_code == 200
    page = visit.get("/customers/new")
    page = visit.send(page, "/customers/new", account="77/3", name_ar="سميح")
    assert page.url.path == "/customers/77/3/meter"
    assert page.status_code == 200
    found = visit.get(f"/customers?find={NUMBER}")
    assert (found.url.path, found.status_code) == (f"/customers/{ACCOUNT}", 200)
    pages = ("/change", "/meter", "/statement", f"/statement?agreement={AGREEMENT}")
    for path in (*pages, f"/statement/{AGREEMENT}"):
        answer = visit.get(f"/customers/{ACCOUNT}{path}")
        assert answer.status_code == 200, path
    page = visit.get(f"/customers/{ACCOUNT}/change")
    named = {"name_en": "Suad Omari", "reason": "as on the paper"}
    done = visit.send(page, f"/customers/{ACCOUNT}/change", **named)
    assert (done.url.path, done.status_code) == (f"/customers/{ACCOUNT}", 200)
    assert "Suad Omari" in done.text
    back = visit.get(f"/customers/{ACCOUNT}/statement/{AGREEMENT}/printing")
    assert f'href="/customers/{ACCOUNT}/statement?agreement={AGREEMENT}"' in back.text


@pytest.mark.parametrize("safe", ["/", ""])
def test_an_operator_is_found_under_a_code_with_a_stroke(api: Api, safe: str) -> None:
    boss = {"Authorization": f"Bearer {api.key('boss', Role.ADMINISTRATOR, ALL_SCOPES, None)}"}
    who = {"code": "east/2", "name_ar": "رنا", "name_en": "Rana"}
    assert api.post("/operators", who, headers=boss).status_code == 201
    at = f"/operators/{quote('east/2', safe=safe)}"
    assert api.get(at, headers=boss).json()["code"] == "east/2"
    for part in ("float", "statement"):
        assert api.get(f"{at}/{part}", headers=boss).status_code == 200
    change = {"id": "c-2", "set": {"most_per_sale": "90.00"}, **WHY}
    paid = {"id": "d-1", "amount": "50", "tender": "cash", **WHY}
    for part, body in (("changes", change), ("deposits", paid)):
        answer = api.post(f"{at}/{part}", body, headers=boss)
        # Found, whatever is wanted of the one who asks.
        assert answer.status_code in (201, 403, 409, 422), answer.text
        assert answer.json().get("code") not in ("request.no_such_address", "request.method")
