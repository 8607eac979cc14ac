"""Engines, set up so that an answer after commit survives a power cut.

SQLite: write-ahead log, `synchronous=FULL` (an fsync per commit), foreign keys on, transactions
begun by us: writers with BEGIN IMMEDIATE, so that a sale never finds out half-way that another
program writes; readers with a plain BEGIN, for one consistent view.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

WRITES = "raseed_writes"
"""Execution option of connections that are going to write."""


def make_engine(url: str | URL, busy_timeout_s: float) -> Engine:
    """An engine for an SQLAlchemy URL. Nothing is opened yet."""
    engine = create_engine(
        url,
        connect_args={"timeout": busy_timeout_s}
        if make_url(url).get_backend_name() == "sqlite"
        else {},
        # Errors and logs must not show what was written: tokens are among it.
        hide_parameters=True,
    )
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        # Otherwise INSERT OR REPLACE would delete a row without asking the triggers.
        "recursive_triggers=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
