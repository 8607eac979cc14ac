"""Engines, set up so that an answer after commit survives a power cut, and that a reader sees one
moment and a writer is alone.

SQLite: write-ahead log, `synchronous=FULL` (an fsync per commit), foreign keys on, transactions
begun by us: writers with BEGIN IMMEDIATE, so that a sale never finds out half-way that another
program writes; readers with a plain BEGIN, for one consistent view. The statement
journal of writers, which holds little, is in memory; readers may sort more than fits there.

PostgreSQL: readers in REPEATABLE READ, read-only; writers in READ COMMITTED, where each statement
sees what was committed before it began: once the row lock on the chain is theirs (`writing.py`),
that is everything. Waiting for that lock is bounded, and a commit is on disk when it answers.
"""

from __future__ import annotations

import math
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, RootTransaction, create_engine, event, make_url

from .ahead import finish_first
from .disk import check_disk, watch_commits

WRITES = "raseed_writes"
"""Execution option of connections that are going to write; on SQLite also kept beside the driver's
connection, which is told when it changes."""
_WAITS_S = "raseed_waits_s"
"""Execution option: how long a transaction waits for another writer; on SQLite also kept beside
the driver's connection, which is told when it changes."""

SQLITE_SETTINGS: Final = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    # Otherwise INSERT OR REPLACE would delete a row without asking the triggers.
    "recursive_triggers=ON",
    # Pages, 64 MB: a page that many sales write goes into the file once. SQLite's own thousand are
    # full after thirty sales sold one by one, and a server has a thread for it (`checkpoints.py`).
    "wal_autocheckpoint=16000",
)
STATEMENT_JOURNAL_IN_MEMORY: Final = "temp_store=MEMORY"
"""Of writers: a batch of sales changes more pages in a statement than its journal holds without a
file, and to make one and drop it again costs the batch a tenth."""
_STATEMENT_JOURNAL_ANYWHERE: Final = "temp_store=DEFAULT"

_IDLE_S = 60
"""A writer that hangs with the chain in its hands is thrown out after this long."""

_SILENCE = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
"""A line that was cut says nothing. Whoever waits on it, with a commit under way perhaps, is told
after 25 seconds; the system's own patience is a quarter of an hour, or two for who only listens."""


def make_engine(url: str | URL, busy_timeout_s: float) -> Engine:
    """An engine for an SQLAlchemy URL. Nothing is opened yet."""
    sqlite = make_url(url).get_backend_name() == "sqlite"
    engine = create_engine(
        url,
        connect_args={"timeout": busy_timeout_s}
        if sqlite
        # libpq takes whole seconds and reads less than two as two.
        else {"connect_timeout": math.ceil(busy_timeout_s) + 1, **_SILENCE},
        # Errors and logs must not show what was written: tokens are among it.
        hide_parameters=True,
        execution_options={_WAITS_S: busy_timeout_s},
        **({} if sqlite else {"isolation_level": "READ COMMITTED"}),
    )
    # Zero would mean for ever.
    patience_ms = max(1, int(busy_timeout_s * 1000))

    def prepare(connection: Any, record: Any) -> None:
        if sqlite:
            record.info[_WAITS_S] = busy_timeout_s
            _prepare_sqlite(connection)
        else:
            _prepare_postgresql(connection, patience_ms)

    event.listen(engine, "connect", prepare)
    if sqlite:
        event.listen(engine, "begin", _begin_sqlite)
        watch_commits(engine)
    else:
        finish_first(engine)
    return engine


def snapshots(engine: Engine) -> Engine:
    """The same engine for readers: all statements of a transaction see one moment."""
    if engine.dialect.name == "sqlite":
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _prepare_sqlite(connection: Any) -> None:
    # The driver must not begin transactions by itself.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in SQLITE_SETTINGS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def begin_writing(writer: Connection, waits_s: float) -> RootTransaction:
    """A transaction on a connection that is going to write, which waits for another writer that
    long at most."""
    if writer.get_execution_options()[_WAITS_S] != waits_s:
        writer.execution_options(**{_WAITS_S: waits_s})
    transaction = writer.begin()
    if not waits_s and writer.dialect.name == "postgresql":
        # The shortest there is: zero would mean for ever.
        writer.exec_driver_sql("SET LOCAL lock_timeout = '1ms'")
    return transaction


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    writes, waits_s = options.get(WRITES), options[_WAITS_S]
    if writes:
        check_disk(connection)
    statement = "BEGIN IMMEDIATE" if writes else "BEGIN"
    raw: Any = connection.connection.dbapi_connection
    try:
        if connection.info[_WAITS_S] != waits_s:
            raw.execute(f"PRAGMA busy_timeout = {int(waits_s * 1000)}")
            connection.info[_WAITS_S] = waits_s
        if connection.info.get(WRITES) is not writes:
            raw.execute(
                f"PRAGMA {STATEMENT_JOURNAL_IN_MEMORY if writes else _STATEMENT_JOURNAL_ANYWHERE}"
            )
            connection.info[WRITES] = writes
        begin(raw, statement)
    except Exception as error:
        # SQLAlchemy's own way out, as after its own statements; those would cost a sale 4 % more.
        connection._handle_dbapi_exception(error, statement, None, None, None)


def begin(raw: Any, statement: str) -> None:
    """Begins a transaction on SQLite's own connection."""
    raw.execute(statement)


def _prepare_postgresql(connection: Any, patience_ms: int) -> None:
    connection.execute(
        "SELECT set_config('lock_timeout', %s, false), "
        "set_config('idle_in_transaction_session_timeout', %s, false), "
        "set_config('TimeZone', 'UTC', false), "
        # Waiting for standbys is the operator's choice; not waiting for the disk is nobody's.
        "CASE WHEN current_setting('synchronous_commit') = 'off' "
        "THEN set_config('synchronous_commit', 'on', false) END",
        (f"{patience_ms}ms", f"{_IDLE_S}s"),
    )
    connection.commit()
