"""Proving drawers: what each of their entries was booked for, recomputed from its rows; and X and Z
reports, recomputed from the books, for those that have no entry of their own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from ..drawer.banking import banking_hash
from ..drawer.counting import Count
from ..drawer.reports import ShiftReport, z_document
from ..drawer.shifts import (
    FIRST,
    OVER_SHORT,
    Close,
    MoveKind,
    Shift,
    move_hash,
    over_short_hash,
)
from ..drawer.tally import ShiftBooks, tally
from ..ledger import Chart, LedgerProblem
from ..sale import Tender
from . import schema as t
from .drawer_rows import (
    CLOSE_COLUMNS,
    MOVE_COLUMNS,
    SHIFT_COLUMNS,
    banked_shifts,
    close_of,
    last_z,
    move_of,
    shift_books,
    shift_of,
)
from .streams import streamed
from .x_report_proof import lost_report, read_document, x_problems, x_reports_of

_AT_A_TIME = 200
"""Z reports recomputed together."""
_WIDTH = len(SHIFT_COLUMNS)

Cause = Callable[[Connection, int, str], str | None]


# Built once: a town moves cash some ten thousand times a year.
_MOVE = (
    select(*SHIFT_COLUMNS, *MOVE_COLUMNS)
    .select_from(t.cash_moves)
    .join(t.shifts, t.shifts.c.id == t.cash_moves.c.shift)
    .where(
        t.cash_moves.c.id == bindparam("cause"),
        t.cash_moves.c.entry == bindparam("entry"),
        t.cash_moves.c.kind == bindparam("of_kind"),
    )
)
_CLOSE = (
    select(*SHIFT_COLUMNS, *CLOSE_COLUMNS)
    .select_from(t.shift_closes)
    .join(t.shifts, t.shifts.c.id == t.shift_closes.c.shift)
    .where(
        t.shift_closes.c.shift == bindparam("cause"),
        t.shift_closes.c.entry == bindparam("entry"),
    )
)


def _move_hash(kind: MoveKind, db: Connection, entry: int, cause: str) -> str | None:
    values = {"cause": cause, "entry": entry, "of_kind": kind.value}
    row = db.execute(_MOVE, values).first()
    if row is None:
        return None
    shift = shift_of(row[:_WIDTH])
    return move_hash(shift, move_of(row[_WIDTH:]), _before(db, shift))


def _over_short_hash(db: Connection, entry: int, cause: str) -> str | None:
    row = db.execute(_CLOSE, {"cause": cause, "entry": entry}).first()
    if row is None:
        return None
    shift = shift_of(row[:_WIDTH])
    return over_short_hash(shift, close_of(row[_WIDTH:]), _before(db, shift))


def _banking_hash(db: Connection, entry: int, cause: str) -> str | None:
    b = t.bankings.c
    row = db.execute(select(t.bankings).where(b.id == cause, b.entry == entry)).first()
    if row is None:
        return None
    try:
        shifts = [str(shift) for shift in json.loads(row.document)["shifts"]]
    except (ValueError, KeyError, TypeError):
        # Whatever else this was, it is not what was hashed.
        shifts = []
    c = t.shift_closes.c
    found = db.execute(select(*CLOSE_COLUMNS).where(c.shift.in_(shifts)))
    hashes = {row.shift: close_of(row).hash for row in found}
    return banking_hash(
        row.id,
        row.number,
        row.point,
        row.at,
        row.actor,
        row.currency,
        row.amount,
        row.document,
        [hashes.get(shift, "") for shift in shifts],
    )


CAUSES: dict[str, Cause] = {
    **{kind.entry_kind: partial(_move_hash, kind) for kind in MoveKind},
    OVER_SHORT: _over_short_hash,
    "banking": _banking_hash,
}
"""By kind of entry: the hash of what it was booked for, recomputed."""


def _before(db: Connection, shift: Shift) -> str:
    return last_z(db, shift.point, shift.terminal, shift.number)


def drawer_problems(db: Connection, chart: Chart) -> Iterator[LedgerProblem]:
    """Z reports that are not what the books say, or not what the next one at their terminal holds;
    X reports that are not what the books said when they were taken, or not what the Z report of
    their shift holds; and shifts that were banked twice."""
    # X reports hold the hash of the Z report before them: where that one is wrong, it is the cause.
    yield from _z_problems(db, chart)
    yield from x_problems(db, chart)
    banked = banked_shifts(db).subquery().c.shift
    for shift in db.execute(select(banked).group_by(banked).having(func.count() > 1)).scalars():
        yield LedgerProblem(0, "banked_twice", str(shift))


def _z_problems(db: Connection, chart: Chart) -> Iterator[LedgerProblem]:
    s = t.shifts.c
    rows = iter(
        streamed(
            db,
            select(*SHIFT_COLUMNS, *CLOSE_COLUMNS)
            .join(t.shifts, s.id == t.shift_closes.c.shift)
            .order_by(s.point, s.terminal, s.number),
            at_a_time=_AT_A_TIME,
        )
    )
    last: tuple[Shift, Close] | None = None
    while batch := [(shift_of(r[:_WIDTH]), close_of(r[_WIDTH:])) for r in islice(rows, _AT_A_TIME)]:
        ids = [shift.id for shift, _ in batch]
        books, reports = shift_books(db, ids), x_reports_of(db, ids)
        for shift, close in batch:
            same_place = last is not None and _place(last[0]) == _place(shift)
            before = last[1].hash if last is not None and same_place else FIRST
            data = read_document(close.document)
            lost = lost_report(shift.id, reports[shift.id], data.get("x_reports", []))
            if data.get("before", before) != before and last is not None and same_place:
                # What the later report holds of it is not what it is now.
                yield LedgerProblem(last[1].entry or 0, "z_report", last[0].id)
            elif data and lost:
                yield LedgerProblem(0, "x_report", lost)
            elif not _is_right(shift, close, data, before, books[shift.id], chart):
                yield LedgerProblem(close.entry or 0, "z_report", shift.id)
            last = shift, close


def _place(shift: Shift) -> tuple[str, str]:
    return shift.point, shift.terminal


def _is_right(
    shift: Shift, close: Close, data: dict[str, Any], before: str, books: ShiftBooks, chart: Chart
) -> bool:
    """Whether the report is the one that the books give for what it says was counted."""
    try:
        count = Count(
            tuple((int(value), int(pieces)) for value, pieces in data["pieces"]),
            tuple((Tender(tender), int(amount)) for tender, amount in data["slips"]),
        )
    except (KeyError, TypeError, ValueError):
        return False
    sums = tally(books, chart)
    made = ShiftReport(
        shift,
        close.closed_at,
        close.actor,
        books.moves,
        sums,
        before,
        count,
        x_reports=tuple(data.get("x_reports", ())),
    )
    return (
        z_document(made) == close.document
        and (close.expected, close.counted) == (sums.expected, count.cash)
        and (close.entry is None) == (close.difference == 0)
    )
