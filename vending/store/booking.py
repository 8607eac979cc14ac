"""The rows of a batch of sales, written table by table, each with one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    Connection,
    bindparam,
    case,
    update,
)

from ..ground import BookedSale
from ..ledger import PostedEntry
from . import schema as t
from .prepared import STYLES, Prepared, prepared_insert, trip
from .queueing import insert_messages

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
            for table in (
                t.entries,
                t.postings,
                t.sales,
                t.idempotency,
                t.receipts,
                t.tokens,
            )
        }
        self._balances = prepared_insert(t.balances, kind, _adding)
        self._counters = Prepared(_MOVE_COUNTER, ["at_point", "last"], kind)
        self._chain = Prepared(_MOVE_CHAIN, ["new_number", "new_hash", "new_at"], kind)
        self._accounts = prepared_insert(t.accounts, kind, _keeping)

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
        accounts = {
            sale.record.agreement: sale.account for sale in sales if sale.account is not None
        }
        moved = [(sale.record, sale.move) for sale in sales if sale.move is not None]
        trip(
            db,
            *((statement, rows[name]) for name, statement in self._inserts.items()),
            (self._accounts, list(accounts.items())),
            (self._balances, [(*key, amount) for key, amount in balances.items() if amount]),
            (self._counters, list(counters.items())),
            (self._chain, [(last.number, last.hash, latest)]),
        )
        if moved:
            # Here, because it reads through the store that this module is a part of.
            from .key_issues import KeyIssue, issue_rows

            issue_rows(
                db, *(KeyIssue(r.meter, r.vend_id, m, r.sold_at, r.operator) for r, m in moved)
            )
        for sale in sales:
            insert_messages(db, sale.messages, sale.record.sold_at)

    def write_entry(
        self, db: Connection, posted: PostedEntry, cached: Sequence[tuple[str, str, str, int]]
    ) -> None:
        """An entry that is no sale, and what follows it."""
        rows: dict[str, list[tuple[Any, ...]]] = {"entries": [], "postings": []}
        _collect_entry(posted, rows)
        balances: dict[tuple[str, str, str], int] = {}
        for account, holder, unit, amount in cached:
            key = (account, holder, unit)
            balances[key] = balances.get(key, 0) + amount
        trip(
            db,
            *((self._inserts[name], values) for name, values in rows.items()),
            (self._balances, [(*key, amount) for key, amount in balances.items() if amount]),
            (self._chain, [(posted.number, posted.hash, posted.entry.at)]),
        )

    def keep_accounts(self, db: Connection, documents: Mapping[str, str]) -> None:
        """Accounts by agreement, as they are from here on."""
        trip(db, (self._accounts, list(documents.items())))


def _keeping(statement: Any) -> Any:
    """Replaces the account of an agreement, or begins it."""
    return statement.on_conflict_do_update(
        index_elements=["agreement"], set_={"document": statement.excluded.document}
    )


def _adding(statement: Any) -> Any:
    """Adds to a cached balance, or begins it."""
    return statement.on_conflict_do_update(
        index_elements=["account", "holder", "unit"],
        set_={"amount": t.balances.c.amount + statement.excluded.amount},
    )


BOOKING = {kind: Booking(kind) for kind in STYLES}
"""By kind of database."""


def _collect(sale: BookedSale, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    """The rows of one sale, by table, columns in the order of the schema."""
    record, vend_id = sale.record, sale.record.vend_id
    _collect_entry(sale.entry, rows)
    rows["sales"].append((vend_id, sale.entry.number, *_SALE(record)))
    rows["idempotency"].append((vend_id, record.input_hash))
    if record.basket is None:
        # The others of a basket share the receipt of the sale that leads it.
        rows["receipts"].append((record.point, record.receipt_number, vend_id))
    rows["tokens"] += [(vend_id, *_TOKEN(token)) for token in record.tokens]


def _collect_entry(posted: PostedEntry, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    number, entry = posted.number, posted.entry
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
