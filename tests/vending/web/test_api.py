"""The JSON API: what it answers, who may ask, and that nobody is ever shown a traceback."""

from __future__ import annotations

import logging
import re
import sqlite3
import tomllib
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.vending.support import POWER, WATER, pushed, town
from vending.parties import Role
from vending.store.damage import Damage
from vending.surroundings import CONFIG

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


def test_pushes_without_a_verdict_are_listed_to_be_reconciled(api: Api, tmp_path: Path) -> None:
    vend_id = api.vend().json()["vend_id"]
    assert api.get("/vends/unsettled").json() == []
    pushed(tmp_path / "raseed.db", vend_id)
    (found,) = api.get("/vends/unsettled").json()
    assert (found["sale"]["vend_id"], found["delivery"]["state"]) == (vend_id, "unknown")
    assert api.get("/vends/unsettled", params={"limit": 0}).status_code == 422


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


def test_the_same_id_with_another_amount_is_refused_and_the_sale_stands(api: Api) -> None:
    receipt = api.vend().json()
    answer = api.vend(amount="60.00")
    assert answer.status_code == 409
    assert answer.json()["code"] == "vend.id_reused"
    assert answer.json()["facts"] == {"vend_id": "v-1", "differs": "amount"}
    assert api.vend().json()["tokens"] == receipt["tokens"]


def test_a_sum_is_one_sum_however_it_is_spelt(api: Api) -> None:
    sold = api.vend(amount="50").json()
    for same in ("50.0", "50.00", "٥٠"):
        again = api.vend(amount=same)
        assert (again.status_code, again.json()) == (200, {**sold, "replayed": True})
    sold = api.vend("u-1", amount=None, units="10").json()
    for same in ("10.0", "010", "١٠"):
        again = api.vend("u-1", amount=None, units=same)
        assert (again.status_code, again.json()) == (200, {**sold, "replayed": True})
    item = {"kind": "payment", "meter": POWER.number, "amount": "5"}
    owed = {"code": "old", "name_ar": "قديم", "name_en": "Old", "amount": "40", "percent": "10"}
    because = {"reason": "Unpaid bills", "source": "Bill 7 of 2025"}
    for amount in ("40", "40.0"):
        debt = {**owed, **because, "amount": amount}
        assert api.post("/accounts/A1/debts", debt).status_code == 201
    paid = [{"tender": "card", "amount": "5"}]
    body = {"vend_id": "b-1", "items": [item], "payments": paid}
    assert api.post("/baskets", body).status_code == 201
    paid, item = [{**paid[0], "amount": "5.00"}], {**item, "amount": "5.0"}
    again = api.post("/baskets", {**body, "items": [item], "payments": paid})
    assert again.status_code == 200


def test_a_revoked_key_opens_nothing(api: Api) -> None:
    assert api.get("/points").status_code == 200
    api.parts.api_keys.revoke("till", api.clock())
    assert api.get("/points").status_code == 401


def test_the_books_write_down_who_called(api: Api) -> None:
    api.vend()
    assert api.get("/vends/v-1/entries").json()[0]["actor"] == "api:till"


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
    api: Api, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite3.connect(api.path) as raw:
        # Somebody edited a party by hand, and which row it is cannot be found.
        raw.execute("UPDATE meters SET ea = 'zz'")
    raw.close()
    monkeypatch.setattr(Damage, "explained", lambda _self, error, _chart: error)
    # A sale is served before the framework, everything else by it; both answer alike.
    for answer in (api.get("/meters", headers={"Accept-Language": "en"}), api.vend()):
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
    (style,) = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
    policy = page.headers["content-security-policy"]
    assert b64encode(sha256(style.encode()).digest()).decode() in policy
    assert "unsafe" not in policy
    spec = api.get("/openapi.json").json()
    for path, verbs in spec["paths"].items():
        for verb, told in verbs.items():
            assert told.get("description"), (verb, path)


def test_no_number_is_asked_for_that_no_column_holds(api: Api) -> None:
    spec = api.get("/openapi.json").json()
    open_ended = [
        (verb, path, parameter["name"])
        for path, verbs in spec["paths"].items()
        for verb, told in verbs.items()
        for parameter in told.get("parameters", ())
        for kind in parameter["schema"].get("anyOf", [parameter["schema"]])
        if kind.get("type") == "integer" and kind.get("maximum", 2**63) >= 2**63
    ]
    assert open_ended == []
    assert api.get("/bankings", params={"before": 2**63}).status_code == 422


def test_a_monitor_may_ask_with_head(api: Api) -> None:
    answer = api.client.head(f"{PREFIX}/health")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "application/json"
    assert "head" not in api.get("/openapi.json").json()["paths"][f"{PREFIX}/health"]


def test_every_list_with_an_end_goes_on_behind_it(api: Api) -> None:
    spec = api.get("/openapi.json").json()
    asked = {
        (verb, path): {one["name"] for one in told.get("parameters", ())}
        for path, verbs in spec["paths"].items()
        for verb, told in verbs.items()
    }
    ending = {place: names for place, names in asked.items() if "limit" in names}
    assert len(ending) > 10
    assert [place for place, names in ending.items() if not names & {"before", "after"}] == []

    for number in ("1", "2", "3"):
        api.post("/blocks", {"kind": "terminal", "subject": f"P1/T{number}", "reason": "Wet floor"})
    first = api.get("/blocks/events", params={"limit": 2}).json()
    behind = {"limit": 2, "before": first[-1]["id"]}
    rest = api.get("/blocks/events", params=behind).json()
    assert [one["subject"] for one in (*first, *rest)] == ["P1/T3", "P1/T2", "P1/T1"]


