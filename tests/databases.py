"""Both databases for tests: an SQLite file, and a database on a real PostgreSQL server.

The server is started once per test run from a wheel (vending/bench/postgres.py), or is the one
that `RASEED_DATABASE_URL` names: a whole SQLAlchemy URL of a login that may create databases.
Each test gets a new database, copied from an empty upgraded one, and nothing of another's.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, make_url

from tests.vending.support import new_store
from vending.bench import postgres
from vending.store import open_store, upgrade

# Taken out: the product would read it as a misspelt setting.
_NAMED = os.environ.pop("RASEED_DATABASE_URL", None)
KINDS = ("sqlite", "postgresql")


class Postgres:
    """A server, and databases on it."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._names = (f"raseed_test_{os.getpid()}_{i}" for i in count())
        self._made: list[str] = []
        self._template = next(self._names)
        self._create(self._template)
        store = open_store(self._at(self._template), must_be_current=False)
        upgrade(store.engine)
        store.close()

    def new(self, *, empty: bool = False) -> str:
        """URL of a database with the tables and no rows; `empty`: without tables too."""
        name = next(self._names)
        self._create(name, "template1" if empty else self._template)
        return self._at(name)

    def drop_all(self) -> None:
        for name in self._made:
            self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _at(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _create(self, name: str, template: str = "template1") -> None:
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        self._made.append(name)

    def _run(self, statement: str) -> None:
        with plain(self._url) as db:
            db.execute(statement.encode())


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """The named server, or one started here. Raises ServerNotStarted."""
    if _NAMED is None:
        with postgres.running() as server:
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
