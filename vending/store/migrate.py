"""Bringing a database to the schema of this program, from code (Alembic)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from .engine import WRITES
from .errors import StoreOutdated, reason_of, translated


def upgrade(engine: Engine, revision: str = "head") -> None:
    """To the newest schema, or to a named one. All or nothing; safe to call at every start, and
    by two programs at once. Raises StoreLocked, StoreFull, StoreFailed: a login that only serves
    cannot do it."""
    _run(engine, lambda config: command.upgrade(config, revision))


def downgrade(engine: Engine, revision: str) -> None:
    """Back to a named schema (`base`: none). Drops what that schema does not have."""
    _run(engine, lambda config: command.downgrade(config, revision))


@cache
def newest() -> str:
    """The revision that this program needs."""
    # Reads every migration; a running program does not get new ones.
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def current(engine: Engine) -> str | None:
    """The revision that the database has; None before the first."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def check(engine: Engine) -> None:
    """Raises StoreOutdated unless the database has the newest schema."""
    found, expected = current(engine), newest()
    if found != expected:
        raise StoreOutdated(found or "none", expected)


def _config() -> Config:
    config = Config()
    # ConfigParser would take a percent sign in the path for an interpolation.
    folder = str(Path(__file__).parent / "migrations").replace("%", "%%")
    config.set_main_option("script_location", folder)
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def _known_errors_told() -> Iterator[None]:
    """What nobody foresaw is told whole, to whoever wrote the migration."""
    try:
        yield
    except SQLAlchemyError as error:
        if reason_of(error) == type(error).__name__:
            raise
        with translated(0):
            raise


def _run(engine: Engine, action: Callable[[Config], None]) -> None:
    config = _config()
    with _known_errors_told(), engine.connect() as connection:
        connection.execution_options(**{WRITES: True})
        with connection.begin():
            if connection.dialect.name == "postgresql":
                # SQLite's writer is alone already; any number that nobody else uses will do.
                connection.execute(text("SELECT pg_advisory_xact_lock(20261123)"))
            config.attributes["connection"] = connection
            action(config)
