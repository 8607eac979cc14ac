"""Migrations and tables agree, and lead both ways."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from tests.vending.support import ADMIN, OPERATOR, SetClock, request, service, town
from vending.store import StoreFailed, StoreOutdated, downgrade, open_store, upgrade
from vending.store.migrate import current, newest
from vending.store.schema import BOOKS, metadata


def test_up_down_and_up_again(tmp_path: Path) -> None:
    store = open_store(tmp_path / "new%20books.db", must_be_current=False)
    engine = store.engine
    assert current(engine) is None
    for _ in range(2):
        upgrade(engine)
        upgrade(engine)
        assert current(engine) == newest()
        with engine.connect() as db:
            assert compare_metadata(MigrationContext.configure(db), metadata) == []
            triggers = set(
                db.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars()
            )
        assert triggers == {
            f"{table}_no_{verb}" for table in BOOKS for verb in ("update", "delete")
        }
        made = service(store, SetClock())
        made.register(ADMIN, town())
        made.vend(OPERATOR, request())
        assert made.verify(ADMIN).ok
        downgrade(engine, "base")
        assert inspect(engine).get_table_names() == ["alembic_version"]
    store.close()


def test_an_upgrade_that_fails_changes_nothing(tmp_path: Path) -> None:
    store = open_store(tmp_path / "books.db", must_be_current=False)
    with store.engine.begin() as db:
        # In the way of the last table that the migration makes.
        db.execute(text("CREATE TABLE tokens (x INTEGER)"))
    with pytest.raises(Exception, match="tokens"):
        upgrade(store.engine)
    assert inspect(store.engine).get_table_names() == ["tokens"]
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
