"""Accounts of agreements in the database: what is kept, their events, and all of it side by side
for the proof."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Connection,
    String,
    bindparam,
    delete,
    func,
    literal,
    select,
    type_coerce,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from meters.account import Commodity
from meters.quantities import Money

from ..accounting.ports import BooksWriting
from ..accounts.errors import SaleBroken
from ..accounts.folding import Sold, Voided, in_order
from ..accounts.happened import Happened, event_document, happened_from, row_hash
from ..accounts.ports import AgreementFile, KeptAccount
from ..accounts.proving import UNREADABLE
from ..admission import read_first
from ..aftersale import Evidence
from ..approvals.ports import PeopleWriting
from ..record import QUANTITIES
from ..sale import SaleKind
from ..tariff import Quote, line_from
from . import schema as t
from .approvals import SqlPeopleWriting
from .attesting import add_row
from .books import SqlBooksReading, SqlBooksWriting
from .legible import any_text
from .parties import NUL
from .sqlstore import SqlStore
from .tariff_rows import SqlTariffRows
from .walk import rows

_AT_ONCE = 300
"""Sales of one statement."""
_E, _S = t.account_events.c, t.sales.c
_EVENTS = select(
    _E.agreement, _E.seq, _E.after_entry, _E.kind, _E.at, _E.actor, _E.reason, _E.document
)
_FILES = select(
    t.agreements.c.number,
    t.customers.c.account,
    t.customers.c.name_ar,
    t.customers.c.name_en,
    t.agreements.c.meter,
    t.agreements.c.commodity,
    t.agreements.c.tariff,
    t.agreements.c.since,
).join(t.customers, t.customers.c.account == t.agreements.c.customer)
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
_LONGEST_SEQ = 9
_PLAIN_LINE = 8
"""Values of a kept line before its table (`tariff.kept_line`)."""


class SqlAccountsReading(SqlBooksReading):
    """See `vending.accounts.ports.AccountsReading`."""

    def agreement_file(self, number: str) -> AgreementFile | None:
        if NUL in number:
            return None
        return self._file(t.agreements.c.number == number)

    def agreement_of(self, meter: str) -> AgreementFile | None:
        return self._file(t.agreements.c.meter == meter)

    def _file(self, condition: Any) -> AgreementFile | None:
        row = self._db.execute(_FILES.where(condition)).first()
        if row is None:
            return None
        number, account, name_ar, name_en, meter, commodity, tariff, since = row
        return AgreementFile(
            number,
            account,
            name_ar,
            name_en,
            meter,
            Commodity(commodity),
            tariff,
            read_first(number, since),
        )

    def tariff_rows(self) -> SqlTariffRows:
        return SqlTariffRows(self._db)

    def document(self, agreement: str) -> str | None:
        c = t.accounts.c
        return self._db.execute(select(c.document).where(c.agreement == agreement)).scalar()

    def happened(
        self, agreement: str, *, before: int | None = None, limit: int | None = None
    ) -> list[Happened]:
        statement = _EVENTS.where(_E.agreement == agreement).order_by(_E.seq.desc())
        if before is not None:
            # With its own size: PostgreSQL would read it as a whole number of the column's.
            statement = statement.where(_E.seq < literal(before, BigInteger))
        found = self._db.execute(statement if limit is None else statement.limit(limit))
        return [happened_from(*row) for row in found]

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
        events = _Groups(rows(self._db, _EVENTS.order_by(_E.agreement, _E.seq)))
        for number, commodity, since, tariff, document, minor in rows(self._db, kept):
            moves = in_order(
                (_moved(Sold, entry, sale) for _, entry, sale in sold.of(number)),
                (_moved(Voided, entry, sale) for _, entry, sale in voided.of(number)),
                (_happened(row) for row in events.of(number)),
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


class SqlAccountsWriting(SqlBooksWriting, SqlAccountsReading):
    """See `vending.accounts.ports.AccountsWriting`. The store's writer's place is already held."""

    def add_event(self, happened: Happened) -> None:
        add_row(
            self._db,
            "account_event",
            {
                "agreement": happened.agreement,
                "seq": happened.seq,
                "after_entry": happened.after_entry,
                "kind": happened.event.kind,
                "at": happened.at,
                "actor": happened.actor,
                "reason": happened.event.reason,
                "document": event_document(happened),
            },
        )

    def set_tariff(self, agreement: str, tariff: str) -> None:
        self._db.execute(
            update(t.agreements).where(t.agreements.c.number == agreement).values(tariff=tariff)
        )

    def keep(self, agreement: str, document: str | None) -> None:
        if document is None:
            self._db.execute(delete(t.accounts).where(t.accounts.c.agreement == agreement))
            return
        maker: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
        statement = maker[self._db.dialect.name](t.accounts)
        self._db.execute(
            statement.on_conflict_do_update(
                index_elements=["agreement"], set_={"document": statement.excluded.document}
            ),
            {"agreement": agreement, "document": document},
        )


class SqlAccounts:
    """See `vending.accounts.ports.AccountsStore`: the same database as `store`, with the same
    place for one writer."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    @contextmanager
    def reading(self) -> Iterator[SqlAccountsReading]:
        with self._store.reading() as books:
            yield SqlAccountsReading(books._db)

    @contextmanager
    def proving(self) -> Iterator[SqlAccountsReading]:
        with self._store.reading() as books, any_text(books._db):
            yield SqlAccountsReading(books._db)

    @contextmanager
    def writing(self) -> Iterator[SqlAccountsWriting]:
        with self._store.writing() as books:
            # Where many may write, this takes the row that makes the journal single file.
            books.chain_head()
            yield SqlAccountsWriting(books._db)

    def inside(self, books: BooksWriting) -> SqlAccountsWriting:
        assert isinstance(books, SqlBooksWriting)
        return SqlAccountsWriting(books._db)

    def beside(self, books: PeopleWriting) -> SqlAccountsWriting:
        assert isinstance(books, SqlPeopleWriting)
        return SqlAccountsWriting(books._db)


def debt_hash(db: Connection, entry: int, cause: str) -> str | None:
    """Of the event that the entry of a debt was booked for: `agreement:seq`."""
    agreement, _, seq = cause.rpartition(":")
    if not seq.isdecimal() or len(seq) > _LONGEST_SEQ:
        return None
    row = db.execute(
        _EVENTS.where(
            _E.agreement == agreement,
            _E.seq == int(seq),
            _E.after_entry == entry,
            _E.kind == "debt_added",
        )
    ).first()
    return None if row is None else row_hash(*row)


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


def _happened(row: Any) -> Happened:
    agreement, seq, after_entry, kind, at, actor, reason, document = row
    moment = t.moment(at)
    assert moment is not None
    return happened_from(agreement, seq, after_entry, kind, moment, actor, reason, document)
