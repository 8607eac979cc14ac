"""A customer's statement: sales to an agreement, what was taken back, and what else moved it."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, case, func, select

from ..accounting.days import Span
from ..accounting.ports import AgreementFacts
from ..accounting.statements import CustomerLine
from . import schema as t
from .books_reports import within
from .books_sold import PAPER
from .legible import whole
from .parties import NUL

_REFUND = "refund"
_S = t.sales.c


class SqlCustomerLines:
    """The part of `vending.accounting.ports.BooksReading` that customers are told."""

    _db: Connection

    def agreement(self, number: str) -> AgreementFacts | None:
        if NUL in number:
            return None
        row = self._db.execute(
            select(
                t.agreements.c.number,
                t.customers.c.account,
                t.customers.c.name_ar,
                t.customers.c.name_en,
                t.agreements.c.meter,
            )
            .join(t.customers, t.customers.c.account == t.agreements.c.customer)
            .where(t.agreements.c.number == number)
        ).first()
        return None if row is None else AgreementFacts(*row)

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
            .outerjoin(t.receipts, PAPER)
            .where(own, *within(span, _S.sold_at))
        )
        back = (
            select(*fields, v.evidence)
            .select_from(t.sales)
            .join(t.voids, v.vend_id == _S.vend_id)
            .join(t.entries, e.number == v.entry)
            .outerjoin(t.receipts, PAPER)
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
        return {number: (whole(debt), whole(balance)) for number, debt, balance in found}
