"""Sums and lines of ledger accounts, for statements and trial balances."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, select

from ..accounting.days import Span
from ..accounting.periods import BalanceRow
from ..accounting.statements import StatementLine
from . import schema as t
from .legible import plain, whole
from .parties import NUL
from .streams import streamed

_AMOUNT = t.postings.c.amount
_HOLDERS = {
    "point": t.points.c.code,
    "operator": t.operators.c.code,
    "agreement": t.agreements.c.number,
    "meter": t.meters.c.number,
}


def within(span: Span, column: Any = t.entries.c.at) -> list[ColumnElement[bool]]:
    """Conditions that a time column lies in the span; none for an open one."""
    found: list[ColumnElement[bool]] = []
    if span.start is not None:
        found.append(column >= span.start)
    if span.end is not None:
        found.append(column < span.end)
    return found


class SqlReports:
    """The part of `vending.accounting.ports.BooksReading` that sums accounts."""

    _db: Connection

    def holder_exists(self, per: str, holder: str) -> bool:
        if NUL in holder:
            return False
        column = _HOLDERS[per]
        return self._db.execute(select(column).where(column == holder)).first() is not None

    def balance(self, account: str, holder: str, unit: str) -> int:
        c = t.postings.c
        return self._sum(
            select(func.sum(c.amount)).where(
                c.account == account, c.holder == holder, c.unit == unit
            )
        )

    def sums(self, after: int, last: int) -> list[tuple[str, str, int]]:
        c = t.postings.c
        found = self._db.execute(
            select(c.account, c.unit, func.sum(c.amount))
            .where(c.entry > after, c.entry <= last)
            .group_by(c.account, c.unit)
            .order_by(c.account, c.unit)
        )
        return [
            (plain(account), plain(unit), int(amount)) for account, unit, amount in found if amount
        ]

    def trial_balance(self, span: Span) -> list[BalanceRow]:
        c = t.postings.c
        when = within(span)
        inside: Any = and_(*when) if when else None

        def sum_of(condition: Any) -> Any:
            return func.coalesce(func.sum(case((condition, _AMOUNT), else_=0)), 0)

        debit, credit = _AMOUNT > 0, _AMOUNT < 0
        if inside is not None:
            debit, credit = and_(inside, debit), and_(inside, credit)
        opening = (
            sum_of(t.entries.c.at < span.start) if span.start is not None else func.sum(_AMOUNT * 0)
        )
        statement: Select[Any] = select(
            c.account, c.unit, opening, sum_of(debit), -sum_of(credit)
        ).select_from(t.postings)
        if inside is not None:
            # The times stand with the entries; without a span there is no need to look.
            statement = statement.join(t.entries, t.entries.c.number == c.entry)
            if span.end is not None:
                statement = statement.where(t.entries.c.at < span.end)
        found = self._db.execute(statement.group_by(c.account, c.unit).order_by(c.account, c.unit))
        return [BalanceRow(account, unit, *map(whole, sums)) for account, unit, *sums in found]

    def opening(self, account: str, holder: str, before: Any) -> int:
        if NUL in holder:
            return 0
        c = t.postings.c
        statement = (
            select(func.sum(c.amount))
            .join(t.entries, t.entries.c.number == c.entry)
            .where(c.account == account, *([c.holder == holder] if holder else []))
        )
        if before is not None:
            statement = statement.where(t.entries.c.at < before)
        return self._sum(statement)

    def lines(
        self, account: str, holder: str, span: Span, most: int | None = None
    ) -> Iterator[StatementLine]:
        if NUL in holder:
            return
        c, e = t.postings.c, t.entries.c
        voided = t.sales.alias("voided")
        statement = (
            select(
                e.number,
                e.at,
                e.kind,
                e.cause,
                e.actor,
                c.holder,
                c.amount,
                t.receipts.c.point,
                t.receipts.c.number,
            )
            .select_from(t.postings)
            .join(t.entries, e.number == c.entry)
            .outerjoin(t.sales, t.sales.c.entry == e.number)
            .outerjoin(t.voids, t.voids.c.entry == e.number)
            .outerjoin(voided, voided.c.vend_id == t.voids.c.vend_id)
            .outerjoin(
                t.receipts,
                t.receipts.c.vend_id
                == func.coalesce(
                    t.sales.c.basket, t.sales.c.vend_id, voided.c.basket, voided.c.vend_id
                ),
            )
            .where(c.account == account, *([c.holder == holder] if holder else []), *within(span))
            .order_by(c.entry, c.line)
            .limit(most)
        )
        for *fields, point, number in streamed(self._db, statement):
            receipt = "" if point is None else f"{point}-{number:06d}"
            yield StatementLine._make((*fields, receipt))

    def _sum(self, statement: Select[Any]) -> int:
        return whole(self._db.execute(statement).scalar())
