"""The drawer through the API and at the command line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.vending.cli.support import town_shell
from tests.vending.drawer.support import sell_in, template_of
from tests.vending.support import put_operator, town
from tests.vending.web.support import Api, api_over
from vending.api_keys import ApiScope
from vending.parties import Actor, Role
from vending.sale import Tender
from vending.store import open_store

VEND, BOOKS = frozenset({ApiScope.VEND}), frozenset({ApiScope.BOOKS, ApiScope.READ})


@dataclass
class Desk:
    """An API, called with the keys of several people."""

    api: Api
    keys: dict[str, str]

    def ask(self, who: str, method: str, path: str, body: Any = None, **query: Any) -> Any:
        return self.api.client.request(
            method,
            f"/api/v1{path}",
            json=body,
            params=query,
            headers={"Authorization": f"Bearer {self.keys[who]}", "Accept-Language": "en"},
        )

    def post(self, who: str, path: str, body: Any = None) -> Any:
        answer = self.ask(who, "POST", path, body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def get(self, who: str, path: str, **query: Any) -> Any:
        answer = self.ask(who, "GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def code(self, who: str, method: str, path: str, body: Any = None) -> tuple[int, str]:
        answer = self.ask(who, method, path, body)
        return answer.status_code, answer.json()["code"]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with api_over(tmp_path, town()) as api:
        keys = {
            "samir": api.key("samir", Role.OPERATOR, VEND, "P1", "T1"),
            "rana": api.key("rana", Role.OPERATOR, VEND, "P1", "T2"),
            "layla": api.key("layla", Role.BILLING, BOOKS, None),
            "omar": api.key("omar", Role.SUPERVISOR, VEND | BOOKS, "P1", "T9"),
            "guest": api.key("guest", Role.SUPERVISOR, frozenset({ApiScope.READ}), "P1"),
        }
        # The sale that the others are copied from belongs to no shift.
        template_of(api.store)
        yield Desk(api, keys)


def test_a_shift_over_http(desk: Desk) -> None:
    opened = desk.post("samir", "/shifts", {"id": "S-1", "opening_float": "200"})
    assert (opened["code"], opened["state"], opened["operator"]) == (
        "P1-S0001",
        "open",
        "api:samir",
    )
    sell_in(desk.api.store, "S-1", "v-1", 15000)
    sell_in(desk.api.store, "S-1", "v-2", 5000, Tender.CARD)
    body = {"id": "m-1", "amount": "50", "reason": "Small coins from the safe"}
    assert desk.post("samir", "/shifts/S-1/cash-in", body)["amount"]["value"] == "50.00"
    body = {"id": "m-2", "amount": "100", "reason": "Too much in the drawer"}
    assert desk.post("samir", "/shifts/S-1/cash-out", body)["kind"] == "out"

    x = desk.get("samir", "/shifts/S-1/x")
    assert (x["report"], x["blind"], x["expected"], x["figures"]) == ("X", True, None, {})
    assert [row["tender"] for row in x["tenders"]] == ["card"]
    assert (x["id"], x["number"], x["report_code"]) == (None, None, "P1-S0001-X")
    assert desk.get("omar", "/shifts/S-1/x")["expected"] == {"value": "300.00", "unit": "ILS"}
    assert desk.get("omar", "/shifts/S-1/x-reports") == [], "looking takes none"

    count = {"pieces": {"200": 1, "50": 1, "20": 2, "5": 1}, "slips": {"card": "50.00"}}
    z = desk.post("samir", "/shifts/S-1/close", count)
    assert z["results"][0] == {
        "tender": "cash",
        "expected": {"value": "300.00", "unit": "ILS"},
        "counted": {"value": "295.00", "unit": "ILS"},
        "difference": {"value": "-5.00", "unit": "ILS"},
    }
    assert desk.post("samir", "/shifts/S-1/close", count) == z
    assert desk.get("layla", "/shifts/S-1/z") == z
    copy = desk.post("samir", "/shifts/S-1/z/copies")
    assert {**copy, "copy_number": 0, "copies": 0} == z
    (listed,) = desk.get("layla", "/shifts", state="waiting")
    assert (listed["difference"]["value"], listed["closed_by"]) == ("-5.00", "api:samir")
    assert desk.get("omar", "/shifts/S-1")["state"] == "closed"

    slip = desk.post("layla", "/bankings", {"id": "B-1", "point": "P1", "reference": "bag 17"})
    assert (slip["code"], slip["amount"]["value"], slip["shifts"]) == (
        "P1-B0001",
        "295.00",
        ["S-1"],
    )
    assert desk.get("samir", "/bankings/B-1") == slip
    assert desk.post("omar", "/bankings/B-1/copies")["copy_number"] == 1
    assert [b["id"] for b in desk.get("layla", "/bankings", point="P1")] == ["B-1"]
    card = {"id": "B-2", "amounts": {"card": "50.00"}}
    assert desk.post("omar", "/bankings", card)["lines"][0]["tender"] == "card"
    assert desk.get("layla", "/ledger/verification")["ok"] is True


def test_x_reports_over_http(desk: Desk) -> None:
    desk.post("samir", "/shifts", {"id": "S-1", "opening_float": "200"})
    sell_in(desk.api.store, "S-1", "v-1", 15000)
    own = desk.post("samir", "/shifts/S-1/x-reports", {"id": "X-1"})
    assert (own["report"], own["number"], own["report_code"]) == ("X", 1, "P1-S0001-X1")
    assert (own["blind"], own["expected"], own["actor"]) == (True, None, "api:samir")
    whole = desk.post("omar", "/shifts/S-1/x-reports", {"id": "X-2"})
    assert (whole["number"], whole["expected"]["value"]) == (2, "350.00")
    sell_in(desk.api.store, "S-1", "v-2", 5000)
    assert desk.post("samir", "/shifts/S-1/x-reports", {"id": "X-1"}) == own
    assert desk.get("layla", "/shifts/S-1/x-reports") == [own, whole]
    blinded = desk.get("samir", "/x-reports/X-2")
    assert (blinded["blind"], blinded["expected"], blinded["figures"]) == (True, None, {})
    assert "350.00" not in str(desk.get("samir", "/shifts/S-1/x-reports"))
    copy = desk.post("samir", "/x-reports/X-1/copies")
    assert copy["copy_number"] == 1
    assert {**copy, "copy_number": 0, "copies": 0} == own
    assert desk.post("layla", "/x-reports/X-2/copies")["expected"] == whole["expected"]
    z = desk.post("samir", "/shifts/S-1/close", {"pieces": {"200": 2}})
    assert (z["x_reports"], z["number"], z["report_code"]) == (2, None, "P1-S0001-Z")
    assert desk.get("layla", "/x-reports/X-2") == {**whole, "copies": 1}
    assert desk.get("layla", "/ledger/verification")["ok"] is True
    trail = desk.api.parts.office.trail(Actor("boss", Role.AUDITOR))
    told = [(line.act, line.actor, line.subject) for line in trail if line.act.startswith("x_")]
    assert told[::-1] == [
        ("x_taken", "api:samir", "X-1"),
        ("x_taken", "api:omar", "X-2"),
        ("x_copy", "api:samir", "X-1"),
        ("x_copy", "api:layla", "X-2"),
    ]


def test_what_the_api_refuses(desk: Desk) -> None:
    code = desk.code
    desk.post("samir", "/shifts", {"id": "S-1"})
    assert code("guest", "GET", "/shifts") == (403, "caller.scope_missing")
    assert code("layla", "POST", "/shifts", {"id": "S-2"}) == (403, "actor.not_allowed")
    assert code("rana", "GET", "/shifts/S-1/x") == (409, "shift.not_yours")
    taking = {"id": "X-1"}
    assert code("rana", "POST", "/shifts/S-1/x-reports", taking) == (409, "shift.not_yours")
    assert code("samir", "POST", "/shifts/S-1/x-reports", {}) == (422, "request.invalid")
    desk.post("samir", "/shifts/S-1/x-reports", taking)
    desk.post("rana", "/shifts", {"id": "S-2"})
    assert code("rana", "POST", "/shifts/S-2/x-reports", taking) == (409, "x_report.id_reused")
    assert code("rana", "POST", "/x-reports/X-1/copies") == (409, "shift.not_yours")
    assert code("omar", "GET", "/x-reports/X-9") == (404, "x_report.unknown")
    assert code("guest", "GET", "/x-reports/X-1") == (403, "caller.scope_missing")
    assert code("omar", "GET", "/shifts/S-9") == (404, "shift.unknown")
    assert code("omar", "GET", "/shifts/S-1/z") == (409, "shift.still_open")
    assert code("omar", "GET", "/shifts/%00") == (422, "drawer.id_malformed")
    assert code("omar", "GET", "/bankings/B-9") == (404, "banking.unknown")
    assert code("omar", "POST", "/bankings", {"id": "B-1"}) == (409, "banking.nothing")
    for body, told in (
        ({"pieces": {"7": 1}}, "drawer.denomination_unknown"),
        ({"pieces": {}}, "drawer.nothing_counted"),
        ({"pieces": {"5": 1.5}}, "request.invalid"),
        ({"pieces": {"5": 1}, "slips": {"cash": "1"}}, "drawer.slips_wrong"),
        ({"pieces": {"5": 1}, "counted": "5"}, "request.invalid"),
    ):
        assert code("samir", "POST", "/shifts/S-1/close", body) == (422, told)
    move = {"id": "m", "amount": "1e3", "reason": "From the safe"}
    assert code("samir", "POST", "/shifts/S-1/cash-in", move)[0] == 422
    assert code("samir", "POST", "/shifts/S-1/cash-out", {**move, "amount": "9" * 60}) == (
        422,
        "money.too_much",
    )


def test_a_deposit_over_http(desk: Desk) -> None:
    put_operator(desk.api.store, "rana", settlement="deposit")
    body = {"id": "D-1", "amount": "500", "reason": "Paid in at the bank"}
    made = desk.post("layla", "/operators/rana/deposits", body)
    assert (made["state"], [line["account"] for line in made["lines"]]) == (
        "pending",
        ["1120", "2030"],
    )
    assert desk.post("omar", "/ledger/adjustments/D-1/approval")["state"] == "posted"
    assert desk.code("samir", "POST", "/operators/rana/deposits", body)[1] == "caller.scope_missing"
    assert desk.code("layla", "POST", "/operators/x/deposits", {**body, "id": "D-2"}) == (
        404,
        "operator.unknown",
    )


@pytest.mark.system
def test_at_the_command_line(tmp_path: Path) -> None:
    sh = town_shell(tmp_path)
    store = open_store(tmp_path / "raseed.db")
    # The command line books by the machine's clock, which is believed only so far beyond what is
    # in the books: the first sale is of an hour ago, whenever this runs.
    template_of(store, datetime.now(UTC) - timedelta(hours=1))
    env = {"LOGNAME": "samir", "RASEED_POINT": "P1", "RASEED_TERMINAL": "T1"}

    def run(*words: str) -> Any:
        told = sh.run(*words, **env)
        assert told.code == 0, told.err
        return told

    assert run("shift", "open", "--id", "S-1", "--float", "20", "--json").json["terminal"] == "T1"
    sell_in(store, "S-1", "v-1", 5000)
    store.close()
    made = run("shift", "in", "5", "--reason", "Coins from the safe", "--json")
    assert made.err.startswith("id ")
    assert made.json["kind"] == "in"
    shown = run("shift", "x").out
    assert "Expected cash: 75.00 ILS" in shown
    arabic = sh.run("--lang", "ar", "shift", "x", **env).out
    assert "النقد المتوقع" in arabic
    taken = run("x-report", "take", "--id", "X-1")
    assert "Report: P1-S0001-X1" in taken.out
    assert "Expected cash: 75.00 ILS" in taken.out
    assert run("x-report", "take").err.startswith("id ")
    assert "(COPY 1)" in run("x-report", "reprint", "X-1").out
    assert "(نسخة 2)" in sh.run("--lang", "ar", "x-report", "reprint", "X-1", **env).out
    again = run("x-report", "show", "X-1", "--json").json
    assert (again["copies"], again["expected"]["value"]) == (2, "75.00")
    assert [row["number"] for row in run("x-report", "list", "S-1", "--json").json] == [1, 2]
    assert "P1-S0001-X2" in run("x-report", "list", "S-1").out
    gone = sh.run("x-report", "show", "X-9", **env)
    assert (gone.code, "[x_report.unknown]" in gone.err) == (2, True)
    refused = sh.run("shift", "close", "--count", "50", **env)
    assert (refused.code, "[drawer.pieces_wrong]" in refused.err) == (2, True)
    words = ("shift", "close", "--count", "50=1 20=1", "--count", "5=1", "--json")
    assert run(*words).json["results"][0]["difference"]["value"] == "0.00"
    assert "COPY" not in run("shift", "z", "S-1").out
    assert "(COPY 1)" in run("shift", "reprint", "S-1").out
    assert "P1-S0001" in run("shift", "list", "--state", "waiting").out
    slip = run("banking", "make", "--id", "B-1", "--shift", "S-1", "--count", "50=1 20=1 5=1")
    assert "Total: 75.00 ILS" in slip.out
    assert "P1-B0001" in run("banking", "list").out
    assert run("banking", "slip", "B-1", "--json").json["amount"]["value"] == "75.00"
    assert "(COPY 1)" in run("banking", "reprint", "B-1").out
    gone = sh.run("operator", "deposit", "nobody", "5", "--reason", "Paid in", **env)
    assert gone.code == 2
    assert "[operator.unknown]" in gone.err
    assert "right" in run("ledger", "verify").out
