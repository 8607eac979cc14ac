"""Migrations and tables agree, and lead both ways."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from tests.databases import Postgres
from tests.vending.support import ADMIN, OPERATOR, SetClock, request, service, town
from vending.store import (
    SqlStore,
    StoreFailed,
    StoreOutdated,
    downgrade,
    open_store,
    upgrade,
)
from vending.store.migrate import current, newest
from vending.store.schema import BOOKS, metadata


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
        assert triggers(engine) == {f"{table}_{one}" for table in BOOKS for one in per_table}
        made = service(empty, SetClock())
        made.register(ADMIN, town())
        made.vend(OPERATOR, request())
        assert made.verify(ADMIN).ok
        downgrade(engine, "base")
        assert inspect(engine).get_table_names() == ["alembic_version"]


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
