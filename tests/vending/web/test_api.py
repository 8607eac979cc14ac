"""The JSON API: what it answers, who may ask, and that nobody is ever shown a traceback."""

from __future__ import annotations

import json
import logging
import sqlite3
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from meters.identity import Drn
from tests.vending.support import POWER, WATER, town
from vending.api_keys import ApiScope
from vending.parties import Role
from vending.wiring import CONFIG

from .support import ALL_SCOPES, PREFIX, Api, api_over


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with api_over(tmp_path, town()) as running:
        yield running


def test_customers_and_meters_are_found_by_what_people_type(api: Api) -> None:
    assert [row["account"] for row in api.get("/customers").json()] == ["10001", "10002"]
    assert [r["account"] for r in api.get("/customers", params={"search": "نادر"}).json()] == [
        "10002"
    ]
    assert api.get("/customers", params={"after": "10001", "limit": 1}).json()[0]["name"] == {
        "ar": "نادر شلالدة",
        "en": "Nader Shalalda",
    }
    one = api.get("/customers/10001").json()
    assert [meter["number"] for meter in one["meters"]] == sorted([POWER.number, WATER.number])
    arabic = POWER.number.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    dashed = f"{POWER.number[:4]}-{POWER.number[4:]}"
    for typed in (POWER.number, POWER.pan.number, arabic, dashed):
        assert api.get(f"/meters/{typed}").json()["number"] == POWER.number
    assert len(api.get("/meters").json()) == 2
    assert [point["code"] for point in api.get("/points").json()] == ["P1", "P2"]


def test_a_sale_from_quote_to_reprint(api: Api) -> None:
    quote = api.post("/quotes", {"meter": POWER.number, "amount": "٥٠٫٠٠"}).json()
    assert quote["tendered"] == {"value": "50.00", "unit": "ILS"}
    assert quote["quantity"]["unit"] == "kWh"

    sold = api.vend()
    assert sold.status_code == 201
    assert sold.headers["cache-control"] == "no-store"
    receipt = sold.json()
    explanation = quote.pop("explanation")
    assert "76.8 kWh" in explanation[0]["en"]
    assert quote.pop("expires_at") == "2026-11-23T09:45:12.345678Z"
    assert len(quote.pop("id")) == 32
    assert receipt["quote"] == quote
    (token,) = receipt["tokens"]
    assert len(token["digits"]) == 20
    assert token["grouped"].replace(" ", "") == token["digits"]

    again = api.vend()
    assert again.status_code == 200
    assert again.json() == {**receipt, "replayed": True}

    copy = api.post("/vends/v-1/reprints")
    assert copy.status_code == 201
    assert copy.json() == {**receipt, "copy_number": 1}

    status = api.get("/vends/v-1").json()
    assert status["copies"] == 1
    assert status["delivery"]["state"] == "issued"
    (entry,) = api.get("/vends/v-1/entries").json()
    assert entry["number"] == receipt["journal_entry"]
    assert [row["vend_id"] for row in api.get("/vends", params={"meter": POWER.number}).json()] == [
        "v-1"
    ]
    assert api.get("/ledger/verification").json()["ok"] is True


def test_digits_appear_in_receipts_alone(api: Api) -> None:
    digits = api.vend().json()["tokens"][0]["digits"]
    for path in ("/vends/v-1", "/vends", "/vends/v-1/entries", f"/meters/{POWER}"):
        assert digits not in api.get(path).text.replace(" ", "")


def test_many_at_once_with_one_id_sell_once(api: Api) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: api.vend(), range(16)))
    assert sorted(answer.status_code for answer in answers) == [200] * 15 + [201]
    assert len({answer.json()["tokens"][0]["digits"] for answer in answers}) == 1
    assert api.get("/ledger/verification").json()["entries"] == 1


STRANGER = Drn.from_serial("01", 77)

