"""Drawers and bankings on the database of the books."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from datetime import datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy import Select, Table, and_, delete, func, insert, or_, select

from ..drawer.banking import Banking, banking_from, left_nothing, slip_document
from ..drawer.ports import ShiftState
from ..drawer.shifts import CashMove, Close, Shift, ShiftFile
from ..drawer.tally import ShiftBooks
from ..drawer.x_report import XReport
from ..ground import OpenShift
from ..outbox import Message
from ..paperorders import PaperKind
from . import schema as t
from .books import SqlBooksReading, SqlBooksWriting
from .drawer_rows import (
    CLOSE_COLUMNS,
    SHIFT_COLUMNS,
    X_COLUMNS,
    banked_shifts,
    close_of,
    last_z,
    move_of,
    shift_books,
    shift_of,
    x_report_of,
)
from .names import names_of
from .queueing import insert_messages
from .sqlstore import SqlStore

_NUL = "\x00"
"""What no text of PostgreSQL can hold: nobody's code or name has it."""
_AT_A_TIME = 200
"""Shifts read together where not all that are found are told."""

_PRINTS: Final[Mapping[PaperKind, Table]] = {
    PaperKind.X: t.x_report_prints,
    PaperKind.Z: t.shift_prints,
    PaperKind.DEPOSIT: t.banking_prints,
}
"""The copies of each paper that is kept: of what, their number, when and who."""


def _copies(kind: PaperKind, of: Any) -> Any:
    prints = _PRINTS[kind]
    own, *_ = prints.c
    return (
        select(func.count())
        .select_from(prints)
        .where(own == of)
        .correlate(of.table)
        .scalar_subquery()
    )


_FILES = (
    select(*SHIFT_COLUMNS, *CLOSE_COLUMNS, _copies(PaperKind.Z, t.shifts.c.id))
    .select_from(t.shifts)
    .outerjoin(t.shift_closes, t.shift_closes.c.shift == t.shifts.c.id)
)
_X_REPORTS = select(*X_COLUMNS, _copies(PaperKind.X, t.x_reports.c.id))
_BANKINGS = select(*t.bankings.columns, _copies(PaperKind.DEPOSIT, t.bankings.c.id))


class SqlDrawerReading(SqlBooksReading):
    """See `vending.drawer.ports.DrawerReading`."""

    def holder_exists(self, per: str, holder: str) -> bool:
        return _NUL not in holder and super().holder_exists(per, holder)

    def cached_balance(self, account: str, holder: str, unit: str) -> int:
        b = t.balances.c
        return self._sum(
            select(b.amount).where(b.account == account, b.holder == holder, b.unit == unit)
        )

    def open_shifts(self) -> list[OpenShift]:
        o = t.open_shifts.c
        found = self._db.execute(select(o.shift, o.point, o.terminal, o.operator))
        return [OpenShift(*row) for row in found]

    def shift(self, id: str) -> ShiftFile | None:
        row = self._db.execute(_FILES.where(t.shifts.c.id == id)).first()
        return None if row is None else _file(row)

    def shifts(
        self,
        *,
        point: str | None = None,
        operator: str | None = None,
        state: ShiftState | None = None,
        before: str | None = None,
        limit: int = 100,
    ) -> list[ShiftFile]:
        if _NUL in (point or "") + (before or ""):
            return []
        s, closed = t.shifts.c, t.shift_closes.c.shift
        found: Select[Any] = _FILES
        if point is not None:
            found = found.where(s.point == point)
        if operator is not None:
            found = found.where(s.operator.in_(names_of(self._db, s.operator, operator)))
        if state is not None:
            found = found.where(
                closed.is_(None) if state is ShiftState.OPEN else closed.is_not(None)
            )
        if state is ShiftState.WAITING:
            banked = banked_shifts(self._db).subquery()
            found = found.where(s.id.not_in(select(banked.c.shift)))
        if before is not None:
            mark = select(s.opened_at).where(s.id == before)
            opened = self._db.execute(mark).scalar()
            if opened is None:
                return []
            found = found.where(
                or_(s.opened_at < opened, and_(s.opened_at == opened, s.id < before))
            )
        found = found.order_by(s.opened_at.desc(), s.id.desc())
        if state is not ShiftState.WAITING:
            return [_file(row) for row in self._db.execute(found.limit(limit))]
        # What a shift left stands in its Z report, so some are passed over after they were read.
        streamed = self._db.execute(found, execution_options={"yield_per": _AT_A_TIME})
        with streamed as rows:
            files = (_file(row) for row in rows)
            return list(islice((file for file in files if _left_something(file)), limit))

    def last_shift_number(self, point: str) -> int:
        s = t.shifts.c
        return self._sum(select(func.max(s.number)).where(s.point == point))

    def last_z(self, point: str, terminal: str, before: int) -> str:
        return last_z(self._db, point, terminal, before)

    def move(self, id: str) -> CashMove | None:
        row = self._db.execute(select(t.cash_moves).where(t.cash_moves.c.id == id)).first()
        return None if row is None else move_of(row)

    def shift_books(self, shifts: Collection[str]) -> dict[str, ShiftBooks]:
        return shift_books(self._db, shifts)

    def x_report(self, id: str) -> XReport | None:
        row = self._db.execute(_X_REPORTS.where(t.x_reports.c.id == id)).first()
        return None if row is None else x_report_of(row)

    def x_reports(self, shift: str) -> list[XReport]:
        x = t.x_reports.c
        rows = self._db.execute(_X_REPORTS.where(x.shift == shift).order_by(x.number))
        return [x_report_of(row) for row in rows]

    def last_x_number(self, shift: str) -> int:
        x = t.x_reports.c
        return self._sum(select(func.max(x.number)).where(x.shift == shift))

    def banked(self, point: str) -> set[str]:
        found = banked_shifts(self._db).where(t.bankings.c.point == point)
        return {shift for _, shift in self._db.execute(found)}

    def last_banking_number(self, point: str) -> int:
        b = t.bankings.c
        return self._sum(select(func.max(b.number)).where(b.point == point))

    def banking(self, id: str) -> Banking | None:
        row = self._db.execute(_BANKINGS.where(t.bankings.c.id == id)).first()
        return None if row is None else banking_from(row[:-1], row[-1])

    def bankings(
        self, *, point: str | None = None, before: int | None = None, limit: int = 100
    ) -> list[Banking]:
        if _NUL in (point or ""):
            return []
        b = t.bankings.c
        found = _BANKINGS
        if point is not None:
            found = found.where(b.point == point)
        if before is not None:
            found = found.where(b.entry < before)
        rows = self._db.execute(found.order_by(b.entry.desc()).limit(limit))
        return [banking_from(row[:-1], row[-1]) for row in rows]


