"""Users, the trail, devices and the municipality from a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from tests.vending.cli.support import Shell, town_shell
from vending.settings import Settings
from vending.store import triggers
from vending.store.engine import WRITES
from vending.wiring import open_raseed

pytestmark = pytest.mark.system

PASSWORD = "olives on the roof"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return town_shell(tmp_path)


@pytest.mark.system
def test_users_come_and_change(shell: Shell) -> None:
    first = ("user", "add", "huda", "--role", "administrator", "--name-ar", "هدى")
    assert shell.run(*first, stdin="").code != 0
    assert shell.run(*first, stdin=f"{PASSWORD}\n").code == 0
    clerk = ("user", "add", "samir", "--role", "operator", "--name-ar", "سمير", "--point", "P1")
    made = shell.run(*clerk, "--json", stdin=f"{PASSWORD}\n")
    assert made.json["point"] == "P1"
    assert PASSWORD not in made.out + made.err
    moved = shell.run(
        "user", "change", "samir", "--point", "none", "--inactive", "--reason", "moved", "--json"
    )
    assert (moved.json["point"], moved.json["active"]) == (None, False)
    assert (
        shell.run("user", "reset", "samir", "--reason", "forgot", stdin=f"{PASSWORD}!\n").code == 0
    )
    assert shell.run("user", "take-second-factor", "samir", "--reason", "it is lost").code == 0
    names = [one["name"] for one in shell.run("user", "list", "--json").json["users"]]
    assert names == ["huda", "samir"]
    lines = shell.run("audit", "list", "--subject", "samir", "--json").json["lines"]
    assert [one["act"] for one in lines] == [
        "second_factor_taken", "password_reset", "user_changed", "user_added"
    ]  # fmt: skip
    assert lines[2]["reason"] == "moved"
    assert lines[2]["before"]["active"] is True


def test_what_is_done_at_a_terminal_is_told_with_it(shell: Shell) -> None:
    assert shell.run("block", "set", "point", "P1", "--reason", "robbed").code == 0
    assert shell.run("apikey", "create", "bank", "--scope", "read").code == 0
    assert shell.run("apikey", "revoke", "bank", "--reason", "it is over").code == 0
    # A refusal changes nothing and leaves no line.
    assert shell.run("block", "set", "point", "P1", "--reason", "other").code != 0
    asked = ("block", "lift", "point", "P1", "--reason", "safe again", "--id", "a-1")
    for _ in range(2):
        assert shell.run(*asked).code == 0
    lines = shell.run("audit", "list", "--json").json["lines"]
    acts = [(one["act"], one["subject"], one["reason"]) for one in lines]
    assert acts[:4] == [
        ("approval_asked", "a-1", "safe again"),
        ("key_revoked", "bank", "it is over"),
        ("key_made", "bank", ""),
        ("blocked", "P1", "robbed"),
    ]
    assert lines[0]["after"] == {
        "act": "lift_block",
        "document": {"kind": "point", "subject": "P1"},
    }


def test_the_trail_names_what_an_act_was_about(shell: Shell) -> None:
    cancel = ("keychange", "campaign", "--cancel", "--to", "123457/2", "--reason", "Called off")
    told = shell.run(*cancel)
    assert told.code == 0, told.err
    line, *_ = shell.run("audit", "list", "--json").json["lines"]
    assert line["subject"] == "-/123457/2"
    heading, *_ = shell.run("--lang", "ar", "audit", "list").out.splitlines()
    assert "بشأن" in heading
    assert "الموقوف" not in heading


def test_the_trail_is_verified(shell: Shell) -> None:
    shell.run("block", "set", "point", "P1", "--reason", "robbed")
    right = shell.run("audit", "verify", "--json")
    assert right.json["ok"]
    with open_raseed(Settings(data=shell.folder)) as raseed:
        engine = raseed.store.engine.execution_options(**{WRITES: True})
        with engine.begin() as db:
            for statement in triggers.drop("sqlite", "trail"):
                db.execute(text(statement))
            db.execute(text("UPDATE trail SET reason = 'x' WHERE act = 'blocked'"))
    wrong = shell.run("audit", "verify", "--json")
    assert wrong.code != 0
    assert "trail.broken" in wrong.err


def test_devices_the_municipality_and_what_to_try_out_with(shell: Shell) -> None:
    made = shell.run("device", "add", "E-1", "--point", "P1", "--terminal", "T1", "--json")
    assert len(made.json["key"]) == 29
    assert shell.run("device", "revoke", "E-1", "--reason", "stolen").code == 0
    assert shell.run("device", "list", "--json").json["devices"][0]["revoked_at"]
    town = ("municipality", "set", "--name-ar", "بلدية", "--name-en", "Town", "--vat", "16")
    assert shell.run(*town).code == 0
    assert shell.run("municipality", "show", "--json").json["vat"] == "16"
    added = shell.run("demo-data", "add", "--json").json["added"]
    assert shell.run("demo-data", "remove", "--json").json["removed"] == added
    assert shell.run("demo-data", "remove").code != 0


def test_a_customers_language_from_a_terminal(shell: Shell) -> None:
    assert shell.run("customer", "language", "10001", "en", "--json").json["language"] == "en"
    assert shell.run("customer", "show", "10001", "--json").json["language"] == "en"
    assert "Language: en" in shell.run("customer", "show", "10001").out
    assert shell.run("customer", "language", "10001", "fr").code != 0
    assert shell.run("customer", "language", "10001", "--json", "--", "-").json["language"] == ""


def test_tariffs_for_new_agreements_from_a_terminal(shell: Shell) -> None:
    named = ("--name-ar", "بلدية", "--name-en", "Town")
    town = ("municipality", "set", *named, "--reason", "the new name")
    made = shell.run(*town, "--tariff", "water-domestic", "--message-en", "Thanks", "--json").json
    assert (made["tariffs"], made["message_en"]) == (["water-domestic"], "Thanks")
    assert shell.run(*town, "--tariff", "all", "--json").json["tariffs"] == []


def test_another_tariff_is_asked_for_at_a_terminal(shell: Shell) -> None:
    ask = ("approval", "request", "change-tariff", "A1")
    why = ("--reason", "It is a shop now", "--json")
    made = shell.run(*ask, "electricity-commercial", "--id", "t-1", *why).json
    assert (made["act"], made["state"]) == ("change_tariff", "pending")
    assert shell.run(*ask, "electricity-domestic", *why).code == 3
    shown = shell.run("--lang", "ar", "approval", "show", "t-1").out
    assert "نقل اشتراك إلى تعرفة أخرى" in shown
