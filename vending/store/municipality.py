"""The municipality's record, in one row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields

from sqlalchemy import insert, select, update

from ..logos import Logo
from ..municipality import Municipality
from . import schema as t
from .house import SqlHouseReading, SqlHouseWriting
from .sqlstore import SqlStore


class _Reading(SqlHouseReading):
    def municipality(self) -> Municipality | None:
        row = self._db.execute(select(t.municipality)).first()
        if row is None:
            return None
        values = dict(row._mapping)
        del values["id"]
        data, media = values.pop("logo"), values.pop("logo_media")
        values["tariffs"] = tuple(values["tariffs"].split())
        return Municipality(**values, logo=None if data is None else Logo(media, bytes(data)))


class _Writing(SqlHouseWriting, _Reading):
    def put_municipality(self, municipality: Municipality) -> None:
        values = {one.name: getattr(municipality, one.name) for one in fields(Municipality)}
        logo = municipality.logo
        values["tariffs"] = " ".join(municipality.tariffs)
        values["logo"] = None if logo is None else logo.data
        values["logo_media"] = "" if logo is None else logo.media
        if self.municipality() is None:
            self._db.execute(insert(t.municipality), {"id": 1, **values})
        else:
            self._db.execute(update(t.municipality), values)


class SqlMunicipality:
    """See `vending.municipality.MunicipalityStore`."""

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
