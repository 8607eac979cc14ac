"""A copy of the books of an SQLite file while the house goes on: one moment of them, looked through
and on disk, or no file at all.

A file that is copied by the system's own means while somebody sells is torn, and lacks what is in
the log beside it.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine

from meters.errors import Broken, Refused, Unavailable

from ..ondisk import keep

_NOT_WHOLE: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
"""How SQLite begins its names for what it cannot read as a database."""


@dataclass(eq=False)
class BackupOfServer(Refused, code="backup.of_server"):
    """The books are on a PostgreSQL server, which copies them by its own means."""


@dataclass(eq=False)
class BackupExists(Refused, code="backup.exists"):
    """A file of this name is there already, and may be the only good copy."""

    path: str


@dataclass(eq=False)
class BackupFailed(Unavailable, code="backup.failed"):
    """The file could not be written; nothing of it is left."""

    path: str
    reason: str


@dataclass(eq=False)
class BackupDamaged(Broken, code="backup.damaged"):
    """What was copied is not whole, so the books themselves are probably not; no copy is left."""

    reason: str


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy holds."""

    entries: int
    hash: str
    """Of the last entry: whoever keeps it knows the copy again."""
    at: datetime | None
    """When it was booked; None of books without entries."""
    size_bytes: int


def back_up(engine: Engine, to: Path) -> Copied:
    """Copies the books to a new file that stands by itself and that only this user can read: it
    holds customers and tokens. Sales go on meanwhile; those that are committed later are not in it.
    It takes as long as reading the file twice.

    Raises BackupOfServer, BackupExists, BackupFailed, BackupDamaged.
    """
    if engine.dialect.name != "sqlite":
        raise BackupOfServer
    try:
        _check_free(to)
        # Hidden until it is whole.
        part = to.with_name(f".{to.name}.{os.getpid()}")
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            _copy(engine, part)
            copied = _looked_through(part)
            keep(part)
            # Copying took its time: another may have ended first.
            _check_free(to)
            _name(part, to)
        finally:
            part.unlink(missing_ok=True)
        keep(to.parent)
    except OSError as error:
        raise BackupFailed(str(to), error.strerror or type(error).__name__) from None
    except sqlite3.DatabaseError as error:
        # The engine's own sentence holds no value of any row.
        if error.sqlite_errorname.startswith(_NOT_WHOLE):
            raise BackupDamaged(str(error)) from None
        raise BackupFailed(str(to), str(error)) from None
    return copied


def _check_free(to: Path) -> None:
    if to.exists():
        raise BackupExists(str(to))


def _name(part: Path, to: Path) -> None:
    """Raises BackupExists, OSError."""
    try:
        # A hard link refuses a name that is there; renaming would put one copy in another's place.
        os.link(part, to)
    except FileExistsError:
        raise BackupExists(str(to)) from None
    except OSError:
        # A medium that knows no links.
        part.rename(to)


def _copy(engine: Engine, part: Path) -> None:
    held = engine.raw_connection()
    try:
        source: Any = held.dbapi_connection
        with closing(sqlite3.connect(part, isolation_level=None)) as target:
            # In one step: it would begin anew whenever somebody sold between two.
            source.backup(target, pages=-1)
            # A file without a log beside it can be read from a medium that nobody can write.
            target.execute("PRAGMA journal_mode=DELETE").fetchall()
    finally:
        held.close()


def _looked_through(part: Path) -> Copied:
    with closing(sqlite3.connect(part)) as db:
        ((told, *_), *_) = db.execute("PRAGMA quick_check(1)")
        if told != "ok":
            raise BackupDamaged(str(told))
        ((number, head, at),) = db.execute("SELECT number, hash, at FROM chain").fetchall()
        ((last,),) = db.execute("SELECT coalesce(max(number), 0) FROM entries").fetchall()
        if last != number:
            raise BackupDamaged(f"{last} of {number} entries")
    moment = datetime.fromisoformat(at) if number else None
    return Copied(number, head, moment, part.stat().st_size)
