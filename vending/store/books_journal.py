"""The journal for those who keep the books: its end, its entries, and what a moment cuts off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from ..accounting.days import Span
from ..clock import ClockConfirmation
from ..ledger import ChainHead, PostedEntry, Posting
from . import schema as t
from .books_reports import within
from .clock import latest_confirmation
from .rows import posted_of
from .streams import streamed
from .walk import rows

LARGEST = (1 << 63) - 1
"""As far as databases count."""


class SqlJournal:
    """The part of `vending.accounting.ports.BooksReading` that reads entries."""

    _db: Connection

    def chain_head(self) -> ChainHead:
        c = t.chain.c
        return ChainHead(*self._db.execute(select(c.number, c.hash, c.at, c.closed_until)).one())

    def clock_confirmed(self) -> ClockConfirmation | None:
        return latest_confirmation(self._db)

    def first_moment(self) -> datetime | None:
        return self._db.execute(select(func.min(t.entries.c.at))).scalar()

    def head_at(self, end: datetime) -> ChainHead:
        after = self._db.execute(
            select(func.min(t.entries.c.number)).where(t.entries.c.at >= end)
        ).scalar()
        c = t.entries.c
        statement = select(c.number, c.hash, c.at).order_by(c.number.desc()).limit(1)
        # A file that keeps text for a number counts it above all of them.
        statement = statement.where(c.number < (LARGEST if after is None else after))
        return self._head(statement)

    def head_of(self, entry: int) -> ChainHead:
        c = t.entries.c
        return self._head(select(c.number, c.hash, c.at).where(c.number == entry))

    def _head(self, statement: Select[Any]) -> ChainHead:
        row = self._db.execute(statement).first()
        return ChainHead() if row is None else ChainHead(*row)

    def booked_before(self, end: datetime | None, after: int) -> bool:
        c = t.entries.c
        found = select(c.number).where(c.number > after, *within(Span(None, end))).limit(1)
        return self._db.execute(found).first() is not None

    def entry(self, number: int) -> PostedEntry | None:
        if number > LARGEST:
            return None
        found = list(self._journal(t.entries.c.number == number, t.postings.c.entry == number))
        return found[0] if found else None

    def journal(self, span: Span) -> Iterator[PostedEntry]:
        when = within(span)
        if not when:
            yield from self._journal()
            return
        numbers = select(t.entries.c.number).where(*when)
        yield from self._journal(t.entries.c.number.in_(numbers), t.postings.c.entry.in_(numbers))

    def _journal(self, of_entry: Any = None, of_posting: Any = None) -> Iterator[PostedEntry]:
        heads: Select[Any] = select(t.entries).order_by(t.entries.c.number)
        c = t.postings.c
        lines: Select[Any] = select(c.entry, c.account, c.holder, c.unit, c.amount).order_by(
            c.entry, c.line
        )
        if of_entry is not None:
            heads, lines = heads.where(of_entry), lines.where(of_posting)
        found = rows(self._db, lines)
        line = next(found, None)
        for row in streamed(self._db, heads):
            own = []
            while line is not None and line[0] <= row.number:
                own.append(Posting(*line[1:]))
                line = next(found, None)
            yield posted_of(row, own)