# What is typed wrong, the status and code that answer it, and a word that says what to do.
BAD_VENDS = [
    ({"meter": POWER.number[:-1] + str(9 - int(POWER.number[-1]))}, 422, "meter.check_digit"),
    ({"meter": "1234567890123456789"}, 422, "meter.number_length"),
    ({"meter": "O1234567890"}, 422, "digits.not_digits"),
    ({"meter": STRANGER.number}, 404, "meter.unknown"),
    ({"amount": "0"}, 422, "vend.amount_not_positive"),
    ({"amount": "-5"}, 422, "vend.amount_not_positive"),
    ({"amount": "0.01"}, 422, "vend.amount_too_low"),
    ({"amount": "99999999"}, 422, "vend.amount_too_high"),
    ({"amount": "9" * 60}, 422, "vend.amount_too_high"),
    ({"amount": "50.001"}, 422, "quantity.too_fine"),
    ({"amount": "1,000"}, 422, "quantity.not_a_number"),
    ({"amount": "1e3"}, 422, "quantity.not_a_number"),
    ({"amount": "NaN"}, 422, "quantity.not_a_number"),
    ({"amount": "خمسون"}, 422, "quantity.not_a_number"),
    ({"amount": "10", "currency": "USD"}, 422, "vend.currency"),
    ({"amount": "10", "currency": "XXX"}, 422, "vend.currency"),
    ({"vend_id": "no spaces"}, 422, "vend.id_malformed"),
    ({"vend_id": ""}, 422, "vend.id_malformed"),
    ({"tender": "gold"}, 422, "vend.tender_unknown"),
    ({"amount": 50}, 422, "request.invalid"),
    ({"amount": 50.5}, 422, "request.invalid"),
    ({"ammount": "50"}, 422, "request.invalid"),
    ({"meter": None}, 422, "request.invalid"),
]


@pytest.mark.parametrize(("wrong", "status", "code"), BAD_VENDS)
def test_a_wrong_vend_is_told_why_and_changes_nothing(
    api: Api, wrong: dict[str, object], status: int, code: str
) -> None:
    body = {"vend_id": "v-9", "meter": POWER.number, "amount": "50.00", **wrong}
    answer = api.post("/vends", body, headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"urn:raseed:error:{code}"
    assert problem["status"] == status
    assert problem["title"]
    # Every message ends in what to do next.
    assert len(problem["detail"]) > 30
    assert "Traceback" not in answer.text
    assert api.get("/ledger/verification").json()["entries"] == 0
    arabic = api.post("/vends", body)
    assert arabic.headers["content-language"] == "ar"
    assert arabic.json()["detail"] != problem["detail"]
    assert arabic.json()["facts"] == problem["facts"]


def test_the_same_id_with_another_amount_is_refused_and_the_sale_stands(api: Api) -> None:
    receipt = api.vend().json()
    answer = api.vend(amount="60.00")
    assert answer.status_code == 409
    assert answer.json()["code"] == "vend.id_reused"
    assert answer.json()["facts"] == {"vend_id": "v-1", "differs": "amount"}
    assert api.vend().json()["tokens"] == receipt["tokens"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/customers/999", "customer.unknown"),
        (f"/meters/{STRANGER}", "meter.unknown"),
        ("/vends/never-sold", "vend.unknown"),
        ("/nothing/here", "request.no_such_address"),
    ],
)
def test_what_is_not_there_is_404(api: Api, path: str, code: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, code)


def test_a_wrong_body_names_each_field_in_the_callers_language(api: Api) -> None:
    body = {"meter": 5, "extra": "secret-value", "postpone": [{"debt": "old"}]}
    problem = api.post("/quotes", body, headers={"Accept-Language": "en"}).json()
    assert {one["field"]: one["problem"] for one in problem["errors"]} == {
        "body.meter": "string_type",
        "body.extra": "extra_forbidden",
        "body.postpone.0.reason": "missing",
    }
    assert "secret-value" not in json.dumps(problem)
    arabic = api.post("/quotes", body).json()
    assert {one["detail"] for one in arabic["errors"]} >= {"هذا الحقل مطلوب"}


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[1, 2]", b'"text"', b"[" * 5000, b""])
def test_a_body_that_is_not_our_json_is_told_so(api: Api, body: bytes) -> None:
    answer = api.client.post(
        f"{PREFIX}/vends", content=body, headers={"Content-Type": "application/json"}
    )
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in answer.text


def test_a_huge_body_is_refused_before_it_is_read(api: Api) -> None:
    answer = api.client.post(f"{PREFIX}/vends", content=b" " * 100_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "request.too_large")


def test_a_method_that_is_not_offered(api: Api) -> None:
    answer = api.client.delete(f"{PREFIX}/vends/v-1")
    assert (answer.status_code, answer.json()["code"]) == (405, "request.method")


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer rsk_" + "0" * 64, "Basic abc", "Bearer rsk_xyz", "Bearer é"],
)
def test_without_a_valid_key_nothing_is_answered(api: Api, header: str | None) -> None:
    del api.client.headers["Authorization"]
    headers = {} if header is None else {"Authorization": header.encode("utf-8")}
    for path in ("/customers", f"/meters/{POWER}", "/vends/v-1", "/ledger/verification"):
        answer = api.get(path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "caller.unknown")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert api.get("/health").status_code == 200


