"""Both databases for tests: an SQLite file, and a database on a real PostgreSQL server.

The server is started once per test run from a wheel (vending/bench/postgres.py), or is the one
that `RASEED_DATABASE_URL` names: a whole SQLAlchemy URL of a login that may create databases.
Each test gets an empty upgraded database, and nothing of another's.
"""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from operator import attrgetter
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, event, make_url
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, Pool
from sqlalchemy.util import LRUCache

from tests.vending.support import new_store
from vending.bench import postgres
from vending.store import open_store, upgrade

# Taken out: the product would read it as a misspelt setting.
_NAMED = os.environ.pop("RASEED_DATABASE_URL", None)
KINDS = ("sqlite", "postgresql")


# What a change of the schema leaves behind: rows of these catalogues come, go, or are written anew.
_CATALOGUES = ("class", "attribute", "attrdef", "constraint", "index", "trigger", "proc", "type")
_SHAPE = "SELECT " + ", ".join(
    f"(SELECT (count(*), max(xmin::text::bigint))::text FROM pg_{name})" for name in _CATALOGUES
)
_TABLES = "SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = %s"
_END_OTHERS = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_COUNT_ANEW = "SELECT setval(seqrelid, seqstart, false) FROM pg_sequence"


def share_compiled_statements() -> None:
    """From now on a statement is compiled once per kind of database, not once per test.

    The library keeps what it compiled for each engine, as engines may differ in the version of
    their database and in options; those of one test run do not.
    """
    shared: dict[str, LRUCache[Any, Any]] = {}
    kind = attrgetter("name", "driver", "paramstyle")
    DefaultDialect.__eq__ = (  # type: ignore[method-assign]
        lambda self, other: isinstance(other, DefaultDialect) and kind(self) == kind(other)
    )
    DefaultDialect.__hash__ = lambda self: hash(kind(self))  # type: ignore[method-assign]

    @event.listens_for(Engine, "engine_connect")
    def _(connection: Connection) -> None:
        name = connection.dialect.name
        connection.engine._compiled_cache = shared.setdefault(name, LRUCache(2000))


def close_what_is_dropped() -> None:
    """From now on connections to SQLite end with the engine that a test drops: Python warns, from
    3.13 on, of each that nobody has closed. Whether the product closes its own is asked of its real
    processes (`test_api_process.py`)."""

    @event.listens_for(Pool, "connect")
    def _(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        if isinstance(connection, sqlite3.Connection):
            weakref.finalize(record, connection.close)


class Postgres:
    """A server, and databases on it.

    To copy a database takes longer than most tests, so one whose test has ended is emptied and
    used again, if its schema is untouched: what is in it, what is being done in it and where its
    sequences stand is then as in a copy.
    """

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._names = (f"raseed_test_{os.getpid()}_{i}" for i in count())
        self._made: set[str] = set()
        self._lent: list[str] = []
        self._free: list[str] = []
        self._template = next(self._names)
        self._create(self._template)
        store = open_store(self._at(self._template), must_be_current=False)
        upgrade(store.engine)
        store.close()
        with plain(self._at(self._template)) as db:
            self._shape = db.execute(_SHAPE).fetchall()
            tables = db.execute(_TABLES, [_public(db)]).fetchall()
            self._rows = {str(name): _copied(db, name) for (name,) in tables}

    def new(self, *, empty: bool = False) -> str:
        """URL of a database with the tables and no rows; `empty`: without tables too."""
        if self._free and not empty:
            name = self._free.pop()
        else:
            name = next(self._names)
            self._create(name, "template1" if empty else self._template)
        self._lent.append(name)
        return self._at(name)

    @contextmanager
    def lending(self) -> Iterator[Postgres]:
        """What is `new` in the block goes back at its end."""
        before = len(self._lent)
        yield self
        while len(self._lent) > before:
            name = self._lent.pop()
            if self._emptied(name):
                self._free.append(name)
            else:
                self._drop(name)

    def drop_all(self) -> None:
        for name in sorted(self._made):
            self._drop(name)

    def _emptied(self, name: str) -> bool:
        """Made as good as new; False if it cannot be."""
        with plain(self._at(name)) as db:
            db.execute(_END_OTHERS)
            if db.execute(_SHAPE).fetchall() != self._shape:
                return False
            try:
                # The triggers that refuse it are told to look away, which only a superuser may.
                db.execute("SET session_replication_role = replica")
            except psycopg.errors.InsufficientPrivilege:
                return False
            db.execute("; ".join(f"DELETE FROM {table}" for table in self._rows).encode())
            db.execute(_COUNT_ANEW)
            for table, rows in self._rows.items():
                if rows:
                    with db.cursor().copy(f"COPY {table} FROM STDIN".encode()) as into:
                        into.write(rows)
        return True

    def _at(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _create(self, name: str, template: str = "template1") -> None:
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        self._made.add(name)

    def _drop(self, name: str) -> None:
        self._run(f'DROP DATABASE "{name}" WITH (FORCE)')
        self._made.remove(name)

    def _run(self, statement: str) -> None:
        with plain(self._url) as db:
            db.execute(statement.encode())


def _public(db: psycopg.Connection[Any]) -> int:
    """The schema in which tables are made."""
    row = db.execute("SELECT current_schema()::regnamespace::oid").fetchone()
    assert row is not None
    return int(row[0])


def _copied(db: psycopg.Connection[Any], table: str) -> bytes:
    with db.cursor().copy(f"COPY {table} TO STDOUT".encode()) as out:
        return b"".join(bytes(piece) for piece in out)


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """The named server, or one started here. Raises ServerNotStarted."""
    if _NAMED is None:
        # Nobody pulls the plug of the machine, and programs that die lose nothing by it.
        with postgres.running(settings={"fsync": "off"}) as server:
            yield Postgres(server.url())
    else:
        named = Postgres(_NAMED)
        try:
            yield named
        finally:
            named.drop_all()


@contextmanager
def plain(url: str | URL) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the driver alone: nothing of the product's."""
    parts = make_url(url)
    told = parts.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(told, autocommit=True) as db:
        yield db


def new_place(kind: str, folder: Path, server: Postgres | None, name: str = "books") -> Path | str:
    """Where a new database with tables and no rows lies: what `open_store` takes."""
    if kind == "sqlite":
        path = folder / f"{name}.db"
        new_store(path).close()
        return path
    assert server is not None
    return server.new()


def counted(tables: Sequence[str], place: Path | str) -> dict[str, int]:
    """Rows per table, counted by nothing of the product's."""
    # The names are the schema's own.
    if isinstance(place, Path):
        file = sqlite3.connect(place)
        try:
            return {t: file.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables}
        finally:
            file.close()
    with plain(place) as db:
        return {
            t: int(db.execute(f"SELECT count(*) FROM {t}".encode()).fetchall()[0][0])
            for t in tables
        }
