"""What a database says when it cannot, as errors of ours. Nothing of a statement or its values
is kept: they hold tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from meters.errors import Broken, RaseedError, Unavailable, Unknown


@dataclass(eq=False)
class StoreLocked(Unavailable, code="store.locked"):
    """Another program is writing and did not finish in time."""

    waited_s: float


@dataclass(eq=False)
class StoreFull(Unavailable, code="store.full"):
    """No space is left where the database lies."""


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


_SQLITE_REASONS = (
    ("database is locked", "locked"),
    ("database table is locked", "locked"),
    ("database or disk is full", "full"),
    ("disk i/o error", "disk I/O error"),
    ("unable to open database file", "unable to open the database file"),
    ("attempt to write a readonly database", "the database is read-only"),
    ("file is not a database", "the file is not a database"),
    ("database disk image is malformed", "the database is damaged"),
    ("no such table", "a table is missing"),
)
"""Part of the driver's text, and our word for it. The text itself stays inside."""


def reason_of(error: SQLAlchemyError) -> str:
    """One stable phrase; `locked` and `full` are told apart by the callers."""
    text = str(error.orig).lower() if isinstance(error, DBAPIError) else ""
    for part, reason in _SQLITE_REASONS:
        if part in text:
            return reason
    return type(error).__name__


@contextmanager
def translated(waited_s: float) -> Iterator[None]:
    """Turns the database's errors into ours; nothing has been committed yet."""
    try:
        yield
    except RaseedError:
        raise
    except IntegrityError as error:
        table = str(error.orig).rsplit(": ", 1)[-1].split(".", 1)[0]
        raise StoreContradiction(table[:60]) from None
    except SQLAlchemyError as error:
        reason = reason_of(error)
        if reason == "locked":
            raise StoreLocked(waited_s) from None
        if reason == "full":
            raise StoreFull from None
        raise StoreFailed(reason) from None
