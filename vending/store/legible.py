"""Reading what is no text. SQLite keeps any bytes in a column of text, and the driver raises an
error for the first that are no UTF-8: one such row would stop a proof, and hide all others."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from .errors import is_no_text

T = TypeVar("T")
Told = Callable[[bytes], str]


def escaped(text: bytes) -> str:
    """Something that no row holds, for a proof: it cannot be printed."""
    return text.decode("utf-8", "surrogateescape")


def printed(text: bytes) -> str:
    """With the bytes that are no text told by number, for people."""
    return text.decode("utf-8", "backslashreplace")


def plain(kept: object) -> str:
    """What a column of text holds: nothing as empty, and what is no text as something printed. What
    stands in a damaged row is compared all the same."""
    return "" if kept is None else str(kept)


def whole(total: object) -> int:
    """A sum of whole numbers; of no rows, 0. SQLite counts text as nothing, and lets it be seen by
    a sum that is no whole number: raises ValueError."""
    if total is None:
        return 0
    if not isinstance(total, int | Decimal):
        raise ValueError("no whole number")
    return int(total)


def legibly(db: Connection, read: Callable[[], T], told: Told = escaped) -> T:
    """What `read` finds; where SQLite keeps what is no text in a column of text, once more with
    `any_text`. Not at once, for it would cost the walk a fifth."""
    try:
        return read()
    except (sqlite3.OperationalError, OperationalError) as error:
        if db.dialect.name != "sqlite" or not is_no_text(error):
            raise
    with any_text(db, told):
        return read()


@contextmanager
def any_text(db: Connection, told: Told = escaped) -> Iterator[None]:
    """SQLite keeps what is no text in columns of text: it is read as what `told` makes of it,
    instead of as an error."""
    raw: Any = db.connection.dbapi_connection if db.dialect.name == "sqlite" else None
    if raw is None:
        yield
        return
    before, raw.text_factory = raw.text_factory, told
    try:
        yield
    finally:
        raw.text_factory = before
