"""A database that fails while committing: what is known, and that asking again settles it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from meters.errors import RaseedError
from tests.vending.support import ADMIN, OPERATOR, Town, request
from vending.store import CommitUnknown, StoreFull


def failing(town: Town, kept: bool, message: str) -> Callable[[], None]:
    """Lets the next commit fail, before or after it has happened. Returns how to stop it."""
    dialect: Any = town.store.engine.dialect
    real = dialect.do_commit

    def do_commit(connection: Any) -> None:
        if kept:
            real(connection)
        else:
            connection.rollback()
        raise sqlite3.OperationalError(message)

    dialect.do_commit = do_commit

    def stop() -> None:
        dialect.do_commit = real

    return stop


@pytest.mark.parametrize(
    ("kept", "message", "error"),
    [
        (True, "disk I/O error", CommitUnknown),
        (False, "disk I/O error", CommitUnknown),
        (False, "database or disk is full", StoreFull),
    ],
)
def test_a_commit_that_fails(
    tmp_path: Path, kept: bool, message: str, error: type[RaseedError]
) -> None:
    here = Town(tmp_path / "books.db")
    stop = failing(here, kept, message)
    with pytest.raises(error):
        here.service.vend(OPERATOR, request())
    stop()
    again = here.service.vend(OPERATOR, request())
    assert again.replayed == kept
    assert here.service.what_became(OPERATOR, "v-1").receipt == again
    report = here.service.verify(ADMIN)
    assert (report.ok, report.entries) == (True, 1)
    here.store.close()
