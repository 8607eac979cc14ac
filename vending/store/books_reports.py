"""Sums and lists over the books, for statements, trial balances and the daily check."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select

from ..accounting.days import Span
from ..accounting.periods import BalanceRow
from ..accounting.ports import AgreementFacts, SoldRow
from ..accounting.statements import (
    CustomerLine,
    KeyUse,
    ReceiptCount,
    SaleTotals,
    StatementLine,
)
from ..sale import SaleKind
from . import schema as t

_STREAM = {"yield_per": 500}
_SALES = ("sale", "payment")
"""Kinds of entries that a sale is booked by."""
_AMOUNT = t.postings.c.amount


def within(span: Span, column: Any = t.entries.c.at) -> list[ColumnElement[bool]]:
    """Conditions that a time column lies in the span; none for an open one."""
    found: list[ColumnElement[bool]] = []
    if span.start is not None:
        found.append(column >= span.start)
    if span.end is not None:
        found.append(column < span.end)
    return found


class SqlReports:
    """The part of `vending.accounting.ports.BooksReading` that sums."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

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
        return [(account, unit, int(amount)) for account, unit, amount in found if amount]

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
        return [BalanceRow(a, unit, int(o), int(d), int(cr)) for a, unit, o, d, cr in found]

    def opening(self, account: str, holder: str, before: Any) -> int:
        c = t.postings.c
        statement = (
            select(func.sum(c.amount))
            .join(t.entries, t.entries.c.number == c.entry)
            .where(c.account == account, *([c.holder == holder] if holder else []))
        )
        if before is not None:
            statement = statement.where(t.entries.c.at < before)
        return self._sum(statement)

    def lines(self, account: str, holder: str, span: Span) -> Iterator[StatementLine]:
        c, e = t.postings.c, t.entries.c
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
            .outerjoin(
                t.receipts,
                t.receipts.c.vend_id == func.coalesce(t.sales.c.basket, t.sales.c.vend_id),
            )
            .where(c.account == account, *([c.holder == holder] if holder else []), *within(span))
            .order_by(c.entry, c.line)
        )
        for *fields, point, number in self._db.execute(statement, execution_options=_STREAM):
            receipt = "" if point is None else f"{point}-{number:06d}"
            yield StatementLine._make((*fields, receipt))

    def customer_lines(
        self, agreement: AgreementFacts, account: str, span: Span
    ) -> list[CustomerLine]:
        s, e, c = t.sales.c, t.entries.c, t.postings.c
        tokens = (
            select(func.count())
            .where(t.tokens.c.vend_id == s.vend_id)
            .correlate(t.sales)
            .scalar_subquery()
        )
        sold = self._db.execute(
            select(
                s.entry,
                s.sold_at,
                t.receipts.c.point,
                t.receipts.c.number,
                s.tendered,
                s.net,
                s.vat,
                s.quantity,
                s.unit,
                s.balance_after - s.balance_before,
                tokens,
            )
            .join(t.receipts, t.receipts.c.vend_id == s.vend_id)
            # By the meter, because that is how sales are found quickly.
            .where(
                s.meter == agreement.meter,
                s.agreement == agreement.number,
                *within(span, s.sold_at),
            )
        )
        lines = [
            CustomerLine(entry, at, "sale", f"{point}-{number:06d}", *rest)
            for entry, at, point, number, *rest in sold
        ]
        others = self._db.execute(
            select(e.number, e.at, e.kind, -func.sum(c.amount))
            .select_from(t.postings)
            .join(t.entries, e.number == c.entry)
            .where(
                c.account == account,
                c.holder == agreement.number,
                e.kind != "sale",
                *within(span),
            )
            .group_by(e.number, e.at, e.kind)
        )
        lines += [
            CustomerLine(entry, at, kind, "", 0, 0, 0, 0, "", int(moved), 0)
            for entry, at, kind, moved in others
        ]
        return sorted(lines)

    def sold(self, span: Span, point: str | None = None) -> Iterator[SoldRow]:
        s = t.sales.c
        statement = (
            select(
                s.entry,
                s.sold_at,
                s.point,
                t.receipts.c.number,
                s.operator,
                s.tender,
                s.customer,
                s.agreement,
                s.meter,
                s.currency,
                s.tendered,
                s.net,
                s.vat,
                s.quantity,
                s.unit,
                s.balance_after,
            )
            .join(t.receipts, t.receipts.c.vend_id == s.vend_id)
            .where(*within(span, s.sold_at))
            .order_by(s.entry)
        )
        if point is not None:
            statement = statement.where(s.point == point)
        for row in self._db.execute(statement, execution_options=_STREAM):
            yield SoldRow._make(row)

    # The daily check

    def sale_counts(self, after: int, last: int) -> tuple[int, int, int]:
        s, e = t.sales.c, t.entries.c
        sales = self._sum(select(func.count()).where(s.entry > after, s.entry <= last))
        entries = self._sum(
            select(func.count()).where(e.number > after, e.number <= last, e.kind.in_(_SALES))
        )
        tokens = self._sum(
            select(func.count())
            .select_from(t.tokens)
            .join(t.sales, s.vend_id == t.tokens.c.vend_id)
            .where(s.entry > after, s.entry <= last)
        )
        return sales, entries, tokens

    def key_uses(self, after: int, last: int) -> list[KeyUse]:
        s = t.sales.c
        statement = (
            select(s.document, func.count(t.tokens.c.position))
            .select_from(t.sales)
            .outerjoin(t.tokens, t.tokens.c.vend_id == s.vend_id)
            .where(s.entry > after, s.entry <= last)
            .group_by(s.entry, s.document)
        )
        uses: dict[tuple[str, int], tuple[int, int]] = {}
        for document, tokens in self._db.execute(statement, execution_options=_STREAM):
            buyer = json.loads(document)["buyer"]
            key = buyer["sgc"], buyer["krn"]
            issued, sales = uses.get(key, (0, 0))
            uses[key] = issued + tokens, sales + 1
        return [KeyUse(*key, *uses[key]) for key in sorted(uses)]

    def receipt_counts(self, after: int, last: int) -> list[ReceiptCount]:
        s, number = t.sales.c, t.receipts.c.number
        found = self._db.execute(
            select(
                s.point,
                func.coalesce(func.min(number), 1),
                func.coalesce(func.max(number), 0),
                func.count(number),
                func.count(),
            )
            .select_from(t.sales)
            .outerjoin(t.receipts, t.receipts.c.vend_id == s.vend_id)
            # A basket has one receipt, by the sale that leads it.
            .where(s.entry > after, s.entry <= last, s.basket.is_(None))
            .group_by(s.point)
            .order_by(s.point)
        )
        return [ReceiptCount(*row) for row in found]

    def sale_totals(
        self,
        after: int,
        last: int,
        tills: Collection[str],
        meters: Collection[str],
        token_unit: str,
    ) -> list[SaleTotals]:
        s, c, e = t.sales.c, t.postings.c, t.entries.c
        here = s.entry > after, s.entry <= last
        sold = self._by(select(s.unit, func.sum(s.quantity)).where(*here).group_by(s.unit))
        paid = self._by(select(s.currency, func.sum(s.tendered)).where(*here).group_by(s.currency))
        issued = self._by(
            select(t.tokens.c.unit, func.sum(t.tokens.c.quantity))
            .join(t.sales, s.vend_id == t.tokens.c.vend_id)
            .where(*here)
            .group_by(t.tokens.c.unit)
        )
        # Management tokens carry no units; they are counted themselves.
        engineering = s.kind == SaleKind.ENGINEERING.value
        made = self._sum(select(func.count()).select_from(t.sales).where(*here, engineering))
        counted = self._sum(
            select(func.count())
            .select_from(t.tokens)
            .join(t.sales, s.vend_id == t.tokens.c.vend_id)
            .where(*here, engineering, t.tokens.c.tid.is_not(None))
        )
        # What a transfer takes off the old meter was counted when that got it.
        given = c.account.in_(list(meters)) & (c.amount > 0)
        booked = self._by(
            select(c.unit, func.sum(c.amount))
            .join(t.entries, e.number == c.entry)
            .where(
                c.entry > after,
                c.entry <= last,
                e.kind.in_(_SALES),
                or_(c.account.in_(list(tills)), given),
            )
            .group_by(c.unit)
        )
        wanted = {**sold, **paid, **({token_unit: made} if made else {})}
        issued = {**issued, **paid, **({token_unit: counted} if made else {})}
        return [
            SaleTotals(where, wanted.get(where, 0), issued.get(where, 0), booked.get(where, 0))
            for where in sorted({*wanted, *issued, *booked})
        ]

    def _by(self, statement: Select[Any]) -> dict[str, int]:
        return {where: int(amount) for where, amount in self._db.execute(statement)}

    def _sum(self, statement: Select[Any]) -> int:
        return int(self._db.execute(statement).scalar() or 0)
