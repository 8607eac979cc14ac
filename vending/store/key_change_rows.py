"""Rows of key changes and their steps, and which of them are meant."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, exists, func
from sqlalchemy.sql.elements import ColumnElement

from tokens.sts import KeyRef

from ..keychanges.changes import KeyChange, KeyChangeEvent, KeyChangeState, Scope
from ..keymoves import KeyMove
from . import schema as t
from .attesting import add_row

_C, _E = t.key_changes, t.key_change_events
_NEXT = _E.alias()
IS_LAST = ~exists().where(_NEXT.c.change == _E.c.change, _NEXT.c.seq > _E.c.seq)
STATED = _C.outerjoin(_E, and_(_E.c.change == _C.c.id, IS_LAST))
"""Each change beside its last event, if it has one."""
STATE: ColumnElement[str] = func.coalesce(_E.c.state, KeyChangeState.PLANNED.value)


def add_change(db: Any, change: KeyChange) -> int:
    """Writes a change without its events; its number."""
    (made,) = add_row(db, "key_change", row_of(change))
    return int(made)


def add_event(db: Any, change: int, event: KeyChangeEvent) -> None:
    add_row(db, "key_change_event", event_row(change, event))


def event_row(change: int, event: KeyChangeEvent) -> dict[str, Any]:
    """The columns of key_change_events."""
    return {
        "change": change,
        "seq": event.seq,
        "state": event.state.value,
        "at": event.at,
        "actor": event.actor,
        "vend_id": event.vend_id,
        "note": event.note,
    }


def row_of(change: KeyChange) -> dict[str, Any]:
    """The columns of key_changes behind `id`, in their order."""
    move = change.move
    return {
        "meter": change.meter,
        "from_sgc": move.from_sgc,
        "from_krn": move.from_krn,
        "from_ti": move.from_ti,
        "to_sgc": move.to_sgc,
        "to_krn": move.to_krn,
        "to_ti": move.to_ti,
        "reason": change.reason,
        "planned_at": change.planned_at,
        "planned_by": change.planned_by,
        "from_base_date": move.from_base_date,
        "from_ken": move.from_ken,
        "to_base_date": move.to_base_date,
        "to_ken": move.to_ken,
    }


def change_of(row: Any, events: tuple[KeyChangeEvent, ...]) -> KeyChange:
    id, meter, *names = row[:8]
    reason, planned_at, planned_by, *told = row[8:]
    return KeyChange(id, meter, KeyMove(*names, *told), reason, planned_at, planned_by, events)


def within(scope: Scope, statement: Select[Any]) -> Select[Any]:
    for ref, sgc, krn in (
        (scope.source, _C.c.from_sgc, _C.c.from_krn),
        (scope.target, _C.c.to_sgc, _C.c.to_krn),
    ):
        if ref is not None:
            statement = statement.where(sgc == ref.sgc, krn == ref.krn)
    return statement


def has_key(table: Any, ref: KeyRef) -> ColumnElement[bool]:
    return and_(table.c.sgc == ref.sgc, table.c.krn == ref.krn)
