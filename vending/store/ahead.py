"""What a batch of sales has begun to write on PostgreSQL is finished before its connection is used
by another way than the sale's own (`pipeline.py`): SQLAlchemy's cursors, a commit, a rollback."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Engine, event

from .patience import patience_of

PIPELINE: Final = "raseed_pipeline"
"""Under this name a connection of the driver has its line, as long as it lives."""


def finish_first(engine: Engine) -> None:
    """From here on, on this engine's connections. Where nothing was begun it costs a look."""

    event.listen(engine, "before_cursor_execute", lambda db, *_: _wait(db, "settle"))
    # What has failed must not end as a commit that the server makes a rollback of.
    event.listen(engine, "commit", lambda db: _wait(db, "finish"))
    event.listen(engine, "rollback", lambda db: _wait(db, "forget"))


def _wait(db: Connection, how: str) -> None:
    """By the line's method of that name."""
    line: Any = None if db.invalidated else db.info.get(PIPELINE)
    if line is None or not line.is_pending:
        return
    patience = patience_of(db)
    try:
        if patience is not None:
            patience.begins(db.connection.dbapi_connection)
        getattr(line, how)()
    except Exception as error:
        # SQLAlchemy's own way out, as in `prepared.trip`.
        db._handle_dbapi_exception(error, None, None, None, None)
    finally:
        if patience is not None:
            patience.ends()
