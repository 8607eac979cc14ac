"""Events of accounts as they lie in the database, and what a debt was booked for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from ..accounts.happened import Happened, happened_from, row_hash
from . import schema as t

_E = t.account_events.c
EVENTS = select(
    _E.agreement, _E.seq, _E.after_entry, _E.kind, _E.at, _E.actor, _E.reason, _E.document
)
_LONGEST_SEQ = 9
"""Digits: a longer number is none that an account ever counted to."""


def event_of(row: Any) -> Happened:
    """Of a row of `EVENTS`, its moment as the driver gives it. Raises one of
    `accounts.proving.UNREADABLE` where it is damaged."""
    agreement, seq, after_entry, kind, at, actor, reason, document = row
    moment = t.moment(at)
    assert moment is not None
    return happened_from(agreement, seq, after_entry, kind, moment, actor, reason, document)


def debt_hash(db: Connection, entry: int, cause: str) -> str | None:
    """Of the event that the entry of a debt was booked for: `agreement:seq`."""
    agreement, _, seq = cause.rpartition(":")
    if not seq.isdecimal() or len(seq) > _LONGEST_SEQ:
        return None
    row = db.execute(
        EVENTS.where(
            _E.agreement == agreement,
            _E.seq == int(seq),
            _E.after_entry == entry,
            _E.kind == "debt_added",
        )
    ).first()
    return None if row is None else row_hash(*row)
