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
            ("nadia", Role.SUPERVISOR, {ApiScope.READ, ApiScope.APPROVE}),
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


def test_what_is_not_done_at_the_api(api: Api) -> None:
    document = {"meter": P, "units": "20"}
    for id in ("a-1", "a-2", "a-3"):
        body = {"id": id, "act": "free_issue", "document": document, "reason": REASON}
        assert ask(api, "samir", "POST", "/approvals", body)[0] == 201
    block = {"kind": "meter", "subject": P, "reason": "Cover broken"}
    assert ask(api, "omar", "POST", "/blocks", block)[0] == 201
    for id in ("a-1", "a-2"):
        status, told = ask(api, "omar", "POST", f"/approvals/{id}/approval")
        assert (status, told["code"]) == (409, "vend.blocked")
    status, waiting = ask(api, "samir", "GET", "/approvals?waiting=true")
    assert status == 200
    assert {one["id"]: one["state"] for one in waiting} == {
        "a-1": "not_done",
        "a-2": "not_done",
        "a-3": "pending",
    }
    status, listed = ask(api, "samir", "GET", "/approvals?state=not_done")
    assert {one["id"] for one in listed} == {"a-1", "a-2"}
    for one in listed:
        failure = one["failure"]
        assert failure["code"] == "vend.blocked"
        assert "Cover broken" in failure["detail"]["en"]
        assert "Cover broken" in failure["detail"]["ar"]
        assert failure["detail"]["en"] != failure["detail"]["ar"]
        (step,) = one["steps"]
        assert (step["state"], step["by"]) == ("failed", "api:omar")
    status, told = ask(api, "omar", "POST", "/approvals/a-1/refusal", {"note": "They have moved"})
    assert (status, told["state"], told["failure"]) == (201, "called_off", None)
    assert told["steps"][-1]["note"] == "They have moved"
    lift = {**block, "id": "l-1", "reason": "Repaired"}
    assert ask(api, "nadia", "POST", "/blocks/lifts", lift)[0] == 201
    assert ask(api, "omar", "POST", "/approvals/l-1/approval")[0] == 201
    status, done = ask(api, "nadia", "POST", "/approvals/a-2/approval")
    assert (status, done["approval"]["state"], done["replayed"]) == (201, "approved", False)
    status, told = ask(api, "nadia", "POST", "/approvals/a-1/approval")
    assert (status, told["code"], told["facts"]["state"]) == (409, "approval.decided", "called_off")
    assert [one["id"] for one in ask(api, "samir", "GET", "/approvals?waiting=true")[1]] == ["a-3"]


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
    # A moment without its zone could be any of two hours.
    naive = {**body, "down_since": "2020-01-01T08:00:00"}
    assert ask(api, "rami", "POST", "/agreements/A1/exchanges", naive)[0] == 422
    body["down_since"] = "2020-01-01T08:00:00+02:00"
    status, made = ask(api, "rami", "POST", "/agreements/A1/exchanges", body)
    assert (status, made["meter"]["number"], made["request"]["state"]) == (201, F, "pending")
    down = made["request"]["document"]["exchange"]["down_since"]
    assert down == "2020-01-01T06:00:00.000000Z"
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


@pytest.mark.system
def test_what_is_not_done_on_the_command_line(shell: Shell) -> None:
    request = ("approval", "request", "free-issue", P, "20", "--reason", REASON)
    for id in ("f-1", "f-2"):
        assert by(shell, "samir", *request, "--id", id).code == 0
        # Asked for at no point, and approved at none.
        failed = by(shell, "nadia", "approval", "approve", id)
        assert (failed.code, "point.unknown" in failed.err) == (2, True)
    listed = by(shell, "omar", "approval", "list")
    assert "approved, not done" in listed.out
    assert "carries it through, or calls it off" in listed.out
    assert {one["state"] for one in by(shell, "omar", "approval", "list", "--json").json} == {
        "not_done"
    }
    told = by(shell, "omar", "--lang", "ar", "approval", "show", "f-1").out
    assert "تمت الموافقة ولم يُنفذ" in told
    off = by(shell, "omar", "approval", "refuse", "f-1", "--reason", "They have moved")
    assert (off.code, "They have moved" in off.out) == (0, True), off.err
    own = by(shell, "SAMIR", "approval", "approve", "f-2", "--point", "P1")
    assert "approval.own_act" in own.err
    done = by(shell, "omar", "approval", "approve", "f-2", "--point", "P1")
    assert (done.code, "Units: 20 kWh" in done.out) == (0, True), done.err
    assert by(shell, "omar", "approval", "list", "--json").json == []
    assert [
        one["id"]
        for one in by(shell, "omar", "approval", "list", "--state", "called_off", "--json").json
    ] == ["f-1"]
    # What no token carries is not even asked for.
    wrong = by(shell, "samir", *(*request[:4], "0.15", *request[5:]))
    assert (wrong.code, "vend.units_not_carried" in wrong.err) == (2, True), wrong.err


@pytest.mark.system
def test_a_meter_that_was_dead_before_it_was_exchanged(shell: Shell) -> None:
    """What was sold to it since goes back by a void once two people say so."""
    assert by(shell, "samir", "vend", P, "50", "--id", "v-1", "--point", "P1").code == 0
    exchange = (
        *("meter", "exchange", "A1", F, "--sgc", SGC, "--krn", "1", "--ti", "1"),
        *("--id", "x-1", "--reason", "Burned", "--source", "none"),
    )
    future = by(shell, "rami", *exchange, "--down-since", "2099-01-01T00:00")
    assert (future.code, "exchange.down_since_wrong" in future.err) == (2, True)
    made = by(shell, "rami", *exchange, "--down-since", "2020-01-01T08:00", "--json")
    assert made.code == 0, made.err
    assert made.json["request"]["document"]["exchange"]["down_since"].startswith("2020-01-01T")
    void = ("void", "v-1", "--reason", "The meter had burned", "--point", "P1")
    early = by(shell, "omar", *void)
    assert (early.code, "void.gone_unproved" in early.err) == (3, True), early.err
    assert "void-refund v-1" in early.err
    # The second person sees what they confirm.
    assert "old meter dead since: 2020-01-01T" in by(shell, "nadia", "approval", "show", "x-1").out
    assert by(shell, "nadia", "approval", "approve", "x-1", "--point", "P1").code == 0
    done = by(shell, "omar", *void)
    assert (done.code, "the meter is out of use" in done.out) == (0, True), done.err
