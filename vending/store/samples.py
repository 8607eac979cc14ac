"""Parties that are there for trying out: marked, and taken away while nothing names them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Column, Table, delete, insert, select

from ..parties import Registration
from ..samples import Key
from . import schema as t
from .attesting import take_row_away
from .house import SqlHouseReading, SqlHouseWriting
from .sqlstore import SqlStore
from .tariff_rows import SqlTariffRows
from .writing import SqlWriting

_PARTIES: Final[tuple[tuple[str, Column[str]], ...]] = (
    ("agreement", t.agreements.c.number),
    ("meter", t.meters.c.number),
    ("place", t.service_points.c.code),
    ("customer", t.customers.c.account),
    ("point", t.points.c.code),
)
"""In the order in which they may go."""
_THEIRS: Final[frozenset[Table]] = frozenset(
    {
        t.agreements,
        t.meters,
        t.service_points,
        t.customers,
        t.points,
        t.customer_marks,
        t.counters,
        t.sample_parties,
    }
)
"""Tables whose rows go with them, or are they themselves."""
_NAMED: Final[tuple[tuple[str, Column[str]], ...]] = (
    ("customer", t.sales.c.customer),
    ("agreement", t.postings.c.holder),
    ("point", t.postings.c.holder),
    ("point", t.entries.c.point),
    ("meter", t.faults.c.meter),
    ("meter", t.blocks.c.subject),
    ("agreement", t.blocks.c.subject),
    ("point", t.blocks.c.subject),
)
"""Columns that name parties without a foreign key."""


class _Reading(SqlHouseReading):
    def samples(self) -> list[Key]:
        c = t.sample_parties.c
        rows = self._db.execute(select(c.kind, c.key).order_by(c.kind, c.key))
        return [(row.kind, row.key) for row in rows]


class _Writing(SqlHouseWriting, _Reading):
    def tariff_rows(self) -> SqlTariffRows:
        return SqlTariffRows(self._db)

    def register(self, registration: Registration) -> None:
        SqlWriting(self._db).register(registration)

    def mark(self, keys: Collection[Key]) -> None:
        self._db.execute(
            insert(t.sample_parties), [{"kind": kind, "key": key} for kind, key in keys]
        )

    def uses(self, keys: Collection[Key]) -> str:
        tied = [
            (kind, column)
            for kind, party in _PARTIES
            for table in t.metadata.sorted_tables
            if table not in _THEIRS
            for column in table.columns
            if any(key.column is party for key in column.foreign_keys)
        ]
        for kind, column in (*tied, *_NAMED):
            wanted = [key for one, key in keys if one == kind]
            if (
                wanted
                and self._db.execute(select(column).where(column.in_(wanted)).limit(1)).first()
            ):
                return column.table.name
        return self._strangers(keys)

    def take_away(self, keys: Collection[Key]) -> None:
        by_kind = {kind: [key for one, key in keys if one == kind] for kind, _ in _PARTIES}
        self._db.execute(
            delete(t.customer_marks).where(t.customer_marks.c.account.in_(by_kind["customer"]))
        )
        self._db.execute(delete(t.counters).where(t.counters.c.point.in_(by_kind["point"])))
        for kind, column in _PARTIES:
            if column.table is t.points:
                for code in by_kind[kind]:
                    take_row_away(self._db, "point", {"code": code})
            else:
                self._db.execute(delete(column.table).where(column.in_(by_kind[kind])))
        self._db.execute(delete(t.sample_parties))

    def _strangers(self, keys: Collection[Key]) -> str:
        """Whether an agreement of somebody real hangs on one of them."""
        ours = [key for kind, key in keys if kind == "agreement"]
        c = t.agreements.c
        for kind, column in (
            ("customer", c.customer),
            ("meter", c.meter),
            ("place", c.service_point),
        ):
            named = [key for one, key in keys if one == kind]
            wanted = select(c.number).where(column.in_(named), c.number.not_in(ours)).limit(1)
            if self._db.execute(wanted).first() is not None:
                return t.agreements.name
        return ""


class SqlSamples:
    """See `vending.samples.SamplesStore`."""

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
