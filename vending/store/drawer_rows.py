"""Rows of drawers and what the books hold of a shift, read for use cases and for the audit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB

from ..drawer.shifts import FIRST, CashMove, Close, MoveKind, Shift
from ..drawer.tally import Counted, ShiftBooks, Sum
from . import schema as t

SHIFT_COLUMNS = tuple(t.shifts.columns)
"""As the fields of a Shift."""
MOVE_COLUMNS = tuple(t.cash_moves.columns)
"""As the fields of a CashMove."""
CLOSE_COLUMNS = tuple(t.shift_closes.columns)
"""As the fields of a Close."""

_AT_ONCE = 500
"""Shifts of one statement: drivers do not take parameters without end."""


def shift_of(row: Sequence[Any]) -> Shift:
    return Shift(*row)


def move_of(row: Sequence[Any]) -> CashMove:
    id, shift, kind, *rest = row
    return CashMove(id, shift, MoveKind(kind), *rest)


def close_of(row: Sequence[Any]) -> Close:
    return Close(*row)


def last_z(db: Connection, point: str, terminal: str, before: int) -> str:
    """See `drawer.ports.DrawerReading.last_z`."""
    row = db.execute(_LAST_Z, {"at_point": point, "at": terminal, "before": before}).first()
    return FIRST if row is None else close_of(row).hash


def shift_books(db: Connection, shifts: Collection[str]) -> dict[str, ShiftBooks]:
    """See `drawer.ports.DrawerReading.shift_books`."""
    wanted = list(dict.fromkeys(shifts))
    moves: dict[str, list[CashMove]] = defaultdict(list)
    counts: dict[str, list[Counted]] = defaultdict(list)
    sums: dict[str, list[Sum]] = defaultdict(list)
    for begin in range(0, len(wanted), _AT_ONCE):
        ids = {"ids": wanted[begin : begin + _AT_ONCE]}
        for row in db.execute(_MOVES, ids):
            moves[row.shift].append(move_of(row))
        for void, how_many, moved in ((False, *_OF_SALES), (True, *_OF_VOIDS)):
            for shift, kind, number in db.execute(how_many, ids):
                counts[shift].append(Counted(void, kind, number))
            for shift, kind, account, unit, amount in db.execute(moved, ids):
                sums[shift].append(Sum(void, kind, account, unit, int(amount)))
    return {id: ShiftBooks(tuple(moves[id]), tuple(counts[id]), tuple(sums[id])) for id in wanted}


def _counts_and_sums(causes: Select[Any]) -> tuple[Select[Any], Select[Any]]:
    """How many there are of each kind in a shift, and what their entries moved. `causes` gives
    (shift, kind of sale, entry)."""
    held = causes.subquery()
    h, p = held.c, t.postings.c
    return (
        select(h.shift, h.kind, func.count()).group_by(h.shift, h.kind),
        select(h.shift, h.kind, p.account, p.unit, func.sum(p.amount))
        .join(t.postings, p.entry == h.entry)
        .group_by(h.shift, h.kind, p.account, p.unit),
    )


_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_MOVES = select(*MOVE_COLUMNS).where(t.cash_moves.c.shift.in_(_IDS)).order_by(t.cash_moves.c.entry)
_OF_SALES = _counts_and_sums(
    # Said twice, because the index holds the sales of drawers alone.
    select(t.sales.c.shift, t.sales.c.kind, t.sales.c.entry).where(
        t.sales.c.shift.in_(_IDS), t.sales.c.shift.is_not(None)
    )
)
_OF_VOIDS = _counts_and_sums(
    # By the kind of the sale that was taken back.
    select(t.voids.c.shift, t.sales.c.kind, t.voids.c.entry)
    .join(t.sales, t.sales.c.vend_id == t.voids.c.vend_id)
    .where(t.voids.c.shift.in_(_IDS))
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
