"""Inserts of many rows with one step, as a batch of sales writes them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, Text
from sqlalchemy.dialects.sqlite import insert

from vending.store.prepared import PreparedInsert, PreparedRows, rows_insert

LIST = Table(
    "list",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("words", Text, nullable=False),
    Column("note", Text),
)
NAMES = LIST.columns.keys()
ADDING = insert(LIST).on_conflict_do_update(
    index_elements=["number"], set_={"note": LIST.c.note + insert(LIST).excluded.note}
)


@contextmanager
def table() -> Iterator[sqlite3.Cursor]:
    with closing(sqlite3.connect(":memory:")) as db:
        yield db.execute(
            "CREATE TABLE list (number INTEGER PRIMARY KEY, words TEXT NOT NULL, note TEXT)"
        )


@given(numbers=st.lists(st.integers(0, 10_000), unique=True, max_size=300), most=st.just(64))
def test_every_row_is_written_once(numbers: list[int], most: int) -> None:
    statement = PreparedInsert(insert(LIST), NAMES)
    with table() as cursor:
        rows = [(number, f"row ({number}), ?", None) for number in numbers]
        told: list[str] = []
        cursor.connection.set_trace_callback(told.append)
        statement.run(cursor, rows)
        cursor.connection.set_trace_callback(None)
        assert cursor.execute("SELECT * FROM list ORDER BY number").fetchall() == sorted(rows)
        steps = [one for one in told if one.startswith("INSERT")]
        # One for each power of two of the rest, whatever stands in the rows.
        assert len(steps) == len(numbers) // most + (len(numbers) % most).bit_count()


def test_what_is_there_already_is_added_to() -> None:
    statement = PreparedInsert(ADDING, NAMES)
    with table() as cursor:
        statement.run(cursor, [(1, "one", "a"), (2, "two", "b"), (3, "three", "c")])
        statement.run(cursor, [(2, "two", "+"), (4, "four", "d")])
        found = cursor.execute("SELECT number, note FROM list ORDER BY number").fetchall()
        assert found == [(1, "a"), (2, "b+"), (3, "c"), (4, "d")]


def test_one_row_that_contradicts_the_others_stops_them() -> None:
    statement = PreparedInsert(insert(LIST), NAMES)
    with table() as cursor:
        with pytest.raises(sqlite3.IntegrityError):
            statement.run(cursor, [(1, "one", None), (2, None, None)])
        assert cursor.execute("SELECT count(*) FROM list").fetchone() == (0,)


def test_on_postgresql_a_row_is_sent_whole_or_not_at_all() -> None:
    statement = PreparedRows(rows_insert(LIST))
    ((sent,),) = statement.all_ready([[[(1, "سكر", None), (2, "", "b")]]])
    assert json.loads(sent) == [
        {"number": 1, "words": "سكر", "note": None},
        {"number": 2, "words": "", "note": "b"},
    ]
    for row in ((1, "one"), (1, "one", None, None)):
        with pytest.raises(TypeError):
            statement.all_ready([[[row]]])
