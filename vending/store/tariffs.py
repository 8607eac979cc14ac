"""Tariffs in the database: versions as documents, and what people did to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .sqlstore import SqlStore
from .tariff_rows import SqlTariffRows


class SqlTariffs:
    """See `vending.tariff.rows.TariffStore`: the same database as `store`, with the same place
    for one writer."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    @contextmanager
    def reading(self) -> Iterator[SqlTariffRows]:
        with self._store.reading() as books:
            yield SqlTariffRows(books._db)

    @contextmanager
    def writing(self) -> Iterator[SqlTariffRows]:
        with self._store.writing() as books:
            yield SqlTariffRows(books._db)
