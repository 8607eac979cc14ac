"""Sales and what was taken back of them, row by row, for reports and exports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from heapq import merge
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, func, select

from ..accounting.days import Span
from ..accounting.errors import SoldUnreadable
from ..accounting.parts import given_back, taken_back, taken_of
from ..accounting.ports import OperatorFacts, SoldRow
from ..ledger.verify import UNREADABLE
from ..voids import given_of
from . import schema as t
from .books_reports import within
from .names import names_of
from .parties import NUL
from .streams import streamed

_REFUND = "refund"
PAPER = t.receipts.c.vend_id == func.coalesce(t.sales.c.basket, t.sales.c.vend_id)
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


class SqlSold:
    """The part of `vending.accounting.ports.BooksReading` that lists sales."""

    _db: Connection

    def operator_facts(self, code: str) -> OperatorFacts | None:
        if NUL in code:
            return None
        o = t.operators.c
        row = self._db.execute(
            select(o.code, o.name_ar, o.name_en, o.settlement).where(o.code == code)
        ).first()
        return None if row is None else OperatorFacts(*row)

    def has_sold(self, operator: str) -> bool:
        return bool(names_of(self._db, _S.operator, operator))

    def open_since(self, operator: str) -> datetime | None:
        o, s = t.open_shifts.c, t.shifts.c
        statement = (
            select(s.opened_at)
            .join(t.open_shifts, o.shift == s.id)
            .where(o.operator.in_(names_of(self._db, o.operator, operator)))
        )
        found: datetime | None = self._db.execute(statement).scalar()
        return found

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
            .outerjoin(t.receipts, PAPER)
            .where(*whose, *within(span, _S.sold_at))
            .order_by(_S.entry)
        )
        back = (
            select(e.number, e.at, e.kind, *_SOLD, v.evidence, v.document)
            .select_from(t.voids)
            .join(t.sales, _S.vend_id == v.vend_id)
            .join(t.entries, e.number == v.entry)
            .outerjoin(t.receipts, PAPER)
            .where(*whose, *within(span, v.at))
            .order_by(v.entry)
        )
        # Voids are few, and two streams at once are one too many for some drivers.
        undone = [_undone(*row) for row in self._db.execute(back)]
        found = (_sold(*row) for row in streamed(self._db, sold))
        return merge(found, undone, key=attrgetter("entry"))


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
