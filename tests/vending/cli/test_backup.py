"""`raseed backup`."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.vending.support import POWER

from .support import Shell


def test_it_tells_what_the_copy_holds(town: Shell) -> None:
    copy = town.folder / "copy.db"
    assert town.run("vend", POWER.number, "50", "--id", "v-1", "--point", "P1").code == 0
    told = town.run("backup", str(copy), "--json")
    assert told.code == 0, told.err
    assert told.json == {
        "file": str(copy),
        "entries": 1,
        "head": town.run("ledger", "verify", "--json").json["head"],
        "at": told.json["at"],
        "size_bytes": copy.stat().st_size,
    }
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("SELECT vend_id FROM sales").fetchall() == [("v-1",)]


@pytest.mark.parametrize(("language", "word"), [("en", "Last entry: "), ("ar", "آخر قيد: ")])
def test_people_are_told_in_their_language(town: Shell, language: str, word: str) -> None:
    assert town.run("vend", POWER.number, "50", "--id", "v-1", "--point", "P1").code == 0
    told = town.run("backup", str(town.folder / "copy.db"), RASEED_LANG=language)
    assert told.code == 0, told.err
    assert word in told.out


def test_a_file_that_is_there_ends_it(town: Shell) -> None:
    copy = town.folder / "copy.db"
    assert town.run("backup", str(copy)).code == 0
    again = town.run("backup", str(copy))
    assert again.code == 3
    assert "may be the only good copy" in again.err
