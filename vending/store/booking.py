"""The rows of a batch of sales: however many, in as few statements as the database allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, FromClause, Table, bindparam, case, func, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from ..ground import BookedSale
from ..ledger import PostedEntry
from . import schema as t
from .prepared import (
    Otherwise,
    Prepared,
    PreparedInsert,
    PreparedRows,
    RowsWrite,
    as_it_is,
    begin,
    rows_insert,
    trip,
)
from .queueing import insert_messages

_SALE = attrgetter(*(c.name for c in t.sales.columns if c.name not in ("vend_id", "entry")))
_TOKEN = attrgetter(*(c.name for c in t.tokens.columns if c.name != "vend_id"))

Rows = Mapping[str, Sequence[tuple[Any, ...]]]
"""What is written, by what it is: see `_INSERTS`, `counters` (point, last receipt), `chain`
(number, hash, time)."""
Write = Callable[[Connection, Rows], None]


class Booking:
    """Writes rows of all kinds, on one kind of database."""

    def __init__(self, writing: Write, beginning: Write | None = None) -> None:
        """`beginning` writes and waits for nothing, where the database is another process."""
        self._write = writing
        self._begin = beginning

    @property
    def can_begin(self) -> bool:
        """Whether sales of a batch may be written while the next ones are reckoned."""
        return self._begin is not None

    def begin(self, db: Connection, sales: Sequence[BookedSale]) -> None:
        """The rows of sales that others of the batch follow; `write` does the rest."""
        assert self._begin is not None
        self._begin(db, _rows_of(sales))

    def write(self, db: Connection, sales: Sequence[BookedSale], begun: int) -> None:
        """Rows first, those of the first `begun` sales apart, then what follows them all."""
        if rest := sales[begun:]:
            self._write(db, _rows_of(rest))
        moved = [(sale.record, sale.move) for sale in sales if sale.move is not None]
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
        chain = [(posted.number, posted.hash, posted.entry.at)]
        self._write(db, {**rows, "balances": _summed(cached), "chain": chain})

    def keep_accounts(self, db: Connection, documents: Mapping[str, str]) -> None:
        """Accounts by agreement, as they are from here on."""
        self._write(db, {"accounts": list(documents.items())})


def _rows_of(sales: Sequence[BookedSale]) -> Rows:
    """Of sales in their order, at least one."""
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in _COLLECTED}
    for sale in sales:
        _collect(sale, rows)
    last = sales[-1].entry
    accounts = {sale.record.agreement: sale.account for sale in sales if sale.account is not None}
    counters = {sale.record.point: sale.record.receipt_number for sale in sales}
    return {
        **rows,
        "accounts": list(accounts.items()),
        "balances": _summed([posting for sale in sales for posting in sale.cached]),
        "counters": list(counters.items()),
        "chain": [(last.number, last.hash, max([sale.entry.entry.at for sale in sales]))],
    }


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


_COLLECTED = {
    table.name: table
    for table in (t.entries, t.postings, t.sales, t.idempotency, t.receipts, t.tokens)
}
_INSERTS: dict[str, tuple[Table, Otherwise]] = {
    **{name: (table, as_it_is) for name, table in _COLLECTED.items()},
    "accounts": (t.accounts, _keeping),
    "balances": (t.balances, _adding),
}
"""In their order: rows before those that name them."""


def _on_sqlite() -> Write:
    """Each kind of rows with a statement of its own."""
    new_at = bindparam("new_at", type_=t.chain.c.at.type)
    chain = update(t.chain).values(
        number=bindparam("new_number"),
        hash=bindparam("new_hash"),
        # The latest moment, not the last entry's: small steps back must not add up.
        at=case((t.chain.c.at > new_at, t.chain.c.at), else_=new_at),
    )
    counters = (
        update(t.counters)
        .where(t.counters.c.point == bindparam("at_point"))
        .values(receipts=bindparam("last"))
    )
    statements: dict[str, Prepared] = {
        name: PreparedInsert(otherwise(sqlite_insert(table)), table.columns.keys())
        for name, (table, otherwise) in _INSERTS.items()
    }
    statements["counters"] = Prepared(counters, ["at_point", "last"], "sqlite")
    statements["chain"] = Prepared(chain, ["new_number", "new_hash", "new_at"], "sqlite")

    def write(db: Connection, rows: Rows) -> None:
        trip(db, *((statements[name], rows[name]) for name in statements if name in rows))

    return write


def _on_postgresql() -> tuple[Write, Write]:
    """All of them with one statement: that is waited for, and that is not."""

    def chain(given: FromClause) -> Any:
        at = func.greatest(t.chain.c.at, given.c.at)
        return update(t.chain).values(number=given.c.number, hash=given.c.hash, at=at)

    def counters(given: FromClause) -> Any:
        here = t.counters.c.point == given.c.point
        return update(t.counters).where(here).values(receipts=given.c.receipts)

    writes = {name: rows_insert(*insert) for name, insert in _INSERTS.items()}
    writes["counters"] = RowsWrite((t.counters.c.point, t.counters.c.receipts), counters)
    writes["chain"] = RowsWrite((t.chain.c.number, t.chain.c.hash, t.chain.c.at), chain)
    statement = PreparedRows(*writes.values())

    def write(db: Connection, rows: Rows) -> None:
        trip(db, (statement, [[rows.get(name, ()) for name in writes]]))

    def beginning(db: Connection, rows: Rows) -> None:
        begin(db, (statement, [[rows.get(name, ()) for name in writes]]))

    return write, beginning


BOOKING = {"sqlite": Booking(_on_sqlite()), "postgresql": Booking(*_on_postgresql())}
"""By kind of database."""


def _summed(cached: Iterable[tuple[str, str, str, int]]) -> list[tuple[str, str, str, int]]:
    """What postings change a balance by, one row a balance."""
    found: dict[tuple[str, str, str], int] = {}
    for account, holder, unit, amount in cached:
        key = (account, holder, unit)
        found[key] = found.get(key, 0) + amount
    return [(*key, amount) for key, amount in found.items() if amount]


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
