"""Accounts of agreements in the database: what is kept of them, and their events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import BigInteger, delete, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from meters.account import Commodity

from ..accounting.ports import BooksWriting
from ..accounts.happened import Happened, event_document, happened_from
from ..accounts.ports import AgreementFile
from ..admission import read_first
from ..approvals.ports import PeopleWriting
from . import schema as t
from .account_events import EVENTS
from .account_moves import SqlAccountMoves
from .approvals import SqlPeopleWriting
from .attesting import add_row
from .books import SqlBooksReading, SqlBooksWriting
from .legible import any_text
from .parties import NUL
from .sqlstore import SqlStore
from .tariff_rows import SqlTariffRows

_E = t.account_events.c
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


class SqlAccountsReading(SqlBooksReading, SqlAccountMoves):
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
        statement = EVENTS.where(_E.agreement == agreement).order_by(_E.seq.desc())
        if before is not None:
            # With its own size: PostgreSQL would read it as a whole number of the column's.
            statement = statement.where(_E.seq < literal(before, BigInteger))
        found = self._db.execute(statement if limit is None else statement.limit(limit))
        return [happened_from(*row) for row in found]


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
