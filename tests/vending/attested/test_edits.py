"""Somebody who has the database edits rows that decide over money and have no entry: readings,
deliveries, showings, events of accounts, requests and what was decided of them, terms of operators,
points, tariffs, key changes and events of blocks. Verification names the row."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import Integer

from tests.vending.accounts.support import Counter
from tests.vending.attested.support import (
    LAST,
    WRITTEN,
    columns_of,
    links,
    named,
    problems,
    tamper,
)
from vending.store.attesting import KINDS

from .edits import EDITS


@pytest.mark.parametrize(("statement", "what", "detail"), EDITS)
def test_one_edit(here: Counter, statement: str, what: str, detail: str) -> None:
    tamper(here, statement)
    assert named(here) == (what, detail)


def test_what_is_attested_in_which_order(here: Counter) -> None:
    assert tuple((link.kind, link.key) for link in links(here)) == WRITTEN
    assert {kind for kind, _ in WRITTEN} == set(KINDS)
    assert len(WRITTEN) == LAST


COLUMNS = [
    (kind.table.name, column)
    for kind in KINDS.values()
    for column in kind.table.columns
    if column not in kind.key
]


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=[f"{t}.{c.name}" for t, c in COLUMNS])
def test_no_column_is_edited_unseen(file: Counter, table: str, column: Any) -> None:
    value = "COALESCE({0}, 0) + 7" if isinstance(column.type, Integer) else "COALESCE({0}, '') || 9"
    tamper(file)
    # The driver alone asks no foreign key.
    with closing(sqlite3.connect(file.place)) as db, db:
        db.execute(f"UPDATE {table} SET {column.name} = {value.format(column.name)}")
    told = problems(file)
    assert {one.what for one in told} == {"row_differs"}
    assert {one.detail.split()[0] for one in told} == {table}


@pytest.mark.parametrize("order", ["id", "-balance"])
def test_a_second_row_of_the_same_key_hides_no_other(file: Counter, order: str) -> None:
    """As could be put in by who takes the key itself away."""
    with closing(sqlite3.connect(file.place)) as db, db:
        for statement in (
            "CREATE TABLE plain AS SELECT * FROM readings",
            columns_of("readings", balance="90000").replace("INTO readings", "INTO plain")
            + " WHERE id = 1",
            "DROP TABLE readings",
            f"CREATE TABLE readings AS SELECT * FROM plain ORDER BY {order}",
        ):
            db.execute(statement)
    assert named(file) == ("row_differs", "readings 1")
