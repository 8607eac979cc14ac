"""Sums and lists over the books, for statements and trial balances."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, select

from ..accounting.days import Span
from ..accounting.errors import SoldUnreadable
from ..accounting.parts import given_back, taken_back, taken_of
from ..accounting.periods import BalanceRow
from ..accounting.ports import AgreementFacts, OperatorFacts, SoldRow
from ..accounting.statements import CustomerLine, StatementLine
from ..ledger.verify import UNREADABLE
from ..voids import given_of
from . import schema as t
from .books_daily import SqlDaily
from .names import names_of
from .parties import NUL

_STREAM = {"yield_per": 500}
_AMOUNT = t.postings.c.amount
_REFUND = "refund"
_PAPER = t.receipts.c.vend_id == func.coalesce(t.sales.c.basket, t.sales.c.vend_id)
"""The receipt of a sale is that of its basket."""
_S = t.sales.c
_SOLD = (
    _S.kind,
    _S.point,
    func.coalesce(t.receipts.c.number, 0),
    _S.operator,
    _S.tender,
    _S.customer,
    _S.agreement,
    _S.meter,
    _S.currency,
    _S.tendered,
    _S.net,
    _S.vat,
    _S.quantity,
    _S.unit,
    _S.balance_after,
    _S.document,
)


def within(span: Span, column: Any = t.entries.c.at) -> list[ColumnElement[bool]]:
    """Conditions that a time column lies in the span; none for an open one."""
    found: list[ColumnElement[bool]] = []
    if span.start is not None:
        found.append(column >= span.start)
    if span.end is not None:
        found.append(column < span.end)
    return found


class SqlReports(SqlDaily):
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
        return [
            (account or "", unit or "", int(amount)) for account, unit, amount in found if amount
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
        return [BalanceRow(a, unit, int(o), int(d), int(cr)) for a, unit, o, d, cr in found]

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

    def lines(self, account: str, holder: str, span: Span) -> Iterator[StatementLine]:
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
        )
        for *fields, point, number in self._db.execute(statement, execution_options=_STREAM):
            receipt = "" if point is None else f"{point}-{number:06d}"
            yield StatementLine._make((*fields, receipt))

    def customer_lines(
        self, agreement: AgreementFacts, account: str, debts: str, span: Span
    ) -> list[CustomerLine]:
        e, v = t.entries.c, t.voids.c
        moved = self._moved_of(agreement.number, account, debts, span)
        tokens = (
            select(func.count())
            .where(t.tokens.c.vend_id == _S.vend_id)
            .correlate(t.sales)
            .scalar_subquery()
        )
        fields = (
            e.number,
            e.at,
            e.kind,
            _S.kind,
            _S.point,
            func.coalesce(t.receipts.c.number, 0),
            _S.tendered,
            _S.net,
            _S.vat,
            _S.quantity,
            _S.unit,
        )
        own = _S.agreement == agreement.number
        sold = (
            select(*fields, tokens)
            .select_from(t.sales)
            .join(t.entries, e.number == _S.entry)
            .outerjoin(t.receipts, _PAPER)
            .where(own, *within(span, _S.sold_at))
        )
        back = (
            select(*fields, v.evidence)
            .select_from(t.sales)
            .join(t.voids, v.vend_id == _S.vend_id)
            .join(t.entries, e.number == v.entry)
            .outerjoin(t.receipts, _PAPER)
            .where(own, *within(span, v.at))
        )
        lines = []
        for number, at, kind, what, point, paper, paid, *rest, count in self._db.execute(sold):
            debt, balance = moved.pop(number, (0, 0))
            receipt = f"{point}-{paper:06d}" if paper else ""
            line = (number, at, kind, what, receipt, paid, *rest, debt, 0, balance, count)
            lines.append(CustomerLine._make(line))
        for number, at, kind, what, point, paper, paid, *rest, why in self._db.execute(back):
            debt, balance = moved.pop(number, (0, 0))
            receipt = f"{point}-{paper:06d}" if paper else ""
            # A refund gives money back and leaves everything else with the customer.
            net, vat, quantity, unit = rest
            undone = (0, 0, 0) if why == _REFUND else (-net, -vat, -quantity)
            line = (
                *(number, at, kind, what, receipt, -paid),
                *undone,
                *(unit, debt, 0, balance, 0),
            )
            lines.append(CustomerLine._make(line))
        others = self._db.execute(select(e.number, e.at, e.kind).where(e.number.in_(list(moved))))
        lines += [
            CustomerLine(
                number, at, kind, "", "", 0, 0, 0, 0, "", moved[number][0], 0, moved[number][1], 0
            )
            for number, at, kind in others
        ]
        return sorted(lines, key=attrgetter("entry"))

    def _moved_of(
        self, agreement: str, account: str, debts: str, span: Span
    ) -> dict[int, tuple[int, int]]:
        """By entry: how it moved what the agreement owes from before, and what it carries."""
        c, e = t.postings.c, t.entries.c

        def of(which: str, sign: int) -> Any:
            return func.sum(case((c.account == which, sign * c.amount), else_=0))

        found = self._db.execute(
            select(e.number, of(debts, 1), of(account, -1))
            .select_from(t.postings)
            .join(t.entries, e.number == c.entry)
            .where(c.account.in_([account, debts]), c.holder == agreement, *within(span))
            .group_by(e.number)
        )
        return {number: (int(debt), int(balance)) for number, debt, balance in found}

    def operator_facts(self, code: str) -> OperatorFacts | None:
        if NUL in code:
            return None
        o = t.operators.c
        row = self._db.execute(
            select(o.code, o.name_ar, o.name_en, o.settlement).where(o.code == code)
        ).first()
        return None if row is None else OperatorFacts(*row)

    def sold(
        self, span: Span, point: str | None = None, operator: str | None = None
    ) -> Iterator[SoldRow]:
        if NUL in (point or "") + (operator or ""):
            return iter(())
        e, v = t.entries.c, t.voids.c
        whose = [] if point is None else [_S.point == point]
        if operator is not None:
            whose.append(_S.operator.in_(names_of(self._db, _S.operator, operator)))
        sold = (
            select(e.number, e.at, e.kind, *_SOLD)
            .select_from(t.sales)
            .join(t.entries, e.number == _S.entry)
            .outerjoin(t.receipts, _PAPER)
            .where(*whose, *within(span, _S.sold_at))
            .order_by(_S.entry)
        )
        back = (
            select(e.number, e.at, e.kind, *_SOLD, v.evidence, v.document)
            .select_from(t.voids)
            .join(t.sales, _S.vend_id == v.vend_id)
            .join(t.entries, e.number == v.entry)
            .outerjoin(t.receipts, _PAPER)
            .where(*whose, *within(span, v.at))
            .order_by(v.entry)
        )
        # Voids are few, and two streams at once are one too many for some drivers.
        undone = [_undone(*row) for row in self._db.execute(back)]
        found = (_sold(*row) for row in self._db.execute(sold, execution_options=_STREAM))
        return merge(found, undone, key=attrgetter("entry"))

    def _sum(self, statement: Select[Any]) -> int:
        return int(self._db.execute(statement).scalar() or 0)


def _sold(entry: int, at: Any, kind: str, *fields: Any) -> SoldRow:
    *plain, document = fields
    row = SoldRow._make((entry, at, kind, *plain, None))
    try:
        return row._replace(taken=taken_of(document, row.tender, row.paid))
    except UNREADABLE as error:
        raise SoldUnreadable(entry) from error


def _undone(*columns: Any) -> SoldRow:
    """The row of a void, from those of its sale with its own entry. Raises SoldUnreadable."""
    *fields, evidence, said = columns
    row = _sold(*fields)
    refund = evidence == _REFUND
    try:
        given = given_of(said)
    except UNREADABLE as error:
        raise SoldUnreadable(row.entry) from error
    return row._replace(
        paid=-row.paid,
        # A refund gives money back and leaves everything else with the customer.
        net=0 if refund else -row.net,
        vat=0 if refund else -row.vat,
        quantity=0 if refund else -row.quantity,
        balance=None,
        taken=given_back(row.taken, given) if refund else taken_back(row.taken, given),
    )
