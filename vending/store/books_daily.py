"""What the daily check asks of the books: rows of sales and voids, and sums of what is booked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Select, and_, case, exists, func, or_, select

from ..accounting.daily import SALE_KINDS, Booked, SaleMade, TokenMade, VoidMade
from ..accounting.days import Span
from . import schema as t
from .legible import plain
from .streams import streamed

_REFUND = "refund"
_TAKEN = "delivered"
_OWN, _SHARED = t.receipts.alias("own"), t.receipts.alias("shared")
_S, _E, _T = t.sales.c, t.entries.c, t.tokens.c
# A row whose entry or sale is not there is a row all the same, and nothing of it is right.
_ENTRY = (
    func.coalesce(_E.kind, "").label("entry_kind"),
    func.coalesce(_E.cause, "").label("entry_cause"),
)
_SALE = (
    _S.entry,
    *_ENTRY,
    _S.vend_id,
    _S.kind,
    _S.basket,
    _S.point,
    _S.operator,
    _S.tender,
    _S.currency,
    _S.tendered,
    (_S.balance_before - _S.balance_after).label("balance_used"),
    _S.vat,
    _S.quantity,
    _S.unit,
    _S.document,
    _OWN.c.number.label("receipt"),
    _SHARED.c.number.label("shared"),
)
"""As the fields of a SaleMade, but its tokens."""
_TOKEN = (_T.kind, _T.tid, _T.quantity, _T.unit, _T.pan, _T.base_date, _T.digits)
"""As the fields of a TokenMade."""
_SALES = (
    select(*_SALE, *_TOKEN)
    .select_from(t.sales)
    .outerjoin(t.entries, _E.number == _S.entry)
    .outerjoin(_OWN, and_(_OWN.c.vend_id == _S.vend_id, _OWN.c.point == _S.point))
    .outerjoin(_SHARED, and_(_SHARED.c.vend_id == _S.basket, _SHARED.c.point == _S.point))
    .outerjoin(t.tokens, _T.vend_id == _S.vend_id)
    .order_by(_S.entry)
)
_VOIDS = (
    select(
        t.voids.c.vend_id,
        *_ENTRY,
        t.voids.c.evidence,
        *(func.coalesce(c, "") for c in (_S.point, _S.operator, _S.tender, _S.currency)),
        func.coalesce(_S.tendered, 0),
        func.coalesce(_S.document, ""),
        t.voids.c.document,
    )
    .select_from(t.voids)
    .outerjoin(t.entries, _E.number == t.voids.c.entry)
    .outerjoin(t.sales, _S.vend_id == t.voids.c.vend_id)
    .order_by(t.voids.c.entry)
)


class SqlDaily:
    """The part of `vending.accounting.ports.BooksReading` that the daily check needs."""

    _db: Connection

    def sales_made(self, after: int, last: int) -> Iterator[SaleMade]:
        wide = len(_SALE)
        found = streamed(self._db, _SALES.where(_S.entry > after, _S.entry <= last))
        for _, group in groupby(found, attrgetter("entry")):
            row, *more = group
            rows = (row, *more) if row[wide] is not None else ()
            tokens = tuple(TokenMade(*one[wide:]) for one in rows)
            yield SaleMade._make((*row[:wide], tokens))

    def voids_made(self, after: int, last: int) -> list[VoidMade]:
        v = t.voids.c
        return [
            VoidMade._make(row)
            for row in self._db.execute(_VOIDS.where(v.entry > after, v.entry <= last))
        ]

    def entry_kinds(self, after: int, last: int) -> Mapping[str, int]:
        found = self._db.execute(
            select(_E.kind, func.count())
            .where(_E.number > after, _E.number <= last)
            .group_by(_E.kind)
        )
        return {str(kind): int(number) for kind, number in found}

    def booked(
        self, after: int, last: int, kinds: Collection[str], held: Collection[str]
    ) -> list[Booked]:
        return self._booked(
            _moved(held)
            .join(t.entries, _E.number == t.postings.c.entry)
            .where(_E.number > after, _E.number <= last, _E.kind.in_(list(kinds)))
        )

    def undone(self, after: int, last: int, held: Collection[str]) -> list[Booked]:
        v = t.voids.c
        return self._booked(
            _moved(held)
            .join(t.entries, _E.number == t.postings.c.entry)
            .join(t.sales, _S.entry == t.postings.c.entry)
            .join(t.voids, v.vend_id == _S.vend_id)
            .where(
                v.entry > after,
                v.entry <= last,
                v.evidence != _REFUND,
                _E.kind.in_(SALE_KINDS),
            )
        )

    def _booked(self, statement: Select[Any]) -> list[Booked]:
        return [
            Booked(plain(account), plain(holder), plain(unit), int(debit), int(credit))
            for account, holder, unit, debit, credit in self._db.execute(statement)
        ]

    def key_issues(self, after: int, last: int) -> int:
        k = t.key_change_events.c
        statement = (
            # A set that is called out once more, or given again, is the set of the same sale.
            select(func.count(k.vend_id.distinct()))
            .select_from(t.key_change_events)
            .join(t.sales, _S.vend_id == k.vend_id)
            .where(k.state == "issued", _S.entry > after, _S.entry <= last)
        )
        return int(self._db.execute(statement).scalar_one())

    def receipt_before(self, point: str, number: int) -> int:
        r = t.receipts.c
        statement = select(func.max(r.number)).where(r.point == point, r.number < number)
        return int(self._db.execute(statement).scalar() or 0)

    def voided_yet_taken(self, after: int, last: int, span: Span) -> list[str]:
        v, d = t.voids.c, t.delivery_events.c
        found = [d.state == _TAKEN]
        if span.start is not None:
            found.append(d.at >= span.start)
        if span.end is not None:
            found.append(d.at < span.end)

        def known(*conditions: Any) -> Any:
            return exists().where(d.vend_id == v.vend_id, *conditions)

        statement = (
            select(v.vend_id)
            .where(
                v.evidence != _REFUND,
                or_(
                    and_(v.entry > after, v.entry <= last, known(d.state == _TAKEN)), known(*found)
                ),
            )
            .order_by(v.entry)
        )
        return list(self._db.execute(statement).scalars())


def _moved(held: Collection[str]) -> Select[Any]:
    """Debits and credits by account, and by holder where it is one of `held`."""
    p = t.postings.c
    holder = case((p.account.in_(list(held)), p.holder), else_="").label("held_by")
    debit = func.sum(case((p.amount > 0, p.amount), else_=0))
    credit = func.sum(case((p.amount < 0, -p.amount), else_=0))
    return (
        select(p.account, holder, p.unit, debit, credit)
        .select_from(t.postings)
        # By its name: written out again it would be another expression, with other parameters.
        .group_by(p.account, "held_by", p.unit)
    )
