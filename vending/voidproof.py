"""What proves that a sale may be taken back: its token was never seen, or not before its meter was
gone, or the meter's own log does not hold it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meters.account import TokenLogEntry
from meters.gateway import MeterMismatch, MeterUnreachable, token_fingerprint
from meters.verdicts import TokenResult

from .aftersale import DeliveryEvent, Evidence, SaleState
from .delivery import is_being_pushed, reaches_back, state_of
from .keychanges.proof import from_log
from .parties import Meter
from .ports import Ports, Reading
from .record import SaleRecord, receipt_of
from .sale import SaleReceipt
from .sold import known_sale
from .voidrules import GoneRow, GoneSale, gone, gone_unproved
from .voids import GoneUnproved, NotProved, TokenTaken


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

    def gone(self, books: Reading, record: SaleRecord, events: Sequence[DeliveryEvent]) -> GoneRow:
        """What the books say of a sale whose meter is out of use."""
        account = self._ports.chart.role(f"meters_{record.commodity}").code
        held = receipt_of(record).held
        return gone(
            GoneSale(
                sold_at=record.sold_at,
                seen_at=books.first_shown(record.vend_id) if held else record.sold_at,
                is_settled=state_of(events) not in (SaleState.DELIVERING, SaleState.UNKNOWN),
                out=books.taken_out(record.meter),
                moved=books.moved_on(account, record.meter),
                known_at=books.left_known_at(record.meter),
            )
        )

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
            row = self.gone(books, record, events)
            if row.proves:
                return Proof(Evidence.METER_GONE, {"meter": record.meter, "because": row.name})
        return None

    def _by_log(self, receipt: SaleReceipt) -> Proof:
        """What the meter's own log proves; one that is out of use may answer on a bench. Raises
        MeterUnreachable, MeterMismatch, TokenTaken, NotProved."""
        number = receipt.buyer.meter
        with self._ports.store.reading() as books:
            in_use = books.meter_file(number) is not None
            meter = books.meter(number)
            before = books.log_sequence_before(number, receipt.sold_at)
            known = books.log_sequence_before(number, self._ports.clock())
        assert meter is not None, "a meter that was sold to stays on record"
        try:
            log = self._read(meter)
        except (MeterUnreachable, MeterMismatch):
            # Another one may answer at the address of a meter that is gone.
            if in_use:
                raise
            raise self._unproved(receipt.vend_id) from None
        for token in receipt.tokens:
            own = [one for one in log if one.fingerprint == token_fingerprint(token.digits)]
            if any(one.result.is_taken or one.result is TokenResult.USED_ERROR for one in own):
                raise TokenTaken(receipt.vend_id, number)
        newest = log[0].sequence if log else 0
        # Behind the sale, too: a log that was cleared since may have counted on from nothing.
        if newest < known or not reaches_back(log, before):
            unproved = NotProved if in_use else GoneUnproved
            raise unproved(receipt.vend_id, number, "log_too_short")
        return Proof(
            Evidence.NOT_IN_LOG,
            {"log_from": before + 1, "log_to": newest, "key_moved": _key_moved(receipt, log)},
        )

    def _unproved(self, vend_id: str) -> GoneUnproved:
        with self._ports.store.reading() as books:
            record = known_sale(books, vend_id)
            return gone_unproved(record, self.gone(books, record, books.delivery_events(vend_id)))

    def _read(self, meter: Meter) -> list[TokenLogEntry]:
        gateway = self._ports.gateway_for(meter)
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
    keeps = move is not None and move.keeps_decoder_key
    return bool(sections) and from_log(sections, own, log, keeps_decoder_key=keeps).taken is True
