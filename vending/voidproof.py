"""What proves that a sale may be taken back: its token was never seen, or its meter is gone, or the
meter's own log does not hold it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meters.account import TokenLogEntry
from meters.gateway import token_fingerprint
from meters.verdicts import TokenResult

from .delivery import is_being_pushed, reaches_back, state_of
from .keychanges.proof import from_log
from .parties import MeterFile
from .ports import Ports, Reading
from .record import SaleRecord, receipt_of
from .sale import DeliveryEvent, Evidence, SaleReceipt, SaleState
from .sold import known_sale
from .voids import NotProved, TokenTaken, VoidNotAllowed


@dataclass(frozen=True, slots=True)
class Proof:
    """Why it may be voided, and what was seen."""

    evidence: Evidence
    seen: dict[str, object]


@dataclass(frozen=True, slots=True)
class Proved:
    """A sale that may be taken back."""

    record: SaleRecord
    proof: Proof
    events: tuple[DeliveryEvent, ...]
    """Of its delivery when that was proved; another one since, and it is proved no more."""


class Proving:
    """Looks for proof, in the books first. One instance serves many threads."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def proved(self, record: SaleRecord) -> Proved:
        """That a sale may be taken back; its meter is read if the books alone do not say it.

        Raises MeterUnreachable, MeterMismatch, TokenTaken, NotProved.
        """
        receipt = receipt_of(record)
        with self._ports.store.reading() as books:
            events = books.delivery_events(record.vend_id)
            proof = self._without_reading(books, record, receipt, events)
        # The line is used outside of any transaction: the books must not wait for a meter.
        return Proved(record, self._by_log(receipt) if proof is None else proof, tuple(events))

    def gone(self, books: Reading, record: SaleRecord, events: Sequence[DeliveryEvent]) -> Proof:
        """No agreement has the meter any more: it was exchanged or taken down, with its log. That
        says nothing against the token only where nothing says that it may have been used before.
        Raises VoidNotAllowed, NotProved."""
        account = self._ports.chart.role(f"meters_{record.commodity}").code
        if books.moved_on(account, record.meter):
            # What was left on it was given to the new meter; not a second time in money.
            raise VoidNotAllowed(record.vend_id, "moved_on")
        if state_of(events) in (SaleState.DELIVERING, SaleState.UNKNOWN):
            # It was sent, and no log will ever tell whether it came.
            raise NotProved(record.vend_id, record.meter, "outcome_unknown")
        known = books.left_known_at(record.meter)
        if known is not None and known >= record.sold_at:
            # What was on the meter was seen after the sale, with these units or without them.
            raise NotProved(record.vend_id, record.meter, "left_known")
        return Proof(Evidence.METER_GONE, {"meter": record.meter})

    def _without_reading(
        self,
        books: Reading,
        record: SaleRecord,
        receipt: SaleReceipt,
        events: Sequence[DeliveryEvent],
    ) -> Proof | None:
        """What the books alone prove. Raises NotProved."""
        if not receipt.tokens:
            return Proof(Evidence.NO_TOKEN, {})
        if receipt.held and not events and not books.shown(record.vend_id):
            return Proof(Evidence.NOT_SHOWN, {})
        if is_being_pushed(events, self._ports.clock()):
            raise NotProved(record.vend_id, record.meter, "being_delivered")
        if state_of(events) is SaleState.DELIVERED:
            raise TokenTaken(record.vend_id, record.meter)
        if books.meter_file(record.meter) is None:
            return self.gone(books, record, events)
        return None

    def _by_log(self, receipt: SaleReceipt) -> Proof:
        """What the meter's own log proves. Raises MeterUnreachable, MeterMismatch, TokenTaken,
        NotProved."""
        meter = receipt.buyer.meter
        with self._ports.store.reading() as books:
            file = books.meter_file(meter)
            before = books.log_sequence_before(meter, receipt.sold_at)
            known = books.log_sequence_before(meter, self._ports.clock())
            if file is None:
                record = known_sale(books, receipt.vend_id)
                return self.gone(books, record, books.delivery_events(receipt.vend_id))
        log = self._read(file)
        for token in receipt.tokens:
            own = [one for one in log if one.fingerprint == token_fingerprint(token.digits)]
            if any(one.result.is_taken or one.result is TokenResult.USED_ERROR for one in own):
                raise TokenTaken(receipt.vend_id, meter)
        newest = log[0].sequence if log else 0
        # Behind the sale, too: a log that was cleared since may have counted on from nothing.
        if newest < known or not reaches_back(log, before):
            raise NotProved(receipt.vend_id, meter, "log_too_short")
        return Proof(
            Evidence.NOT_IN_LOG,
            {"log_from": before + 1, "log_to": newest, "key_moved": _key_moved(receipt, log)},
        )

    def _read(self, file: MeterFile) -> list[TokenLogEntry]:
        gateway = self._ports.gateway_for(file.meter)
        try:
            return gateway.read_token_log()
        finally:
            gateway.close()


def _key_moved(receipt: SaleReceipt, log: Sequence[TokenLogEntry]) -> bool:
    """Whether the meter has the key of the set that came with the sale: a section of it alone does
    not change it."""
    sections = {token_fingerprint(token.digits) for token in receipt.key_tokens}
    move = receipt.key_move
    own = {
        token_fingerprint(token.digits): receipt.vend_id
        for token in receipt.tokens
        if move is None or move.shows(token.tid)
    }
    return bool(sections) and from_log(sections, own, log).taken is True
