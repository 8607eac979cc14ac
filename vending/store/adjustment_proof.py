"""Proving adjustments: what a decision says of its request holds of the journal too. The entries of
those that were posted are held against them on the walk (`walk.py`)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, or_, select

from ..accounting.adjustments import AdjustmentState
from ..ledger import LedgerProblem
from ..ledger.verify import UNREADABLE
from . import schema as t
from .adjustment_rows import ADJUSTMENTS, adjustment_of

_D, _A, _E = t.decisions.c, t.adjustments.c, t.entries.c
_POSTED = AdjustmentState.POSTED.value
_DECIDED = (_POSTED, AdjustmentState.VOIDED.value)
_WRONG = (
    select(_D.entry, _D.adjustment)
    .select_from(t.decisions)
    .outerjoin(t.adjustments, _A.id == _D.adjustment)
    .outerjoin(t.entries, _E.number == _D.entry)
    .where(
        or_(
            _A.id.is_(None),
            _D.state.not_in(_DECIDED),
            (_D.state == _POSTED) != _D.entry.is_not(None),
            _D.entry.is_not(None)
            & (_E.number.is_(None) | (_E.kind != _A.kind) | (_E.cause != _A.id)),
        )
    )
    .order_by(_D.entry, _D.adjustment)
)
"""Decisions that say posted without an entry, or anything else with one; and those whose entry was
booked for something else, or is not there."""
_UNPOSTED = (
    select(_A.id)
    .select_from(t.adjustments)
    .outerjoin(t.decisions, _D.adjustment == _A.id)
    .where(_D.entry.is_(None))
    .order_by(_A.id)
)


def adjustment_problems(db: Connection) -> Iterator[LedgerProblem]:
    """Decisions that the journal does not bear out, and requests that cannot be read."""
    for entry, id in db.execute(_WRONG).all():
        yield LedgerProblem(int(entry or 0), "decision", str(id))
    for id in db.execute(_UNPOSTED).scalars().all():
        if not _is_readable(db, id):
            yield LedgerProblem(0, "adjustment", str(id))


def _is_readable(db: Connection, id: str) -> bool:
    try:
        adjustment_of(db.execute(ADJUSTMENTS.where(_A.id == id)).one())
    except UNREADABLE:
        return False
    return True
