"""All that moved each account, beside what is kept of it, for the proof and for rebuilding.

Sales, voids and events are three streams by agreement: memory stays flat.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Connection, String, bindparam, func, select, type_coerce

from meters.account import Commodity
from meters.quantities import Money

from ..accounts.errors import SaleBroken
from ..accounts.folding import Sold, Voided, in_order
from ..accounts.ports import KeptAccount
from ..accounts.proving import UNREADABLE
from ..aftersale import Evidence
from ..record import QUANTITIES
from ..sale import SaleKind
from ..tariff import Quote, line_from
from . import schema as t
from .account_events import EVENTS, event_of
from .walk import rows

_AT_ONCE = 300
"""Sales of one statement."""
_E, _S = t.account_events.c, t.sales.c
_SALES = select(
    _S.vend_id,
    # Read with the rest of its sale: what is no time must not hide the sales of all others.
    type_coerce(_S.sold_at, String).label("sold_at"),
    _S.commodity,
    _S.currency,
    _S.tendered,
    _S.balance_before,
    _S.net,
    _S.vat,
    _S.balance_after,
    _S.quantity,
    _S.unit,
    _S.tariff,
    _S.tariff_version,
    _S.document,
).where(_S.vend_id.in_(bindparam("ids", expanding=True)))
# Only keys are sorted: whole sales would fill the disk beside the database.
_COUNTED = _S.kind.not_in([kind.value for kind in SaleKind if not kind.moves_account])
_SOLD_KEYS = (
    select(_S.agreement, _S.entry, _S.vend_id).where(_COUNTED).order_by(_S.agreement, _S.entry)
)
_VOID_KEYS = (
    select(_S.agreement, t.voids.c.entry, _S.vend_id)
    .join(t.voids, t.voids.c.vend_id == _S.vend_id)
    # Money that was given back on its own leaves the sale as it was.
    .where(t.voids.c.evidence != Evidence.REFUND.value, _COUNTED)
    .order_by(_S.agreement, t.voids.c.entry)
)
_FIRST = itemgetter(0)
_MoveT = TypeVar("_MoveT", Sold, Voided)
_PLAIN_LINE = 8
"""Values of a kept line before its table (`tariff.kept_line`)."""


class SqlAccountMoves:
    """The part of `vending.accounts.ports.AccountsReading` that accounts are proved by."""

    _db: Connection

    def kept_accounts(self, debts: str) -> Iterator[KeptAccount]:
        a, b = t.agreements.c, t.balances.c
        owed = (
            select(b.holder, func.sum(b.amount).label("owed"))
            .where(b.account == debts)
            .group_by(b.holder)
            .subquery()
        )
        kept = (
            select(a.number, a.commodity, a.since, a.tariff, t.accounts.c.document, owed.c.owed)
            .select_from(t.agreements)
            .outerjoin(t.accounts, t.accounts.c.agreement == a.number)
            .outerjoin(owed, owed.c.holder == a.number)
            .order_by(a.number)
        )
        sold = _Groups(_with_sales(self._db, rows(self._db, _SOLD_KEYS)))
        voided = _Groups(_with_sales(self._db, rows(self._db, _VOID_KEYS)))
        events = _Groups(rows(self._db, EVENTS.order_by(_E.agreement, _E.seq)))
        for number, commodity, since, tariff, document, minor in rows(self._db, kept):
            moves = in_order(
                (_moved(Sold, entry, sale) for _, entry, sale in sold.of(number)),
                (_moved(Voided, entry, sale) for _, entry, sale in voided.of(number)),
                (event_of(row) for row in events.of(number)),
            )
            owes = int(minor or 0)
            yield KeptAccount(number, commodity, since, tariff, document, owes, moves)

    def debts_of_nobody(self, debts: str) -> list[tuple[str, int]]:
        b = t.balances.c
        statement = (
            select(b.holder, b.amount)
            .outerjoin(t.agreements, t.agreements.c.number == b.holder)
            .where(b.account == debts, b.amount != 0, t.agreements.c.number.is_(None))
        )
        return [(holder, int(amount)) for holder, amount in self._db.execute(statement)]


class _Groups:
    """Rows that come by agreement, handed out for each agreement in turn."""

    def __init__(self, found: Iterable[Any]) -> None:
        self._groups = groupby(found, _FIRST)
        self._next = next(self._groups, None)
        self._given = False

    def of(self, agreement: str) -> Iterator[Any]:
        """Those of this agreement; they end when another is asked for."""
        if self._given:
            self._next = next(self._groups, None)
        self._given = self._next is not None and self._next[0] == agreement
        return self._next[1] if self._given and self._next is not None else iter(())


def _with_sales(db: Connection, keys: Iterable[Any]) -> Iterator[tuple[str, int, Any]]:
    """Agreement, entry and sale in the order of `keys`, which are (agreement, entry, vend id)."""
    left = iter(keys)
    while part := list(islice(left, _AT_ONCE)):
        found = db.execute(_SALES, {"ids": [vend_id for _, _, vend_id in part]})
        sales = {row[0]: row for row in found}
        for agreement, entry, vend_id in part:
            yield agreement, entry, sales[vend_id]


def _moved(kind: type[_MoveT], entry: int, row: Any) -> _MoveT:
    """What a row of sales made of its account. Raises SaleBroken."""
    try:
        at = t.moment(row.sold_at)
        if at is None or at.tzinfo is None:
            raise ValueError(at)
        return kind(entry, at, quote_of(row))
    except UNREADABLE as error:
        raise SaleBroken(row.vend_id) from error


def quote_of(row: Any) -> Quote:
    """Of the quote that a row of sales keeps, what moves an account: no names, and no lines for
    units and tax."""
    unit, currency, read = QUANTITIES[row.unit], row.currency, json.loads(row.document)
    lines, used = read["lines"], read.get("used_before")
    return Quote(
        tariff=row.tariff,
        tariff_version=row.tariff_version,
        tariff_name_ar="",
        tariff_name_en="",
        commodity=Commodity(row.commodity),
        tendered=Money(row.tendered, currency),
        balance_before=Money(row.balance_before, currency),
        quantity=unit(row.quantity),
        # Lines for units and tax are most, and say no kind.
        lines=tuple(
            line_from(line, currency)
            for line in lines
            if len(line) > _PLAIN_LINE and "kind" in line[_PLAIN_LINE]
        ),
        net=Money(row.net, currency),
        vat=Money(row.vat, currency),
        balance_after=Money(row.balance_after, currency),
        used_before=None if used is None else unit(used),
    )
