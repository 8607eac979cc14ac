"""Following a set from the counter into the meter: said, pushed, proved.

A meter is never on the line while the books are held.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from meters.gateway import (
    Gateway,
    PushAccepted,
    PushUnknown,
    StsReader,
    token_fingerprint,
)
from meters.identity import meter_from_text
from meters.verdicts import TokenResult

from ..parties import Actor
from ..permissions import require
from ..ports import Clock, GatewayFor
from ..sale import KeyToken
from .changes import (
    KeyChange,
    KeyChangeEvent,
    KeyChangeMoved,
    KeyChangeState,
    check_step,
    printable,
)
from .planning import known_change, known_meter
from .ports import KeyChangeReading, KeyChangeStore
from .proof import Proof, Traces, from_registers, from_traces
from .sets import check_given, check_out, earlier_out, set_of

_LATER_SALES = 50
"""A log of ten lines holds none that is older."""
_SETTLED_AT_ONCE = 200
_NOTE = 200
_DELIVERED = "a later token was delivered"
_PUSHED = "pushed"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A change after something was looked at, and what that proved."""

    change: KeyChange
    proof: Proof
    results: tuple[TokenResult | None, ...] = ()
    """After a push: the meter's verdict on each section that was sent; None: it gave none."""


class Following:
    """See `KeyChanges`, whose promises these are."""

    def __init__(self, store: KeyChangeStore, gateway_for: GatewayFor, clock: Clock) -> None:
        self._store = store
        self._gateway_for = gateway_for
        self._clock = clock

    # Said

    def mark_entered(self, actor: Actor, meter: str, note: str = "") -> KeyChange:
        require(actor, "follow_key_change")
        number = meter_from_text(meter).number
        with self._store.writing() as books:
            change = known_change(books, number)
            if change.state in (KeyChangeState.ENTERED, KeyChangeState.CONFIRMED):
                return change
            check_step(change, KeyChangeState.ENTERED)
            check_given(books, change)
            said = printable(note)[:_NOTE]
            now = self._clock()
            books.add_event(change, _event(change, KeyChangeState.ENTERED, now, actor, note=said))
            return _now(books, change)

    # Proved

    def confirm_by_reading(self, actor: Actor, meter: str) -> Confirmation:
        require(actor, "follow_key_change")
        number = meter_from_text(meter).number
        with self._store.reading() as books:
            change = known_change(books, number)
            if change.state is KeyChangeState.CONFIRMED:
                return Confirmation(change, Proof(True, change.events[-1].note))
            check_out(change)
            vend_id = books.delivered_since(change)
            held = known_meter(books, number)
            traces = _traces(books, change, self._clock())
        if vend_id is not None:
            return self._settled(actor, change, Proof(True, _DELIVERED, vend_id))
        gateway = self._gateway_for(held)
        try:
            proof = _read(gateway, change, traces)
        finally:
            gateway.close()
        return self._settled(actor, change, proof)

    def confirm_delivered(self, actor: Actor) -> int:
        require(actor, "follow_key_change")
        confirmed, after = 0, 0
        while True:
            # A step at a time: the counters sell between two of them.
            with self._store.writing() as books:
                found = books.provable(after, _SETTLED_AT_ONCE)
                for change in found:
                    vend_id = books.delivered_since(change)
                    proof = Proof(True, _DELIVERED, vend_id)
                    books.add_event(change, _proved(change, proof, self._clock(), actor))
            if not found:
                return confirmed
            confirmed += len(found)
            after = found[-1].id

    # Pushed

    def push(self, actor: Actor, meter: str) -> Confirmation:
        require(actor, "follow_key_change")
        number = meter_from_text(meter).number
        with self._store.reading() as books:
            change = known_change(books, number)
            if change.state is KeyChangeState.CONFIRMED:
                return Confirmation(change, Proof(True, change.events[-1].note))
            check_out(change)
            held = known_meter(books, number)
            traces, tokens = _traces(books, change, self._clock()), set_of(books, change)
        gateway = self._gateway_for(held)
        try:
            proof = _read(gateway, change, traces)
            results: tuple[TokenResult | None, ...] = ()
            if proof.taken is not True:
                results = _pushed(gateway, tokens)
                proof = _read(gateway, change, traces)
        finally:
            gateway.close()
        if len(results) == len(tokens) and results[-1] is TokenResult.ACCEPT:
            change = self._say_pushed(actor, change)
        settled = self._settled(actor, change, proof)
        return replace(settled, results=results)

    def _say_pushed(self, actor: Actor, seen: KeyChange) -> KeyChange:
        if seen.state is KeyChangeState.ENTERED:
            return seen
        with self._store.writing() as books:
            change = _unmoved(books, seen)
            now = self._clock()
            books.add_event(
                change, _event(change, KeyChangeState.ENTERED, now, actor, note=_PUSHED)
            )
            return _now(books, change)

    def _settled(self, actor: Actor, seen: KeyChange, proof: Proof) -> Confirmation:
        """Writes down what was proved, if that takes the change anywhere."""
        contradicted = proof.taken is False and seen.state is KeyChangeState.ENTERED
        if not (proof.taken or contradicted):
            return Confirmation(seen, proof)
        with self._store.writing() as books:
            change = _unmoved(books, seen)
            if contradicted and books.latest(seen.meter) != seen:
                # Planned behind it meanwhile, under a key that the meter does not hold.
                raise KeyChangeMoved(seen.meter)
            books.add_event(change, _proved(change, proof, self._clock(), actor))
            return Confirmation(_now(books, change), proof)