def test_a_revoked_key_opens_nothing(api: Api) -> None:
    assert api.get("/points").status_code == 200
    api.parts.api_keys.revoke("till", api.clock())
    assert api.get("/points").status_code == 401


TELLER = (ApiScope.VEND, ApiScope.BOOKS)
"""Either will do."""
SCOPES_NEEDED: list[tuple[str, str, ApiScope | tuple[ApiScope, ...]]] = [
    ("GET", "/customers", ApiScope.READ),
    ("GET", "/customers/10001", ApiScope.READ),
    ("PUT", "/customers/10001/language", ApiScope.VEND),
    ("GET", "/meters", ApiScope.READ),
    ("GET", f"/meters/{POWER}", ApiScope.READ),
    ("GET", "/points", ApiScope.READ),
    ("POST", "/quotes", ApiScope.READ),
    ("POST", "/vends", ApiScope.VEND),
    ("POST", "/baskets", ApiScope.VEND),
    ("GET", "/baskets/v-1", ApiScope.READ),
    ("GET", "/vends", ApiScope.READ),
    ("GET", "/vends/last", ApiScope.READ),
    ("GET", "/vends/v-1", ApiScope.READ),
    ("POST", "/vends/v-1/showing", ApiScope.VEND),
    ("POST", "/vends/v-1/void", ApiScope.VEND),
    ("POST", "/vends/v-1/reprints", ApiScope.VEND),
    ("POST", "/vends/v-1/delivery", ApiScope.METER),
    ("POST", "/vends/v-1/reconciliation", ApiScope.METER),
    ("GET", "/vends/v-1/entries", ApiScope.READ),
    ("POST", f"/meters/{POWER}/readings", ApiScope.METER),
    ("GET", f"/meters/{POWER}/readings", ApiScope.READ),
    ("GET", "/ledger/verification", ApiScope.READ),
    ("POST", "/registrations", ApiScope.REGISTER),
    ("GET", "/outbox", ApiScope.READ),
    ("POST", "/outbox/7/retry", ApiScope.VEND),
    ("POST", "/outbox/7/give-up", ApiScope.VEND),
    ("GET", "/ledger/seals", ApiScope.BOOKS),
    ("POST", "/ledger/seals", ApiScope.BOOKS),
    ("GET", "/ledger/check", ApiScope.BOOKS),
    ("GET", "/ledger/balances", ApiScope.BOOKS),
    ("GET", "/ledger/accounts/1010:P1", ApiScope.BOOKS),
    ("GET", "/agreements/A1/statement", ApiScope.BOOKS),
    ("GET", "/operators/Samir/statement", ApiScope.READ),
    ("GET", "/ledger/takings", ApiScope.BOOKS),
    ("GET", "/ledger/adjustments", ApiScope.BOOKS),
    ("POST", "/ledger/adjustments", ApiScope.BOOKS),
    ("POST", "/ledger/write-offs", ApiScope.BOOKS),
    ("POST", "/ledger/reversals", ApiScope.BOOKS),
    ("POST", "/ledger/adjustments/ADJ-1/approval", ApiScope.BOOKS),
    ("POST", "/ledger/adjustments/ADJ-1/void", ApiScope.BOOKS),
    ("GET", "/ledger/periods", ApiScope.BOOKS),
    ("POST", "/ledger/periods", ApiScope.BOOKS),
    ("POST", "/ledger/periods/2026-10/reopening", ApiScope.BOOKS),
    ("GET", "/ledger/export/hledger", ApiScope.BOOKS),
    ("GET", "/key-changes", ApiScope.READ),
    ("GET", "/key-changes/left", ApiScope.READ),
    ("POST", "/key-changes/campaigns", ApiScope.REGISTER),
    ("POST", "/key-changes/base-dates", ApiScope.REGISTER),
    ("POST", "/key-changes/cancellations", ApiScope.REGISTER),
    ("POST", "/key-changes/confirmations", ApiScope.METER),
    ("GET", f"/meters/{POWER}/key-changes", ApiScope.READ),
    ("POST", f"/meters/{POWER}/key-changes", ApiScope.REGISTER),
    ("POST", f"/meters/{POWER}/key-changes/cancellation", ApiScope.REGISTER),
    ("POST", f"/meters/{POWER}/key-changes/entered", ApiScope.METER),
    ("POST", f"/meters/{POWER}/key-changes/push", ApiScope.METER),
    ("POST", f"/meters/{POWER}/key-changes/confirmation", ApiScope.METER),
    ("GET", "/approvals", ApiScope.READ),
    ("POST", "/approvals", ApiScope.APPROVE),
    ("GET", "/approvals/ADJ-1", ApiScope.READ),
    ("POST", "/approvals/ADJ-1/approval", ApiScope.APPROVE),
    ("POST", "/approvals/ADJ-1/refusal", ApiScope.APPROVE),
    ("POST", "/approvals/ADJ-1/withdrawal", ApiScope.APPROVE),
    ("POST", "/agreements/A1/exchanges", ApiScope.METER),
    ("GET", "/blocks", ApiScope.READ),
    ("POST", "/blocks", ApiScope.APPROVE),
    ("GET", "/blocks/events", ApiScope.READ),
    ("POST", "/blocks/lifts", ApiScope.APPROVE),
    ("GET", "/operators", ApiScope.READ),
    ("POST", "/operators", ApiScope.REGISTER),
    ("GET", "/operators/Samir", ApiScope.READ),
    ("GET", "/operators/Samir/float", ApiScope.READ),
    ("POST", "/operators/Samir/changes", ApiScope.APPROVE),
    ("POST", "/points/P1/changes", ApiScope.APPROVE),
    ("GET", "/tariffs", ApiScope.READ),
    ("POST", "/tariffs", ApiScope.BOOKS),
    ("GET", "/tariffs/water-domestic/versions", ApiScope.READ),
    ("GET", "/tariffs/water-domestic/versions/1", ApiScope.READ),
    ("POST", "/tariffs/water-domestic/versions/1/approval", ApiScope.BOOKS),
    ("POST", "/tariffs/water-domestic/versions/1/rejection", ApiScope.BOOKS),
    ("POST", "/tariffs/water-domestic/versions/1/preview", ApiScope.READ),
    ("POST", "/tariffs/water-domestic/retirement", ApiScope.BOOKS),
    ("POST", "/tariffs/water-domestic/comparison", ApiScope.READ),
    ("GET", "/shifts", TELLER),
    ("POST", "/shifts", TELLER),
    ("GET", "/shifts/S-1", TELLER),
    ("GET", "/shifts/S-1/x", TELLER),
    ("POST", "/shifts/S-1/cash-in", TELLER),
    ("POST", "/shifts/S-1/cash-out", TELLER),
    ("POST", "/shifts/S-1/close", TELLER),
    ("GET", "/shifts/S-1/z", TELLER),
    ("POST", "/shifts/S-1/z/copies", TELLER),
    ("GET", "/bankings", TELLER),
    ("POST", "/bankings", TELLER),
    ("GET", "/bankings/B-1", TELLER),
    ("POST", "/bankings/B-1/copies", TELLER),
    ("POST", "/operators/rana/deposits", ApiScope.BOOKS),
    ("GET", "/accounts/A1", ApiScope.READ),
    ("GET", "/accounts/A1/events", ApiScope.READ),
    ("POST", "/accounts/A1/debts", ApiScope.BOOKS),
    ("POST", "/accounts/A1/debts/arrears/postponement", TELLER),
    ("POST", "/accounts/A1/debts/arrears/postponement/end", TELLER),
    ("POST", "/accounts/A1/debts/arrears/dispute", TELLER),
    ("POST", "/accounts/A1/debts/arrears/dispute/settlement", ApiScope.BOOKS),
    ("POST", "/accounts/A1/debts/arrears/write-down", ApiScope.BOOKS),
    ("POST", "/accounts/A1/fees", ApiScope.BOOKS),
    ("POST", "/accounts/A1/fees/arrears/waiver", ApiScope.BOOKS),
    ("GET", "/ledger/verification/accounts", ApiScope.READ),
    ("POST", "/ledger/verification/accounts/rebuilding", ApiScope.BOOKS),
]
PARAMETERS = {
    "arrears": "{code}",
    "v-1": "{vend_id}",
    "10001": "{account}",
    "1010:P1": "{account}",
    POWER.number: "{number}",
    "A1": "{agreement}",
    "ADJ-1": "{id}",
    "7": "{id}",
    "2026-10": "{month}",
    "hledger": "{name}",
    "Samir": "{code}",
    "P1": "{code}",
    "water-domestic": "{code}",
    "1": "{number}",
    "S-1": "{shift}",
    "B-1": "{banking}",
    "rana": "{operator}",
}


