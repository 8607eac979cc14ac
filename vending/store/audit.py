"""The books as they lie in the database, read for verification: streams, merged by entry number."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, literal, select

from ..ledger import LedgerProblem, Posting, StoredEntry
from ..record import TokenRecord, content_hash
from . import schema as t

_AT_A_TIME = 500
"""Rows held at once per stream."""


def stored_entries(db: Connection) -> Iterator[StoredEntry]:
    """Every entry by number, with its postings and the hash of its sale recomputed."""
    from .reading import SALE_COLUMNS, TOKEN_COLUMNS, sale_record

    heads = (
        select(
            t.entries,
            t.sales.c.vend_id,
            t.sales.c.entry,
            t.idempotency.c.input_hash,
            t.receipts.c.number,
            *SALE_COLUMNS,
        )
        .select_from(t.entries)
        .outerjoin(t.sales, t.sales.c.entry == t.entries.c.number)
        .outerjoin(t.idempotency, t.idempotency.c.vend_id == t.sales.c.vend_id)
        .outerjoin(t.receipts, t.receipts.c.vend_id == t.sales.c.vend_id)
        .order_by(t.entries.c.number)
    )
    lines = _Groups(
        db,
        select(
            t.postings.c.entry,
            t.postings.c.account,
            t.postings.c.holder,
            t.postings.c.unit,
            t.postings.c.amount,
        ).order_by(t.postings.c.entry, t.postings.c.line),
    )
    tokens = _Groups(
        db,
        select(t.sales.c.entry, *TOKEN_COLUMNS)
        .join(t.sales, t.sales.c.vend_id == t.tokens.c.vend_id)
        .order_by(t.sales.c.entry, t.tokens.c.position),
    )
    width = len(t.entries.columns)
    for row in _stream(db, heads):
        number, at, kind, cause, actor, point, content, previous, own = row[:width]
        sale = row[width:]
        held = tuple(TokenRecord(*token) for token in tokens.of(number))
        # A sale that belongs to another cause is no cause for this entry.
        found = sale[0] is not None and sale[0] == cause
        yield StoredEntry(
            number=number,
            at=at,
            kind=kind,
            cause=cause,
            actor=actor,
            point=point,
            content_hash=content,
            previous_hash=previous,
            hash=own,
            postings=tuple(Posting(*line) for line in lines.of(number)),
            cause_hash=content_hash(sale_record(sale, held)) if found else None,
            tokens=len(held),
        )


def loose_ends(db: Connection, cached: Collection[str]) -> Iterator[LedgerProblem]:
    """Rows without what they belong to, gaps, and caches that differ from the books."""
    for what, statement in _LOOSE.items():
        for entry, detail in _stream(db, statement, {"cached": list(cached)}):
            yield LedgerProblem(int(entry or 0), what, str(detail))
    yield from _chain_head(db)


def _chain_head(db: Connection) -> Iterator[LedgerProblem]:
    kept = db.execute(select(t.chain.c.number, t.chain.c.hash)).first()
    last = db.execute(
        select(t.entries.c.number, t.entries.c.hash).order_by(t.entries.c.number.desc()).limit(1)
    ).first()
    if kept is None:
        yield LedgerProblem(0, "chain_head", "missing")
    elif last is None:
        if kept.number != 0:
            yield LedgerProblem(1, "chain_head", f"kept {kept.number}, found none")
    elif (kept.number, kept.hash) != (last.number, last.hash):
        at = min(kept.number, last.number) + (kept.number != last.number)
        yield LedgerProblem(at, "chain_head", f"kept {kept.number}, found {last.number}")


class _Groups:
    """Rows of a statement whose first column is a rising entry number, handed out by entry."""

    def __init__(self, db: Connection, statement: Select[Any]) -> None:
        self._rows = _stream(db, statement)
        self._next: Any = next(self._rows, None)

    def of(self, number: int) -> Iterator[Any]:
        """The rest of each row of this entry; rows of earlier entries are passed over."""
        while self._next is not None and self._next[0] <= number:
            row, self._next = self._next, next(self._rows, None)
            if row[0] == number:
                yield row[1:]


def _stream(
    db: Connection, statement: Select[Any], values: dict[str, Any] | None = None
) -> Iterator[Any]:
    return iter(db.execute(statement, values or {}, execution_options={"yield_per": _AT_A_TIME}))


def _without(child: Any, parent: Any, detail: Any, entry: Any = None) -> Select[Any]:
    """Rows of `child`'s table whose value is nowhere in `parent`."""
    return (
        select(literal(0) if entry is None else entry, detail)
        .select_from(child.table)
        .outerjoin(parent.table, child == parent)
        .where(parent.is_(None))
    )


_SUMS = (
    select(
        t.postings.c.account,
        t.postings.c.holder,
        t.postings.c.unit,
        func.sum(t.postings.c.amount).label("amount"),
    )
    .where(t.postings.c.account.in_(bindparam("cached", expanding=True)))
    .group_by(t.postings.c.account, t.postings.c.holder, t.postings.c.unit)
    .subquery()
)
_SAME_HOLDER = (
    (_SUMS.c.account == t.balances.c.account)
    & (_SUMS.c.holder == t.balances.c.holder)
    & (_SUMS.c.unit == t.balances.c.unit)
)
_NUMBERS = (
    select(
        t.receipts.c.point,
        func.count().label("held"),
        func.min(t.receipts.c.number).label("first"),
        func.max(t.receipts.c.number).label("last"),
    )
    .group_by(t.receipts.c.point)
    .subquery()
)

_LOOSE: dict[str, Select[Any]] = {
    "posting_without_entry": _without(
        t.postings.c.entry, t.entries.c.number, t.postings.c.account, t.postings.c.entry
    ),
    "sale_without_entry": _without(
        t.sales.c.entry, t.entries.c.number, t.sales.c.vend_id, t.sales.c.entry
    ),
    "token_without_sale": _without(t.tokens.c.vend_id, t.sales.c.vend_id, t.tokens.c.vend_id),
    "receipt_without_sale": _without(t.receipts.c.vend_id, t.sales.c.vend_id, t.receipts.c.vend_id),
    "idempotency_without_sale": _without(
        t.idempotency.c.vend_id, t.sales.c.vend_id, t.idempotency.c.vend_id
    ),
    "balance": select(literal(0), t.balances.c.holder)
    .select_from(t.balances)
    .outerjoin(_SUMS, _SAME_HOLDER)
    .where(func.coalesce(_SUMS.c.amount, 0) != t.balances.c.amount),
    "balance_missing": select(literal(0), _SUMS.c.holder)
    .select_from(_SUMS)
    .outerjoin(t.balances, _SAME_HOLDER)
    .where(t.balances.c.account.is_(None), _SUMS.c.amount != 0),
    "receipt_gap": select(literal(0), t.counters.c.point)
    .select_from(t.counters)
    .outerjoin(_NUMBERS, _NUMBERS.c.point == t.counters.c.point)
    .where(
        (func.coalesce(_NUMBERS.c.last, 0) != t.counters.c.receipts)
        | (func.coalesce(_NUMBERS.c.held, 0) != t.counters.c.receipts)
        | (func.coalesce(_NUMBERS.c.first, 1) != 1)
    ),
}
"""Problem by statement; each gives (entry number or 0, what it is about)."""
