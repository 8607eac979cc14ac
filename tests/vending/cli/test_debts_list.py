"""The arrears of older books from a spreadsheet: nothing is taken over while a row is written
wrongly, and each once however often the file is sent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vending.support import POWER
from vending.accounts import Accounts
from vending.ports import StoreLocked

from .support import Shell, Told

HEAD = "agreement,code,amount,name_ar,name_en,percent,instalment,priority,reason,source"
SAYS = "Copied from the ledger,Ledger 2025"


def sent(town: Shell, *rows: str, more: tuple[str, ...] = (), **environment: str) -> Told:
    """The answer to a list of these rows."""
    file = town.folder / "debts.csv"
    file.write_text("\n".join((HEAD, *rows)) + "\n", "utf-8")
    return town.run("debt", "import", str(file), *more, **environment)


def owed(town: Shell, agreement: str) -> list[tuple[str, str]]:
    rows = town.run("debt", "list", agreement, "--json").json
    return [(row["code"], row["owed"]["value"]) for row in rows]


def test_a_list_is_taken_over_once(town: Shell) -> None:
    rows = (
        f"A1,arrears,150.00,ذمم سابقة,Arrears,25,,,{SAYS}",
        f"A1,fine,20,غرامة,Fine,,10.00,1,{SAYS}",
        f"{POWER.number},old,٧٫٥,قديم,Old,100,,,{SAYS}",
        f"A2,arrears,80.00,ذمم سابقة,Arrears,50,,,{SAYS}",
    )
    for _ in range(2):
        told = sent(town, *rows)
        assert told.code == 0
        assert [line.split(": ") for line in told.out.splitlines()] == [
            ["Taken over", "4"], ["Owed", "257.50 ILS"], ["Not taken over", "0"],
        ]  # fmt: skip
    assert owed(town, "A1") == [("fine", "20.00"), ("arrears", "150.00"), ("old", "7.50")]
    assert owed(town, "A2") == [("arrears", "80.00")]
    assert town.run("ledger", "verify", "--json").json["entries"] == 4
    assert town.run("accounts", "verify").code == 0
    # As `debt add` would have done it.
    names = ("--name-ar", "قديم", "--name-en", "Old", "--percent", "100")
    why = ("--reason", "Copied from the ledger", "--source", "Ledger 2025")
    assert town.run("debt", "add", "A1", "old", "7.50", *names, *why).code == 0
    assert town.run("ledger", "verify", "--json").json["entries"] == 4


def test_nothing_is_taken_over_while_a_row_is_wrong(town: Shell) -> None:
    rows = (
        f"A1,arrears,150.00,ذمم,Arrears,25,,,{SAYS}",
        f"A1,b,fifty,ذمم,Arrears,25,,,{SAYS}",
        f"A1,c,50,ذمم,Arrears,25,10,,{SAYS}",
        f"A1,d,50,ذمم,Arrears,,,,{SAYS}",
        f"A1,e,50,ذمم,Arrears,25,,first,{SAYS}",
        f"A1,f,50,ذمم,Arrears,25,,100,{SAYS}",
        f"A1,g,50,,Arrears,25,,,{SAYS}",
        f"A1,h,-50,ذمم,Arrears,25,,,{SAYS}",
        f"A1,i,50,ذمم,Arrears,101,,,{SAYS}",
        "A1,j,50,ذمم,Arrears,25,,,,Ledger 2025",
        "A1,k,50,ذمم,Arrears,25,,,Copied from the ledger,",
        f"A1,l,5,00,ذمم,Arrears,25,,,{SAYS}",
        f"A1,m,50,ذمم,Arrears,25,,{'9' * 5000},{SAYS}",
        f"A1,n,50,ذمم,Arrears,25,,{'9' * 9},{SAYS}",
    )
    told = sent(town, *rows)
    assert told.code == 2
    assert "Nothing was done" in told.err
    lines = [line.split() for line in told.out.splitlines() if line[:1].isdigit()]
    assert {int(line[0]): line[-1].strip("[]") for line in lines} == {
        3: "quantity.not_a_number",
        4: "account.recovery_unclear",
        5: "account.recovery_unclear",
        6: "account.priority_not_whole",
        **dict.fromkeys((7, 8, 9, 10), "account.debt_wrong"),
        11: "ledger.reason_missing",
        12: "account.debt_wrong",
        13: "list.row_cells",
        14: "account.priority_not_whole",
        15: "account.debt_wrong",
    }
    assert owed(town, "A1") == []
    codes = [row["problem"]["code"] for row in sent(town, *rows, more=("--json",)).json["debts"]]
    assert codes[0] == "list.not_tried"


def test_what_is_refused_spoils_no_other_row(town: Shell) -> None:
    told = sent(
        town,
        f"A9,arrears,50,ذمم,Arrears,25,,,{SAYS}",
        f"A1,arrears,50,ذمم,Arrears,25,,,{SAYS}",
        f"A1,arrears,60,ذمم,Arrears,25,,,{SAYS}",
        f"A2,arrears,70,ذمم,Arrears,25,,,{SAYS}",
        more=("--json",),
    )
    assert told.code == 3
    assert [row["outcome"] for row in told.json["debts"]] == [
        "invalid", "taken_over", "refused", "taken_over",
    ]  # fmt: skip
    assert told.json["owed"] == {"value": "120.00", "unit": "ILS"}
    assert (owed(town, "A1"), owed(town, "A2")) == ([("arrears", "50.00")], [("arrears", "70.00")])


def test_behind_one_that_could_not_be_kept_no_other_is_tried(
    town: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_debt = Accounts.add_debt

    def add(desk: Accounts, actor: Any, agreement: str, code: str, *rest: Any, **more: Any) -> Any:
        if code == "b":
            raise StoreLocked(5.0)
        if code == "x":
            raise RuntimeError("a fault of ours")
        return add_debt(desk, actor, agreement, code, *rest, **more)

    monkeypatch.setattr(Accounts, "add_debt", add)
    rows = [f"A1,{code},50,ذمم,Arrears,25,,,{SAYS}" for code in "axbcd"]
    told = sent(town, *rows, more=("--json",))
    assert told.code == 70
    assert [row["outcome"] for row in told.json["debts"]] == [
        "taken_over", "broken", "unavailable", "unavailable", "unavailable",
    ]  # fmt: skip
    assert [row["problem"]["code"] for row in told.json["debts"][1:]] == [
        "unexpected", "store.locked", "list.not_tried", "list.not_tried",
    ]  # fmt: skip
    assert owed(town, "A1") == [("a", "50.00")]
    monkeypatch.undo()
    assert sent(town, *rows).code == 0
    assert town.run("ledger", "verify", "--json").json["entries"] == 5
