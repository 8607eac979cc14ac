"""What a database says when it cannot, as errors of ours. Nothing of a statement or its values
is kept: they hold tokens.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    OperationalError,
    SQLAlchemyError,
)

from meters.errors import Broken, RaseedError, Unavailable, Unknown

from ..ports import StoreLocked


@dataclass(eq=False)
class StoreFull(Unavailable, code="store.full"):
    """No space is left where the database lies."""


@dataclass(eq=False)
class StoreDiskFailed(Unavailable, code="store.disk_failed"):
    """The disk could not keep what was committed before: nothing is written until the program has
    been started anew and has found out what is there."""


@dataclass(eq=False)
class StoreFailed(Unavailable, code="store.failed"):
    """The database did not do it, and nothing was changed."""

    reason: str


@dataclass(eq=False)
class StoreOutdated(Unavailable, code="store.outdated"):
    """The database has another schema than this program: upgrade it (or the program)."""

    found: str
    expected: str


@dataclass(eq=False)
class CommitUnknown(Unknown, code="store.commit_unknown"):
    """The database failed while committing: the change may have been kept or not. Ask again
    with the same vend id."""

    reason: str


@dataclass(eq=False)
class StoreContradiction(Broken, code="store.contradiction"):
    """The database refused a row that our rules had allowed."""

    table: str


@dataclass(eq=False)
class StoreUnreadable(Broken, code="store.unreadable"):
    """A row holds what cannot be read. Which one, proving the books tells: asked again, the
    database answers the same."""


@dataclass(eq=False)
class RowUnreadable(Broken, code="store.row_unreadable"):
    """This row holds what cannot be read: what it belongs to is not told."""

    table: str
    key: str
    """Names and values of its key, as `entry=2, line=1`; never anything else of the row."""


IO_ERROR = "disk I/O error"
_SQLITE_REASONS = (
    ("database is locked", "locked"),
    ("database table is locked", "locked"),
    ("database or disk is full", "full"),
    ("disk i/o error", IO_ERROR),
    ("unable to open database file", "unable to open the database file"),
    ("attempt to write a readonly database", "the database is read-only"),
    ("file is not a database", "the file is not a database"),
    ("database disk image is malformed", "the database is damaged"),
    ("no such table", "a table is missing"),
)
"""Part of the driver's text, and our word for it. The text itself stays inside."""

_NO_CONNECTION = "no connection to the database server"
_STATES = (
    ("55P03", "locked"),
    ("40", "locked"),
    ("53100", "full"),
    ("53300", "the database server takes no more connections"),
    ("08", _NO_CONNECTION),
    ("57P", "the database server is stopping or starting"),
    ("58", IO_ERROR),
    ("XX", "the database is damaged"),
    ("25006", "the database is read-only"),
    ("25P03", _NO_CONNECTION),
    ("28", "the database server refused the login"),
    ("3D", "the database does not exist"),
    ("42501", "the database login lacks a right"),
    ("42P01", "a table is missing"),
)
"""SQLSTATE of PostgreSQL or how it begins, and our word for it."""


def reason_of(error: SQLAlchemyError) -> str:
    """One stable phrase; `locked` and `full` are told apart by the callers."""
    if not isinstance(error, DBAPIError):
        return type(error).__name__
    told: Any = error.orig
    if hasattr(told, "sqlstate"):
        # Without a state the server has not answered at all.
        state = told.sqlstate or ("08" if isinstance(error, OperationalError) else "")
        found = next((word for begin, word in _STATES if state.startswith(begin)), None)
        return found or type(error).__name__
    text = str(error.orig).lower()
    return next((word for part, word in _SQLITE_REASONS if part in text), type(error).__name__)


def commit_failed(error: SQLAlchemyError) -> StoreFull | StoreLocked | CommitUnknown:
    """No space, or a conflict: the database has taken the transaction back. Anything else may
    have been kept."""
    reason = reason_of(error)
    if reason == "full":
        return StoreFull()
    if reason == "locked" and hasattr(getattr(error, "orig", None), "sqlstate"):
        return StoreLocked(0)
    return CommitUnknown(reason)


@contextmanager
def translated(waited_s: float) -> Iterator[None]:
    """Turns the database's errors into ours; nothing has been committed yet."""
    try:
        yield
    except RaseedError:
        raise
    except (IntegrityError, DataError) as error:
        raise StoreContradiction(_table_of(error)) from None
    except sqlite3.OperationalError as error:
        # Of rows that are taken from the driver itself (`walk.rows`).
        if not is_no_text(error):
            raise
        raise StoreUnreadable from None
    except SQLAlchemyError as error:
        if is_no_text(error):
            raise StoreUnreadable from None
        reason = reason_of(error)
        if reason == "locked":
            raise StoreLocked(waited_s) from None
        if reason == "full":
            raise StoreFull from None
        raise StoreFailed(reason) from None


def is_no_text(error: Exception) -> bool:
    """Whether SQLite met bytes in a column of text that are none. What it says of them stays
    inside."""
    return "Could not decode to UTF-8" in str(getattr(error, "orig", error))


def _table_of(error: DBAPIError) -> str:
    """The table alone: the rest of what the drivers say quotes the row."""
    told = getattr(error.orig, "diag", None)
    if told is not None:
        return str(told.table_name or "")
    return str(error.orig).rsplit(": ", 1)[-1].split(".", 1)[0][:60]
