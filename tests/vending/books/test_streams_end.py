"""What was not read to its end is closed with the view that it is of, whoever still holds it."""

from __future__ import annotations

import gc
import sqlite3
import tempfile
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.vending.books.mixed_day import DAY, MixedDay, W, ils
from tests.vending.books.support import CHIEF
from vending.accounting.errors import SoldUnreadable
from vending.exports import FORMATS, export_format
from vending.ledger import EntryUnbalanced
from vending.messages import Language
from vending.requests import Credit
from vending.store.triggers import drop

pytestmark = pytest.mark.system
STOPS = {
    "sales-csv": ("sales", """document = '{"parts": 1}' WHERE vend_id = 'b-1'""", SoldUnreadable),
    "xlsx": ("sales", """document = '{"parts": 1}' WHERE vend_id = 'b-1'""", SoldUnreadable),
    "hledger": ("postings", "amount = amount + 1 WHERE entry = 5 AND line = 1", EntryUnbalanced),
    "beancount": ("postings", "amount = amount + 1 WHERE entry = 5 AND line = 1", EntryUnbalanced),
    "csv": ("postings", "amount = amount + 1 WHERE entry = 5 AND line = 1", EntryUnbalanced),
}
"""What is damaged, and how an export of it ends in the middle."""


def damage(day: MixedDay, table: str, change: str) -> None:
    with day.store.engine.begin() as db:
        for statement in drop(db.dialect.name, table):
            db.execute(text(statement))
        db.exec_driver_sql(f"UPDATE {table} SET {change}")


def test_every_export_is_tried() -> None:
    assert set(STOPS) == set(FORMATS)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_the_next_one_has_the_books_of_now(day: MixedDay) -> None:
    """A file shows who has the connection next the books of then, and lets them write nothing."""
    damage(day, "postings", "amount = amount")
    with closing(sqlite3.connect(str(day.place), isolation_level=None)) as other:
        first = "WHERE entry = 1 AND line = 1"
        amount = other.execute(f"SELECT amount FROM postings {first}").fetchone()
        other.execute(f"UPDATE postings SET amount = 'x' {first}")
        with pytest.raises(ValueError, match="whole") as failed:
            day.reports.balances(CHIEF)
        other.execute(f"UPDATE postings SET amount = ? {first}", amount)
    assert day.reports.balances(CHIEF).rows
    day.sell("late", Credit(W, ils("10.00")))
    # Whatever was being read is held by it.
    assert failed.value.__traceback__ is not None


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_so_has_the_next_one_where_what_was_read_is_broken(day: MixedDay) -> None:
    """Of rows that are no stream: those of voids."""
    damage(day, "voids", "document = document")
    first = "WHERE entry = (SELECT min(entry) FROM voids)"
    with closing(sqlite3.connect(str(day.place), isolation_level=None)) as other:
        document = other.execute(f"SELECT document FROM voids {first}").fetchone()
        other.execute(f"UPDATE voids SET document = 'x' {first}")
        with pytest.raises(SoldUnreadable) as failed:
            day.reports.takings(CHIEF, None, None, DAY)
        other.execute(f"UPDATE voids SET document = ? {first}", document)
    assert day.reports.takings(CHIEF, None, None, DAY)
    day.sell("late", Credit(W, ils("10.00")))
    assert failed.value.__traceback__ is not None


@pytest.mark.parametrize("name", STOPS)
def test_nothing_of_it_stays_on_the_disk(
    day: MixedDay, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names people."""
    table, change, why = STOPS[name]
    damage(day, table, change)
    folder = tmp_path / "waiting"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    failure(day, name, why)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
@pytest.mark.parametrize("name", STOPS)
def test_nothing_is_said_to_the_server_later(day: MixedDay, name: str) -> None:
    """In the middle of what another does with the connection."""
    table, change, why = STOPS[name]
    damage(day, table, change)
    failed = failure(day, name, why)
    with day.store.reading() as books, day.store.engine.connect() as watching:

        def said() -> Any:
            activity = "SELECT query FROM pg_stat_activity WHERE pid = :pid"
            return watching.execute(text(activity), {"pid": pid}).scalar_one()

        pid = books._db.execute(text("SELECT pg_backend_pid()")).scalar_one()
        assert said() == "SELECT pg_backend_pid()"
        failed.__traceback__ = None
        gc.collect()
        assert said() == "SELECT pg_backend_pid()"
        assert not books._db.execute(text("SELECT name FROM pg_cursors")).all()


def failure(day: MixedDay, name: str, why: type[Exception]) -> Exception:
    try:
        with day.reports.journal(CHIEF) as view:
            export_format(name).write(view, BytesIO(), Language.ENGLISH)
    except why as error:
        return error
    raise AssertionError(name)
