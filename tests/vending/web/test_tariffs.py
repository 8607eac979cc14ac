"""Tariffs through the API: two keys are two people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.vending.support import town
from tests.vending.tariff.office import CODE, NEW_YEAR, draft
from vending.api_keys import ApiScope
from vending.parties import Role

from .support import PREFIX, Api, api_over

SCOPES = frozenset({ApiScope.BOOKS, ApiScope.READ})
VERSION = f"/tariffs/{CODE}/versions/2"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with api_over(tmp_path, town()) as made:
        KEYS.update(
            layla=made.key("layla", Role.BILLING, SCOPES, None),
            omar=made.key("omar", Role.SUPERVISOR, SCOPES, None),
        )
        yield made


KEYS: dict[str, str] = {}


def by(name: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {KEYS[name]}", "Accept-Language": "en", **more}


def post(api: Api, path: str, who: str, **body: Any) -> httpx2.Response:
    return api.post(path, body, headers=by(who))


def code(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_from_draft_to_sale(api: Api) -> None:
    made = post(api, "/tariffs", "layla", document=draft())
    assert (made.status_code, made.json()["state"], made.json()["source"]) == (201, "draft", "desk")
    assert made.json()["drafted_by"] == "api:layla"
    text = api.client.post(
        PREFIX + "/tariffs",
        content=draft().encode(),
        headers=by("layla", **{"Content-Type": "text/plain; charset=utf-8"}),
    )
    assert text.json() == made.json()
    assert code(post(api, f"{VERSION}/approval", "layla")) == (403, "actor.not_allowed")
    before = api.vend().json()
    done = post(api, f"{VERSION}/approval", "omar", note="Council of 20 November")
    assert (done.status_code, done.json()["state"]) == (201, "approved")
    assert done.json()["acts"][0]["note"] == "Council of 20 November"
    listed = {row["code"]: row for row in api.get("/tariffs").json()}
    assert (listed[CODE]["active"], listed[CODE]["agreements"]) == (1, 1)
    assert [one["version"] for one in listed[CODE]["coming"]] == [2]
    page = api.get("/tariffs", params={"after": CODE, "limit": 2}).json()
    assert [row["code"] for row in page] == [
        "electricity-domestic-blocks",
        "electricity-public",
    ]  # fmt: skip

    api.clock.now = datetime.fromisoformat(NEW_YEAR)
    after = api.vend("v-2").json()
    assert [sale["quote"]["tariff_version"] for sale in (before, after)] == [1, 2]
    again = api.vend().json()
    assert again == {**before, "replayed": True}
    states = [row["state"] for row in api.get(f"/tariffs/{CODE}/versions").json()]
    assert states == ["retired", "active"]
    assert api.get(VERSION).json()["document"] == draft()
    assert 'rate = "0.5612"' in api.get(f"/tariffs/{CODE}/versions/1").json()["document"]


def test_own_approval_rejection_and_retirement(api: Api) -> None:
    assert post(api, "/tariffs", "omar", document=draft()).status_code == 201
    assert code(post(api, f"{VERSION}/approval", "omar")) == (409, "tariff.own_approval")
    assert code(post(api, f"{VERSION}/rejection", "layla", note="")) == (
        422,
        "ledger.reason_missing",
    )
    ended = post(api, f"{VERSION}/rejection", "layla", note="The council\n said\u0000 no")
    assert ended.json()["acts"][0]["note"] == "The council said no"
    assert (ended.json()["state"], ended.json()["acts"][0]["actor"]) == ("rejected", "api:layla")
    path = f"/tariffs/{CODE}/retirement"
    assert code(post(api, path, "omar", note="No more of it")) == (409, "tariff.in_use")
    path = "/tariffs/electricity-public/retirement"
    at = {"effective_at": "2027-02-01", "note": "No more of it"}
    assert code(post(api, path, "layla", **at)) == (403, "actor.not_allowed")
    done = post(api, path, "omar", **at).json()
    assert done["version"]["retired_from"] == "2027-01-31T22:00:00Z"
    assert (done["agreements"], done["followed_by"]) == (0, None)


def test_what_a_version_would_mean(api: Api) -> None:
    post(api, "/tariffs", "layla", document=draft())
    tried = api.post(f"{VERSION}/preview", {"amount": "50"}).json()
    assert (tried["tariff_version"], tried["quantity"]["value"]) == (2, "71.8")
    assert tried["explanation"][0]["ar"]
    body = {"first": 1, "second": 2, "amounts": ["50", "100", "9999999"]}
    told = api.post(f"/tariffs/{CODE}/comparison", body).json()
    assert [case["difference"] for case in told["cases"]] == [
        {"value": "-5", "unit": "kWh"},
        {"value": "-10", "unit": "kWh"},
        None,
    ]
    assert told["cases"][2]["second_refused"]["code"] == "vend.amount_too_high"
    assert [change["code"] for change in told["changes"]] == ["active_from", "price"]
    assert told["at"] == "2026-12-31T22:00:00Z"
    assert any("5 kWh less" in sentence["en"] for sentence in told["explanation"])
    assert api.get("/tariffs").json()[1]["drafts"] == [2]


BAD: list[tuple[str, dict[str, Any], tuple[int, str]]] = [
    ("/tariffs", {}, (422, "request.invalid")),
    ("/tariffs", {"document": "x", "more": 1}, (422, "request.invalid")),
    ("/tariffs", {"document": "code = "}, (422, "tariff.malformed")),
    ("/tariffs", {"document": "x = " + "[" * 9000}, (422, "tariff.malformed")),
    ("/tariffs/gas/versions/1/approval", {}, (404, "tariff.unknown")),
    (f"/tariffs/{CODE}/versions/9/approval", {}, (404, "tariff.version.unknown")),
    (f"/tariffs/{CODE}/versions/0/approval", {}, (422, "request.invalid")),
    (f"/tariffs/{CODE}/versions/1/approval", {}, (409, "tariff.in_file")),
    ("/tariffs/%00/versions/1/approval", {}, (404, "tariff.unknown")),
    (f"/tariffs/{CODE}/retirement", {"note": "Enough of it", "effective_at": "soon"},
     (422, "tariff.moment_malformed")),
    (f"/tariffs/{CODE}/retirement", {"note": "Enough of it", "effective_at": "0001-01-01"},
     (422, "tariff.moment_malformed")),
    (f"/tariffs/{CODE}/retirement", {"note": "Enough of it", "effective_at": "2026-11-23"},
     (409, "tariff.notice_short")),
    (f"/tariffs/{CODE}/versions/1/preview", {"amount": "1e3"}, (422, "quantity.not_a_number")),
    (f"/tariffs/{CODE}/versions/1/preview", {"amount": "5", "used": "-1"},
     (422, "quantity.not_a_number")),
    (f"/tariffs/{CODE}/versions/1/preview", {"amount": "0.01"}, (422, "vend.amount_too_low")),
    (f"/tariffs/{CODE}/versions/1/preview", {"amount": 5.5}, (422, "request.invalid")),
    (f"/tariffs/{CODE}/comparison", {"first": 1, "second": 3}, (404, "tariff.version.unknown")),
    (f"/tariffs/{CODE}/comparison", {"first": 1, "second": 1, "amounts": []},
     (422, "request.invalid")),
    (f"/tariffs/{CODE}/comparison", {"first": 1, "second": 1, "months_due": 9999},
     (422, "request.invalid")),
]  # fmt: skip


def test_bad_input_is_told(api: Api) -> None:
    for path, body, told in BAD:
        assert code(post(api, path, "omar", **body)) == told, (path, body)


def test_a_body_of_another_kind(api: Api) -> None:
    for kind, content, told in (
        ("application/xml", b"<a/>", "request.invalid"),
        ("text/plain", b"\xff\xfe", "tariff.malformed"),
        ("application/json", b"{", "request.invalid"),
        ("application/json", b'{"document": "a\\ud800"}', "request.invalid"),
    ):
        headers = by("layla", **{"Content-Type": kind})
        answer = api.client.post(PREFIX + "/tariffs", content=content, headers=headers)
        assert code(answer) == (422, told), kind
