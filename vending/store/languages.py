"""The language that a customer reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select, update

from . import schema as t
from .house import SqlHouseReading, SqlHouseWriting
from .sqlstore import SqlStore


class _Reading(SqlHouseReading):
    def language(self, account: str) -> str | None:
        c = t.customer_marks.c
        wanted = select(c.language).where(c.account == account.replace("\x00", ""))
        return self._db.execute(wanted).scalar()


class _Writing(SqlHouseWriting, _Reading):
    def put_language(self, account: str, language: str) -> None:
        c = t.customer_marks.c
        changed = update(t.customer_marks).where(c.account == account)
        self._db.execute(changed.values(language=language))


class SqlLanguages:
    """See `vending.languages.LanguageStore`."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    @contextmanager
    def reading(self) -> Iterator[_Reading]:
        with self._store.reading() as books:
            yield _Reading(books._db)

    @contextmanager
    def writing(self) -> Iterator[_Writing]:
        with self._store.writing() as books:
            yield _Writing(books._db)
