"""Acts of two people, blocks and operators on the command line: two logins are two people."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.vending.cli.support import Shell, Told, town_shell
from tests.vending.support import POWER
from vending.surroundings import CONFIG

WHY = ("--reason", "The drawer was found in order")


@pytest.fixture
def town(tmp_path: Path) -> Shell:
    return town_shell(tmp_path)


def by(town: Shell, login: str, *arguments: str) -> Told:
    """What a command answers to somebody; no passphrase is at hand."""
    return town.run(*arguments, LOGNAME=login, RASEED_PASSPHRASE=None)


ADD = (
    *("operator", "add", "cli:samir", "--name-ar", "سمير", "--name-en", "Samir"),
    *("--settlement", "deposit", "--credit-limit", "200", "--commission", "1.5"),
)


@pytest.mark.system
def test_an_operator_and_new_terms(town: Shell) -> None:
    assert by(town, "huda", *ADD, "--json").json["credit_limit"]["value"] == "200.00"
    assert "Deposit" in by(town, "huda", "operator", "float", "cli:samir").out
    assert by(town, "huda", "operator", "float", "cli:samir", "--json").json["available"] == {
        "value": "200.00",
        "unit": "ILS",
    }
    change = ("operator", "change", "cli:samir", "--id", "c-1", "--most-per-day", "900")
    asked = by(town, "omar", *change, "--credit-limit", "none", *WHY, "--json")
    assert asked.json["document"]["set"] == {"credit_limit": None, "most_per_day": "900"}
    listed = by(town, "nadia", "approval", "list")
    assert "c-1" in listed.out
    assert "changing an operator's terms" in listed.out
    own = by(town, "OMAR", "approval", "approve", "c-1")
    assert (own.code, "approval.own_act" in own.err) == (3, True)
    shown = by(town, "nadia", "--lang", "ar", "approval", "show", "c-1").out
    assert "حد اليوم" in shown or "الحد لكل يوم" in shown
    done = by(town, "nadia", "approval", "approve", "c-1")
    assert (done.code, "the limit per day: 900.00" in done.out) == (0, True), done.err
    (row,) = by(town, "nadia", "operator", "list", "--json").json
    assert (row["credit_limit"], row["most_per_day"]["value"]) == (None, "900.00")
    assert "1.5 %" in by(town, "nadia", "operator", "list").out
    assert by(town, "nadia", "approval", "list", "--json").json == []
    assert len(by(town, "nadia", "approval", "list", "--all", "--json").json) == 1


@pytest.mark.system
def test_blocks(town: Shell) -> None:
    made = by(town, "omar", "block", "set", "meter", POWER.number, *WHY)
    assert POWER.number in made.out
    asked = by(town, "omar", "block", "lift", "meter", POWER.number, *WHY)
    id = asked.err.split()[1]
    assert by(town, "omar", "approval", "withdraw", id, "--json").json["state"] == "withdrawn"
    late = by(town, "nadia", "approval", "refuse", id, *WHY)
    assert (late.code, "approval.decided" in late.err) == (3, True)
    lift = ("block", "lift", "meter", POWER.number, "--id", "l-2")
    assert by(town, "omar", *lift, *WHY).code == 0
    assert by(town, "nadia", "approval", "approve", "l-2", "--json").json["outcome"] == {
        "kind": "meter",
        "subject": POWER.number,
        "blocked": False,
    }
    assert by(town, "nadia", "block", "list", "--json").json == []
    history = by(town, "nadia", "block", "history", "--kind", "meter", "--json").json
    assert [row["act"] for row in history] == ["lifted", "blocked"]
    assert "lifted" in by(town, "nadia", "block", "history").out
    wrong = by(town, "nadia", "block", "set", "ship", "Titanic", *WHY)
    assert (wrong.code, "block.kind_unknown" in wrong.err) == (2, True)


def test_limits_of_a_point(town: Shell, tmp_path: Path) -> None:
    """Set where it is registered, changed by two people."""
    example = CONFIG / "examples" / "register.toml"
    assert tomllib.loads(example.read_text("utf-8"))["points"][0]["most_per_day"] == "8000.00"
    assert by(town, "huda", "register", str(example)).code == 0
    rows = {row["code"]: row for row in by(town, "huda", "point", "list", "--json").json}
    assert (rows["E1"]["most_per_sale"]["value"], rows["E1"]["needs_shift"]) == ("500.00", False)
    assert rows["P1"]["most_per_sale"] is None
    change = ("point", "change", "E1", "--id", "p-1", "--needs-shift", "--most-per-sale", "none")
    assert by(town, "omar", *change, *WHY).code == 0
    assert by(town, "nadia", "approval", "approve", "p-1").code == 0
    table = by(town, "nadia", "point", "list").out
    assert "8000.00 ILS" in table
    assert "500.00" not in table.replace("8000.00", "")
    nothing = by(town, "omar", "point", "change", "E1", *WHY)
    assert (nothing.code, "approval.document_malformed" in nothing.err) == (2, True)
    file = tmp_path / "wrong.toml"
    file.write_text('[[points]]\ncode="X"\nname_ar="س"\nname_en="X"\nmost_per_day="-5"\n', "utf-8")
    wrong = by(town, "huda", "register", str(file))
    assert (wrong.code, "operator.field_wrong" in wrong.err) == (2, True)
