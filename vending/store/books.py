"""The books for those who keep them: sums, statements, seals, periods, adjustments."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, Text, and_, func, insert, or_, select, type_coerce, update
from sqlalchemy.dialects import postgresql, sqlite

from ..accounting.adjustments import (
    Adjustment,
    AdjustmentKind,
    AdjustmentState,
    Decision,
    lines_document,
    read_lines,
)
from ..accounting.days import Span
from ..accounting.periods import PeriodAct
from ..accounting.ports import AgreementFacts
from ..ledger import (
    ChainEnd,
    ChainHead,
    Chart,
    JournalEntry,
    LedgerReport,
    PostedEntry,
    Posting,
    ReceiptRange,
    Seal,
    TokenCount,
)
from . import schema as t
from .attesting import add_row, chain_end
from .books_reports import SqlReports, within
from .books_subledgers import SqlSubledgers
from .parties import NUL
from .proving import proved
from .rows import act_of
from .sqlstore import SqlStore
from .walk import rows

_HOLDERS = {
    "point": t.points.c.code,
    "operator": t.operators.c.code,
    "agreement": t.agreements.c.number,
    "meter": t.meters.c.number,
}
ADJUSTMENTS = (
    select(
        t.adjustments,
        t.decisions.c.state,
        t.decisions.c.at,
        t.decisions.c.actor,
        t.decisions.c.note,
        t.decisions.c.entry,
    )
    .select_from(t.adjustments)
    .outerjoin(t.decisions, t.decisions.c.adjustment == t.adjustments.c.id)
)


_SEALS = [
    type_coerce(c, Text).label(c.name) if c.name == "sealed_at" else c for c in t.seals.columns
]
"""A seal, its moment as the driver gives it."""
_NEVER = datetime.min.replace(tzinfo=UTC)


class SqlBooksReading(SqlReports, SqlSubledgers):
    """See `vending.accounting.ports.BooksReading`."""

    def chain_head(self) -> ChainHead:
        c = t.chain.c
        return ChainHead(*self._db.execute(select(c.number, c.hash, c.at, c.closed_until)).one())

    def first_moment(self) -> datetime | None:
        return self._db.execute(select(func.min(t.entries.c.at))).scalar()

    def head_at(self, end: datetime) -> ChainHead:
        after = self._db.execute(
            select(func.min(t.entries.c.number)).where(t.entries.c.at >= end)
        ).scalar()
        c = t.entries.c
        statement = select(c.number, c.hash, c.at).order_by(c.number.desc()).limit(1)
        if after is not None:
            statement = statement.where(c.number < after)
        row = self._db.execute(statement).first()
        return ChainHead() if row is None else ChainHead(*row)

    def booked_before(self, end: datetime | None, after: int) -> bool:
        c = t.entries.c
        found = select(c.number).where(c.number > after, *within(Span(None, end))).limit(1)
        return self._db.execute(found).first() is not None

    def entry(self, number: int) -> PostedEntry | None:
        if number >= 1 << 63:
            # No database counts that far.
            return None
        found = list(self._journal(t.entries.c.number == number, t.postings.c.entry == number))
        return found[0] if found else None

    def journal(self, span: Span) -> Iterator[PostedEntry]:
        when = within(span)
        if not when:
            yield from self._journal()
            return
        numbers = select(t.entries.c.number).where(*when)
        yield from self._journal(t.entries.c.number.in_(numbers), t.postings.c.entry.in_(numbers))

    def _journal(self, of_entry: Any = None, of_posting: Any = None) -> Iterator[PostedEntry]:
        heads: Select[Any] = select(t.entries).order_by(t.entries.c.number)
        c = t.postings.c
        lines: Select[Any] = select(c.entry, c.account, c.holder, c.unit, c.amount).order_by(
            c.entry, c.line
        )
        if of_entry is not None:
            heads, lines = heads.where(of_entry), lines.where(of_posting)
        found = rows(self._db, lines)
        line = next(found, None)
        for row in self._db.execute(heads, execution_options={"yield_per": 500}):
            own = []
            while line is not None and line[0] <= row.number:
                own.append(Posting(*line[1:]))
                line = next(found, None)
            entry = JournalEntry(
                at=row.at,
                kind=row.kind,
                cause=row.cause,
                actor=row.actor,
                point=row.point,
                content_hash=row.content_hash,
                postings=tuple(own),
            )
            yield PostedEntry(row.number, row.previous_hash, row.hash, entry)

    def holder_exists(self, per: str, holder: str) -> bool:
        if NUL in holder:
            return False
        column = _HOLDERS[per]
        return self._db.execute(select(column).where(column == holder)).first() is not None

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

    # Seals

    def receipt_ranges(self, after: int, last: int) -> list[ReceiptRange]:
        number = t.receipts.c.number
        found = self._db.execute(
            select(t.receipts.c.point, func.min(number), func.max(number), func.count())
            .join(t.sales, t.sales.c.vend_id == t.receipts.c.vend_id)
            .where(t.sales.c.entry > after, t.sales.c.entry <= last)
            .group_by(t.receipts.c.point)
            .order_by(t.receipts.c.point)
        )
        return [ReceiptRange(*row) for row in found]

    def token_counts(self, after: int, last: int) -> list[TokenCount]:
        found = self._db.execute(
            select(t.tokens.c.kind, func.count())
            .join(t.sales, t.sales.c.vend_id == t.tokens.c.vend_id)
            .where(t.sales.c.entry > after, t.sales.c.entry <= last)
            .group_by(t.tokens.c.kind)
            .order_by(t.tokens.c.kind)
        )
        return [TokenCount(*row) for row in found]

    def seals(self) -> list[Seal]:
        found = self._db.execute(select(*_SEALS).order_by(t.seals.c.number))
        told = [[*row[:2], _sealed_at(row.sealed_at), *row[3:]] for row in found]
        return [Seal(*values) for values in told]

    def attested_end(self) -> ChainEnd | None:
        return _readable(chain_end(self._db, t.attestation_head))

    def trail_end(self) -> ChainEnd | None:
        return _readable(chain_end(self._db, t.trail_head))

    # Periods and adjustments

    def period_acts(self) -> list[PeriodAct]:
        found = self._db.execute(select(t.period_acts).order_by(t.period_acts.c.number))
        return [act_of(row) for row in found]

    def adjustment(self, id: str) -> Adjustment | None:
        row = self._db.execute(ADJUSTMENTS.where(t.adjustments.c.id == id)).first()
        return None if row is None else adjustment_of(row)

    def adjustments(self, state: AdjustmentState | None, limit: int) -> list[Adjustment]:
        statement = ADJUSTMENTS
        if state is AdjustmentState.PENDING:
            statement = statement.where(t.decisions.c.state.is_(None))
        elif state is not None:
            statement = statement.where(t.decisions.c.state == state.value)
        order = (t.adjustments.c.requested_at.desc(), t.adjustments.c.id)
        found = self._db.execute(statement.order_by(*order).limit(limit))
        return [adjustment_of(row) for row in found]

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
        self._db.execute(
            insert(t.decisions),
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


def _sealed_at(kept: Any) -> datetime:
    """A moment that cannot be read is none that a seal was made at: its hash shows it, and days are
    checked and sealed all the same."""
    try:
        return t.moment(kept) or _NEVER
    except ValueError:
        return _NEVER


def _readable(end: ChainEnd) -> ChainEnd | None:
    """None where an edited head says nothing: a day is sealed all the same."""
    said: tuple[object, object] = end
    return end if isinstance(said[0], int) and isinstance(said[1], str) else None


def adjustment_of(row: Any) -> Adjustment:
    (id, kind, at, by, reason, reverses, booked_on, lines, state, *decided) = row
    decision = None if state is None else Decision(AdjustmentState(state), *decided)
    return Adjustment(
        id=id,
        kind=AdjustmentKind(kind),
        requested_at=at,
        requested_by=by,
        reason=reason,
        lines=read_lines(lines),
        reverses=reverses,
        booked_on=booked_on,
        decision=decision,
    )


__all__ = ["SqlBooks", "SqlBooksReading", "SqlBooksWriting"]
