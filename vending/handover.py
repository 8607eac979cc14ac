"""Handing a token to its meter, finding out what became of it, and reading the meter.

Each step is written down before and after the line is used, never while it is in use: the
meter may take seconds, and the books must not wait for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from meters.account import TokenLogEntry
from meters.errors import RaseedError, Unavailable
from meters.gateway import (
    Gateway,
    MeterMismatch,
    PushAccepted,
    PushOutcome,
    PushUnknown,
    token_fingerprint,
)
from meters.identity import meter_from_text
from meters.verdicts import TokenResult

from .aftersale import Delivery, DeliveryEvent, MeterReading, SaleState
from .delivery import (
    DeliveryChanged,
    DeliveryNotPossible,
    Evidence,
    MeterElsewhere,
    PushTooLate,
    delivery_of,
    evidence,
    is_being_pushed,
    may_push,
    may_still_send,
    outcome_state,
    state_of,
)
from .keychanges.proof import last_set_is
from .meterlog import MeterLog, held_against
from .parties import Actor, Meter, MeterFile
from .permissions import require
from .ports import Ports, Writing
from .record import receipt_of
from .sale import SaleReceipt
from .sold import known_sale, meter_in_use, not_voided
from .vend import follow


class Handover:
    """See `VendingService`, whose promises these are."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def deliver(self, actor: Actor, vend_id: str) -> Delivery:
        require(actor, "deliver")
        receipt, file, events = self._open(vend_id)
        with self._ports.store.reading() as books:
            not_voided(books, vend_id)
        if not receipt.tokens:
            raise DeliveryNotPossible(vend_id, "no_token")
        if state_of(events) is SaleState.DELIVERED:
            return delivery_of(receipt, events)
        if not may_push(events):
            if state_of(events) is SaleState.REFUSED:
                return delivery_of(receipt, events)
            raise DeliveryNotPossible(vend_id, state_of(events).value)
        _check_its_meter(receipt, file)

        digits = receipt.tokens[-1].digits
        gateway = self._ports.gateway_for(file.meter)
        try:
            # Where the log stands now is what later proves that a push never arrived; and a
            # token that the customer has typed meanwhile need not be pushed at all.
            log = gateway.read_token_log()
            now = self._ports.clock()
            seen = evidence(token_fingerprint(digits), log, events)
            if seen.state is SaleState.DELIVERED:
                return self._settle(actor, receipt, events, seen, now)
            events = self._record(
                receipt,
                events,
                _event(SaleState.DELIVERING, now, actor, log_sequence=seen.log_sequence),
            )
            waiting = _waiting(receipt, file.meter, log)
            return self._push(actor, receipt, events, gateway, [*waiting, digits])
        finally:
            gateway.close()

    def _push(
        self,
        actor: Actor,
        receipt: SaleReceipt,
        events: list[DeliveryEvent],
        gateway: Gateway,
        tokens: Sequence[str],
    ) -> Delivery:
        """Each once, whatever happens; then the outcome of the last is written down."""
        try:
            outcome = self._pushed(receipt, events, gateway, tokens)
        except (Unavailable, MeterMismatch) as error:
            # The gateway's word that nothing reached the meter: as if never pushed.
            now = self._ports.clock()
            self._record(receipt, events, _event(SaleState.ISSUED, now, actor, note=error.code))
            raise
        except Exception as error:
            # Not in the gateway's contract, so nobody knows what the meter has got.
            code = error.code if isinstance(error, RaseedError) else type(error).__name__
            unknown = _event(SaleState.UNKNOWN, self._ports.clock(), actor, note=code)
            self._record(receipt, events, unknown)
            raise
        state, result, note = outcome_state(outcome)
        if isinstance(outcome, PushUnknown):
            note = outcome.reason[:200]
        now = self._ports.clock()
        events = self._record(receipt, events, _event(state, now, actor, result=result, note=note))
        return delivery_of(receipt, events)

    def _pushed(
        self,
        receipt: SaleReceipt,
        events: Sequence[DeliveryEvent],
        gateway: Gateway,
        tokens: Sequence[str],
    ) -> PushOutcome:
        """Key-change tokens and, last, the sale's own. After silence nothing more is sent. A meter
        that does not take a key change may have its new key already; the sale's token shows it.

        Raises PushTooLate: the sale's own token was not sent.
        """
        *keys, last = tokens
        for digits in keys:
            outcome = gateway.push_token(digits)
            if isinstance(outcome, PushUnknown):
                return outcome
            if not isinstance(outcome, PushAccepted):
                break
        if not may_still_send(events, self._ports.clock()):
            raise PushTooLate(receipt.vend_id, receipt.buyer.meter)
        return gateway.push_token(last)

    def reconcile(self, actor: Actor, vend_id: str) -> Delivery:
        require(actor, "reconcile")
        receipt, file, events = self._open(vend_id)
        if not receipt.tokens:
            raise DeliveryNotPossible(vend_id, "no_token")
        if state_of(events) is SaleState.DELIVERED:
            return delivery_of(receipt, events)
        if is_being_pushed(events, self._ports.clock()):
            raise DeliveryNotPossible(vend_id, state_of(events).value)
        gateway = self._ports.gateway_for(file.meter)
        try:
            log = gateway.read_token_log()
        finally:
            gateway.close()
        seen = evidence(token_fingerprint(receipt.tokens[-1].digits), log, events)
        return self._settle(actor, receipt, events, seen, self._ports.clock())

    def unsettled(self, actor: Actor, limit: int, after: str) -> list[str]:
        require(actor, "what_became")
        with self._ports.store.reading() as books:
            return books.unsettled(limit, after)

    def _settle(
        self,
        actor: Actor,
        receipt: SaleReceipt,
        events: list[DeliveryEvent],
        seen: Evidence,
        now: datetime,
    ) -> Delivery:
        """Writes down what the log proved: that it was read, and the state that follows."""
        read = _event(
            SaleState.RECONCILED, now, actor, log_sequence=seen.log_sequence, note=seen.note
        )
        proved = _event(seen.state, now, actor, result=seen.result, note=seen.note)
        events = self._record(receipt, events, read, proved)
        return delivery_of(receipt, events)

    def read_account(self, actor: Actor, meter: str) -> MeterReading:
        require(actor, "read_account")
        number = meter_from_text(meter).number
        with self._ports.store.reading() as books:
            file = meter_in_use(books, number)
            voided = [receipt_of(known_sale(books, one)) for one in books.voided_of(number)]
        gateway = self._ports.gateway_for(file.meter)
        log: list[TokenLogEntry] = []
        try:
            account = gateway.read_account()
            if voided:
                # What the account holds may be of a paper that was kept; without an answer to this
                # the account has been read all the same.
                with suppress(Unavailable):
                    log = gateway.read_token_log()
        finally:
            gateway.close()
        reading = MeterReading(number, account, actor.name)
        with self._ports.store.writing() as books:
            # Taken down while it was read, it may have been told to be dead by then.
            meter_in_use(books, number)
            reading = replace(reading, id=books.add_reading(reading))
            for receipt in voided:
                self._taken_all_the_same(books, actor, receipt, log)
        return reading

    def token_log(self, actor: Actor, meter: str) -> MeterLog:
        require(actor, "read_token_log")
        number = meter_from_text(meter).number
        with self._ports.store.reading() as books:
            file = meter_in_use(books, number)
        gateway = self._ports.gateway_for(file.meter)
        try:
            log = gateway.read_token_log()
        finally:
            gateway.close()
        # Behind the meter: what is sold and typed meanwhile is in the books already.
        with self._ports.store.reading() as books:
            return MeterLog(number, held_against(log, books.tokens_of(number)))

    def _taken_all_the_same(
        self, books: Writing, actor: Actor, receipt: SaleReceipt, log: Sequence[TokenLogEntry]
    ) -> None:
        """Writes down that a meter has taken the token of a sale that was taken back."""
        events, now = books.delivery_events(receipt.vend_id), self._ports.clock()
        seen = evidence(token_fingerprint(receipt.tokens[-1].digits), log, events)
        if seen.state is not SaleState.DELIVERED or state_of(events) is SaleState.DELIVERED:
            return
        read = _event(
            SaleState.RECONCILED, now, actor, log_sequence=seen.log_sequence, note=seen.note
        )
        proved = _event(seen.state, now, actor, result=seen.result, note=seen.note)
        _append(books, receipt.vend_id, events, (read, proved))

    def _open(self, vend_id: str) -> tuple[SaleReceipt, MeterFile, list[DeliveryEvent]]:
        with self._ports.store.reading() as books:
            receipt = receipt_of(known_sale(books, vend_id))
            file = meter_in_use(books, receipt.buyer.meter)
            return receipt, file, books.delivery_events(vend_id)

    def _record(
        self, receipt: SaleReceipt, events: list[DeliveryEvent], *new: DeliveryEvent
    ) -> list[DeliveryEvent]:
        """Appends events if nobody else has meanwhile. Raises DeliveryChanged, SaleVoided,
        MeterUnknown, MeterElsewhere."""
        with self._ports.store.writing() as books:
            if new[0].state is SaleState.DELIVERING:
                # It may have been taken back while the meter was read, or the meter taken down;
                # from here on it cannot be unseen.
                not_voided(books, receipt.vend_id)
                _check_its_meter(receipt, meter_in_use(books, receipt.buyer.meter))
            return _append(books, receipt.vend_id, events, new)


