"""Accounts through the API and the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.vending.cli.support import town_shell
from tests.vending.support import POWER, town
from tests.vending.web.support import Api, api_over
from vending.api_keys import ApiScope
from vending.parties import Role

DEBT = {
    "code": "arrears",
    "name_ar": "ذمم سابقة",
    "name_en": "Arrears",
    "amount": "150.00",
    "percent": "25",
    "reason": "From the old ledger",
    "source": "Bill 2025/114",
}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with api_over(tmp_path, town()) as made:
        yield made


class Caller:
    """One key."""

    def __init__(self, api: Api, name: str, role: Role, *scopes: ApiScope) -> None:
        self.api = api
        text = api.key(name, role, frozenset(scopes), "P1")
        self.headers = {"Authorization": f"Bearer {text}", "Accept-Language": "en"}

    def post(self, path: str, **body: Any) -> Any:
        return self.api.client.post(f"/api/v1/{path}", json=body, headers=self.headers)

    def get(self, path: str, **query: Any) -> Any:
        return self.api.client.get(f"/api/v1/{path}", params=query, headers=self.headers)


def test_a_debt_through_the_api(api: Api) -> None:
    layla = Caller(api, "layla", Role.BILLING, ApiScope.BOOKS, ApiScope.READ)
    omar = Caller(api, "omar", Role.SUPERVISOR, ApiScope.BOOKS)
    till = Caller(api, "samir", Role.OPERATOR, ApiScope.VEND, ApiScope.READ)
    assert till.post("accounts/A1/debts", **DEBT).json()["code"] == "caller.scope_missing"
    unclear = layla.post("accounts/A1/debts", **{**DEBT, "instalment": "20.00"})
    assert (unclear.status_code, unclear.json()["code"]) == (422, "account.recovery_unclear")
    added = layla.post("accounts/A1/debts", **DEBT)
    assert added.status_code == 201
    (debt,) = added.json()["debts"]
    assert debt["owed"] == {"value": "150.00", "unit": "ILS"}
    assert (debt["standing"], debt["percent"], debt["instalment"]) == ("open", "25", None)
    assert layla.post("accounts/A1/debts", **DEBT).json()["debts"] == [debt]
    at = "accounts/A1/debts/arrears"
    why = {"reason": "Ill this month"}
    put_off = till.post(f"{at}/postponement", id="p-1", until="2026-12-31", **why).json()
    assert put_off["debts"][0]["until"] == "2026-12-31T22:00:00Z"
    assert "put off up to 2026-12-31 (Ill this month)" in put_off["words"][-2]["en"]
    assert "مؤجل" in put_off["words"][-2]["ar"]
    late = till.post(f"{at}/postponement", id="p-2", until="2027-03-01", **why)
    assert (late.status_code, late.json()["code"]) == (409, "account.postponed_too_long")
    assert "up to 2026-12-31" in late.json()["detail"]
    assert layla.post(f"{at}/postponement/end", id="p-3", **why).status_code == 201
    assert till.post(f"{at}/dispute", id="d-1", reason="Paid in 2024").status_code == 201
    wrong = layla.post(f"{at}/dispute/settlement", id="d-2", outcome="perhaps", **why)
    assert wrong.json()["code"] == "account.outcome_unknown"
    asked = layla.post(f"{at}/dispute/settlement", id="d-2", outcome="reduced", to="40", **why)
    assert asked.json()["waiting"][0]["off"]["value"] == "110.00"
    assert omar.post("ledger/adjustments/d-2/approval").status_code == 201
    assert layla.post(f"{at}/write-down", id="w-1", amount="40.00", **why).status_code == 201
    assert omar.post("ledger/adjustments/w-1/approval").status_code == 201
    shown = till.get(f"accounts/{POWER.pan.number}").json()
    assert [row["standing"] for row in shown["debts"]] == ["settled"]
    assert shown["owed"]["value"] == "0.00"
    told = till.get("accounts/A1/events", limit=2).json()
    assert [row["kind"] for row in told] == ["debt_written_down", "write_down_asked"]
    assert told[0]["amount"] == {"value": "40.00", "unit": "ILS"}
    (first,) = till.get("accounts/A1/events", before=2).json()
    assert (first["source"], first["amount"]["value"]) == ("Bill 2025/114", "150.00")
    unknown = till.get("accounts/A9")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "agreement.unknown")
    fee = layla.post("accounts/A1/fees", id="f-1", code="photocopy", **why)
    assert fee.json()["code"] == "account.fee_unknown"
    waived = layla.post("accounts/A1/fees/photocopy/waiver", id="f-1", **why)
    assert waived.json()["code"] == "account.fee_not_due"
    report = till.get("ledger/verification/accounts").json()
    assert report == {"ok": True, "accounts": 2, "found": 0, "problems": []}
    denied = layla.post("ledger/verification/accounts/rebuilding")
    assert (denied.status_code, denied.json()["code"]) == (403, "actor.not_allowed")
    huda = Caller(api, "huda", Role.ADMINISTRATOR, ApiScope.BOOKS)
    assert huda.post("ledger/verification/accounts/rebuilding").json()["changed"] == 0


def test_what_no_calendar_and_no_database_holds_is_refused(api: Api) -> None:
    layla = Caller(api, "layla", Role.BILLING, ApiScope.BOOKS, ApiScope.READ)
    chief = Caller(api, "omar", Role.SUPERVISOR, ApiScope.VEND, ApiScope.BOOKS)
    for amount in ("100000000000.01", "99999999999999999", "9" * 60):
        told = layla.post("accounts/A1/debts", **{**DEBT, "amount": amount})
        assert (told.status_code, told.json()["code"]) == (422, "money.too_much")
    assert layla.post("accounts/A1/debts", **DEBT).status_code == 201
    for name in ("a\nb", "a\u202eb"):
        told = layla.post("accounts/A1/debts", **{**DEBT, "code": "b", "name_en": name})
        assert (told.status_code, told.json()["code"]) == (422, "text.not_kept")
    why = {"reason": "Ill this month"}
    put_off = chief.post(
        "accounts/A1/debts/arrears/postponement", id="p", until="٢٠٢٦-١٢-٣١", **why
    )
    assert put_off.json()["debts"][0]["until"] == "2026-12-31T22:00:00Z"
    for day, code in (
        ("9999-12-31", "ledger.day_malformed"),
        ("2999-12-31", "account.postponed_too_long"),
    ):
        late = chief.post("accounts/A1/debts/arrears/postponement", id="p-1", until=day, **why)
        assert late.json()["code"] == code
    assert layla.get("accounts/A1/events", before="9" * 20).status_code == 422
    far = chief.post("ledger/reversals", id="r-1", entry=10**30, **why)
    assert (far.status_code, far.json()["code"]) == (422, "request.invalid")


@pytest.mark.system
def test_accounts_on_the_command_line(tmp_path: Path) -> None:
    town = town_shell(tmp_path)
    add = ["debt", "add", "A1", "arrears", "90.00", "--reason", "From the old ledger"]
    add += ["--name-ar", "ذمم سابقة", "--name-en", "Arrears", "--source", "Bill 7"]
    told = town.run(*add, "--instalment", "20", "--priority", "5", "--json")
    assert told.code == 0, told.err
    assert told.json["debts"][0]["instalment"] == {"value": "20.00", "unit": "ILS"}
    assert town.run(*add, "--percent", "20").code == 3
    assert town.run(*add).code == 2
    shown = town.run("--lang", "ar", "accounts", "show", POWER.number)
    assert "ذمم سابقة" in shown.out
    assert "كل شهر" in shown.out
    assert town.run("debt", "resume", "A1", "arrears", "--reason", "He can pay").code == 3
    listed = town.run("debt", "list", "A1", "--json").json
    assert [(row["code"], row["priority"]) for row in listed] == [("arrears", 5)]
    made = town.run("debt", "dispute", "A1", "arrears", "--reason", "Not his account")
    assert (made.code, made.err.startswith("id ")) == (0, True)
    settle = ["debt", "settle", "A1", "arrears", "rejected", "--reason", "It is his"]
    assert "20.00 ILS is taken each month" in town.run(*settle).out
    assert town.run("fee", "waive", "A1", "connection", "--reason", "It is his").code == 3
    assert town.run("accounts", "verify", "--json").json["ok"] is True
    for agreement in ("A1", "A2"):
        assert town.run("accounts", "history", agreement, "--json").code == 0
    spoil(tmp_path / "raseed.db")
    wrong = town.run("accounts", "verify")
    assert (wrong.code, "agreement A1" in wrong.err) == (70, True)
    assert town.run("accounts", "rebuild", "--json").json["changed"] == 1
    assert "All accounts follow" in town.run("accounts", "verify").out


def spoil(path: Path) -> None:
    import sqlite3

    with sqlite3.connect(path) as db:
        assert db.execute("UPDATE accounts SET document = '{}'").rowcount == 1
    db.close()
