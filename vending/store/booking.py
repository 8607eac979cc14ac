"""The rows of a batch of sales, written table by table, each with one statement."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, bindparam, case, update
from sqlalchemy.dialects import postgresql, sqlite

from ..ports import BookedSale
from . import schema as t
from .prepared import STYLES, Prepared, prepared_insert, trip

_SALE = attrgetter(*(c.name for c in t.sales.columns if c.name not in ("vend_id", "entry")))
_TOKEN = attrgetter(*(c.name for c in t.tokens.columns if c.name != "vend_id"))

_NEW_AT = bindparam("new_at", type_=t.chain.c.at.type)
_MOVE_CHAIN = update(t.chain).values(
    number=bindparam("new_number"),
    hash=bindparam("new_hash"),
    # The latest moment, not the last entry's: small steps back must not add up.
    at=case((t.chain.c.at > _NEW_AT, t.chain.c.at), else_=_NEW_AT),
)
_MOVE_COUNTER = (
    update(t.counters)
    .where(t.counters.c.point == bindparam("at_point"))
    .values(receipts=bindparam("last"))
)


class Booking:
    """The statements of one kind of database."""

    def __init__(self, kind: str) -> None:
        self._inserts = {
            table.name: prepared_insert(table, kind)
            for table in (t.entries, t.postings, t.sales, t.idempotency, t.receipts, t.tokens)
        }
        self._balances = Prepared(_adding(kind), t.balances.columns.keys(), kind)
        self._counters = Prepared(_MOVE_COUNTER, ["at_point", "last"], kind)
        self._chain = Prepared(_MOVE_CHAIN, ["new_number", "new_hash", "new_at"], kind)

    def write(self, db: Connection, sales: Sequence[BookedSale]) -> None:
        """Rows first, then what follows them."""
        rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in self._inserts}
        balances: dict[tuple[str, str, str], int] = {}
        counters: dict[str, int] = {}
        for sale in sales:
            _collect(sale, rows)
            record = sale.record
            counters[record.point] = record.receipt_number
            for account, holder, unit, amount in sale.cached:
                key = (account, holder, unit)
                balances[key] = balances.get(key, 0) + amount
        last = sales[-1].entry
        latest = max(sale.entry.entry.at for sale in sales)
        trip(
            db,
            *((statement, rows[name]) for name, statement in self._inserts.items()),
            (self._balances, [(*key, amount) for key, amount in balances.items() if amount]),
            (self._counters, list(counters.items())),
            (self._chain, [(last.number, last.hash, latest)]),
        )


def _adding(kind: str) -> Any:
    """Adds to a cached balance, or begins it."""
    maker: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[kind]
    statement = maker(t.balances)
    return statement.on_conflict_do_update(
        index_elements=["account", "holder", "unit"],
        set_={"amount": t.balances.c.amount + statement.excluded.amount},
    )


BOOKING = {kind: Booking(kind) for kind in STYLES}
"""By kind of database."""


def _collect(sale: BookedSale, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    """The rows of one sale, by table, columns in the order of the schema."""
    record, posted = sale.record, sale.entry
    vend_id, number, entry = record.vend_id, posted.number, posted.entry
    rows["entries"].append(
        (
            number,
            entry.at,
            entry.kind,
            entry.cause,
            entry.actor,
            entry.point,
            entry.content_hash,
            posted.previous_hash,
            posted.hash,
        )
    )
    rows["postings"] += [
        (number, line, *posting) for line, posting in enumerate(entry.postings, start=1)
    ]
    rows["sales"].append((vend_id, number, *_SALE(record)))
    rows["idempotency"].append((vend_id, record.input_hash))
    rows["receipts"].append((record.point, record.receipt_number, vend_id))
    rows["tokens"] += [(vend_id, *_TOKEN(token)) for token in record.tokens]
