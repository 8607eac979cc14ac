"""Bookkeeping through the API: two keys are two people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vending.books.support import SHORT
from tests.vending.support import OPERATOR, request, town
from tests.vending.web.support import Api, api_over
from vending.api_keys import ApiScope
from vending.exports import FORMATS
from vending.parties import Role

KEYS: dict[str, str] = {}
"""The keys of the town that is running."""
BOOKS = frozenset({ApiScope.BOOKS, ApiScope.READ})


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with api_over(tmp_path, town()) as made:
        made.parts.service.vend(OPERATOR, request("v-1"))
        for name, role in (("layla", Role.BILLING), ("omar", Role.SUPERVISOR)):
            KEYS[name] = made.key(name, role, BOOKS, None)
        yield made


def test_seal_and_verify(api: Api) -> None:
    made = api.client.post("/api/v1/ledger/seals", json={}, headers=by("layla"))
    assert made.status_code == 201
    seal = made.json()
    assert (seal["number"], seal["entry"], seal["day"]) == (1, 1, "2026-11-23")
    assert {"account": "1010", "amount": {"value": "50.00", "unit": "ILS"}} in seal["sums"]
    report = api.get("/ledger/verification", params={"against": seal["code"]}).json()
    assert (report["ok"], report["seals"]) == (True, 1)
    wrong = api.get("/ledger/verification", params={"against": "2" + seal["code"][1:]})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "ledger.seal_code_mistyped")
    assert api.get("/ledger/check", headers=by("layla")).json()["ok"] is True


def by(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {KEYS[name]}", "Accept-Language": "en"}


def test_two_people(api: Api) -> None:
    body = {
        "id": "ADJ-1",
        "lines": [
            {"account": "5010", "amount": "5.00"},
            {"account": "1010:P1", "amount": "-5.00"},
        ],
        "reason": "Short at the count",
    }
    post = api.client.post
    asked = post("/api/v1/ledger/adjustments", json=body, headers=by("omar"))
    assert (asked.status_code, asked.json()["state"]) == (201, "pending")
    assert [line["amount"]["value"] for line in asked.json()["lines"]] == ["5.00", "-5.00"]
    assert SHORT[0].amount == 500
    own = post("/api/v1/ledger/adjustments/ADJ-1/approval", headers=by("omar"))
    assert (own.status_code, own.json()["code"]) == (409, "ledger.own_request")
    billing = post("/api/v1/ledger/adjustments/ADJ-1/approval", headers=by("layla"))
    assert (billing.status_code, billing.json()["code"]) == (403, "actor.not_allowed")
    body = {"id": "W-1", "account": "1010:P1", "amount": "1.00", "reason": "Lost for good"}
    assert post("/api/v1/ledger/write-offs", json=body, headers=by("layla")).is_success
    done = post("/api/v1/ledger/adjustments/W-1/approval", headers=by("omar"))
    assert (done.status_code, done.json()["entry"], done.json()["state"]) == (201, 2, "posted")
    back = {"id": "R-1", "entry": 2, "reason": "Found again"}
    assert post("/api/v1/ledger/reversals", json=back, headers=by("layla")).is_success
    ended = post(
        "/api/v1/ledger/adjustments/R-1/void",
        json={"reason": "Not found after all"},
        headers=by("layla"),
    )
    assert ended.json()["state"] == "voided"
    waiting = api.get("/ledger/adjustments", params={"state": "pending"}, headers=by("layla"))
    assert [row["id"] for row in waiting.json()] == ["ADJ-1"]
    account = api.get("/ledger/accounts/1010:P1", headers=by("layla")).json()
    assert account["closing"] == {"value": "49.00", "unit": "ILS"}


def test_periods_balances_and_statements(api: Api) -> None:
    headers = by("layla")
    early = api.client.post("/api/v1/ledger/periods", json={"month": "2026-11"}, headers=headers)
    assert early.json()["code"] == "ledger.period_not_over"
    api.clock.forward(days=10)
    month = {"month": "2026-11"}
    unchecked = api.client.post("/api/v1/ledger/periods", json=month, headers=headers)
    assert (unchecked.status_code, unchecked.json()["code"]) == (409, "ledger.days_unchecked")
    assert unchecked.json()["facts"]["day"] == "2026-11-23"
    checked = api.client.post("/api/v1/ledger/checks", headers=headers)
    assert checked.status_code == 201
    days = [row["check"]["day"] for row in checked.json()]
    assert (days[0], days[-1], len(days)) == ("2026-11-23", "2026-12-02", 10)
    assert all(row["check"]["ok"] and row["seal"]["differences"] == [] for row in checked.json())
    assert api.client.post("/api/v1/ledger/checks", headers=headers).json() == []
    done = api.client.post("/api/v1/ledger/periods", json=month, headers=headers)
    assert (done.status_code, done.json()["act"]) == (201, "closed")
    path = "/api/v1/ledger/periods/2026-11/reopening"
    body = {"reason": "A slip came late"}
    assert api.client.post(path, json=body, headers=headers).status_code == 403
    assert api.client.post(path, json=body, headers=by("omar")).status_code == 201
    assert [row["act"] for row in api.get("/ledger/periods", headers=headers).json()] == [
        "closed",
        "reopened",
    ]
    balances = api.get("/ledger/balances", params={"month": "2026-11"}, headers=headers).json()
    assert balances["balanced"] is True
    assert balances["accounts"][0]["name"]["ar"] == "صندوق نقطة البيع"
    statement = api.get("/agreements/A1/statement", headers=headers).json()
    assert statement["lines"][0]["receipt"] == "P1-000001"
    assert "digits" not in str(statement)
    takings = api.get(
        "/ledger/takings", params={"from": "2026-11-23", "to": "2026-11-23"}, headers=headers
    )
    assert [row["amount"]["value"] for row in takings.json()] == ["50.00"]


def test_what_operators_and_the_check_say(api: Api) -> None:
    headers = by("layla")
    told = api.get(f"/operators/{OPERATOR.name}/statement", headers=headers).json()
    assert (told["sales"], told["voids"], told["closing"]["value"]) == (1, 0, "0.00")
    (taking,) = told["takings"]
    assert (taking["tender"], taking["net"]["value"], taking["on_deposit"]) == (
        "cash",
        "50.00",
        False,
    )
    unknown = api.get("/operators/Nobody/statement", headers=headers)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "operator.unknown")
    check = api.get("/ledger/check", headers=headers).json()
    assert (check["baskets"], check["voids"], check["kept"]) == (1, 0, None)
    (money,) = check["money"]
    assert (money["account"], money["told"], money["booked"]["value"]) == (
        "1010",
        {"value": "50.00", "unit": "ILS"},
        "50.00",
    )
    seal = api.client.post("/api/v1/ledger/seals", json={}, headers=headers).json()
    assert seal["differences"] is None


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("hledger", b"commodity "),
        ("beancount", b'option "title"'),
        ("csv", b"\xef\xbb\xbfentry,"),
        ("sales-csv", b"\xef\xbb\xbfentry,"),
        ("xlsx", b"PK"),
    ],
)
def test_exports(api: Api, name: str, begins: bytes) -> None:
    answer = api.get(f"/ledger/export/{name}", headers=by("layla"))
    assert answer.status_code == 200
    assert answer.content.startswith(begins)
    suffix = FORMATS[name].suffix
    assert answer.headers["Content-Disposition"] == (
        f'attachment; filename="raseed-{name}-all{suffix}"'
    )


def test_exports_that_are_not(api: Api) -> None:
    headers = by("layla")
    assert api.get("/ledger/export/pdf", headers=headers).json()["code"] == "export.unknown"
    wrong = api.get("/ledger/export/csv", params={"month": "x\r\ny"}, headers=headers)
    assert wrong.json()["code"] == "ledger.month_malformed"


WRONG = [
    ("/ledger/accounts/1010:ZZ", {}, 422, "ledger.holder_wrong"),
    ("/ledger/accounts/4010:P1", {}, 422, "ledger.holder_wrong"),
    ("/ledger/accounts/2030:nobody", {}, 404, "operator.unknown"),
    *(
        (path, {"from": "2026-11-24", "to": "2026-11-23"}, 422, "ledger.days_backwards")
        for path in (
            "/ledger/accounts/1010",
            "/agreements/A1/statement",
            f"/operators/{OPERATOR.name}/statement",
            "/ledger/takings",
        )
    ),
]


def test_what_is_asked_of_the_wrong_ones_is_told(api: Api) -> None:
    for path, params, status, code in WRONG:
        answer = api.get(path, params=params, headers=by("layla"))
        assert (answer.status_code, answer.json()["code"]) == (status, code), path


def test_a_month_of_days_is_checked_in_each_call(api: Api) -> None:
    api.clock.forward(days=45)

    def checked() -> list[str]:
        answer = api.client.post("/api/v1/ledger/checks", headers=by("layla"))
        return [row["check"]["day"] for row in answer.json()]

    first, second = checked(), checked()
    assert (len(first), len(second), checked()) == (31, 14, [])
    assert (first[0], second[0]) == ("2026-11-23", "2026-12-24")


def test_what_is_booked_wrongly_is_told(api: Api) -> None:
    headers = by("layla")
    lines = [{"account": "1010:P1", "amount": one} for one in ("5.00", "-5.00")]
    body = {"id": "ADJ-1", "lines": lines, "reason": "Short at the count"}
    same = api.client.post("/api/v1/ledger/adjustments", json=body, headers=headers)
    assert (same.status_code, same.json()["code"]) == (422, "ledger.same_account")
    assert "1010:P1" in same.json()["detail"]
    early = api.client.post("/api/v1/ledger/periods", json={"month": "2026-10"}, headers=headers)
    assert (early.status_code, early.json()["code"]) == (409, "ledger.month_before_books")
    assert "2026-11" in early.json()["detail"]


def test_days_and_months_are_read_in_any_digits(api: Api) -> None:
    headers = by("layla")
    month = {"month": "٢٠٢٦-٠١"}
    assert api.get("/ledger/balances", params=month, headers=headers).status_code == 200
    day = api.get("/ledger/check", params={"day": "٢٠٢٦-٠١-١٢"}, headers=headers)
    assert day.json()["day"] == "2026-01-12"