def test_a_meter_without_an_address_is_told(api: Api) -> None:
    api.vend()
    for path in ("/vends/v-1/delivery", f"/meters/{POWER}/readings"):
        answer = api.post(path)
        assert (answer.status_code, answer.json()["code"]) == (503, "meter.without_address")
    assert api.get("/vends/v-1").json()["delivery"]["state"] == "issued"


def test_parties_are_registered_by_administrators_alone(api: Api) -> None:
    def code(answer: httpx2.Response, status: int) -> str:
        assert answer.status_code == status, answer.text
        return str(answer.json()["code"])

    example = (CONFIG / "examples" / "register.toml").read_text("utf-8")
    # With the key that is held here.
    body = tomllib.loads(example.replace("600001", "123457"))
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


def test_a_debt_payment_and_free_units_are_seen_before_any_money_is_taken(tmp_path: Path) -> None:
    parties = town()
    social = replace(parties.agreements[0], tariff="electricity-social")
    with api_over(tmp_path, replace(parties, agreements=(social, *parties.agreements[1:]))) as api:
        owed = {"code": "old", "name_ar": "قديم", "name_en": "Old", "amount": "40.00"}
        because = {"percent": "10", "reason": "Unpaid bills", "source": "Bill 7 of 2025"}
        assert api.post("/accounts/A2/debts", {**owed, **because}).status_code == 201
        items = [
            {"kind": "allowance", "meter": POWER.number},
            {"kind": "payment", "meter": WATER.number, "amount": "15.05", "code": "old"},
        ]
        body: dict[str, Any] = {"items": items, "payments": [{"tender": "cash", "amount": "20"}]}
        seen = api.post("/baskets/preview", body)
        assert seen.status_code == 200, seen.text
        free, debt = seen.json()["sales"]
        assert (free["kind"], free["quote"]["tendered"]["value"]) == ("allowance", "0.00")
        assert free["quote"]["quantity"]["value"] != "0"
        (line,) = debt["quote"]["lines"]
        assert (line["amount"]["value"], line["left"]["value"]) == ("15.05", "24.95")
        assert seen.json()["due"] == {"value": "15.05", "unit": "ILS"}
        assert seen.json()["paid"]["change"]["value"] == "4.90"
        assert api.get("/vends").json() == []
        assert "0000 0000" not in seen.text

        # What it would be refused for is told as the sale tells it.
        more = {"items": [{**items[1], "amount": "40.05"}]}
        asked, sold = (
            api.post("/baskets/preview", more),
            api.post("/baskets", {**more, "vend_id": "b-1"}),
        )
        assert (asked.status_code, asked.json()["code"]) == (sold.status_code, sold.json()["code"])
        assert asked.status_code >= 400

        # And what is sold then is what was seen.
        real = api.post("/baskets", {**body, "vend_id": "b-2"}).json()
        assert [one["quote"] for one in real["sales"]] == [free["quote"], debt["quote"]]
        assert real["paid"] == seen.json()["paid"]


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
    held = [one["tokens"][0] for one in basket["sales"]]
    assert {(one["digits"], one["grouped"]) for one in held} == {("", "")}
    assert api.post("/baskets", body).status_code == 200
    shown = api.post("/vends/b-1/showing", None).json()
    assert len(shown["tokens"][0]["digits"]) == 20
    assert [one["sale"]["held"] for one in api.get("/baskets/b-1").json()] == [False, True]
    assert api.get("/vends/last").json()["sale"]["vend_id"] == "b-1"
    last = api.get("/baskets/last").json()
    assert [one["sale"]["vend_id"] for one in last] == ["b-1", "b-1+2"]
    back = api.post("/vends/b-1+2/void", {"reason": "wrong meter"}).json()
    assert back["evidence"] == "not_shown"
    assert back["given_back"] == {"value": "14.40", "unit": "ILS"}
    gone = api.post("/vends/b-1+2/void", {"reason": "wrong meter"}).json()
    assert gone == back
    assert api.get("/vends/b-1+2").json()["void"]["reason"] == "wrong meter"
    # A copy holds what stands of it.
    (copy,) = api.post("/baskets/b-1/reprints").json()["sales"]
    assert (copy["vend_id"], copy["copy_number"]) == ("b-1", 1)
    short = api.post("/baskets", {**body, "vend_id": "b-2", "payments": body["payments"][:1]})
    assert (short.status_code, short.json()["code"]) == (422, "payment.short")
    neither = api.post("/vends", {"vend_id": "b-3", "meter": POWER.number})
    assert neither.status_code == 422


@pytest.mark.parametrize("asked", [{"units": "10"}, {"amount": "50.00"}])
def test_a_sale_is_paid_in_the_way_that_was_told(api: Api, asked: dict[str, Any]) -> None:
    body = {"vend_id": "v-1", "meter": POWER.number, "tender": "card", **asked}
    assert api.post("/vends", body).json()["tender"] == "card"
    assert api.post("/vends", body).status_code == 200
    assert api.post("/vends", {**body, "tender": "cash"}).json()["code"] == "vend.id_reused"
    item = {"meter": POWER.number, **asked}
    basket = {"vend_id": "b-1", "tender": "card", "items": [item]}
    (sold,) = api.post("/baskets", basket).json()["sales"]
    assert sold["tender"] == "card"


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


def test_the_role_is_asked_in_the_core_whatever_the_scope(api: Api) -> None:
    text = api.key("reader", Role.BILLING, ALL_SCOPES, "P1")
    answer = api.vend_as(text)
    assert (answer.status_code, answer.json()["code"]) == (403, "actor.not_allowed")


def test_a_key_without_a_point_cannot_sell(api: Api) -> None:
    text = api.key("nowhere", Role.SUPERVISOR, ALL_SCOPES, None)
    answer = api.vend_as(text)
    assert (answer.status_code, answer.json()["code"]) == (404, "point.unknown")


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
