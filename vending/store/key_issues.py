"""What a sale writes when it issues a meter's planned key change, and what a void takes back.

Both run inside the sale's (or the void's) own transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, exists, select, update

from ..keychanges.changes import KeyChange, KeyChangeEvent, KeyChangeState
from ..sale import Evidence, KeyMove
from . import schema as t
from .key_changes import SqlKeyChangesReading, add_change, add_event
from .reading import SqlReading

_M = t.meters
_NEVER_PLANNED = "planned with the meter's registration"


@dataclass(frozen=True, slots=True)
class KeyIssue:
    """A sale whose tokens begin with a key-change set."""

    meter: str
    """DRN"""
    vend_id: str
    move: KeyMove
    at: datetime
    actor: str


def issue_rows(db: Connection, *issues: KeyIssue) -> None:
    """For each sale: its meter's change is issued, and the books call the new key the meter's own
    from here on. To be called in the transaction that books the sale, before or after its rows.

    A plan that came with the meter's registration is written down first.
    """
    for issue in issues:
        move = issue.move
        books = SqlKeyChangesReading(SqlReading(db))
        change = books.latest(issue.meter)
        if change is None or change.state is not KeyChangeState.PLANNED:
            fresh = KeyChange(0, issue.meter, move, _NEVER_PLANNED, issue.at, issue.actor)
            change = replace(fresh, id=add_change(db, fresh))
        event = KeyChangeEvent(1, KeyChangeState.ISSUED, issue.at, issue.actor, issue.vend_id)
        add_event(db, change.id, event)
        db.execute(
            update(_M)
            .where(_M.c.number == issue.meter)
            .values(
                sgc=move.to_sgc,
                krn=move.to_krn,
                ti=move.to_ti,
                next_sgc=None,
                next_krn=None,
                next_ti=None,
            )
        )


def withdraw_rows(db: Connection, meter: str, vend_id: str, at: datetime, actor: str) -> bool:
    """Takes back what `issue_rows` did for a sale that is voided before its tokens were shown:
    the change is cancelled, the meter has its old key in the books again, and the same change is
    planned anew, for its next sale. To be called in the transaction that books the void.

    False, and nothing is written, if this sale issued no set, if the set is known to have been
    entered, or if the meter has other tokens since: those are under the new key, and the set
    (`KeyChanges.tokens_again`) is still needed.
    """
    books = SqlKeyChangesReading(SqlReading(db))
    change = books.latest(meter)
    if (
        change is None
        or change.state is not KeyChangeState.ISSUED
        or change.issued_with != vend_id
        or _sold_after(db, meter, vend_id)
    ):
        return False
    note = "its sale was voided"
    seq = len(change.events) + 1
    add_event(
        db, change.id, KeyChangeEvent(seq, KeyChangeState.CANCELLED, at, actor, vend_id, note)
    )
    add_change(db, replace(change, planned_at=at))
    move = change.move
    db.execute(
        update(_M)
        .where(_M.c.number == meter)
        .values(
            sgc=move.from_sgc,
            krn=move.from_krn,
            ti=move.from_ti,
            next_sgc=move.to_sgc,
            next_krn=move.to_krn,
            next_ti=move.to_ti,
        )
    )
    return True


def _sold_after(db: Connection, meter: str, vend_id: str) -> bool:
    """Whether tokens are out that were made behind this sale; what was paid without one, and what
    was taken back itself, needs no key."""
    own = select(t.sales.c.entry).where(t.sales.c.vend_id == vend_id).scalar_subquery()
    v = t.voids.c
    later = exists().where(
        t.sales.c.meter == meter,
        t.sales.c.entry > own,
        t.tokens.c.vend_id == t.sales.c.vend_id,
        ~exists().where(v.vend_id == t.sales.c.vend_id, v.evidence != Evidence.REFUND.value),
    )
    return bool(db.execute(select(later)).scalar())
