"""What is asked of the database for a batch of sales: one statement per kind of row, however many
are wanted. Each is made once for a kind of database."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    Column,
    Select,
    String,
    any_,
    bindparam,
    column,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

from tokens.sts import BaseDate

from ..blocking import KINDS
from . import schema as t
from .prepared import Prepared
from .reading import SALES, TOKEN_COLUMNS

BASE_DATES: Final = tuple(date.short for date in BaseDate)
_FILE_TABLES: Final = (t.meters, t.agreements, t.customers, t.service_points)
FILE_WIDTH: Final = sum(len(table.columns) for table in _FILE_TABLES)
"""Columns of a meter's file, before those of its TIDs."""
_BY_KEYS: Final = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}


def meters(kind: str) -> Prepared:
    """Meter, agreement, customer, place; the last TID under each base date; the account; the
    balance."""
    last_tids = (
        select(func.max(t.tokens.c.tid))
        .where(t.tokens.c.pan == t.meters.c.pan, t.tokens.c.base_date == bindparam(f"d{short}"))
        .scalar_subquery()
        for short in BASE_DATES
    )
    balance = (t.balances.c.holder == t.agreements.c.number) & (
        t.balances.c.account == bindparam("account")
    )
    statement = (
        select(
            *_FILE_TABLES,
            *last_tids,
            t.accounts.c.document,
            t.balances.c.unit,
            t.balances.c.amount,
        )
        .select_from(t.agreements)
        .join(t.meters, t.agreements.c.meter == t.meters.c.number)
        .join(t.customers, t.agreements.c.customer == t.customers.c.account)
        .join(t.service_points, t.agreements.c.service_point == t.service_points.c.code)
        .outerjoin(t.accounts, t.accounts.c.agreement == t.agreements.c.number)
        .outerjoin(t.balances, balance)
        .where(_among(t.meters.c.number, "numbers", kind))
        .order_by(t.meters.c.number)
    )
    return Prepared(statement, [*(f"d{s}" for s in BASE_DATES), "account", "numbers"], kind)


def points(kind: str) -> Prepared:
    """Point, the number of its last receipt, what lies in its till."""
    in_till = (t.balances.c.holder == t.points.c.code) & (
        t.balances.c.account == bindparam("account")
    )
    statement = (
        select(*t.points.columns, t.counters.c.receipts, t.balances.c.unit, t.balances.c.amount)
        .select_from(t.points)
        .join(t.counters, t.counters.c.point == t.points.c.code)
        .outerjoin(t.balances, in_till)
        .where(_among(t.points.c.code, "codes", kind))
    )
    return Prepared(statement, ["account", "codes"], kind)


def sold(kind: str) -> Prepared:
    """Which ids are sold, whether they were taken back, and shown."""
    statement = (
        select(t.sales.c.vend_id, t.voids.c.evidence, t.showings.c.vend_id)
        .select_from(t.sales)
        .outerjoin(t.voids, t.voids.c.vend_id == t.sales.c.vend_id)
        .outerjoin(t.showings, t.showings.c.vend_id == t.sales.c.vend_id)
        .where(_among(t.sales.c.vend_id, "ids", kind))
    )
    return Prepared(statement, ["ids"], kind)


def sales(kind: str) -> Prepared:
    """Sales as they were kept."""
    return Prepared(SALES.where(_among(t.sales.c.vend_id, "ids", kind)), ["ids"], kind)


def tokens(kind: str) -> Prepared:
    """Their tokens, in the order of each sale."""
    statement = select(t.tokens.c.vend_id, *TOKEN_COLUMNS).where(
        _among(t.tokens.c.vend_id, "ids", kind)
    )
    ordered = statement.order_by(t.tokens.c.vend_id, t.tokens.c.position)
    return Prepared(ordered, ["ids"], kind)


def operators(kind: str) -> Prepared:
    """Who sells, with their deposit."""
    deposit = (t.balances.c.holder == t.operators.c.code) & (
        t.balances.c.account == bindparam("account")
    )
    statement = (
        select(*t.operators.columns, t.balances.c.unit, t.balances.c.amount)
        .select_from(t.operators)
        .outerjoin(t.balances, deposit)
        .where(_among(t.operators.c.code, "codes", kind))
    )
    return Prepared(statement, ["account", "codes"], kind)


def blocks(kind: str) -> Prepared:
    """What is barred of these subjects, and of the agreements of these meters."""
    agreements = select(t.agreements.c.number).where(_among(t.agreements.c.meter, "numbers", kind))
    subjects = union_all(_given("subjects", kind), agreements).subquery()
    # The kinds are told so that the key, which begins with them, can be looked up.
    statement = select(*t.blocks.columns).where(
        t.blocks.c.kind.in_([literal_column(f"'{name}'") for name in KINDS]),
        t.blocks.c.subject.in_(select(subjects)),
    )
    return Prepared(statement, ["subjects", "numbers"], kind)


def shifts(kind: str) -> Prepared:
    """The open shifts of these points."""
    columns = (t.open_shifts.c[name] for name in ("shift", "point", "terminal", "operator"))
    statement = select(*columns).where(_among(t.open_shifts.c.point, "codes", kind))
    return Prepared(statement, ["codes"], kind)


def quotes(kind: str) -> Prepared:
    """Quotes that were bound."""
    statement = select(*t.quotes.columns).where(_among(t.quotes.c.id, "ids", kind))
    return Prepared(statement, ["ids"], kind)


def chain(kind: str, *also: ColumnElement[Any]) -> Prepared:
    """The end of the journal, for this transaction alone."""
    columns = (t.chain.c.number, t.chain.c.hash, t.chain.c.at, t.chain.c.closed_until)
    # Where many may write, the row lock makes the journal single file; SQLite's writer has it all.
    return Prepared(select(*columns, *also).with_for_update(), [], kind)


def planning(kind: str) -> list[ColumnElement[Any]]:
    """Tells PostgreSQL, for this transaction, how to plan what a sale asks: once for all sales, and
    key by key. Left alone it plans half of it anew for each sale, which costs more than running it,
    and goes on with what it planned while tables were small: to read all of one."""
    if kind != "postgresql":
        return []
    return [
        func.set_config(*map(literal_column, (f"'{name}'", f"'{value}'", "true")))
        for name, value in _BY_KEYS.items()
    ]


def _among(wanted: Column[Any], name: str, kind: str) -> ColumnElement[bool]:
    """Whether a column's value is in the list under this parameter: one statement for lists of
    any length."""
    if kind == "postgresql":
        return wanted == any_(bindparam(name, type_=ARRAY(String)))
    return wanted.in_(_given(name, kind))


def _given(name: str, kind: str) -> Select[Any]:
    """The list under this parameter, as rows."""
    value = column("value", String)
    if kind == "postgresql":
        listed = func.unnest(bindparam(name, type_=ARRAY(String)))
        return select(listed.table_valued(value).render_derived().c.value)
    return select(func.json_each(bindparam(name, type_=String)).table_valued(value).c.value)
