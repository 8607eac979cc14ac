"""What a sale writes when it issues a meter's planned key change, and what a void takes back.

Both run inside the sale's (or the void's) own transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from tokens.sts import BaseDate

from ..keychanges.changes import (
    MOST_IN_A_ROW,
    OUT,
    SALE_VOIDED,
    KeyChange,
    KeyChangeEvent,
    KeyChangeState,
    check_step,
)
from ..keymoves import KeyMove
from ..parties import Meter
from .key_change_rows import add_change, add_event
from .key_changes import SqlKeyChangesReading, settle_earlier
from .meter_keys import bring_again, carried, has_new_key, has_old_key, needed
from .reading import SqlReading

_NEVER_PLANNED = "planned with the meter's registration"
_TOLD_ANEW = "its key has another base date or expiry number"
_IN_LOG = "the log holds the set, taken"
_NOT_IN_LOG = "the log does not hold the set"
_OFF = (KeyChangeState.CANCELLED, KeyChangeState.PLANNED)


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

    A plan that came with the meter's registration, and a change that nobody planned, is written
    down first; so is one whose key got another base date or expiry number since it was planned. A
    set that was out before and goes out once more is one more step of its change.
    """
    for issue in issues:
        move = issue.move
        books = SqlKeyChangesReading(SqlReading(db))
        change = books.latest(issue.meter)
        if change is not None and not change.move.leads_as(move):
            if change.state is KeyChangeState.PLANNED:
                _call_off(db, change, issue)
            change = None
        if change is None or change.state not in (KeyChangeState.ISSUED, KeyChangeState.PLANNED):
            why = _TOLD_ANEW if move.within_key else _NEVER_PLANNED
            fresh = KeyChange(0, issue.meter, move, why, issue.at, issue.actor)
            change = replace(fresh, id=add_change(db, fresh))
        seq = len(change.events) + 1
        event = KeyChangeEvent(seq, KeyChangeState.ISSUED, issue.at, issue.actor, issue.vend_id)
        add_event(db, change.id, event)
        has_new_key(db, issue.meter, move)


def with_set_out(db: Connection, meter: Meter) -> Meter:
    """The same, for its next sale: where the plan is to give a set out once more, with the base
    date and the expiry number that this set tells."""
    change = SqlKeyChangesReading(SqlReading(db)).latest(meter.number.number)
    planned = meter.planned
    if planned is None or change is None or change.state is not KeyChangeState.ISSUED:
        return meter
    move = change.move
    if (move.to_sgc, move.to_krn, move.to_ti) != (planned.sgc, planned.krn, planned.ti):
        return meter
    base_date = None if move.to_base_date is None else BaseDate(move.to_base_date)
    return replace(meter, planned=replace(planned, base_date=base_date, ken=move.to_ken))


def _call_off(db: Connection, change: KeyChange, issue: KeyIssue) -> None:
    event = KeyChangeEvent(
        1, KeyChangeState.CANCELLED, issue.at, issue.actor, issue.vend_id, _TOLD_ANEW
    )
    add_event(db, change.id, event)


def withdraw_rows(
    db: Connection, meter: str, vend_id: str, at: datetime, actor: str, *, taken: bool | None = None
) -> bool:
    """What the void of this sale means for the key change whose set is out. To be called in the
    transaction that books the void, before its row.

    Where no sale that stands carries the set any more, it goes out with the meter's next sale:
    planned anew, the change cancelled, if no token needs the new key; as one more step of the
    same change, if later sales stand. These have the set by `KeyChanges.tokens_again` meanwhile.
    Whether the next sale brings it now.

    `taken` is what the meter's log says of the set, where it was this sale's: a set that is in
    the meter is confirmed and stays, one that was only called entered is issued once more. What
    was said is not touched without such a proof.
    """
    voided = _Voided(db, meter, vend_id, at, actor, taken)
    brought = False
    # One change may be out behind another: where the later one is called off, the earlier one may
    # have gone with sales that were taken back before.
    while True:
        now, further = _withdrawn(voided)
        brought = brought or now
        if not further:
            return brought


@dataclass(frozen=True, slots=True)
class _Voided:
    """As the arguments of `withdraw_rows`."""

    db: Connection
    meter: str
    vend_id: str
    at: datetime
    actor: str
    taken: bool | None


def _withdrawn(voided: _Voided) -> tuple[bool, bool]:
    """What the void means for the latest set that is out: whether the next sale brings one now,
    and whether an earlier change is to be looked at."""
    db, meter, vend_id = voided.db, voided.meter, voided.vend_id
    change, plan = _out(SqlKeyChangesReading(SqlReading(db)), meter)
    if change is None:
        return False, False
    steps = _Steps(db, change, vend_id, voided.at, voided.actor)
    own = vend_id in change.carriers
    if own and voided.taken:
        steps.add(KeyChangeState.CONFIRMED, _IN_LOG)
        return False, False
    if change.state is KeyChangeState.ENTERED:
        if not own or voided.taken is None:
            return False, False
        steps.add(KeyChangeState.ISSUED, _NOT_IN_LOG)
        if plan is not None:
            _drop_plan(voided, change, plan, _NOT_IN_LOG)
            plan = None
    if carried(db, change, vend_id):
        return False, False
    if plan is not None:
        _drop_plan(voided, change, plan, SALE_VOIDED)
    if needed(db, change, vend_id):
        if not bring_again(db, change):
            return False, False
        steps.add(KeyChangeState.ISSUED, SALE_VOIDED)
        return True, False
    steps.add(KeyChangeState.CANCELLED, SALE_VOIDED)
    add_change(db, replace(change, planned_at=voided.at))
    has_old_key(db, meter, change.move)
    return True, True


def _drop_plan(voided: _Voided, out: KeyChange, plan: KeyChange, why: str) -> None:
    """Its set would be made under a key that the meter does not hold."""
    event = KeyChangeEvent(
        1, KeyChangeState.CANCELLED, voided.at, voided.actor, voided.vend_id, why
    )
    add_event(voided.db, plan.id, event)
    has_new_key(voided.db, voided.meter, out.move)


@dataclass(slots=True)
class _Steps:
    """Writes the next steps of a change, which the void of a sale brings about."""

    db: Connection
    change: KeyChange
    vend_id: str
    at: datetime
    actor: str

    def add(self, state: KeyChangeState, note: str) -> None:
        check_step(self.change, state)
        seq = len(self.change.events) + 1
        # An issue names a sale that carries the set; the one that is voided need not be one.
        issued = state is KeyChangeState.ISSUED
        vend_id = self.change.issued_with if issued else self.vend_id
        event = KeyChangeEvent(seq, state, self.at, self.actor, vend_id, note)
        add_event(self.db, self.change.id, event)
        if state is KeyChangeState.CONFIRMED:
            settle_earlier(self.db, self.change, event)
        self.change = replace(self.change, events=(*self.change.events, event))


def _out(books: SqlKeyChangesReading, meter: str) -> tuple[KeyChange | None, KeyChange | None]:
    """The change whose set is out, and the plan that was made behind it."""
    latest = books.latest(meter)
    if latest is None or latest.state is not KeyChangeState.PLANNED:
        return (latest, None) if latest is not None and latest.state in OUT else (None, None)
    before = (c for c in books.changes_of(meter, latest.id, MOST_IN_A_ROW) if c.state not in _OFF)
    earlier = next(before, None)
    return (earlier, latest) if earlier is not None and earlier.state in OUT else (None, None)
