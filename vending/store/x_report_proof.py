"""Proving X reports: recomputed from what the books held when they were taken, and held against the
Z report of their shift, which has a hash of each."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, zip_longest
from typing import Any

from sqlalchemy import Connection, select

from ..drawer.reports import ShiftReport
from ..drawer.shifts import Shift
from ..drawer.tally import ShiftBooks, tally
from ..drawer.x_report import XReport, x_document
from ..ledger import Chart, LedgerProblem
from . import schema as t
from .drawer_rows import (
    SHIFT_COLUMNS,
    X_COLUMNS,
    last_z,
    shift_of,
    x_report_books,
    x_report_of,
)
from .streams import streamed

_AT_A_TIME = 200
"""X reports recomputed together."""
_WIDTH = len(SHIFT_COLUMNS)


def x_problems(db: Connection, chart: Chart) -> Iterator[LedgerProblem]:
    """X reports that are not what the books said, or behind one that is gone."""
    s, x = t.shifts.c, t.x_reports.c
    rows = iter(
        streamed(
            db,
            select(*SHIFT_COLUMNS, *X_COLUMNS)
            .join(t.shifts, s.id == x.shift)
            .order_by(x.shift, x.number),
            at_a_time=_AT_A_TIME,
        )
    )
    last = "", 0
    while batch := [
        (shift_of(r[:_WIDTH]), x_report_of(r[_WIDTH:])) for r in islice(rows, _AT_A_TIME)
    ]:
        books = x_report_books(db, [taken.id for _, taken in batch])
        for shift, taken in batch:
            number = last[1] + 1 if last[0] == shift.id else 1
            before = last_z(db, shift.point, shift.terminal, shift.number)
            is_right = _is_as_taken(shift, taken, books[taken.id], before, chart)
            if taken.number != number or not is_right:
                yield LedgerProblem(0, "x_report", taken.id)
            last = shift.id, taken.number


def _is_as_taken(
    shift: Shift, taken: XReport, books: ShiftBooks, before: str, chart: Chart
) -> bool:
    """Whether the report is the one that the books gave, blind if it says so."""
    sums, blind = tally(books, chart), read_document(taken.document).get("blind") is True
    made = ShiftReport(
        shift,
        taken.at,
        taken.actor,
        books.moves,
        sums.blinded() if blind else sums,
        before,
        blind=blind,
        id=taken.id,
        number=taken.number,
    )
    return x_document(made) == taken.document


def x_reports_of(db: Connection, shifts: Sequence[str]) -> Mapping[str, list[XReport]]:
    """Those that were taken of each of these shifts, by number."""
    x = t.x_reports.c
    found: dict[str, list[XReport]] = defaultdict(list)
    for row in db.execute(select(*X_COLUMNS).where(x.shift.in_(shifts)).order_by(x.number)):
        found[row.shift].append(x_report_of(row))
    return found


def lost_report(shift: str, taken: Sequence[XReport], held: Any) -> str:
    """The id of the first X report that is not what the Z report holds of it (`held`: as it stands
    in its document); that of the shift, for one that is gone. Empty if all are there."""
    hashes = held if isinstance(held, list) else [held]
    for one, hash in zip_longest(taken, hashes):
        if one is None or one.hash != hash:
            return shift if one is None else one.id
    return ""


def read_document(text: str) -> dict[str, Any]:
    """What a report's document says; nothing, if it cannot be read."""
    try:
        data = json.loads(text)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}
