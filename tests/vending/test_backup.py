"""A copy of the books while the house goes on: one moment of them, or no file."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event

from tests.databases import Postgres
from tests.vending.support import ADMIN, OPERATOR, SetClock, Town, request, service
from vending.sale import SaleReceipt
from vending.store import (
    BackupDamaged,
    BackupExists,
    BackupFailed,
    BackupOfServer,
    back_up,
    backup,
    open_store,
)
from vending.store.engine import make_engine


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Town]:
    (tmp_path / "house").mkdir()
    made = Town(tmp_path / "house" / "books.db")
    yield made
    made.store.close()


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    (tmp_path / "copies").mkdir()
    return tmp_path / "copies"


def test_a_copy_is_the_books_of_that_moment(here: Town, copies: Path) -> None:
    first = here.service.vend(OPERATOR, request("v-1"))
    copied = back_up(here.store.engine, copies / "one.db")
    here.service.vend(OPERATOR, request("v-2"))
    with here.store.reading() as books:
        heads = {entry.number: entry.hash for entry in books.stored_entries()}
    assert (copied.entries, copied.hash) == (1, heads[1])
    assert copied.at == first.sold_at
    assert copied.size_bytes == (copies / "one.db").stat().st_size
    assert os.listdir(copies) == ["one.db"]
    # Customers and tokens are in it.
    assert stat.S_IMODE((copies / "one.db").stat().st_mode) == 0o600

    with closing(open_store(copies / "one.db")) as store:
        again = service(store, SetClock())
        assert again.verify(ADMIN).ok
        assert [sale.vend_id for sale in again.sales(OPERATOR)] == ["v-1"]
        # The same digits, and the next receipt has the next number.
        replayed = again.vend(OPERATOR, request("v-1"))
        assert isinstance(replayed, SaleReceipt)
        assert replayed.replayed
        assert replayed.tokens == first.tokens
        assert again.vend(OPERATOR, request("v-3")).number == first.number + 1


def test_books_without_entries_are_copied_too(here: Town, copies: Path) -> None:
    copied = back_up(here.store.engine, copies / "empty.db")
    assert (copied.entries, copied.at) == (0, None)


def test_the_copy_stands_by_itself_where_nobody_can_write(here: Town, copies: Path) -> None:
    here.service.vend(OPERATOR, request("v-1"))
    back_up(here.store.engine, copies / "one.db")
    with closing(sqlite3.connect(f"file:{copies / 'one.db'}?immutable=1", uri=True)) as db:
        assert db.execute("SELECT vend_id FROM sales").fetchall() == [("v-1",)]
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_somebody_who_writes_neither_waits_nor_gets_into_it(here: Town, copies: Path) -> None:
    here.service.vend(OPERATOR, request("v-1"))
    with here.store.writing() as books:
        books.add_showing("v-1", here.clock.now, "somebody", "P1")
        copied = back_up(here.store.engine, copies / "one.db")
    assert copied.entries == 1
    with closing(sqlite3.connect(copies / "one.db")) as db:
        assert db.execute("SELECT count(*) FROM showings").fetchone() == (0,)


def test_a_file_that_is_there_is_left_alone(here: Town, copies: Path) -> None:
    (copies / "one.db").write_text("the only good copy")
    with pytest.raises(BackupExists) as refused:
        back_up(here.store.engine, copies / "one.db")
    assert refused.value.path == str(copies / "one.db")
    assert (copies / "one.db").read_text() == "the only good copy"
    assert os.listdir(copies) == ["one.db"]


@pytest.mark.parametrize("to", [Path(), Path("/")])
def test_the_name_of_a_folder_is_no_new_file(here: Town, to: Path) -> None:
    with pytest.raises(BackupExists):
        back_up(here.store.engine, to)


def refused_beside_the_others(here: Town, copies: Path) -> None:
    """A copy to the name that another one has taken meanwhile."""
    with pytest.raises(BackupExists):
        back_up(here.store.engine, copies / "one.db")
    assert (copies / "one.db").read_text() == "the other's"
    assert os.listdir(copies) == ["one.db"]


def test_a_file_that_came_while_it_was_copied_is_left_alone(here: Town, copies: Path) -> None:
    """Two copies that are made to one name at one time: the first to end is not written over."""

    @event.listens_for(here.store.engine, "checkout")
    def _(*_: object) -> None:
        (copies / "one.db").write_text("the other's")

    refused_beside_the_others(here, copies)


def test_a_file_that_came_in_the_last_moment_is_left_alone(
    here: Town, copies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check, looks = backup._check_free, 0

    def then_another_ends(to: Path) -> None:
        nonlocal looks
        check(to)
        looks += 1
        if looks == 2:
            to.write_text("the other's")

    monkeypatch.setattr(backup, "_check_free", then_another_ends)
    refused_beside_the_others(here, copies)


def test_a_medium_without_links_gets_its_copy(
    here: Town, copies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", none)
    assert back_up(here.store.engine, copies / "one.db").entries == 0
    assert os.listdir(copies) == ["one.db"]


def test_a_place_that_is_none_is_told(here: Town, copies: Path) -> None:
    with pytest.raises(BackupFailed) as failed:
        back_up(here.store.engine, copies / "none" / "one.db")
    assert failed.value.reason == "No such file or directory"


def test_damaged_books_are_told_and_no_copy_is_kept(here: Town, copies: Path) -> None:
    """A page of an index that the disk has lost: selling may not meet it for long."""
    for number in range(3):
        here.service.vend(OPERATOR, request(f"v-{number}"))
    with closing(sqlite3.connect(here.path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = db.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'ix_postings_account_holder'"
        ).fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    with here.path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(bytes(size))
    with closing(open_store(here.path)) as store, pytest.raises(BackupDamaged):
        back_up(store.engine, copies / "one.db")
    assert os.listdir(copies) == []


def test_a_root_that_is_no_page_is_damage_and_no_lack_of_space(here: Town, copies: Path) -> None:
    """SQLite then ends reading with an error of its own, and looks through nothing."""
    here.service.vend(OPERATOR, request("v-1"))
    here.store.close()
    with here.path.open("r+b") as file:
        file.seek(100)
        file.write(bytes(200))
    engine = make_engine(f"sqlite:///{here.path}", 1)
    with pytest.raises(BackupDamaged):
        back_up(engine, copies / "one.db")
    engine.dispose()
    assert os.listdir(copies) == []


def test_entries_that_are_missing_are_told(here: Town, copies: Path) -> None:
    here.service.vend(OPERATOR, request("v-1"))
    with closing(sqlite3.connect(here.path)) as db, db:
        db.execute("UPDATE chain SET number = 2")
    with pytest.raises(BackupDamaged) as damaged:
        back_up(here.store.engine, copies / "one.db")
    assert damaged.value.reason == "1 of 2 entries"
    assert os.listdir(copies) == []


def test_a_server_copies_its_books_itself(postgres: Postgres, copies: Path) -> None:
    there = Town(postgres.new())
    with pytest.raises(BackupOfServer):
        back_up(there.store.engine, copies / "one.db")
    assert os.listdir(copies) == []
    there.store.close()
