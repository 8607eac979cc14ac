"""Rows of drawers and what the books hold of a shift, read for use cases and for the audit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Select, cast, func, literal, select
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
    s = t.shifts.c
    row = db.execute(
        select(*CLOSE_COLUMNS)
        .join(t.shifts, s.id == t.shift_closes.c.shift)
        .where(s.point == point, s.terminal == terminal, s.number < before)
        .order_by(s.number.desc())
        .limit(1)
    ).first()
    return FIRST if row is None else close_of(row).hash


def shift_books(db: Connection, shifts: Collection[str]) -> dict[str, ShiftBooks]:
    """See `drawer.ports.DrawerReading.shift_books`."""
    wanted = list(dict.fromkeys(shifts))
    moves: dict[str, list[CashMove]] = defaultdict(list)
    counts: dict[str, list[Counted]] = defaultdict(list)
    sums: dict[str, list[Sum]] = defaultdict(list)
    for begin in range(0, len(wanted), _AT_ONCE):
        ids = wanted[begin : begin + _AT_ONCE]
        c = t.cash_moves.c
        for row in db.execute(select(*MOVE_COLUMNS).where(c.shift.in_(ids)).order_by(c.entry)):
            moves[row.shift].append(move_of(row))
        for void, causes in ((False, _sales(ids)), (True, _voids(ids))):
            held = causes.subquery()
            h = held.c
            for shift, *counted in db.execute(
                select(h.shift, literal(void), h.kind, func.count()).group_by(h.shift, h.kind)
            ):
                counts[shift].append(Counted(bool(counted[0]), *counted[1:]))
            p = t.postings.c
            for shift, kind, account, unit, amount in db.execute(
                select(h.shift, h.kind, p.account, p.unit, func.sum(p.amount))
                .join(t.postings, p.entry == h.entry)
                .group_by(h.shift, h.kind, p.account, p.unit)
            ):
                sums[shift].append(Sum(void, kind, account, unit, int(amount)))
    return {id: ShiftBooks(tuple(moves[id]), tuple(counts[id]), tuple(sums[id])) for id in wanted}


def _sales(shifts: Collection[str]) -> Select[Any]:
    s = t.sales.c
    # Said in full, because the index holds the sales of drawers alone.
    return select(s.shift, s.kind, s.entry).where(s.shift.in_(shifts), s.shift.is_not(None))


def _voids(shifts: Collection[str]) -> Select[Any]:
    """By the kind of the sale that was taken back."""
    v = t.voids.c
    return (
        select(v.shift, t.sales.c.kind, v.entry)
        .join(t.sales, t.sales.c.vend_id == v.vend_id)
        .where(v.shift.in_(shifts))
    )


def banked_shifts(db: Connection) -> Select[Any]:
    """Select of (banking's point, shift), once for each time that a shift was banked."""
    b = t.bankings.c
    if db.dialect.name == "sqlite":
        one = func.json_each(b.document, "$.shifts").table_valued("value", joins_implicitly=True)
        return select(b.point, one.c.value.label("shift"))
    shift = func.jsonb_array_elements_text(cast(b.document, JSONB)["shifts"])
    return select(b.point, shift.label("shift"))
