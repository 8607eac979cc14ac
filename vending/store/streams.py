"""Rows that are taken some at a time, and let go with the view that they are of.

A statement that is not read to its end stays open in the driver for as long as anybody holds its
rows, as an error does. SQLite shows whoever has the connection next the books of then, and lets
them write nothing; psycopg closes what is left on the server in the middle of what they do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, CursorResult, Executable

from meters.errors import Broken, RaseedError

Rows = CursorResult[*tuple[Any, ...]]
AT_A_TIME = 500
"""Rows held at once per stream."""
_OPEN = "raseed_streams"
"""Beside the driver's connection: what may be open there."""


def streamed(
    db: Connection,
    statement: Executable,
    values: Mapping[str, Any] | None = None,
    at_a_time: int = AT_A_TIME,
) -> Rows:
    """Rows as they come, which end with the transaction."""
    found = db.execute(statement, values, execution_options={"yield_per": at_a_time})
    opened(db, found)
    return found


def opened(db: Connection, found: Rows) -> None:
    """Lets `end_streams` know of it."""
    db.info.setdefault(_OPEN, []).append(found)


def end_streams(db: Connection) -> None:
    """Closes what was opened here and not read to its end."""
    if not db.closed and not db.invalidated:
        for found in db.info.pop(_OPEN, ()):
            found.close()


def leaves_open(error: BaseException) -> bool:
    """Whether reading may have ended in the middle, of rows that are no stream too: of an error
    that nobody foresaw, or that comes of what was read."""
    return not isinstance(error, RaseedError) or isinstance(error, Broken)
