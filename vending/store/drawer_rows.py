"""Rows of drawers, and what the books hold of a shift, or held of it when an X report was taken;
read for use cases and for the audit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, Select, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB

from ..drawer.shifts import FIRST, CashMove, Close, MoveKind, Shift
from ..drawer.tally import Counted, ShiftBooks, Sum
from ..drawer.x_report import XReport
from . import schema as t

SHIFT_COLUMNS = tuple(t.shifts.columns)
"""As the fields of a Shift."""
MOVE_COLUMNS = tuple(t.cash_moves.columns)
"""As the fields of a CashMove."""
CLOSE_COLUMNS = tuple(t.shift_closes.columns)
"""As the fields of a Close."""
X_COLUMNS = tuple(t.x_reports.columns)
"""As the fields of an XReport, but for its copies."""

_AT_ONCE = 500
"""Shifts or X reports of one statement: drivers do not take parameters without end."""


def shift_of(row: Sequence[Any]) -> Shift:
    return Shift(*row)


def move_of(row: Sequence[Any]) -> CashMove:
    id, shift, kind, *rest = row
    return CashMove(id, shift, MoveKind(kind), *rest)


def close_of(row: Sequence[Any]) -> Close:
    return Close(*row)


def x_report_of(row: Sequence[Any]) -> XReport:
    return XReport(*row)


def last_z(db: Connection, point: str, terminal: str, before: int) -> str:
    """See `drawer.ports.DrawerReading.last_z`."""
    row = db.execute(_LAST_Z, {"at_point": point, "at": terminal, "before": before}).first()
    return FIRST if row is None else close_of(row).hash


def shift_books(db: Connection, shifts: Collection[str]) -> dict[str, ShiftBooks]:
    """See `drawer.ports.DrawerReading.shift_books`."""
    return _books(db, _OF_SHIFTS, shifts)


def x_report_books(db: Connection, reports: Collection[str]) -> dict[str, ShiftBooks]:
    """What the books held of its shift when each of these X reports was taken."""
    return _books(db, _OF_X_REPORTS, reports)


class _Reading(NamedTuple):
    """What is read of shifts, or of X reports: rows that begin with the id of which they are."""

    moves: Select[Any]
    sales: tuple[Select[Any], Select[Any]]
    """How many, and what their entries moved."""
    voids: tuple[Select[Any], Select[Any]]


def _books(db: Connection, reading: _Reading, wanted: Collection[str]) -> dict[str, ShiftBooks]:
    """In few statements, however many are wanted."""
    every = list(dict.fromkeys(wanted))
    moves: dict[str, list[CashMove]] = defaultdict(list)
    counts: dict[str, list[Counted]] = defaultdict(list)
    sums: dict[str, list[Sum]] = defaultdict(list)
    for begin in range(0, len(every), _AT_ONCE):
        ids = {"ids": every[begin : begin + _AT_ONCE]}
        for of, *row in db.execute(reading.moves, ids):
            moves[of].append(move_of(row))
        for void, (how_many, moved) in ((False, reading.sales), (True, reading.voids)):
            for of, kind, number in db.execute(how_many, ids):
                counts[of].append(Counted(void, kind, number))
            for of, kind, account, unit, amount in db.execute(moved, ids):
                sums[of].append(Sum(void, kind, account, unit, int(amount)))
    return {id: ShiftBooks(tuple(moves[id]), tuple(counts[id]), tuple(sums[id])) for id in every}


def _counts_and_sums(causes: Select[Any]) -> tuple[Select[Any], Select[Any]]:
    """How many there are of each kind, and what their entries moved. `causes` gives (of what, kind
    of sale, entry)."""
    held = causes.subquery()
    h, p = held.c, t.postings.c
    return (
        select(h.of, h.kind, func.count()).group_by(h.of, h.kind),
        select(h.of, h.kind, p.account, p.unit, func.sum(p.amount))
        .join(t.postings, p.entry == h.entry)
        .group_by(h.of, h.kind, p.account, p.unit),
    )


_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_S, _V, _M, _X = t.sales.c, t.voids.c, t.cash_moves.c, t.x_reports.c
# Said twice, because the index holds the sales of drawers alone.
_IN_DRAWER = _S.shift.is_not(None)
# By the kind of the sale that was taken back.
_TAKEN_BACK = t.voids.join(t.sales, _S.vend_id == _V.vend_id)

_OF_SHIFTS = _Reading(
    select(_M.shift, *MOVE_COLUMNS).where(_M.shift.in_(_IDS)).order_by(_M.entry),
    _counts_and_sums(
        select(_S.shift.label("of"), _S.kind, _S.entry).where(_S.shift.in_(_IDS), _IN_DRAWER)
    ),
    _counts_and_sums(
        select(_V.shift.label("of"), _S.kind, _V.entry)
        .select_from(_TAKEN_BACK)
        .where(_V.shift.in_(_IDS))
    ),
)


def _until(shift: Any, entry: Any) -> Any:
    """Of the shift of an X report, and booked before it."""
    return (shift == _X.shift) & (entry <= _X.after_entry)


_OF_X_REPORTS = _Reading(
    select(_X.id, *MOVE_COLUMNS)
    .join(t.cash_moves, _until(_M.shift, _M.entry))
    .where(_X.id.in_(_IDS))
    .order_by(_M.entry),
    _counts_and_sums(
        select(_X.id.label("of"), _S.kind, _S.entry)
        .join(t.sales, _until(_S.shift, _S.entry))
        .where(_X.id.in_(_IDS), _IN_DRAWER)
    ),
    _counts_and_sums(
        select(_X.id.label("of"), _S.kind, _V.entry)
        .select_from(t.x_reports)
        .join(t.voids, _until(_V.shift, _V.entry))
        .join(t.sales, _S.vend_id == _V.vend_id)
        .where(_X.id.in_(_IDS))
    ),
)
_LAST_Z = (
    select(*CLOSE_COLUMNS)
    .join(t.shifts, t.shifts.c.id == t.shift_closes.c.shift)
    .where(
        t.shifts.c.point == bindparam("at_point"),
        t.shifts.c.terminal == bindparam("at"),
        t.shifts.c.number < bindparam("before"),
    )
    .order_by(t.shifts.c.number.desc())
    .limit(1)
)


def banked_shifts(db: Connection) -> Select[Any]:
    """Select of (banking's point, shift), once for each time that a shift was banked."""
    b = t.bankings.c
    if db.dialect.name == "sqlite":
        one = func.json_each(b.document, "$.shifts").table_valued("value", joins_implicitly=True)
        return select(b.point, one.c.value.label("shift"))
    shift = func.jsonb_array_elements_text(cast(b.document, JSONB)["shifts"])
    return select(b.point, shift.label("shift"))
