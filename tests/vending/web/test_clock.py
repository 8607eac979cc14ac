"""The server's clock at the API: seen by whoever reads, vouched for by supervisors alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.machines import Machine
from tests.vending.support import town
from vending.api_keys import ApiScope
from vending.parties import Role

from .support import ALL_SCOPES, Api, api_over

OTHERS = [role for role in Role if role not in (Role.SUPERVISOR, Role.ADMINISTRATOR)]
WHY = {"reason": "Eid: closed for nine days"}


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def api(tmp_path: Path, machine: Machine) -> Iterator[Api]:
    with api_over(tmp_path, town(), guard=machine.starts(), clock=machine) as running:
        yield running


def test_a_leap_is_refused_shown_confirmed_and_sold_by(api: Api, machine: Machine) -> None:
    assert api.vend("v-1").status_code == 201
    machine.forward(days=9)
    refused = api.vend("v-2")
    assert (refused.status_code, refused.json()["code"]) == (409, "clock.ran_ahead")
    assert refused.json()["kind"] == "refused"
    assert refused.json()["facts"]["last"] == "2026-11-23T09:30:12.345678Z"
    shown = api.get("/clock").json()
    assert shown == {
        "clock": "2026-12-02T09:30:12.345678Z",
        "last_entry": "2026-11-23T09:30:12.345678Z",
        "ahead_seconds": 777_600,
        "believed_until": "2026-11-23T09:40:12.345678Z",
        "refused": "clock.ran_ahead",
        "confirmation": None,
    }
    done = api.post("/clock/confirmations", WHY)
    assert (done.status_code, done.json()["refused"]) == (201, None)
    assert done.json()["confirmation"] == {
        "at": "2026-12-02T09:30:12.345678Z",
        "actor": "api:till",
        "reason": WHY["reason"],
        "entry": 1,
        "last_entry": "2026-11-23T09:30:12.345678Z",
    }
    assert done.json()["believed_until"] == "2026-12-07T09:30:12.345678Z"
    assert api.vend("v-2").status_code == 201
    assert api.get("/clock").json()["believed_until"] == "2026-12-02T09:40:12.345678Z"


def test_what_was_sold_before_is_answered_by_any_clock(api: Api, machine: Machine) -> None:
    first = api.vend("v-1").json()
    machine.forward(days=60)
    again = api.vend("v-1")
    assert again.status_code == 200
    assert again.json()["tokens"] == first["tokens"]


@pytest.mark.parametrize(
    "role", [r for r in Role if r not in (Role.SUPERVISOR, Role.ADMINISTRATOR)]
)
def test_nobody_else_vouches_for_it(api: Api, machine: Machine, role: Role) -> None:
    assert api.vend("v-1").status_code == 201
    machine.forward(days=9)
    key = api.key("theirs", role, ALL_SCOPES, "P1")
    headers = {"Authorization": f"Bearer {key}"}
    assert api.get("/clock", headers=headers).json()["refused"] == "clock.ran_ahead"
    answer = api.post("/clock/confirmations", WHY, headers=headers)
    assert answer.json()["code"] == "actor.not_allowed"
    assert answer.status_code in (403, 409)
    assert api.vend("v-2").status_code == 409


@pytest.mark.parametrize("body", [{}, {"reason": "  "}, {"reason": 7}, {**WHY, "at": "2026"}])
def test_a_confirmation_says_why_and_nothing_else(api: Api, body: dict[str, object]) -> None:
    assert api.post("/clock/confirmations", body).status_code == 422
    assert api.get("/clock").json()["confirmation"] is None


def test_a_key_that_only_sells_is_not_enough(api: Api) -> None:
    key = api.key("seller", Role.SUPERVISOR, frozenset({ApiScope.VEND}), "P1")
    headers = {"Authorization": f"Bearer {key}"}
    answer = api.post("/clock/confirmations", WHY, headers=headers)
    assert answer.json()["code"] == "caller.scope_missing"