def _unmoved(books: KeyChangeReading, seen: KeyChange) -> KeyChange:
    """Raises KeyChangeMoved if it is not where it was seen."""
    if _now(books, seen) != seen:
        raise KeyChangeMoved(seen.meter)
    return seen


def _now(books: KeyChangeReading, seen: KeyChange) -> KeyChange:
    """The same change as it stands by now."""
    (change,) = books.changes_of(seen.meter, seen.id + 1, 1)
    return change


def _traces(books: KeyChangeReading, change: KeyChange, now: datetime) -> Traces:
    """What to look for in the meter's log. Raises KeySetMissing."""
    sold = books.sold_since(change.meter, change.issued_with or "", _LATER_SALES)
    issued_at = change.planned_at if change.issue is None else change.issue.at
    behind = tuple(one.move.on_to(change.move) for one in earlier_out(books, change))
    return Traces(
        sections={token_fingerprint(token.digits) for token in set_of(books, change)},
        later={
            token_fingerprint(token.digits): record.vend_id
            for record in sold
            for token in record.tokens
            if token.tid is not None
            and all(move.shows(token.tid) for move in (change.move, *behind))
        },
        log_before=books.log_sequence_before(change.meter, issued_at),
        log_known=books.log_sequence_before(change.meter, now),
        keeps_decoder_key=change.move.keeps_decoder_key,
        behind=behind,
    )


def _read(gateway: Gateway, change: KeyChange, traces: Traces) -> Proof:
    """Asks the meter: its registers, where it has them, and its token log."""
    if isinstance(gateway, StsReader):
        registers = gateway.read_sts()
        told = from_registers(change.move, registers)
        # What a set before found in the meter is no other, as far as registers tell.
        alike = told.taken and not all(from_registers(m, registers).taken for m in traces.behind)
        if told.taken is not None and not alike:
            return told
    return from_traces(traces, gateway.read_token_log())


def _pushed(gateway: Gateway, tokens: tuple[KeyToken, ...]) -> tuple[TokenResult | None, ...]:
    """Each section once, in order, until the meter does not take one or does not answer. Pushing
    a whole set again later does no harm: the meter's part of it was forgotten, or is replaced, or
    the set is dead."""
    results: list[TokenResult | None] = []
    for token in tokens:
        outcome = gateway.push_token(token.digits)
        results.append(None if isinstance(outcome, PushUnknown) else outcome.result)
        if not isinstance(outcome, PushAccepted):
            break
    return tuple(results)


def _proved(change: KeyChange, proof: Proof, now: datetime, actor: Actor) -> KeyChangeEvent:
    """Confirmed; or issued once more, where the meter contradicts that it was entered."""
    state = KeyChangeState.CONFIRMED if proof.taken else KeyChangeState.ISSUED
    check_step(change, state)
    vend_id = proof.vend_id if proof.taken else change.issued_with
    return _event(change, state, now, actor, vend_id=vend_id, note=proof.note)


def _event(
    change: KeyChange,
    state: KeyChangeState,
    now: datetime,
    actor: Actor,
    *,
    vend_id: str | None = None,
    note: str = "",
) -> KeyChangeEvent:
    return KeyChangeEvent(len(change.events) + 1, state, now, actor.name, vend_id, note)