@pytest.mark.parametrize(("method", "path", "needed"), SCOPES_NEEDED)
def test_each_endpoint_needs_its_scope(
    api: Api, method: str, path: str, needed: ApiScope | tuple[ApiScope, ...]
) -> None:
    body = {"vend_id": "v-1", "meter": POWER.number, "amount": "50.00"}
    if path == "/quotes":
        del body["vend_id"]
    sent = body if method == "POST" and path in ("/quotes", "/vends") else None
    role = Role.SUPERVISOR
    if needed is ApiScope.REGISTER or path.endswith("/rebuilding"):
        sent, role = {}, Role.ADMINISTRATOR
    enough = needed if isinstance(needed, tuple) else (needed,)
    others = api.key("others", Role.SUPERVISOR, ALL_SCOPES - {*enough}, "P1")
    headers = {"Authorization": f"Bearer {others}"}
    answer = api.client.request(method, PREFIX + path, json=sent, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "caller.scope_missing")
    for scope in enough:
        alone = api.key(f"alone-{scope.value}", role, frozenset({scope}), "P1")
        headers = {"Authorization": f"Bearer {alone}"}
        answer = api.client.request(method, PREFIX + path, json=sent, headers=headers)
        assert answer.status_code not in (401, 403)


def test_every_endpoint_is_in_that_table(api: Api) -> None:
    spec = api.get("/openapi.json").json()
    offered = {(verb.upper(), path) for path, verbs in spec["paths"].items() for verb in verbs}
    tried = {
        (method, PREFIX + "/".join(PARAMETERS.get(part, part) for part in path.split("/")))
        for method, path, _ in SCOPES_NEEDED
    }
    assert offered - tried == {("GET", f"{PREFIX}/health")}