def _check_its_meter(receipt: SaleReceipt, file: MeterFile) -> None:
    """However long it has waited in the outbox: what was bought stays with who bought it. Raises
    MeterElsewhere."""
    if file.agreement.number != receipt.buyer.agreement:
        raise MeterElsewhere(receipt.vend_id, receipt.buyer.meter)


def _waiting(receipt: SaleReceipt, meter: Meter, log: Sequence[TokenLogEntry]) -> list[str]:
    """The key-change tokens that go first, in order; what the meter has of them is not repeated."""
    keys = {token_fingerprint(token.digits): token.digits for token in receipt.key_tokens}
    move = receipt.key_move
    if move is not None and move.keeps_decoder_key:
        # Another such set has the same sections, but for one or two; and one that came after it
        # would be undone.
        undone = meter.ken != move.to_ken
        return [] if undone or last_set_is(keys, log) else list(keys.values())
    taken = {entry.fingerprint for entry in log if entry.result.is_taken}
    return [digits for mark, digits in keys.items() if mark not in taken]


def _append(
    books: Writing, vend_id: str, events: list[DeliveryEvent], new: tuple[DeliveryEvent, ...]
) -> list[DeliveryEvent]:
    if books.delivery_events(vend_id) != events:
        raise DeliveryChanged(vend_id)
    known = list(events)
    for event in new:
        follow(vend_id, state_of(known), event.state)
        numbered = DeliveryEvent(
            len(known) + 1,
            event.state,
            event.at,
            event.actor,
            event.result,
            event.log_sequence,
            event.note,
        )
        books.add_delivery_event(vend_id, numbered)
        known.append(numbered)
    return known


def _event(
    state: SaleState,
    at: datetime,
    actor: Actor,
    *,
    result: TokenResult | None = None,
    log_sequence: int | None = None,
    note: str = "",
) -> DeliveryEvent:
    """Not numbered yet: that happens where it is written."""
    return DeliveryEvent(0, state, at, actor.name, result, log_sequence, note)
