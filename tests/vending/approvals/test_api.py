"""Acts of two people, blocks and operators through the API: two keys are two people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.vending.approvals.support import selling_act
from tests.vending.support import POWER, town
from tests.vending.web.support import Api, api_over
from vending.api_keys import ApiScope
from vending.approvals import Approvals, acts_table, own_acts
from vending.parties import Role
from vending.store.approvals import SqlPeople

KEYS: dict[str, str] = {}
WORKS = frozenset({ApiScope.READ, ApiScope.APPROVE, ApiScope.REGISTER})
WHY = "The drawer was found in order"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with api_over(tmp_path, town()) as made:
        for name, role in (
            ("layla", Role.BILLING),
            ("omar", Role.SUPERVISOR),
            ("nadia", Role.SUPERVISOR),
            ("huda", Role.ADMINISTRATOR),
            ("samir", Role.OPERATOR),
        ):
            KEYS[name] = made.key(name, role, WORKS, "P1")
        yield made


def ask(api: Api, who: str, method: str, path: str, body: Any = None, **more: Any) -> Any:
    """Status and JSON of one call."""
    headers = {"Authorization": f"Bearer {KEYS[who]}", "Accept-Language": "en"}
    answer = api.client.request(method, f"/api/v1{path}", json=body, headers=headers, **more)
    return answer.status_code, answer.json()


def code(told: Any) -> tuple[int, str]:
    return told[0], told[1]["code"]


SAMIR = {
    "code": "api:samir",
    "name_ar": "سمير",
    "name_en": "Samir",
    "settlement": "deposit",
    "credit_limit": "٢٠٠",
    "commission": "1.5",
}


def test_two_keys_of_one_person_are_one_person(api: Api) -> None:
    """Whoever asks at one terminal does not decide at the other."""
    for terminal in ("T8", "T9"):
        name = f"rami-{terminal}"
        KEYS[name] = api.key(name, Role.SUPERVISOR, WORKS, "P1", terminal, person="rami")
    body = {
        "id": "F-1",
        "act": "free_issue",
        "document": {"meter": POWER.number, "units": "100"},
        "reason": WHY,
    }
    status, asked = ask(api, "rami-T8", "POST", "/approvals", body)
    assert (status, asked["requested_by"]) == (201, "api:rami")
    told = ask(api, "rami-T9", "POST", "/approvals/F-1/approval", {})
    assert code(told) == (409, "approval.own_act")


def test_an_operator_from_registration_to_new_terms(api: Api) -> None:
    assert code(ask(api, "omar", "POST", "/operators", SAMIR)) == (403, "actor.not_allowed")
    status, made = ask(api, "huda", "POST", "/operators", SAMIR)
    assert (status, made["credit_limit"]) == (201, {"value": "200.00", "unit": "ILS"})
    assert ask(api, "huda", "POST", "/operators", SAMIR) == (201, made)
    assert ask(api, "layla", "GET", "/operators") == (200, [made])
    assert ask(api, "samir", "GET", "/operators/api:samir") == (200, made)
    assert code(ask(api, "samir", "GET", "/operators")) == (403, "actor.not_allowed")
    status, told = ask(api, "samir", "GET", "/operators/api:samir/float")
    assert (told["deposit"]["value"], told["available"]["value"]) == ("0.00", "200.00")

    body: dict[str, Any] = {
        "id": "c-1",
        "set": {"credit_limit": None, "most_per_day": "900.5"},
        "reason": WHY,
    }
    status, asked = ask(api, "omar", "POST", "/operators/api:samir/changes", body)
    assert (status, asked["state"]) == (201, "pending")
    assert asked["document"] == {"code": "api:samir", "set": body["set"]}
    assert ask(api, "omar", "POST", "/operators/api:samir/changes", body) == (201, asked)
    # One sum is one request, however it is spelt; another sum is not.
    for sum_, told in (("900.50", 201), ("٩٠٠٫٥", 201), ("900.51", 409)):
        again = {**body, "set": {**body["set"], "most_per_day": sum_}}
        status, answer = ask(api, "omar", "POST", "/operators/api:samir/changes", again)
        assert (status, answer.get("document")) == (told, asked["document"] if told < 400 else None)
    other = ask(api, "omar", "POST", "/operators/api:samir/changes", {**body, "reason": WHY * 2})
    assert code(other) == (409, "approval.id_reused")
    assert code(ask(api, "omar", "POST", "/approvals/c-1/approval")) == (409, "approval.own_act")
    assert code(ask(api, "layla", "POST", "/approvals/c-1/approval")) == (403, "actor.not_allowed")
    status, done = ask(api, "nadia", "POST", "/approvals/c-1/approval")
    assert (status, done["approval"]["state"], done["replayed"]) == (201, "approved", False)
    assert done["outcome"]["now"] == {"credit_limit": None, "most_per_day": "900.50"}
    assert ask(api, "nadia", "POST", "/approvals/c-1/approval")[1] == {**done, "replayed": True}
    assert code(ask(api, "huda", "POST", "/approvals/c-1/approval")) == (409, "approval.decided")
    found = ask(api, "layla", "GET", "/operators/api:samir")[1]
    assert (found["credit_limit"], found["most_per_day"]["value"]) == (None, "900.50")


def test_a_block_is_set_by_one_and_lifted_by_two(api: Api) -> None:
    body = {"kind": "meter", "subject": POWER.pan.number, "reason": "Cover broken"}
    assert code(ask(api, "samir", "POST", "/blocks", body)) == (403, "actor.not_allowed")
    status, made = ask(api, "layla", "POST", "/blocks", body)
    assert (status, made["subject"]) == (201, POWER.number)
    assert ask(api, "omar", "GET", "/blocks") == (200, [made])
    assert code(ask(api, "omar", "POST", "/blocks", {**body, "reason": "Something else"})) == (
        409,
        "block.already",
    )
    lift = {**body, "id": "l-1", "reason": "Cover replaced"}
    assert ask(api, "omar", "POST", "/blocks/lifts", lift)[0] == 201
    assert ask(api, "nadia", "POST", "/approvals/l-1/approval")[0] == 201
    assert ask(api, "omar", "GET", "/blocks") == (200, [])
    events = ask(api, "omar", "GET", "/blocks/events", params={"kind": "meter"})[1]
    assert [(e["act"], e["actor"]) for e in events] == [
        ("lifted", "api:nadia"),
        ("blocked", "api:layla"),
    ]


def test_an_agreement_goes_over_to_another_tariff_by_two(api: Api) -> None:
    asked = {
        "id": "t-1",
        "act": "change_tariff",
        "document": {"agreement": "A1", "tariff": "electricity-social"},
        "reason": "The social office has confirmed it",
    }
    assert code(ask(api, "samir", "POST", "/approvals", asked)) == (403, "actor.not_allowed")
    wrong = {**asked, "document": {"agreement": "A1", "tariff": "water-domestic"}}
    assert code(ask(api, "layla", "POST", "/approvals", wrong)) == (409, "tariff.commodity")
    status, made = ask(api, "layla", "POST", "/approvals", asked)
    assert (status, made["state"], made["document"]) == (201, "pending", asked["document"])
    status, done = ask(api, "nadia", "POST", "/approvals/t-1/approval")
    before = {"agreement": "A1", "tariff": "electricity-domestic"}
    assert (status, done["outcome"]["before"]) == (201, before)
    assert ask(api, "samir", "GET", f"/meters/{POWER.number}")[1]["tariff"] == "electricity-social"


def test_refused_withdrawn_and_listed(api: Api) -> None:
    for id in ("p-1", "p-2", "p-3"):
        body = {"id": id, "set": {"needs_shift": True, "most_in_till": "100"}, "reason": WHY}
        assert ask(api, "layla", "POST", "/points/P1/changes", body)[0] == 201
    _, ended = ask(api, "omar", "POST", "/approvals/p-1/refusal", {"note": "Not in winter"})
    assert (ended["state"], ended["note"]) == ("refused", "Not in winter")
    assert code(ask(api, "omar", "POST", "/approvals/p-2/withdrawal")) == (
        409,
        "approval.not_who_asked",
    )
    assert ask(api, "layla", "POST", "/approvals/p-2/withdrawal")[1]["state"] == "withdrawn"
    assert code(ask(api, "omar", "POST", "/approvals/p-1/approval")) == (409, "approval.decided")
    waiting = ask(api, "samir", "GET", "/approvals", params={"state": "pending"})[1]
    assert [one["id"] for one in waiting] == ["p-3"]
    assert ask(api, "omar", "POST", "/approvals/p-3/approval")[0] == 201
    points = ask(api, "layla", "GET", "/points")[1]
    assert (points[0]["needs_shift"], points[0]["most_in_till"]["value"]) == (True, "100.00")
    api.clock.forward(hours=30)
    page = {"before": "p-3", "limit": 1}
    assert [a["id"] for a in ask(api, "omar", "GET", "/approvals", params=page)[1]] == ["p-2"]
    assert code(ask(api, "omar", "GET", "/approvals/none")) == (404, "approval.unknown")


def test_wrong_bodies(api: Api) -> None:
    body = {"id": "g-1", "act": "change_point", "document": {"code": "P1"}, "reason": WHY}
    for change, told in (
        ({}, (422, "approval.document_malformed")),
        ({"act": "rob_bank"}, (422, "approval.act_unknown")),
        (
            {"document": {"code": "P1", "set": {"most_per_sale": 5.5}}},
            (422, "approval.document_malformed"),
        ),
        ({"document": []}, (422, "request.invalid")),
        ({"id": "a b"}, (422, "approval.id_malformed")),
        ({"reason": "no"}, (422, "ledger.reason_missing")),
        ({"more": 1}, (422, "request.invalid")),
    ):
        assert code(ask(api, "omar", "POST", "/approvals", {**body, **change})) == told, change
    # Half a sign, which no database holds.
    half = {**body, "document": {"code": "P1\ud800", "set": {"needs_shift": True}}}
    headers = {"Authorization": f"Bearer {KEYS['omar']}", "Content-Type": "application/json"}
    answer = api.client.post("/api/v1/approvals", content=json.dumps(half), headers=headers)
    assert answer.status_code == 422
    huge = {"code": "P1", "set": {"x": [{}] * 5000}}
    assert ask(api, "omar", "POST", "/approvals", {**body, "document": huge})[0] == 422
    deep: Any = {}
    for _ in range(200):
        deep = {"a": deep}
    assert ask(api, "omar", "POST", "/approvals", {**body, "document": deep})[0] == 422
    wrong = {**SAMIR, "credit_limit": 200}
    assert code(ask(api, "huda", "POST", "/operators", wrong)) == (422, "request.invalid")
    wrong = {**SAMIR, "commission": "101"}
    assert code(ask(api, "huda", "POST", "/operators", wrong)) == (422, "operator.field_wrong")


def test_who_approves_a_sale_does_not_see_its_digits(api: Api) -> None:
    acts = {**own_acts("ILS"), **acts_table(selling_act(api.parts.service))}
    api.parts.approvals = Approvals(SqlPeople(api.store), acts, api.clock)
    body = {"id": "s-1", "act": "sell", "document": {"agorot": 5000}, "reason": WHY}
    assert ask(api, "samir", "POST", "/approvals", body)[0] == 201
    status, done = ask(api, "omar", "POST", "/approvals/s-1/approval")
    assert (status, done["outcome"]["vend_id"]) == (201, "s-1")
    assert "digits" not in str(done)
    with api.store.reading() as books:
        sold = books.sale("s-1")
    assert sold is not None
    assert sold.tokens[0].digits not in str(done)