def test_the_role_is_asked_in_the_core_whatever_the_scope(api: Api) -> None:
    text = api.key("reader", Role.BILLING, ALL_SCOPES, "P1")
    answer = api.vend_as(text)
    assert (answer.status_code, answer.json()["code"]) == (403, "actor.not_allowed")


def test_a_key_without_a_point_cannot_sell(api: Api) -> None:
    text = api.key("nowhere", Role.SUPERVISOR, ALL_SCOPES, None)
    answer = api.vend_as(text)
    assert (answer.status_code, answer.json()["code"]) == (404, "point.unknown")


def test_the_books_write_down_who_called(api: Api) -> None:
    api.vend()
    assert api.get("/vends/v-1/entries").json()[0]["actor"] == "api:till"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "ar"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("ar;q=0.5, en;q=0.4", "ar"),
        ("ar;q=0.4, en;q=0.5", "en"),
        ("fr, en;q=0.1", "en"),
        ("fr", "ar"),
        ("*;q=x,,;;", "ar"),
    ],
)
def test_words_are_in_the_callers_language(api: Api, header: str, language: str) -> None:
    answer = api.get("/customers/999", headers={"Accept-Language": header})
    assert answer.headers["content-language"] == language


def test_a_locked_database_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    with api_over(tmp_path, town(), busy_s=0.1) as api:
        other = sqlite3.connect(api.path, isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            answer = api.vend()
            assert (answer.status_code, answer.json()["code"]) == (503, "store.locked")
            assert answer.headers["retry-after"]
            assert api.get("/customers").status_code == 200
            other.execute("ROLLBACK")
        finally:
            other.close()
        assert api.vend().status_code == 201
        assert api.get("/ledger/verification").json()["entries"] == 1


def test_an_unforeseen_fault_shows_an_incident_and_no_more(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    with sqlite3.connect(api.path) as raw:
        # Somebody edited a party by hand; nothing foresees a cipher that does not exist.
        raw.execute("UPDATE meters SET ea = 'zz'")
    raw.close()
    answer = api.get("/meters", headers={"Accept-Language": "en"})
    assert answer.status_code == 500
    problem = answer.json()
    assert (problem["code"], problem["kind"]) == ("unexpected", "broken")
    assert problem["facts"]["incident"] in problem["detail"]
    assert problem["facts"]["incident"] in caplog.text
    assert "zz" not in answer.text
    assert "Traceback" not in answer.text


def test_logs_hold_no_token_no_key_and_no_query(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        digits = api.vend().json()["tokens"][0]["digits"]
        api.post("/vends/v-1/reprints")
        api.get("/customers", params={"search": "Samira"})
        api.get("/customers/999")
    # The test's own client logs whole addresses; ours is what the server writes.
    told = "\n".join(
        record.getMessage() for record in caplog.records if record.name.startswith("raseed")
    )
    assert "/api/v1/vends" in told
    every = "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith("httpx2")
    )
    key = api.client.headers["Authorization"].removeprefix("Bearer ")
    for secret in (digits, key, "Samira", "search="):
        assert secret not in every


def test_the_description_is_whole_and_needs_no_network(api: Api) -> None:
    page = api.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "/api/v1/vends/{vend_id}/reconciliation" in page.text
    assert "<script" not in page.text
    assert "://" not in page.text
    spec = api.get("/openapi.json").json()
    for path, verbs in spec["paths"].items():
        for verb, told in verbs.items():
            assert told.get("description"), (verb, path)


def test_a_meter_without_an_address_is_told(api: Api) -> None:
    api.vend()
    for path in ("/vends/v-1/delivery", f"/meters/{POWER}/readings"):
        answer = api.post(path)
        assert (answer.status_code, answer.json()["code"]) == (503, "meter.unreachable")
    assert api.get("/vends/v-1").json()["delivery"]["state"] == "issued"


def test_parties_are_registered_by_administrators_alone(api: Api) -> None:
    def code(answer: httpx2.Response, status: int) -> str:
        assert answer.status_code == status, answer.text
        return str(answer.json()["code"])

    body = tomllib.loads((CONFIG / "examples" / "register.toml").read_text("utf-8"))
    assert code(api.post("/registrations", body), 403) == "actor.not_allowed"
    text = api.key("founder", Role.ADMINISTRATOR, ALL_SCOPES, None)
    headers = {"Authorization": f"Bearer {text}"}
    wrong = {**body, "meterz": []}
    assert code(api.post("/registrations", wrong, headers=headers), 422) == "request.invalid"
    done = api.post("/registrations", body, headers=headers)
    assert done.status_code == 201
    assert done.json() == {"points": 1, "customers": 1, "places": 1, "meters": 2}
    assert api.get("/meters/0712000090019").json()["customer"]["account"] == "2001"
    assert code(api.post("/registrations", body, headers=headers), 409) == "party.exists"


def test_a_token_or_key_in_the_path_is_neither_logged_nor_repeated(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    token, key = "63226139619110373798", "rsk_" + "ab" * 32
    with caplog.at_level(logging.INFO):
        answers = [
            api.get(path) for path in (f"/meters/{token}", f"/customers/{token}", f"/vends/{key}")
        ]
    assert [answer.status_code for answer in answers] == [422, 404, 404]
    seen = caplog.text + "".join(answer.text for answer in answers)
    # The test's own client logs the address it calls; ours must not.
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("raseed")]
    assert len(ours) == 3
    assert not any(token in line or key[:12] in line for line in ours)
    assert not any(token in a.text or key[:12] in a.text for a in answers)
    assert "***" in seen


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[" * 60_000])
def test_the_status_in_the_body_is_that_of_the_answer(api: Api, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = api.client.post(f"{PREFIX}/vends", content=body, headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.json()["status"] == answer.status_code


def test_a_basket_over_the_api(api: Api) -> None:
    body: dict[str, Any] = {
        "vend_id": "b-1",
        "items": [
            {"meter": POWER.number, "amount": "50.00"},
            {"kind": "credit", "meter": WATER.number, "units": "2"},
        ],
        "payments": [
            {"tender": "card", "amount": "30.00", "reference": "slip 7"},
            {"tender": "cash", "amount": "100"},
        ],
        "hold": True,
    }
    sold = api.post("/baskets", body)
    assert sold.status_code == 201
    basket = sold.json()
    assert [one["vend_id"] for one in basket["sales"]] == ["b-1", "b-1+2"]
    assert basket["paid"]["handed"]["value"] == "130.00"
    assert {one["tokens"][0]["digits"] for one in basket["sales"]} == {""}
    assert api.post("/baskets", body).status_code == 200
    shown = api.post("/vends/b-1/showing", None).json()
    assert len(shown["tokens"][0]["digits"]) == 20
    assert [one["sale"]["held"] for one in api.get("/baskets/b-1").json()] == [False, True]
    assert api.get("/vends/last").json()["sale"]["vend_id"] == "b-1"
    back = api.post("/vends/b-1+2/void", {"reason": "wrong meter"}).json()
    assert back["evidence"] == "not_shown"
    gone = api.post("/vends/b-1+2/void", {"reason": "wrong meter"}).json()
    assert gone == back
    assert api.get("/vends/b-1+2").json()["void"]["reason"] == "wrong meter"
    short = api.post("/baskets", {**body, "vend_id": "b-2", "payments": body["payments"][:1]})
    assert (short.status_code, short.json()["code"]) == (422, "payment.short")
    neither = api.post("/vends", {"vend_id": "b-3", "meter": POWER.number})
    assert neither.status_code == 422


def test_a_bound_quote_over_the_api(api: Api) -> None:
    quote = api.post("/quotes", {"meter": POWER.number, "units": "20", "id": "q-1"}).json()
    body = {"vend_id": "v-1", "meter": POWER.number, "units": "20", "quote_id": quote["id"]}
    receipt = api.post("/vends", body).json()
    assert receipt["quote_id"] == "q-1"
    assert receipt["quote"]["lines"] == quote["lines"]
    again = api.post("/vends", {**body, "vend_id": "v-2"})
    assert (again.status_code, again.json()["code"]) == (409, "quote.changed")


def test_after_a_disk_that_failed_it_reads_and_asks_for_a_restart(api: Api) -> None:
    sold = api.vend().json()
    dialect: Any = api.store.engine.dialect
    real, failing = dialect.do_commit, sqlite3.OperationalError("disk I/O error")

    def do_commit(connection: Any) -> None:
        raise failing

    dialect.do_commit = do_commit
    assert api.vend("v-2").json()["code"] == "store.commit_unknown"
    dialect.do_commit = real
    for answer in (api.vend("v-3"), api.post("/vends/v-1/reprints"), api.get("/health")):
        assert (answer.status_code, answer.json()["code"]) == (503, "store.disk_failed")
    assert api.get("/vends/v-1").json()["sale"]["vend_id"] == sold["vend_id"]


def test_a_customers_language_is_told_and_chosen(api: Api) -> None:
    assert api.get("/customers/10001").json()["language"] == ""
    chosen = api.client.put(f"{PREFIX}/customers/10001/language", json={"language": "en"})
    assert chosen.json() == {"account": "10001", "language": "en"}
    assert api.get("/customers/10001").json()["language"] == "en"
    for body in ({"language": "fr"}, {"language": "ar", "x": 1}, {}):
        wrong = api.client.put(f"{PREFIX}/customers/10001/language", json=body)
        assert (wrong.status_code, wrong.json()["code"]) == (422, "request.invalid")
    nobody = api.client.put(f"{PREFIX}/customers/77/language", json={"language": "en"})
    assert (nobody.status_code, nobody.json()["code"]) == (404, "customer.unknown")