class SqlDrawerWriting(SqlDrawerReading, SqlBooksWriting):
    """See `vending.drawer.ports.DrawerWriting`. The store's writer's place is already held."""

    def add_shift(self, shift: Shift) -> None:
        self._db.execute(insert(t.shifts).values(astuple(shift)))
        place = (shift.point, shift.terminal, shift.id, shift.operator)
        self._db.execute(insert(t.open_shifts).values(place))

    def add_move(self, move: CashMove) -> None:
        id, shift, kind, *rest = astuple(move)
        self._db.execute(insert(t.cash_moves).values((id, shift, kind.value, *rest)))

    def add_close(self, close: Close) -> None:
        self._db.execute(insert(t.shift_closes).values(astuple(close)))
        self._db.execute(delete(t.open_shifts).where(t.open_shifts.c.shift == close.shift))

    def add_x_report(self, report: XReport) -> None:
        *row, _ = astuple(report)
        self._db.execute(insert(t.x_reports).values(tuple(row)))

    def add_banking(self, banking: Banking) -> None:
        self._db.execute(
            insert(t.bankings).values(
                id=banking.id,
                number=banking.number,
                point=banking.point,
                at=banking.at,
                actor=banking.actor,
                entry=banking.entry,
                currency=banking.currency,
                amount=banking.amount,
                document=slip_document(banking),
            )
        )

    def add_print(self, kind: PaperKind, subject: str, copy: int, at: datetime, actor: str) -> None:
        self._db.execute(insert(_PRINTS[kind]).values((subject, copy, at, actor)))

    def queue(self, messages: Sequence[Message], now: datetime) -> None:
        insert_messages(self._db, messages, now)


class SqlDrawers:
    """See `vending.drawer.ports.DrawerStore`: the same database as `store`, with the same place
    for one writer."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    @contextmanager
    def reading(self) -> Iterator[SqlDrawerReading]:
        with self._store.reading() as books:
            yield SqlDrawerReading(books._db)

    @contextmanager
    def writing(self) -> Iterator[SqlDrawerWriting]:
        with self._store.writing() as books:
            # Where many may write, this takes the row that makes the journal single file.
            books.chain_head()
            yield SqlDrawerWriting(books._db)


def _left_something(file: ShiftFile) -> bool:
    return file.close is not None and not left_nothing(file.close)


def _file(row: Any) -> ShiftFile:
    width = len(SHIFT_COLUMNS)
    closed = row[width:-1]
    return ShiftFile(
        shift_of(row[:width]), None if closed[0] is None else close_of(closed), row[-1]
    )
