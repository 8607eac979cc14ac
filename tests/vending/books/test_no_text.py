"""Bytes that are no text, which SQLite keeps in any column: no proof stops at them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import astuple
from pathlib import Path

import pytest
from sqlalchemy import String, Table

from tests.vending.books.mixed_day import MixedDay
from tests.vending.books.support import BILLING, CHIEF
from vending.ledger import LedgerProblem
from vending.store import schema

UNDER_A_HASH = {"entries", "postings", "sales", "tokens", "receipts", "voids", "readings", "seals"}
"""Tables with nothing in columns of text that a proof would not miss."""


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MixedDay]:
    made = MixedDay(tmp_path_factory.mktemp("day") / "books.db")
    made.keeping.seal(BILLING)
    assert verified(made) is None
    yield made
    made.close()


def verified(day: MixedDay) -> LedgerProblem | None:
    return day.keeping.verify(CHIEF).problem


@pytest.mark.parametrize("table", schema.metadata.sorted_tables, ids=lambda table: table.name)
def test_no_proof_stops_at_what_is_no_text(day: MixedDay, table: Table) -> None:
    place = Path(str(day.store.engine.url.database))
    with closing(sqlite3.connect(place, isolation_level=None)) as db:
        name = table.name
        triggers = db.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (name,)
        ).fetchall()
        for trigger, _ in triggers:
            db.execute(f"DROP TRIGGER {trigger}")
        for column in table.columns:
            if not isinstance(column.type, String):
                continue
            first = f"rowid = (SELECT min(rowid) FROM {name} WHERE {column.name} IS NOT NULL)"
            row = db.execute(f"SELECT rowid, {column.name} FROM {name} WHERE {first}").fetchone()
            if row is None:
                continue
            change = f"UPDATE {name} SET {column.name} = {{}} WHERE rowid = ?"
            db.execute(change.format("CAST(x'ff' AS TEXT)"), row[:1])
            problem = verified(day)
            if name in UNDER_A_HASH:
                assert problem is not None, column
            # What is told of it can be printed.
            assert problem is None or problem.detail.encode().decode() == problem.detail
            # Nor does that of the accounts.
            for told in day.accounts.verify_accounts(CHIEF).problems:
                assert "".join(map(str, astuple(told))).encode()
            db.execute(change.format("?"), row[::-1])
        for _, statement in triggers:
            db.execute(statement)
    assert verified(day) is None
    assert day.accounts.verify_accounts(CHIEF).problems == ()
