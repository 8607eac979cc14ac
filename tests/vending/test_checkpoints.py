"""What lies in SQLite's log is brought into its file beside the sales, and nobody waits for it."""

from __future__ import annotations

import logging
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from tests.databases import Postgres
from tests.vending.support import OPERATOR, Town, request
from vending.sale import SaleReceipt
from vending.store import StoreDiskFailed, checkpoint, checkpoints, checkpoints_beside

PATIENCE_S = 20


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Town]:
    made = Town(tmp_path / "books.db")
    checkpoint(made.store.engine)
    yield made
    made.store.close()


def in_the_file(here: Town, tmp_path: Path) -> list[str]:
    """The sales that the file holds without its log."""
    alone = tmp_path / "alone.db"
    alone.unlink(missing_ok=True)
    shutil.copy(here.path, alone)
    # In the middle of being brought over a copy may be no database.
    with closing(sqlite3.connect(alone)) as db, suppress(sqlite3.DatabaseError):
        return [vend_id for (vend_id,) in db.execute("SELECT vend_id FROM sales ORDER BY entry")]
    return []


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_sale_is_in_the_log_until_it_is_brought_over(here: Town, tmp_path: Path) -> None:
    here.service.vend(OPERATOR, request("v-1"))
    assert in_the_file(here, tmp_path) == []
    assert checkpoint(here.store.engine)
    assert in_the_file(here, tmp_path) == ["v-1"]


def test_what_is_not_committed_stays_out_and_holds_up_nobody(here: Town, tmp_path: Path) -> None:
    here.service.vend(OPERATOR, request("v-1"))
    with here.store.writing() as books:
        books.add_showing("v-1", here.clock.now, "somebody", "P1")
        # While a writer is at it.
        assert checkpoint(here.store.engine)
    assert in_the_file(here, tmp_path) == ["v-1"]
    with closing(sqlite3.connect(tmp_path / "alone.db")) as db:
        assert db.execute("SELECT count(*) FROM showings").fetchone() == (0,)


def test_what_is_read_still_stays_in_the_log(here: Town, tmp_path: Path) -> None:
    with here.store.reading() as books:
        assert not books.chain_head().number
        here.service.vend(OPERATOR, request("v-1"))
        assert not checkpoint(here.store.engine)
        assert in_the_file(here, tmp_path) == []
        # The reader sees its own moment all the while.
        assert not books.chain_head().number
    assert checkpoint(here.store.engine)
    assert in_the_file(here, tmp_path) == ["v-1"]


def test_a_thread_does_it_again_and_again(here: Town, tmp_path: Path) -> None:
    with checkpoints_beside(here.store.engine, every_s=0.01):
        for count in (1, 2):
            answer = here.service.vend(OPERATOR, request(f"v-{count}"))
            assert isinstance(answer, SaleReceipt)
            wait_until(lambda count=count: len(in_the_file(here, tmp_path)) == count)  # type: ignore[misc]
    assert "checkpoints" not in [thread.name for thread in threading.enumerate()]


def test_on_postgresql_there_is_nothing_to_do(postgres: Postgres) -> None:
    there = Town(postgres.new())
    with checkpoints_beside(there.store.engine, every_s=0.01):
        assert "checkpoints" not in [thread.name for thread in threading.enumerate()]
    there.store.close()


def test_a_failure_is_logged_once_and_so_is_its_end(
    here: Town, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[int] = []

    def failing(engine: Engine) -> bool:
        tries.append(len(tries))
        if len(tries) < 5:
            raise sqlite3.OperationalError("database or disk is full: /var/somewhere")
        return checkpoint(engine)

    monkeypatch.setattr(checkpoints, "checkpoint", failing)
    with (
        caplog.at_level(logging.INFO, "raseed.store"),
        checkpoints_beside(here.store.engine, every_s=0.001),
    ):
        wait_until(lambda: len(tries) > 8)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "the log of the database waits: OperationalError"),
        ("INFO", "the log of the database is brought over again"),
    ]


def test_nothing_is_written_behind_a_commit_that_failed_on_the_disk(
    here: Town, tmp_path: Path
) -> None:
    here.service.vend(OPERATOR, request("v-1"))

    def do_commit(_: object) -> None:
        raise _io_error()

    dialect: Any = here.store.engine.dialect
    dialect.do_commit = do_commit
    here.service.vend_many([(OPERATOR, request("v-2"))])
    del dialect.do_commit
    with pytest.raises(StoreDiskFailed):
        checkpoint(here.store.engine)
    assert in_the_file(here, tmp_path) == []


def _io_error() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
    error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
    return error


def test_writers_note_in_memory_and_readers_where_there_is_room(here: Town) -> None:
    """Of one connection of the driver, which goes from hand to hand."""

    def notes(db: Connection) -> object:
        return db.execute(text("PRAGMA temp_store")).scalar()

    with here.store.writing() as books:
        assert notes(books._db) == 2
    # It goes back to where readers take theirs from.
    here.store._let_go()
    with here.store.reading() as reading:
        assert notes(reading._db) == 0
    with here.store.writing() as books:
        assert notes(books._db) == 2
