"""Sales of two people and exchanges through the API and on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.vending.acts.support import FRESH, NEXT_DOOR, P, W
from tests.vending.cli.support import PASSPHRASE, Shell, Told, town_shell
from tests.vending.support import SGC, town
from tests.vending.web.support import Api, api_over
from vending.api_keys import ApiScope
from vending.parties import Role

pytestmark = pytest.mark.system

F = FRESH.number
REASON = "Agreed with the billing office"
KEYS: dict[str, str] = {}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with api_over(tmp_path, town(more_meters=1)) as made:
        for name, role, scopes in (
            ("samir", Role.OPERATOR, {ApiScope.READ, ApiScope.VEND, ApiScope.APPROVE}),
            ("omar", Role.SUPERVISOR, {ApiScope.READ, ApiScope.APPROVE}),
            ("rami", Role.TECHNICIAN, {ApiScope.READ, ApiScope.METER, ApiScope.APPROVE}),
        ):
            point = None if name == "rami" else "P1"
            KEYS[name] = made.key(name, role, frozenset(scopes), point)
        yield made


def ask(api: Api, who: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {KEYS[who]}", "Accept-Language": "en"}
    answer = api.client.request(method, f"/api/v1{path}", json=body, headers=headers)
    return answer.status_code, answer.json()


DOCUMENTS: dict[str, dict[str, Any]] = {
    "free_issue": {"meter": P, "units": "20"},
    "refund": {"meter": P, "units": "5.5", "sale": "v-1"},
    "engineering": {"meter": P, "token": "clear_credit", "fields": {"register": "65535"}},
    "void_refund": {"sale": "v-3"},
    "correction": {"sale": "v-2", "meter": NEXT_DOOR.number},
}


def test_every_act_at_the_api(api: Api) -> None:
    assert api.vend("v-1").status_code == 201
    api.vend("v-2", hold=True)
    api.vend("v-3")
    for act, document in DOCUMENTS.items():
        body = {"id": f"a-{act}", "act": act, "document": document, "reason": REASON}
        status, asked = ask(api, "samir", "POST", "/approvals", body)
        assert (status, asked["state"], asked["document"]) == (201, "pending", document)
        for wrong in ({**document, "more": "1"}, {"meter": 7}, {}):
            status, told = ask(api, "samir", "POST", "/approvals", {**body, "document": wrong})
            assert (status, told["code"]) == (422, "request.invalid"), act
        path = f"/approvals/a-{act}/approval"
        assert ask(api, "samir", "POST", path)[1]["code"] == "actor.not_allowed"
        status, done = ask(api, "omar", "POST", path)
        assert (status, done["approval"]["state"]) == (201, "approved"), done
        assert "digits" not in str(done)
        assert ask(api, "omar", "POST", path)[1] == {**done, "replayed": True}
        if act == "void_refund":
            assert done["outcome"]["given_back"] == "50.00"
            continue
        assert (done["outcome"]["vend_id"], done["outcome"]["kind"]) == (f"a-{act}", act)
        status, told = ask(api, "omar", "POST", f"/vends/a-{act}/showing")
        assert (status, told["code"]) == (403, "caller.scope_missing")
        status, shown = ask(api, "samir", "POST", f"/vends/a-{act}/showing")
        assert (status, len(shown["tokens"])) == (200, 1)
    assert api.get("/ledger/verification").json()["ok"]


def test_a_meter_exchanged_at_the_api(api: Api) -> None:
    body = {
        "id": "x-1",
        "meter": {"number": F, "sgc": SGC, "krn": 1, "ti": 1},
        "source": "photo",
        "units": "12.5",
        "reason": "Display broken",
    }
    status, told = ask(api, "rami", "POST", "/agreements/A9/exchanges", body)
    assert (status, told["code"]) == (404, "agreement.unknown")
    assert ask(api, "rami", "POST", "/agreements/A1/exchanges", {**body, "more": 1})[0] == 422
    status, made = ask(api, "rami", "POST", "/agreements/A1/exchanges", body)
    assert (status, made["meter"]["number"], made["request"]["state"]) == (201, F, "pending")
    assert ask(api, "rami", "POST", "/agreements/A1/exchanges", body) == (201, made)
    assert api.vend("v-1").json()["code"] == "meter.unknown"
    status, done = ask(api, "omar", "POST", "/approvals/x-1/approval")
    assert (status, done["outcome"]["meter"], done["outcome"]["refers_to"]) == (201, F, P)
    asked = {
        "id": "x-2",
        "act": "transfer",
        "document": {"agreement": "A1", "old_meter": P, "units": "1", "source": "lab"},
        "reason": REASON,
    }
    assert ask(api, "rami", "POST", "/approvals", asked)[1]["code"] == "transfer.done_before"
    assert api.get("/ledger/verification").json()["ok"]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return town_shell(tmp_path)


def by(shell: Shell, login: str, *arguments: str) -> Told:
    return shell.run(*arguments, LOGNAME=login, RASEED_PASSPHRASE=PASSPHRASE)


@pytest.mark.system
def test_the_acts_on_the_command_line(shell: Shell) -> None:
    assert by(shell, "samir", "vend", P, "50", "--id", "v-1", "--point", "P1").code == 0
    assert by(shell, "samir", "vend", P, "50", "--id", "v-2", "--hold", "--point", "P1").code == 0
    assert by(shell, "samir", "vend", P, "50", "--id", "v-3", "--point", "P1").code == 0
    for id, words in {
        "a-1": ("free-issue", P, "20"),
        "a-2": ("refund", P, "5.5", "--sale", "v-1"),
        "a-3": ("engineering", P, "set_maximum_power_limit", "--field", "limit_w=4000"),
        "a-4": ("void-refund", "v-3"),
        "a-5": ("correction", "v-2", W),
    }.items():
        point = () if id == "a-5" else ("--point", "P1")
        asked = by(
            shell,
            *("samir", "approval", "request", *words, *point),
            *("--id", id, "--reason", REASON, "--json"),
        )
        assert asked.code == 0, asked.err
        assert asked.json["state"] == "pending"
        own = by(shell, "SAMIR", "approval", "approve", id)
        assert "approval.own_act" in own.err
        done = by(shell, "nadia", "approval", "approve", id)
        assert done.code == 0, done.err
        if id == "a-4":
            assert "given back: 50.00" in done.out
            continue
        assert f"Vend id: {id}" in done.out
        assert "held back" in done.out
        shown = by(shell, "samir", "sale", "reveal", id, "--json").json
        assert len(shown["tokens"]) == 1
    assert by(shell, "omar", "ledger", "verify").code == 0
    assert by(shell, "omar", "accounts", "verify").code == 0
    wrong = by(shell, "omar", "approval", "request", "engineering", P, "x", "--reason", REASON)
    assert (wrong.code, "token.kind_unknown" in wrong.err) == (2, True)


@pytest.mark.system
def test_a_meter_exchanged_on_the_command_line(shell: Shell) -> None:
    exchange = (
        *("meter", "exchange", "A1", F, "--sgc", SGC, "--krn", "1", "--ti", "1"),
        *("--gateway", "127.0.0.1:5020/7", "--id", "x-1", "--reason", "Display broken"),
    )
    unread = by(shell, "rami", *exchange, "--source", "reading")
    assert (unread.code, "exchange.reading_missing" in unread.err) == (3, True)
    made = by(shell, "rami", *exchange, "--source", "photo", "--units", "12.5", "--json")
    assert made.code == 0, made.err
    assert made.json["meter"]["gateway"]["port"] == 5020
    told = by(shell, "nadia", "--lang", "ar", "approval", "show", "x-1").out
    assert "العداد القديم" in told
    nowhere = by(shell, "nadia", "approval", "approve", "x-1")
    assert (nowhere.code, "point.unknown" in nowhere.err) == (2, True)
    done = by(shell, "nadia", "approval", "approve", "x-1", "--point", "P1")
    assert (done.code, "Units: 12.5 kWh" in done.out) == (0, True), done.err
    again = by(
        shell,
        *("rami", "approval", "request", "transfer", "A1", P, "1", "--source", "lab"),
        *("--reason", REASON),
    )
    assert (again.code, "transfer.done_before" in again.err) == (3, True)
    assert by(shell, "omar", "ledger", "verify").code == 0
