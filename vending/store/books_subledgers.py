"""Shares of accounts by who holds them, and the priced lines of sales."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, literal, select

from ..accounting.breakdown import PricedSale
from ..accounting.days import Span
from ..accounting.holders import HolderBalance
from . import schema as t
from .books_reports import within
from .legible import whole
from .streams import streamed

_REFUND = "refund"
_TRANSFER = "transfer"
"""Its units were sold before, to the meter that they are moved from."""
_S, _V = t.sales.c, t.voids.c
_NAMES: dict[str, Select[Any]] = {
    "point": select(t.points.c.code.label("of"), t.points.c.name_ar, t.points.c.name_en),
    "operator": select(
        t.operators.c.code.label("of"), t.operators.c.name_ar, t.operators.c.name_en
    ),
    "agreement": select(
        t.agreements.c.number.label("of"), t.customers.c.name_ar, t.customers.c.name_en
    ).join(t.customers, t.customers.c.account == t.agreements.c.customer),
}
"""Code of a holder and its names, by who holds shares of an account."""


class SqlSubledgers:
    """The part of `vending.accounting.ports.BooksReading` that looks inside accounts and sales."""

    _db: Connection

    def holders(self, account: str, per: str, before: datetime | None) -> list[HolderBalance]:
        p = t.postings.c
        shares = select(p.holder, func.sum(p.amount).label("amount")).where(p.account == account)
        if before is not None:
            shares = shares.join(t.entries, t.entries.c.number == p.entry).where(
                t.entries.c.at < before
            )
        share = shares.group_by(p.holder).subquery().c
        names = _NAMES.get(per)
        if names is None:
            found = select(share.holder, literal(""), literal(""), share.amount)
        else:
            name = names.subquery().c
            found = (
                select(
                    share.holder,
                    func.coalesce(name.name_ar, ""),
                    func.coalesce(name.name_en, ""),
                    share.amount,
                )
                .select_from(share.holder.table)
                .outerjoin(name.of.table, name.of == share.holder)
            )
        rows = self._db.execute(found.where(share.amount != 0))
        # Sorted here: databases do not agree on the order of texts.
        return sorted(HolderBalance(of, ar, en, whole(amount)) for of, ar, en, amount in rows)

    def priced(self, span: Span) -> Iterator[PricedSale]:
        said = (_S.commodity, _S.currency, _S.document)
        sold = select(_S.entry, *said).where(_S.kind != _TRANSFER, *within(span, _S.sold_at))
        undone = (
            select(_V.entry, *said)
            .select_from(t.voids)
            .join(t.sales, _S.vend_id == _V.vend_id)
            .where(_S.kind != _TRANSFER, _V.evidence != _REFUND, *within(span, _V.at))
        )
        for row in streamed(self._db, sold):
            yield PricedSale._make((*row, False))
        for row in streamed(self._db, undone):
            yield PricedSale._make((*row, True))
