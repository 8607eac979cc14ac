"""What a batch of sales stands on, loaded with one statement per kind of row, however many."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from msgspec.json import Encoder
from sqlalchemy import (
    Column,
    Connection,
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

from meters.values import replace
from tokens.sts import BaseDate

from ..aftersale import Evidence
from ..blocking import KINDS, Block, buyer_keys, seller_keys
from ..ground import Ground, KeptQuote, MeterGround, OpenShift, OperatorGround, PointGround, Wanted
from ..ledger import ChainHead
from ..record import SaleRecord, TokenRecord
from . import schema as t
from .errors import StoreContradiction
from .parties import NUL, meter_file_of, operator_of, point_of
from .prepared import STYLES, Prepared, trip
from .reading import SALES, TOKEN_COLUMNS, sale_record

_BASE_DATES = tuple(date.short for date in BaseDate)
_BY_KEYS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
_listed = Encoder().encode
_FILE_TABLES = (t.meters, t.agreements, t.customers, t.service_points)
_FILE_WIDTH = sum(len(table.columns) for table in _FILE_TABLES)


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


def _meters(kind: str) -> Prepared:
    """Meter, agreement, customer, place; the last TID under each base date; the account; the
    balance."""
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
    return Prepared(statement, [*(f"d{s}" for s in _BASE_DATES), "account", "numbers"], kind)


def _points(kind: str) -> Prepared:
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


def _sold(kind: str) -> Prepared:
    """Which ids are sold, whether they were taken back, and shown."""
    statement = (
        select(t.sales.c.vend_id, t.voids.c.evidence, t.showings.c.vend_id)
        .select_from(t.sales)
        .outerjoin(t.voids, t.voids.c.vend_id == t.sales.c.vend_id)
        .outerjoin(t.showings, t.showings.c.vend_id == t.sales.c.vend_id)
        .where(_among(t.sales.c.vend_id, "ids", kind))
    )
    return Prepared(statement, ["ids"], kind)


def _sales(kind: str) -> Prepared:
    return Prepared(SALES.where(_among(t.sales.c.vend_id, "ids", kind)), ["ids"], kind)


def _tokens(kind: str) -> Prepared:
    statement = select(t.tokens.c.vend_id, *TOKEN_COLUMNS).where(
        _among(t.tokens.c.vend_id, "ids", kind)
    )
    ordered = statement.order_by(t.tokens.c.vend_id, t.tokens.c.position)
    return Prepared(ordered, ["ids"], kind)


def _operators(kind: str) -> Prepared:
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


def _blocks(kind: str) -> Prepared:
    """What is barred of these subjects, and of the agreements of these meters."""
    agreements = select(t.agreements.c.number).where(_among(t.agreements.c.meter, "numbers", kind))
    subjects = union_all(_given("subjects", kind), agreements).subquery()
    # The kinds are told so that the key, which begins with them, can be looked up.
    statement = select(*t.blocks.columns).where(
        t.blocks.c.kind.in_([literal_column(f"'{name}'") for name in KINDS]),
        t.blocks.c.subject.in_(select(subjects)),
    )
    return Prepared(statement, ["subjects", "numbers"], kind)


def _shifts(kind: str) -> Prepared:
    columns = (t.open_shifts.c[name] for name in ("shift", "point", "terminal", "operator"))
    statement = select(*columns).where(_among(t.open_shifts.c.point, "codes", kind))
    return Prepared(statement, ["codes"], kind)


def _quotes(kind: str) -> Prepared:
    statement = select(*t.quotes.columns).where(_among(t.quotes.c.id, "ids", kind))
    return Prepared(statement, ["ids"], kind)


def _chain(kind: str, *also: ColumnElement[Any]) -> Prepared:
    columns = (t.chain.c.number, t.chain.c.hash, t.chain.c.at, t.chain.c.closed_until)
    # Where many may write, the row lock makes the journal single file; SQLite's writer has it all.
    return Prepared(select(*columns, *also).with_for_update(), [], kind)


def _planning(kind: str) -> list[ColumnElement[Any]]:
    """Tells PostgreSQL, for this transaction, how to plan what a sale asks: once for all sales, and
    key by key. Left alone it plans half of it anew for each sale, which costs more than running it,
    and goes on with what it planned while tables were small: to read all of one."""
    if kind != "postgresql":
        return []
    return [
        func.set_config(*map(literal_column, (f"'{name}'", f"'{value}'", "true")))
        for name, value in _BY_KEYS.items()
    ]


class GroundLoader:
    """The statements of one kind of database."""

    def __init__(self, kind: str) -> None:
        self._head, self._sold = _chain(kind), _sold(kind)
        self._chain = _chain(kind, *_planning(kind))
        self._meters, self._points = _meters(kind), _points(kind)
        self._operators, self._blocks = _operators(kind), _blocks(kind)
        self._shifts, self._quotes = _shifts(kind), _quotes(kind)
        self._sales, self._tokens = _sales(kind), _tokens(kind)
        self._listed: Callable[[Collection[str]], Any] = list
        if kind == "sqlite":
            self._listed = lambda values: _listed(list(values)).decode()

    def head(self, db: Connection) -> ChainHead:
        """The end of the journal; from here on this transaction alone writes."""
        (rows,) = trip(db, (self._head, [()]))
        return _head(rows)

    def load(self, db: Connection, wanted: Wanted) -> Ground:
        """Everything wanted."""

        def listed(values: Collection[str]) -> Any:
            # No row is named with what no text of PostgreSQL can hold.
            return self._listed([value for value in values if NUL not in value])

        codes, numbers = listed(wanted.points), listed(wanted.meters)
        quotes = [(listed(wanted.quotes),)] if wanted.quotes else []
        chain, sold, files, places, operators, blocks, shifts, quoted = trip(
            db,
            (self._chain, [()]),
            (self._sold, [(listed(wanted.vend_ids),)]),
            (self._meters, [(*_BASE_DATES, wanted.balance_account, numbers)]),
            (self._points, [(wanted.till_account, codes)]),
            (self._operators, [(wanted.deposit_account, listed(wanted.operators))]),
            (self._blocks, [(listed(_subjects(wanted)), numbers)]),
            (self._shifts, [(codes,)]),
            (self._quotes, quotes),
        )
        known = [(listed([vend_id for vend_id, _, _ in sold]),)] if sold else []
        sales, tokens = trip(db, (self._sales, known), (self._tokens, known))
        return Ground(
            head=_head(chain),
            sales=_sale_records(sales, tokens),
            meters=_with_sets_out(db, _meter_grounds(files)),
            points=_point_grounds(places),
            operators=_operator_grounds(operators),
            blocks={
                (kind, subject): _block(kind, subject, *rest) for kind, subject, *rest in blocks
            },
            shifts={
                (point, terminal): OpenShift(shift, point, terminal, operator)
                for shift, point, terminal, operator in shifts
            },
            quotes={row[0]: _quote(row) for row in quoted},
            voided={
                vend_id
                for vend_id, evidence, _ in sold
                if evidence is not None and Evidence(evidence).takes_back
            },
            shown={vend_id for vend_id, _, shown in sold if shown is not None},
        )


def _sale_records(rows: list[Any], tokens: list[Any]) -> dict[str, SaleRecord]:
    of_sale: dict[str, list[TokenRecord]] = {}
    for vend_id, *token in tokens:
        of_sale.setdefault(vend_id, []).append(TokenRecord(*token))
    found: dict[str, SaleRecord] = {}
    for row in rows:
        vend_id, entry, input_hash, number, sold_at, *rest = row
        plain = (vend_id, entry, input_hash, number, _moment(sold_at), *rest)
        found[vend_id] = sale_record(plain, tuple(of_sale.get(vend_id, ())))
    return found


def _subjects(wanted: Wanted) -> set[str]:
    """Everything that may be barred about these sales but agreements, which are not known yet; what
    kind it is of is told later."""
    keys = [
        *(key for operator in wanted.operators for key in seller_keys(operator, "", "")),
        *(
            key
            for point in wanted.points
            for terminal in wanted.terminals
            for key in seller_keys("", point, terminal)
        ),
        *(key for number in wanted.meters for key in buyer_keys(number, "")),
    ]
    return {subject for _, subject in keys}


def _block(kind: str, subject: str, reason: str, since: Any) -> Block:
    return Block(kind, subject, reason, _moment(since))


def _moment(value: Any) -> datetime:
    found = t.moment(value)
    assert found is not None
    return found


def _quote(row: Sequence[Any]) -> KeptQuote:
    id, made_at, expires_at, *rest = row
    return KeptQuote(id, _moment(made_at), _moment(expires_at), *rest)


def _point_grounds(rows: list[Any]) -> dict[str, PointGround]:
    found: dict[str, PointGround] = {}
    tills: dict[str, dict[str, int]] = {}
    for *columns, receipts, unit, amount in rows:
        code = columns[0]
        if code not in found:
            tills[code] = {}
            found[code] = PointGround(point_of(columns), receipts, tills[code])
        if unit is not None:
            tills[code][unit] = amount
    return found


def _operator_grounds(rows: list[Any]) -> dict[str, OperatorGround]:
    found: dict[str, OperatorGround] = {}
    deposits: dict[str, dict[str, int]] = {}
    for *columns, unit, amount in rows:
        code = columns[0]
        if code not in found:
            deposits[code] = {}
            found[code] = OperatorGround(operator_of(columns), deposits[code])
        if unit is not None:
            deposits[code][unit] = amount
    return found


def _head(rows: list[Any]) -> ChainHead:
    if not rows:
        # Somebody has taken the row out: nothing can be chained any more.
        raise StoreContradiction(t.chain.name)
    number, own_hash, at, closed_until, *_ = rows[0]
    return ChainHead(number, own_hash, t.moment(at), t.moment(closed_until))


def _meter_grounds(rows: list[Any]) -> dict[str, MeterGround]:
    found: dict[str, MeterGround] = {}
    balances: dict[str, int] = {}
    for row in rows:
        number, account, unit, amount = row[0], row[-3], row[-2], row[-1]
        if number not in found:
            # A row for each unit of the balance; nearly always there is one.
            balances = {}
            tids = zip(_BASE_DATES, row[_FILE_WIDTH:], strict=False)
            last_tids = {short: tid for short, tid in tids if tid is not None}
            found[number] = MeterGround(meter_file_of(row), balances, last_tids, account)
        if unit is not None:
            balances[unit] = amount
    return found


def _with_sets_out(db: Connection, meters: dict[str, MeterGround]) -> dict[str, MeterGround]:
    """The same; where a set that is out goes out with the next sale once more, as it was made."""
    planned = [one for one in meters.values() if one.file.meter.planned is not None]
    if planned:
        # Here, because it reads through the store that this module is a part of.
        from .key_issues import with_set_out

        for one in planned:
            number = one.file.meter.number.number
            file = replace(one.file, meter=with_set_out(db, one.file.meter))
            meters[number] = replace(one, file=file)
    return meters


GROUND = {kind: GroundLoader(kind) for kind in STYLES}
"""By kind of database."""
