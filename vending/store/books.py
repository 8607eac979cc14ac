"""The books for those who keep them: one view of all that they ask, and what they write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, and_, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ..accounting.adjustments import Adjustment, AdjustmentState, Decision, lines_document
from ..accounting.days import Span
from ..accounting.periods import PeriodAct
from ..ledger import Chart, LedgerReport, PostedEntry, Posting, Seal
from . import schema as t
from .adjustment_rows import ADJUSTMENTS, adjustment_of
from .attesting import add_row
from .books_customer import SqlCustomerLines
from .books_daily import SqlDaily
from .books_journal import SqlJournal
from .books_reports import SqlReports, within
from .books_seals import SqlSeals
from .books_sold import SqlSold
from .books_subledgers import SqlSubledgers
from .legible import legibly, printed
from .parties import NUL
from .proving import proved
from .rows import act_of
from .sqlstore import SqlStore

T = TypeVar("T")


class SqlBooksReading(
    SqlJournal, SqlReports, SqlSubledgers, SqlSold, SqlCustomerLines, SqlSeals, SqlDaily
):
    """See `vending.accounting.ports.BooksReading`."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def legibly(self, read: Callable[[], T]) -> T:
        return legibly(self._db, read, printed)

    def period_acts(self) -> list[PeriodAct]:
        found = self._db.execute(select(t.period_acts).order_by(t.period_acts.c.number))
        return [act_of(row) for row in found]

    def adjustment(self, id: str) -> Adjustment | None:
        if NUL in id:
            return None
        row = self._db.execute(ADJUSTMENTS.where(t.adjustments.c.id == id)).first()
        return None if row is None else adjustment_of(row)

    def adjustments(
        self, state: AdjustmentState | None, limit: int, before: str | None
    ) -> list[Adjustment]:
        c = t.adjustments.c
        statement = ADJUSTMENTS.order_by(c.requested_at.desc(), c.id).limit(limit)
        if state is AdjustmentState.PENDING:
            statement = statement.where(t.decisions.c.state.is_(None))
        elif state is not None:
            statement = statement.where(t.decisions.c.state == state.value)
        if before is not None:
            last = self.adjustment(before)
            if last is None:
                return []
            same = (c.requested_at == last.requested_at) & (c.id > last.id)
            statement = statement.where((c.requested_at < last.requested_at) | same)
        return [adjustment_of(row) for row in self._db.execute(statement)]

    def reversal_of(self, entry: int) -> Adjustment | None:
        found = self._db.execute(ADJUSTMENTS.where(t.adjustments.c.reverses == entry))
        standing = (adjustment_of(row) for row in found)
        return next((a for a in standing if a.state is not AdjustmentState.VOIDED), None)

    def waiting(self, span: Span, month: str) -> int:
        # Asked for in the month, or later for a day of it: a day begins with its month's name.
        asked = and_(*within(span, t.adjustments.c.requested_at))
        meant = func.substr(t.adjustments.c.booked_on, 1, len(month)) <= month
        statement = (
            select(func.count())
            .select_from(t.adjustments)
            .outerjoin(t.decisions, t.decisions.c.adjustment == t.adjustments.c.id)
            .where(t.decisions.c.state.is_(None), or_(asked, meant))
        )
        return int(self._db.execute(statement).scalar_one())


class SqlBooksWriting(SqlBooksReading):
    """See `vending.accounting.ports.BooksWriting`. The store's writer's place is already held."""

    def book(self, posted: PostedEntry, cached: tuple[Posting, ...]) -> None:
        entry = posted.entry
        self._db.execute(
            insert(t.entries),
            {
                "number": posted.number,
                "at": entry.at,
                "kind": entry.kind,
                "cause": entry.cause,
                "actor": entry.actor,
                "point": entry.point,
                "content_hash": entry.content_hash,
                "previous_hash": posted.previous_hash,
                "hash": posted.hash,
            },
        )
        self._db.execute(
            insert(t.postings),
            [
                {"entry": posted.number, "line": line, **posting._asdict()}
                for line, posting in enumerate(entry.postings, start=1)
            ],
        )
        for posting in cached:
            self._db.execute(self._adding(), posting._asdict())
        head = self.chain_head()
        latest = entry.at if head.at is None else max(head.at, entry.at)
        self._db.execute(update(t.chain).values(number=posted.number, hash=posted.hash, at=latest))

    def _adding(self) -> Any:
        maker: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
        statement = maker[self._db.dialect.name](t.balances)
        return statement.on_conflict_do_update(
            index_elements=["account", "holder", "unit"],
            set_={"amount": t.balances.c.amount + statement.excluded.amount},
        )

    def add_seal(self, seal: Seal) -> None:
        self._db.execute(insert(t.seals), {n: getattr(seal, n) for n in Seal.__slots__})

    def add_period_act(self, act: PeriodAct) -> None:
        row = {name: getattr(act, name) for name in PeriodAct.__slots__}
        self._db.execute(insert(t.period_acts), {**row, "act": act.act.value})
        self._db.execute(update(t.chain).values(closed_until=act.closed_until))

    def add_adjustment(self, adjustment: Adjustment) -> None:
        add_row(
            self._db,
            "adjustment",
            {
                "id": adjustment.id,
                "kind": adjustment.kind.value,
                "requested_at": adjustment.requested_at,
                "requested_by": adjustment.requested_by,
                "reason": adjustment.reason,
                "reverses": adjustment.reverses,
                "booked_on": adjustment.booked_on,
                "lines": lines_document(adjustment.lines),
            },
        )

    def decide(self, adjustment: str, decision: Decision) -> None:
        add_row(
            self._db,
            "adjustment_decision",
            {
                "adjustment": adjustment,
                "state": decision.state.value,
                "at": decision.at,
                "actor": decision.actor,
                "note": decision.note,
                "entry": decision.entry,
            },
        )


class SqlBooks:
    """See `vending.accounting.ports.BooksStore`: the same database as `store`, with the same
    place for one writer. `workers` processes prove a long journal together; 1 proves it here."""

    def __init__(self, store: SqlStore, workers: int = 1) -> None:
        self._store = store
        self._workers = workers

    @contextmanager
    def reading(self) -> Iterator[SqlBooksReading]:
        with self._store.reading() as books:
            yield SqlBooksReading(books._db)

    @contextmanager
    def writing(self) -> Iterator[SqlBooksWriting]:
        with self._store.writing() as books:
            # Where many may write, this takes the row that makes the journal single file.
            books.chain_head()
            yield SqlBooksWriting(books._db)

    def proved(self, chart: Chart, against: tuple[int, str] | None = None) -> LedgerReport:
        with self.reading() as books:
            return proved(self._store.engine, books, chart, self._workers, against)
