"""Migrations and tables agree, and lead both ways."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, Integer, Table, UniqueConstraint, inspect, text

from tests.databases import Postgres
from tests.vending.support import ADMIN, OPERATOR, SetClock, new_store, request, service, town
from vending.store import (
    SqlStore,
    StoreFailed,
    StoreOutdated,
    downgrade,
    open_store,
    upgrade,
)
from vending.store.migrate import current, newest
from vending.store.schema import BOOKS, SOLD, metadata


@pytest.fixture
def empty(kind: str, tmp_path: Path, server: Postgres | None) -> Iterator[SqlStore]:
    """A database without anything in it."""
    where = tmp_path / "new%20books.db" if server is None else server.new(empty=True)
    store = open_store(where, must_be_current=False)
    yield store
    store.close()


def triggers(engine: Engine) -> set[str]:
    of_sqlite = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    of_postgresql = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    asked = of_sqlite if engine.dialect.name == "sqlite" else of_postgresql
    with engine.connect() as db:
        return set(db.execute(text(asked)).scalars())


@pytest.mark.system
def test_up_down_and_up_again(empty: SqlStore) -> None:
    engine = empty.engine
    per_table = ("no_update", "no_delete") if engine.dialect.name == "sqlite" else ("insert_only",)
    assert current(engine) is None
    for _ in range(2):
        upgrade(engine)
        upgrade(engine)
        assert current(engine) == newest()
        with engine.connect() as db:
            assert compare_metadata(MigrationContext.configure(db), metadata) == []
        guards = {f"{table}_{one}" for table in BOOKS for one in per_table}
        if engine.dialect.name == "sqlite":
            guards |= {f"{table}_no_replace" for table in BOOKS if table not in SOLD}
        assert triggers(engine) == guards
        made = service(empty, SetClock())
        made.register(ADMIN, town())
        made.vend(OPERATOR, request())
        assert made.verify(ADMIN).ok
        downgrade(engine, "base")
        assert inspect(engine).get_table_names() == ["alembic_version"]


def unique_keys(table: Table) -> list[list[str]]:
    more = [one.columns for one in table.constraints if isinstance(one, UniqueConstraint)]
    more += [index.columns for index in table.indexes if index.unique]
    return [[column.name for column in key] for key in (table.primary_key.columns, *more)]


@pytest.mark.parametrize("name", sorted(set(BOOKS) - set(SOLD)))
def test_no_other_program_replaces_a_row(tmp_path: Path, name: str) -> None:
    """One that sets nothing for its connection: neither foreign keys nor recursive triggers."""
    path = tmp_path / "books.db"
    new_store(path).close()
    table = metadata.tables[name]

    def row(base: int) -> dict[str, object]:
        """Of values that no other row has."""
        return {
            column.name: base + place if isinstance(column.type, Integer) else f"{base + place}"
            for place, column in enumerate(table.columns)
        }

    names = ", ".join(f'"{column.name}"' for column in table.columns)
    values = ", ".join(f":{column.name}" for column in table.columns)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA recursive_triggers").fetchone() == (0,)
        db.execute(f"INSERT INTO {name} ({names}) VALUES ({values})", row(1000))
        db.execute(f"INSERT OR REPLACE INTO {name} ({names}) VALUES ({values})", row(2000))
        before = db.execute(f"SELECT * FROM {name}").fetchall()
        assert len(before) == 2
        for number, key in enumerate(unique_keys(table), start=3):
            other = {**row(1000 * number), **{column: row(1000)[column] for column in key}}
            for verb in ("INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE"):
                with pytest.raises(sqlite3.IntegrityError, match=f"insert-only: {name}"):
                    db.execute(f"{verb} INTO {name} ({names}) VALUES ({values})", other)
        # Under SQLite's own number of the row, which is the key itself where that is an INTEGER.
        keyed = [(one[1], one[2]) for one in db.execute(f"PRAGMA table_info({name})") if one[5]]
        if [kind for _, kind in keyed] != ["INTEGER"]:
            with pytest.raises(sqlite3.IntegrityError, match=f"insert-only: {name}"):
                db.execute(
                    f"INSERT OR REPLACE INTO {name} (rowid, {names}) VALUES (1, {values})",
                    row(9000),
                )
        assert db.execute(f"SELECT * FROM {name}").fetchall() == before


def test_an_upgrade_that_fails_changes_nothing(empty: SqlStore) -> None:
    with empty.engine.connect() as db:
        # In the way of the last table that the migration makes.
        db.execute(text("CREATE TABLE tokens (x INTEGER)"))
        db.commit()
    with pytest.raises(Exception, match="tokens"):
        upgrade(empty.engine)
    assert inspect(empty.engine).get_table_names() == ["tokens"]


@pytest.mark.system
def test_programs_that_start_at_once_upgrade_once(empty: SqlStore) -> None:
    stores = [open_store(empty.engine.url, must_be_current=False) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda store: upgrade(store.engine), stores))
    assert current(empty.engine) == newest()
    for store in stores:
        store.close()


def test_an_old_or_strange_database_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreOutdated) as error:
        open_store(tmp_path / "empty.db")
    assert error.value.facts() == {"found": "none", "expected": newest()}
    strange = tmp_path / "strange.db"
    strange.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreFailed) as failed:
        open_store(strange)
    assert failed.value.reason == "the file is not a database"
    with pytest.raises(StoreFailed):
        open_store(tmp_path / "no" / "folder" / "books.db")
    store = open_store(tmp_path / "empty.db", must_be_current=False)
    upgrade(store.engine)
    store.close()
    open_store(tmp_path / "empty.db").close()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("recursive_triggers", 1)],
)
def test_sqlite_is_set_up_to_be_durable(tmp_path: Path, pragma: str, value: object) -> None:
    store = open_store(tmp_path / "books.db", must_be_current=False)
    with store.engine.connect() as db:
        assert db.execute(text(f"PRAGMA {pragma}")).scalar() == value
    store.close()
