"""Adjustments as they lie in the database, each with what was decided on it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from ..accounting.adjustments import (
    Adjustment,
    AdjustmentKind,
    AdjustmentState,
    Decision,
    read_lines,
)
from . import schema as t

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
"""Those that wait, too: nothing is decided on them yet."""


def adjustment_of(row: Any) -> Adjustment:
    """Of a row of `ADJUSTMENTS`. Raises one of `ledger.verify.UNREADABLE` where it is damaged."""
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
