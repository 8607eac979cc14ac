"""`raseed ledger check --due`: the days that the server would have checked by itself."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from tests.vending.books.support import ZONE
from tests.vending.support import OPERATOR, SetClock, new_store, request, service
from vending.store.triggers import drop

from .support import Shell

SOLD = datetime.now(UTC) - timedelta(days=3)
FIRST = SOLD.astimezone(ZONE).date().isoformat()


@pytest.fixture
def unwatched(town: Shell) -> Shell:
    """A house that sold three days ago, and whose server has not run since."""
    store = new_store(town.folder / "raseed.db")
    service(store, SetClock(SOLD)).vend(OPERATOR, request("before"))
    store.close()
    return town


def damaged(shell: Shell) -> None:
    """Somebody who owns the file has taken a token away."""
    with sqlite3.connect(shell.folder / "raseed.db") as db:
        for drops in drop("sqlite", "tokens"):
            db.execute(drops)
        assert db.execute("DELETE FROM tokens").rowcount == 1
    db.close()


def test_each_day_is_checked_once_and_kept(unwatched: Shell) -> None:
    told = unwatched.run("ledger", "check", "--due", "--json")
    assert told.code == 0, told.err
    rows = told.json
    assert (rows[0]["check"]["day"], rows[0]["check"]["sales"]) == (FIRST, 1)
    assert all(row["check"]["ok"] and row["seal"]["differences"] == [] for row in rows)
    seals = unwatched.run("ledger", "seals", "--json").json
    assert [seal["day"] for seal in seals] == [row["check"]["day"] for row in rows]
    assert seals == [row["seal"] for row in rows]
    assert unwatched.run("ledger", "check", "--due", "--json").json == []
    assert "are checked" in unwatched.run("ledger", "check", "--due").out


def test_what_differs_is_told_and_kept(unwatched: Shell) -> None:
    damaged(unwatched)
    told = unwatched.run("ledger", "check", "--due")
    assert told.code == 70
    assert "[ledger.check_differs]" in told.err
    assert FIRST in told.err
    first, *others = unwatched.run("ledger", "seals", "--json").json
    assert [d["what"] for d in first["differences"]], "the day of the sale"
    assert all(seal["differences"] == [] for seal in others)


def test_a_seal_by_hand_leaves_a_check_unkept(unwatched: Shell) -> None:
    assert unwatched.run("ledger", "seal").code == 0
    told = unwatched.run("--lang", "ar", "ledger", "check", "--due")
    assert told.code == 0, told.err
    assert FIRST in told.out
    assert "خُتمت حالة أحدث" in told.out
    assert len(unwatched.run("ledger", "seals", "--json").json) == 1


def test_one_day_or_all_that_are_due(unwatched: Shell) -> None:
    told = unwatched.run("ledger", "check", "--due", "--day", FIRST)
    assert told.code == 2
    assert unwatched.run("ledger", "seals", "--json").json == []
