"""The journal as it lies in the database, entry by entry, for verification.

Streams that rise by entry number are merged, so memory stays flat. Rows are taken from the
driver as they come: a million entries are eight million rows, and each step saved is seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Executable, func, select

from ..accounting.adjustments import AdjustmentKind, adjustment_hash
from ..ledger import StoredEntry
from ..ledger.verify import UNREADABLE
from ..record import content_hash_of
from ..voids import void_hash
from . import drawer_proof
from . import schema as t
from .account_events import debt_hash
from .adjustment_rows import ADJUSTMENTS, adjustment_of
from .rows import void_of
from .schema_base import hashed
from .streams import AT_A_TIME, opened, streamed

_SALE_FIELDS = tuple(c for c in t.sales.columns if c.name not in ("vend_id", "entry"))
_TOKEN_FIELDS = tuple(c for c in t.tokens.columns if c.name != "vend_id")


_HEADS = (
    select(
        *(hashed(c) for c in t.entries.columns),
        t.sales.c.vend_id,
        t.idempotency.c.input_hash,
        *(hashed(c) for c in _SALE_FIELDS[:2]),
        t.receipts.c.number,
        *(hashed(c) for c in _SALE_FIELDS[2:]),
        *_TOKEN_FIELDS,
    )
    .select_from(t.entries)
    .outerjoin(t.sales, t.sales.c.entry == t.entries.c.number)
    .outerjoin(t.idempotency, t.idempotency.c.vend_id == t.sales.c.vend_id)
    .outerjoin(
        t.receipts,
        (t.receipts.c.vend_id == func.coalesce(t.sales.c.basket, t.sales.c.vend_id))
        & (t.receipts.c.point == t.sales.c.point),
    )
    .outerjoin(t.tokens, t.tokens.c.vend_id == t.sales.c.vend_id)
    .order_by(t.entries.c.number, t.tokens.c.position)
)
"""An entry and its sale, once for each token. Sale columns stand in the order of
`record.content_hash`: the receipt number behind the point."""
_LINES = select(
    t.postings.c.entry,
    t.postings.c.account,
    t.postings.c.holder,
    t.postings.c.unit,
    t.postings.c.amount,
).order_by(t.postings.c.entry, t.postings.c.line)
_SALE_AT = len(t.entries.columns)
_TOKEN_AT = _SALE_AT + 2 + 1 + len(_SALE_FIELDS)
_INPUT_HASH, _POINT, _RECEIPT = _SALE_AT + 1, _SALE_AT + 3, _SALE_AT + 4
_BASKET = _RECEIPT - 1 + [c.name for c in _SALE_FIELDS].index("basket")
_TOKEN_KIND = _TOKEN_AT + [c.name for c in _TOKEN_FIELDS].index("kind")
_NUMBER = itemgetter(0)


def stored_entries(
    db: Connection, after: int = 0, last: int | None = None
) -> Iterator[StoredEntry]:
    """Every entry by number, those behind `after` up to `last`, with its postings and the hash
    of what caused it recomputed from the cause's own rows."""

    def part(statement: Any, column: Any) -> Any:
        if after:
            statement = statement.where(column > after)
        return statement if last is None else statement.where(column <= last)

    lines = groupby(rows(db, part(_LINES, t.postings.c.entry)), _NUMBER)
    booked, own_lines = next(lines, _NONE)
    for number, group in groupby(rows(db, part(_HEADS, t.entries.c.number)), _NUMBER):
        while booked < number:
            booked, own_lines = next(lines, _NONE)
        postings: tuple[Any, ...] = ()
        if booked == number:
            postings = tuple([line[1:] for line in own_lines])
            booked, own_lines = next(lines, _NONE)
        row, *more = group
        if row[_INPUT_HASH] is None or row[_RECEIPT] is None:
            row = _whole(row)
        tokens = [one[_TOKEN_AT:] for one in (row, *more)] if row[_TOKEN_AT] is not None else []
        # A sale that belongs to another cause is no cause for this entry, and one that stands on
        # the entry of something else was never booked.
        found, other = None, None
        if row[2] in CAUSES:
            found, other = _cause_hash(db, number, row[2], row[3]), row[_SALE_AT]
        elif row[_SALE_AT] == row[3]:
            found = content_hash_of(row[_SALE_AT:_TOKEN_AT], tokens)
        kinds: tuple[str, ...] = ()
        if tokens:
            kinds = (row[_TOKEN_KIND], *[one[_TOKEN_KIND] for one in more])
        # A basket has one receipt, which is the leading sale's.
        receipt = None if row[_SALE_AT] is None or row[_BASKET] else (row[_POINT], row[_RECEIPT])
        yield StoredEntry._make((*row[:_SALE_AT], postings, found, kinds, receipt, other))


def _cause_hash(db: Connection, entry: int, kind: str, cause: str) -> str | None:
    """A cause that cannot be read is none."""
    try:
        return CAUSES[kind](db, entry, cause)
    except UNREADABLE:
        return None


def _adjustment_hash(db: Connection, entry: int, cause: str) -> str | None:
    """Of the adjustment that was posted as this entry."""
    row = db.execute(
        ADJUSTMENTS.where(t.adjustments.c.id == cause, t.decisions.c.entry == entry)
    ).first()
    if row is None:
        return None
    found = adjustment_of(row)
    return None if found.decision is None else adjustment_hash(found, found.decision)


def _void_hash(db: Connection, entry: int, cause: str) -> str | None:
    """Of the void that was booked as this entry."""
    row = db.execute(
        select(t.voids).where(t.voids.c.vend_id == cause, t.voids.c.entry == entry)
    ).first()
    return None if row is None else void_hash(void_of(row))


CAUSES: dict[str, Callable[[Connection, int, str], str | None]] = {
    **{kind.value: _adjustment_hash for kind in AdjustmentKind},
    "void": _void_hash,
    "refund": _void_hash,
    **drawer_proof.CAUSES,
    "debt": debt_hash,
}
"""By kind of entry: the hash of what it was booked for, recomputed. Sales are many and come with
the stream; everything else is rare and looked up."""

_NONE: tuple[Any, Any] = (1 << 63, ())
"""Behind the last group."""


def rows(db: Connection, statement: Executable) -> Iterator[Any]:
    """The driver's own rows, a few at a time."""
    if db.dialect.name == "sqlite":
        # Hands out rows as it finds them; a buffering result would only stand in between.
        opening = db.execute(statement)
        opened(db, opening)
        cursor = opening.cursor
        assert cursor is not None
        return chain.from_iterable(iter(partial(cursor.fetchmany, AT_A_TIME), []))
    return map(tuple, chain.from_iterable(streamed(db, statement).partitions()))


def _whole(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """What a damaged book lacks reads as nothing, and then differs from what was hashed."""
    values = list(row)
    values[_INPUT_HASH] = row[_INPUT_HASH] or ""
    values[_RECEIPT] = row[_RECEIPT] or 0
    return tuple(values)
