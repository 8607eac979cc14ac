"""What a batch of sales stands on, loaded with one statement per kind of row, however many."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import Column, Connection, String, any_, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

from tokens.sts import BaseDate

from ..ledger import ChainHead
from ..parties import VendingPoint
from ..ports import MeterGround, PointGround
from . import schema as t
from .errors import StoreContradiction
from .prepared import STYLES, Prepared, trip
from .reading import meter_file_of

_BASE_DATES = tuple(date.short for date in BaseDate)
_FILE_TABLES = (t.meters, t.agreements, t.customers, t.service_points)
_FILE_WIDTH = sum(len(table.columns) for table in _FILE_TABLES)


def _among(wanted: Column[Any], name: str, kind: str) -> ColumnElement[bool]:
    """Whether a column's value is in the list under this parameter: one statement for lists of
    any length."""
    if kind == "postgresql":
        return wanted == any_(bindparam(name, type_=ARRAY(String)))
    values = func.json_each(bindparam(name, type_=String)).table_valued(column("value"))
    return wanted.in_(select(values.c.value))


def _meters(kind: str) -> Prepared:
    """Meter, agreement, customer, place; the last TID under each base date; the balance."""
    last_tids = (
        select(func.max(t.tokens.c.tid))
        .where(t.tokens.c.pan == t.meters.c.pan, t.tokens.c.base_date == bindparam(f"d{short}"))
        .scalar_subquery()
        for short in _BASE_DATES
    )
    balance = (t.balances.c.holder == t.agreements.c.number) & (
        t.balances.c.account == bindparam("account")
    )
    statement = (
        select(*_FILE_TABLES, *last_tids, t.balances.c.unit, t.balances.c.amount)
        .select_from(t.agreements)
        .join(t.meters, t.agreements.c.meter == t.meters.c.number)
        .join(t.customers, t.agreements.c.customer == t.customers.c.account)
        .join(t.service_points, t.agreements.c.service_point == t.service_points.c.code)
        .outerjoin(t.balances, balance)
        .where(_among(t.meters.c.number, "numbers", kind))
        .order_by(t.meters.c.number)
    )
    return Prepared(statement, [*(f"d{s}" for s in _BASE_DATES), "account", "numbers"], kind)


def _points(kind: str) -> Prepared:
    statement = (
        select(*t.points.columns, t.counters.c.receipts)
        .join(t.counters, t.counters.c.point == t.points.c.code)
        .where(_among(t.points.c.code, "codes", kind))
    )
    return Prepared(statement, ["codes"], kind)


def _sold(kind: str) -> Prepared:
    statement = select(t.sales.c.vend_id).where(_among(t.sales.c.vend_id, "ids", kind))
    return Prepared(statement, ["ids"], kind)


def _chain(kind: str) -> Prepared:
    columns = (t.chain.c.number, t.chain.c.hash, t.chain.c.at, t.chain.c.closed_until)
    # Where many may write, the row lock makes the journal single file; SQLite's writer has it all.
    return Prepared(select(*columns).with_for_update(), [], kind)


class GroundLoader:
    """The statements of one kind of database."""

    def __init__(self, kind: str) -> None:
        self._chain, self._sold = _chain(kind), _sold(kind)
        self._meters, self._points = _meters(kind), _points(kind)
        self._listed: Callable[[Collection[str]], Any] = list
        if kind == "sqlite":
            self._listed = lambda values: json.dumps(list(values))

    def head(self, db: Connection) -> ChainHead:
        """The end of the journal; from here on this transaction alone writes."""
        (rows,) = trip(db, (self._chain, [()]))
        return _head(rows)

    def load(
        self,
        db: Connection,
        vend_ids: Collection[str],
        meters: Collection[str],
        points: Collection[str],
        account: str,
    ) -> tuple[ChainHead, list[str], dict[str, MeterGround], dict[str, PointGround]]:
        """The head; which of the ids have been sold under; meters by DRN, points by code."""
        chain, sold, files, places = trip(
            db,
            (self._chain, [()]),
            (self._sold, [(self._listed(vend_ids),)]),
            (self._meters, [(*_BASE_DATES, account, self._listed(meters))]),
            (self._points, [(self._listed(points),)]),
        )
        return (
            _head(chain),
            [vend_id for (vend_id,) in sold],
            _meter_grounds(files),
            {code: PointGround(VendingPoint(code, *rest), n) for code, *rest, n in places},
        )


def _head(rows: list[Any]) -> ChainHead:
    if not rows:
        # Somebody has taken the row out: nothing can be chained any more.
        raise StoreContradiction(t.chain.name)
    number, own_hash, at, closed_until = rows[0]
    return ChainHead(number, own_hash, t.moment(at), t.moment(closed_until))


def _meter_grounds(rows: list[Any]) -> dict[str, MeterGround]:
    found: dict[str, MeterGround] = {}
    balances: dict[str, int] = {}
    for row in rows:
        number, unit, amount = row[0], row[-2], row[-1]
        if number not in found:
            # A row for each unit of the balance; nearly always there is one.
            balances = {}
            tids = zip(_BASE_DATES, row[_FILE_WIDTH:], strict=False)
            last_tids = {short: tid for short, tid in tids if tid is not None}
            found[number] = MeterGround(meter_file_of(row), balances, last_tids)
        if unit is not None:
            balances[unit] = amount
    return found


GROUND = {kind: GroundLoader(kind) for kind in STYLES}
"""By kind of database."""
