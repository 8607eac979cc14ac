"""What people said of the machine's clock."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from ..clock import ClockConfirmation
from . import schema as t

_C = t.clock_confirmations.c
_LATEST = select(_C.at, _C.actor, _C.reason, _C.entry, _C.last).order_by(_C.number.desc()).limit(1)


def latest_confirmation(db: Connection) -> ClockConfirmation | None:
    row = db.execute(_LATEST).first()
    return None if row is None else ClockConfirmation(*row)


def add_confirmation(db: Connection, confirmation: ClockConfirmation) -> None:
    db.execute(insert(t.clock_confirmations), confirmation._asdict())
