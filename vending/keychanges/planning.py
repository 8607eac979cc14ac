"""Planning key changes: of one meter, of all meters of a key, of all keys of a base date."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from meters.identity import meter_from_text
from tokens.sts import BaseDate, EncryptionAlgorithm, KeyRef, SecurityModule

from ..accounting.adjustments import checked_reason
from ..parties import Actor, Meter, MeterUnknown, PlannedKey
from ..permissions import require
from ..ports import Clock
from .changes import (
    MOST_IN_A_ROW,
    KeyChange,
    KeyChangeEvent,
    KeyChangeState,
    KeyChangeStep,
    NoKeyChange,
    Scope,
    check_none_open,
    printable,
)
from .issuing import attributes_of, move_of
from .ports import KeyChangeReading, KeyChangeStore, KeyChangeWriting, Move, Standing
from .targets import check_target, fit_ciphers, successor, with_base_date

AT_ONCE = 5_000
"""Meters of a campaign in one transaction: the counters sell between two of them."""

_NO_NEED = "the meter has what its key has"
_UNWRITTEN = 0
"""Number of a change that is not written down yet."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """What became of a campaign over the meters of one key. Run again, it goes on with those that
    it left out and that can be moved by then."""

    source: KeyRef
    target: KeyRef | None
    """None: no key is held that these meters could be moved to."""
    planned: int
    """Meters for which a change is planned now and was not before."""
    left_out: Standing
    """The others."""


_NOBODY = Standing(0, 0, 0, 0)


class Planning:
    """See `KeyChanges`, whose promises these are."""

    def __init__(self, store: KeyChangeStore, security: SecurityModule, clock: Clock) -> None:
        self._store = store
        self._security = security
        self._clock = clock

    def plan(
        self,
        actor: Actor,
        meter: str,
        reason: str,
        *,
        sgc: str | None = None,
        krn: int | None = None,
        ti: int | None = None,
    ) -> KeyChange:
        require(actor, "plan_key_change")
        number = meter_from_text(meter).number
        reason = checked_reason(printable(reason))
        with self._store.writing() as books:
            found = known_meter(books, number)
            wanted = PlannedKey(
                found.sgc if sgc is None else sgc,
                found.krn if krn is None else krn,
                found.ti if ti is None else ti,
            )
            latest = books.latest(number)
            if found.planned == wanted and latest is not None and not latest.events:
                return latest
            now = self._clock()
            if found.planned is not None and latest is not None:
                latest = self._called_off(books, found, found.planned, latest, now, actor)
            check_none_open(latest)
            check_target(self._security, found, wanted, now)

            # From here on it must succeed.
            move = move_of(self._security, found, wanted)
            change = KeyChange(_UNWRITTEN, number, move, reason, now, actor.name)
            return books.plan(number, change)

    def _called_off(
        self,
        books: KeyChangeWriting,
        meter: Meter,
        planned: PlannedKey,
        latest: KeyChange,
        now: datetime,
        actor: Actor,
    ) -> KeyChange | None:
        """A plan that leads nowhere any more, as the key has again what the meter was told, is no
        hindrance to another: it is called off. Any other change: as it is."""
        idle = move_of(self._security, meter, planned).leads_nowhere
        if not idle or latest.state is not KeyChangeState.PLANNED:
            return latest
        off = KeyChangeEvent(1, KeyChangeState.CANCELLED, now, actor.name, None, _NO_NEED)
        books.add_event(latest, off)
        return None

    def plan_campaign(
        self, actor: Actor, source: KeyRef, target: KeyRef, reason: str, *, ti: int | None = None
    ) -> Campaign:
        require(actor, "plan_key_change")
        reason = checked_reason(printable(reason))
        old, young = (attributes_of(self._security, ref) for ref in (source, target))
        move = Move(old, young, ti, reason, self._clock(), actor.name)
        with self._store.reading() as books:
            sample = books.sample(move)
            standing = books.standing(move, tuple(EncryptionAlgorithm))
        if sample is None:
            return Campaign(source, target, 0, standing)
        wanted = PlannedKey(target.sgc, target.krn, sample.ti if ti is None else ti)
        fit = fit_ciphers(self._security, sample, wanted, move.at)
        with self._store.reading() as books:
            standing = books.standing(move, fit)
        planned, after = 0, ""
        while True:
            with self._store.writing() as books:
                made, last = books.plan_some(move, fit, after, AT_ONCE)
            planned += made
            if last is None:
                return Campaign(source, target, planned, standing)
            after = last

    def plan_base_date(self, actor: Actor, base_date: BaseDate, reason: str) -> list[Campaign]:
        require(actor, "plan_key_change")
        reason = checked_reason(printable(reason))
        held, now = self._security.keys(), self._clock()
        campaigns = []
        for key in with_base_date(held, base_date):
            next_key = successor(key, held, now)
            if next_key is None:
                campaigns.append(Campaign(key.ref, None, 0, _NOBODY))
            else:
                campaigns.append(self.plan_campaign(actor, key.ref, next_key.ref, reason))
        return campaigns

    def tell_untold(self) -> None:
        with self._store.reading() as books:
            untold = books.untold()
        held = self._security.keys()
        known = [key for key in held if key.ref in untold]
        if known:
            with self._store.writing() as books:
                for key in known:
                    books.tell_untold(key)

    def cancel(self, actor: Actor, meter: str, reason: str) -> KeyChange:
        require(actor, "plan_key_change")
        number = meter_from_text(meter).number
        note = checked_reason(printable(reason))
        with self._store.writing() as books:
            known_meter(books, number)
            (change,) = books.changes_of(number, None, 1) or (None,)
            if change is None:
                raise NoKeyChange(number)
            if change.state is KeyChangeState.CANCELLED:
                return change
            if change.state is not KeyChangeState.PLANNED:
                # What is out ends by what the meter does, not by a word.
                raise KeyChangeStep(number, change.state.value, KeyChangeState.CANCELLED.value)
            event = KeyChangeEvent(
                1, KeyChangeState.CANCELLED, self._clock(), actor.name, None, note
            )
            books.add_event(change, event)
            books.drop_plan(number)
            return replace(change, events=(event,))

    def cancel_campaign(self, actor: Actor, scope: Scope, reason: str) -> int:
        require(actor, "plan_key_change")
        note = checked_reason(printable(reason))
        event = KeyChangeEvent(1, KeyChangeState.CANCELLED, self._clock(), actor.name, None, note)
        cancelled, after = 0, 0
        while True:
            with self._store.writing() as books:
                made, last = books.cancel_some(scope, event, after, AT_ONCE)
            cancelled += made
            if last is None:
                return cancelled
            after = last


def known_meter(books: KeyChangeReading, number: str) -> Meter:
    """Raises MeterUnknown."""
    meter = books.meter(number)
    if meter is None:
        raise MeterUnknown(number)
    return meter


def known_change(books: KeyChangeReading, number: str) -> KeyChange:
    """The meter's latest; where that is planned only, and the tokens of the one before are still
    to be entered, the one before. Raises MeterUnknown, NoKeyChange."""
    known_meter(books, number)
    change = books.latest(number)
    if change is None:
        raise NoKeyChange(number)
    if change.state is not KeyChangeState.PLANNED:
        return change
    # Nobody plans behind a set that is out, but a void leaves a plan there: that of a change which
    # was told behind it.
    before = (
        one
        for one in books.changes_of(number, change.id, MOST_IN_A_ROW)
        if one.state is not KeyChangeState.CANCELLED
    )
    earlier = next(before, change)
    return earlier if earlier.state is KeyChangeState.ISSUED else change
