"""Vending keys and API keys at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.vending.support import POWER
from vending.keys.errors import KeyFileTooOpen
from vending.messages import Language, words_for

from .support import Shell, Told

pytestmark = pytest.mark.system


def test_a_wrong_passphrase_and_a_damaged_key_file(town: Shell) -> None:
    told = town.run("quote", POWER.number, "50", RASEED_PASSPHRASE="wrong wrong wrong")
    assert told.code == 2
    assert "keys.wrong_passphrase_or_damaged" in told.err
    assert "wrong wrong" not in told.err.replace("passphrase is wrong", "")
    path = town.folder / "keys.sealed"
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    assert "keys.file_truncated" in town.run("quote", POWER.number, "50").err
    path.write_bytes(b"nothing of the kind")
    assert "keys.not_a_key_file" in town.run("quote", POWER.number, "50").err
    path.write_bytes(whole)
    path.chmod(0o644)
    told = town.run("quote", POWER.number, "50")
    assert told.code == 3
    assert words_for(KeyFileTooOpen(str(path), "0644"), Language.ENGLISH) in told.err
    path.unlink()
    assert "keys.file_missing" in town.run("quote", POWER.number, "50").err
    assert "keys.passphrase_missing" in town.run("keys", "list", RASEED_PASSPHRASE=None).err


def test_api_keys_are_shown_once_and_revoked(town: Shell) -> None:
    made = town.run("apikey", "create", "till", "--scope", "read", "--point", "P1", "--json").json
    assert made["api_key"].startswith("rsk_")
    assert town.run("apikey", "create", "till").code == 3
    assert town.run("apikey", "revoke", "till", "--reason", "not needed", "--json").json[
        "revoked_at"
    ]
    assert made["api_key"] not in town.run("apikey", "list").out


def test_a_key_that_sells_stands_for_one_terminal(town: Shell) -> None:
    def make(name: str, *more: str) -> Told:
        return town.run("apikey", "create", name, "--scope", "vend", "--json", *more)

    assert "apikey.terminal_needed" in make("a", "--point", "P1").err
    assert "apikey.terminal_needed" in make("a", "--terminal", "T1").err
    assert "apikey.terminal" in make("a", "--point", "P1", "--terminal", "x" * 61).err
    seat = ("--point", "P1", "--terminal")
    made = make("samir-T1", *seat, " T1 \n", "--person", "samir").json
    assert (made["person"], made["terminal"]) == ("samir", "T1")
    taken = make("other", *seat, "T1")
    assert (taken.code, "apikey.terminal_taken" in taken.err, "samir-T1" in taken.err) == (
        3,
        True,
        True,
    )
    assert make("samir-T2", *seat, "T2").json["person"] == "samir-T2"
    assert "apikey.person" in make("x", *seat, "T3", "--person", "samir awwad").err
    assert town.run("apikey", "revoke", "samir-T1", "--reason", "it was lost").code == 0
    assert make("other", *seat, "T1").code == 0
    # Who only reads needs no terminal.
    assert town.run("apikey", "create", "reader", "--scope", "read").code == 0


@pytest.mark.system
def test_vending_keys_are_added_and_resealed(town: Shell, tmp_path: Path) -> None:
    added = town.run(
        *("keys", "add", "--sgc", "123457", "--krn", "2", "--ken", "200"),
        *("--kind", "transfer_credit_water", "--issued-until", "2030-01-01", "--json"),
        stdin="cd" * 20 + "\n",
    )
    assert added.code == 0, added.err
    assert added.json["issued_until"] == "2030-01-01T00:00:00Z"
    assert added.json["kinds"] == ["transfer_credit_water"]
    told = town.run("keys", "passphrase", RASEED_NEW_PASSPHRASE="another passphrase")
    assert told.code == 0
    assert town.run("keys", "list").code == 2
    rows = town.run("keys", "list", "--json", RASEED_PASSPHRASE="another passphrase").json
    assert [(row["sgc"], row["krn"]) for row in rows] == [("123457", 1), ("123457", 2)]
    assert "cd" * 20 not in json.dumps(rows)


def test_a_secret_is_never_an_argument(town: Shell) -> None:
    for command in (("keys", "add"), ("keys", "passphrase"), ("init",), ("token", "encode")):
        text = town.run(*command, "--help").out
        assert "--passphrase " not in text
        assert "--key " not in text
