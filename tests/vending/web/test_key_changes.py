"""Key changes through the API, against a simulated meter behind the real driver."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.simulators.support import MADE, meter_row, running, world
from tests.simulators.support import Clock as MeterClock
from tests.vending.keychanges.support import OLD, module, secret
from tests.vending.support import POWER, town
from tests.vending.web.support import Api, api_over
from tokens.sts import derive_decoder_key
from vending.api_keys import ApiScope
from vending.parties import GatewayAddress, Role
from vending.record import TokenRecord

METER = f"/meters/{POWER.number}/key-changes"
WHY = "New revision from the key centre"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    held = derive_decoder_key(
        secret(OLD.ref), OLD.parameters(town().meters[0].ea, 1), POWER.pan
    ).secret
    row = meter_row(1, POWER, decoder_key=held.hex(), manufactured_tid=MADE)
    with running(world(row), MeterClock()) as meters:
        plain = town()
        at = GatewayAddress("127.0.0.1", meters.port, 1)
        power = replace(plain.meters[0], gateway=at)
        parties = replace(plain, meters=(power, *plain.meters[1:]))
        with api_over(tmp_path, parties, meters, module=module()) as made:
            made.client.headers["Accept-Language"] = "en"
            yield made


def issue(api: Api) -> None:
    """The meter's next sale, which carries the set."""
    sold = api.vend("v-1")
    assert sold.status_code == 201, sold.text
    assert [token["section"] for token in sold.json()["key_tokens"]] == [1, 2]


def test_planned_pushed_and_proved_over_the_line(api: Api) -> None:
    made = api.post(METER, {"krn": 2, "reason": WHY})
    assert (made.status_code, made.json()["state"]) == (201, "planned")
    assert made.json()["target"] == {
        "sgc": "123457",
        "krn": 2,
        "ti": 1,
        "base_date": 2014,
        "ken": 255,
    }
    early = api.post(f"{METER}/push")
    assert (early.status_code, early.json()["code"]) == (409, "keychange.set_not_out")
    issue(api)

    looked = api.post(f"{METER}/confirmation").json()
    assert (looked["taken"], looked["change"]["state"]) == (False, "issued")
    pushed = api.post(f"{METER}/push")
    told = pushed.json()
    assert (pushed.status_code, told["taken"], told["results"]) == (
        201,
        True,
        ["FIRST_KCT", "ACCEPT"],
    )
    assert [event["state"] for event in told["change"]["events"]] == [
        "issued",
        "entered",
        "confirmed",
    ]
    assert told["change"]["issued_with"] == "v-1"
    assert api.post("/vends/v-1/delivery").json()["state"] == "delivered"
    (one,) = api.get(METER).json()
    assert one == told["change"]
    digits = [token.digits for token in _tokens(api)]
    assert len(digits) == 3
    assert not any(text in pushed.text + looked["note"] for text in digits)


def _tokens(api: Api) -> list[TokenRecord]:
    with api.store.reading() as books:
        record = books.sale("v-1")
        assert record is not None
        return list(record.tokens)


def test_the_tokens_are_given_again(api: Api) -> None:
    api.post(METER, {"krn": 2, "reason": WHY})
    tokens, lost = f"{METER}/tokens", {"reason": "The paper is lost"}
    early = api.post(tokens, lost)
    assert (early.status_code, early.json()["code"]) == (409, "keychange.set_not_out")
    issue(api)
    reader = api.key("screen", Role.BILLING, frozenset({ApiScope.READ}), None)
    other = {"Authorization": f"Bearer {reader}"}
    assert api.client.post(f"/api/v1{tokens}", json=lost, headers=other).status_code == 403
    made = api.post(tokens, lost)
    assert (made.status_code, made.headers["Cache-Control"]) == (201, "no-store")
    assert [one["section"] for one in made.json()["key_tokens"]] == [1, 2]
    *keys, credit = [token.digits for token in _tokens(api)]
    assert [one["digits"] for one in made.json()["key_tokens"]] == keys
    assert credit not in made.text
    step = made.json()["change"]["events"][-1]
    assert (step["state"], step["vend_id"], step["note"]) == ("issued", "v-1", lost["reason"])
    assert api.post(tokens, {"reason": ""}).json()["code"] == "ledger.reason_missing"


def test_a_campaign_is_planned_followed_and_called_off(api: Api) -> None:
    body = {"from": "123457/1", "to": "123457/2", "reason": WHY}
    made = api.post("/key-changes/campaigns", body)
    assert (made.status_code, made.json()["planned"]) == (201, 2)
    assert api.post("/key-changes/campaigns", body).json()["planned_before"] == 2
    left = api.get("/key-changes/left", params={"to": "123457/2"}).json()
    assert (left["planned"], left["issued"], left["oldest"]) == (
        2,
        0,
        "2026-11-23T09:30:12.345678Z",
    )
    query = {"state": ["planned", "issued"], "from": "123457/1", "limit": 1}
    (first,) = api.get("/key-changes", params=query).json()
    (second,) = api.get("/key-changes", params={**query, "after": first["id"]}).json()
    assert first["meter"] != second["meter"]
    assert api.post("/key-changes/confirmations").json() == {"confirmed": 0}
    off = api.post("/key-changes/cancellations", {"to": "123457/2", "reason": "Called it off"})
    assert off.json() == {"cancelled": 2}
    assert api.get("/key-changes", params={"state": "planned"}).json() == []
    moved = api.post("/key-changes/base-dates", {"base_date": 2035, "reason": WHY}).json()
    assert [(one["source"]["krn"], one["target"]) for one in moved] == [(3, None)]


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (METER, {"krn": 1, "reason": WHY}, 409, "keys.change_not_permitted"),
        (METER, {"krn": 10, "reason": WHY}, 422, "request.invalid"),
        (METER, {"krn": 9, "reason": WHY}, 409, "keychange.base_date_back"),
        (METER, {"krn": 2, "reason": ""}, 422, "ledger.reason_missing"),
        (f"{METER}/cancellation", {"reason": WHY}, 409, "keychange.none"),
        (f"{METER}/entered", {}, 409, "keychange.none"),
        (
            "/key-changes/campaigns",
            {"from": "123457", "to": "123457/2", "reason": WHY},
            422,
            "keychange.key_text",
        ),
    ],
)
def test_refusals_have_a_code(
    api: Api, path: str, body: dict[str, object], status: int, code: str
) -> None:
    told = api.post(path, body)
    assert told.status_code == status
    assert told.json().get("code", "request.invalid") == code


def test_who_may(api: Api) -> None:
    seller = api.key("samir", Role.OPERATOR, frozenset(ApiScope), "P1")
    reader = api.key("screen", Role.BILLING, frozenset({ApiScope.READ}), None)
    body = {"krn": 2, "reason": WHY}
    by = {name: {"Authorization": f"Bearer {key}"} for name, key in (("s", seller), ("r", reader))}
    refused = api.client.post(f"/api/v1{METER}", json=body, headers=by["s"])
    assert (refused.status_code, refused.json()["code"]) == (403, "actor.not_allowed")
    api.post(METER, body)
    issue(api)
    assert api.client.get(f"/api/v1{METER}", headers=by["r"]).json()[0]["state"] == "issued"
    said = api.client.post(
        f"/api/v1{METER}/entered", json={"note": "se\u0000en\n"}, headers=by["s"]
    )
    assert (said.status_code, said.json()["state"]) == (201, "entered")
    assert said.json()["events"][-1]["note"] == "seen"
