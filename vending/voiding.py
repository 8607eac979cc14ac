"""Taking a sale back: only on evidence that its token has not been used. Nothing is
edited: an entry of its own turns the sale's around, and the account is as if it had not been.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from meters.account import TokenLogEntry
from meters.errors import Invalid, Refused
from meters.gateway import token_fingerprint
from meters.quantities import Money
from meters.verdicts import TokenResult

from .accounts.state import document_of, state_of, unsettled
from .counter import ShiftNeeded
from .delivery import is_being_pushed, reaches_back
from .delivery import state_of as delivery_state
from .ledger import (
    Chart,
    JournalEntry,
    PostedEntry,
    Posting,
    canonical_json,
    canonical_time,
    chained,
)
from .parties import Actor, MeterFile, Role, require
from .persons import same_person
from .ports import Ports, Reading, Writing
from .record import SaleRecord, receipt_of
from .sale import DeliveryEvent, Evidence, SaleReceipt, SaleState, Void
from .selling import known_sale
from .tariff import Month
from .vend import check_clock

LEAST_REASON = 5
"""Characters; `ok` explains nothing."""


@dataclass(eq=False)
class TokenTaken(Refused, code="void.token_taken"):
    """The meter has taken the token: what it gave cannot be given back."""

    vend_id: str
    meter: str


@dataclass(eq=False)
class NotProved(Refused, code="void.not_proved"):
    """The token has been seen by the customer, and nothing proves that the meter has not taken
    it."""

    vend_id: str
    meter: str
    why: str
    """`meter_unreachable`, `log_too_short`, `outcome_unknown` or `being_delivered`."""


@dataclass(eq=False)
class VoidNotAllowed(Refused, code="void.not_allowed"):
    """It may not be voided by this person, at this point, or at all."""

    vend_id: str
    why: str
    """`other_point`, `other_shift`, `balance_used`, `moved_on`, `voided` or
    `kind`."""


@dataclass(eq=False)
class VoidReasonMissing(Invalid, code="void.reason_missing"):
    """A void needs a reason."""

    least: int


@dataclass(frozen=True, slots=True)
class _Proof:
    """Why it may be voided, and what was seen."""

    evidence: Evidence
    seen: dict[str, object]


@dataclass(frozen=True, slots=True)
class Proved:
    """A sale that may be taken back."""

    record: SaleRecord
    proof: _Proof
    events: tuple[DeliveryEvent, ...]
    """Of its delivery when that was proved; another one since, and it is proved no more."""


class Voiding:
    """See `VendingService`, whose promises these are."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._balance_account = ports.chart.role("customer_balance").code
        self._cached = ports.chart.cached()

    def void(self, actor: Actor, vend_id: str, reason: str) -> Void:
        """See `VendingService.void`."""
        require(actor, "void_sale")
        reason = _checked(reason)
        with self._ports.store.reading() as books:
            record = known_sale(books, vend_id)
            done = books.void_of(vend_id)
            if done is not None:
                return done
        proved = self.proved(record)
        with self._ports.store.writing() as books:
            return self._write(
                books, actor, record, receipt_of(record), proved.events, reason, proved.proof
            )

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

    def replace_within(
        self, books: Writing, actor: Actor, proved: Proved, reason: str, replaced_by: str
    ) -> Void:
        """Takes a sale back in a transaction that sells it anew, under the vend id `replaced_by`.
        It is in no shift: the drawer holds what it held.

        Raises VoidNotAllowed (taken back already, too), NotProved.
        """
        record, proof = proved.record, proved.proof
        if books.void_of(record.vend_id) is not None:
            raise VoidNotAllowed(record.vend_id, "voided")
        proof = replace(proof, seen={**proof.seen, "replaced_by": replaced_by})
        receipt = receipt_of(record)
        return self._write(
            books, actor, record, receipt, proved.events, reason, proof, in_shift=False
        )

    def refund(
        self, actor: Actor, vend_id: str, requested_by: str, reason: str, approval: str
    ) -> Void:
        """See `VendingService.refund`."""
        require(actor, "void_sale")
        reason = _checked(reason)
        with self._ports.store.writing() as books:
            record = known_sale(books, vend_id)
            done = books.void_of(vend_id)
            if done is not None:
                if read_document(done).get("approval") != approval:
                    raise VoidNotAllowed(vend_id, "voided")
                return done
            if record.tendered <= 0:
                raise VoidNotAllowed(vend_id, "kind")
            if actor.point != record.point:
                raise VoidNotAllowed(vend_id, "other_point")
            seen = {"requested_by": requested_by, "approval": approval, "given": record.tendered}
            loss = self._ports.chart.role("refunds").code
            back = _money_back(books, record, self._ports.chart)
            if not back:
                # It was due, and too little for a coin.
                raise VoidNotAllowed(vend_id, "kind")
            postings = [Posting(loss, "", record.currency, record.tendered), *back]
            self._check_drawer(books, actor, record, postings)
            return self._book(
                books, actor, record, reason, _Proof(Evidence.REFUND, seen), tuple(postings), None
            )

    def _without_reading(
        self,
        books: Reading,
        record: SaleRecord,
        receipt: SaleReceipt,
        events: Sequence[DeliveryEvent],
    ) -> _Proof | None:
        """What the books alone prove. Raises NotProved."""
        if not receipt.tokens:
            return _Proof(Evidence.NO_TOKEN, {})
        if receipt.held and not events and not books.shown(record.vend_id):
            return _Proof(Evidence.NOT_SHOWN, {})
        if is_being_pushed(events, self._ports.clock()):
            raise NotProved(record.vend_id, record.meter, "being_delivered")
        if delivery_state(events) is SaleState.DELIVERED:
            raise TokenTaken(record.vend_id, record.meter)
        file = books.meter_file(record.meter)
        if file is None:
            account = self._ports.chart.role(f"meters_{record.commodity}").code
            if books.moved_on(account, record.meter):
                # What was left on it was given to the new meter; not a second time in money.
                raise VoidNotAllowed(record.vend_id, "moved_on")
            # No agreement has it any more: it was exchanged or taken down, with its log.
            return _Proof(Evidence.METER_GONE, {"meter": record.meter})
        return None

    def _by_log(self, receipt: SaleReceipt) -> _Proof:
        """What the meter's own log proves. Raises MeterUnreachable, MeterMismatch, TokenTaken,
        NotProved."""
        with self._ports.store.reading() as books:
            file = books.meter_file(receipt.buyer.meter)
            before = books.log_sequence_before(receipt.buyer.meter, receipt.sold_at)
        if file is None:
            return _Proof(Evidence.METER_GONE, {"meter": receipt.buyer.meter})
        log = self._read(file)
        for token in receipt.tokens:
            own = [one for one in log if one.fingerprint == token_fingerprint(token.digits)]
            if any(one.result.is_taken or one.result is TokenResult.USED_ERROR for one in own):
                raise TokenTaken(receipt.vend_id, receipt.buyer.meter)
        if not reaches_back(log, before):
            raise NotProved(receipt.vend_id, receipt.buyer.meter, "log_too_short")
        newest = log[0].sequence if log else 0
        seen = {entry.fingerprint for entry in log if entry.result.is_taken}
        moved = any(token_fingerprint(token.digits) in seen for token in receipt.key_tokens)
        return _Proof(
            Evidence.NOT_IN_LOG, {"log_from": before + 1, "log_to": newest, "key_moved": moved}
        )

    def _read(self, file: MeterFile) -> list[TokenLogEntry]:
        gateway = self._ports.gateway_for(file.meter)
        try:
            return gateway.read_token_log()
        finally:
            gateway.close()

    def _write(
        self,
        books: Writing,
        actor: Actor,
        record: SaleRecord,
        receipt: SaleReceipt,
        events: Sequence[DeliveryEvent],
        reason: str,
        proof: _Proof,
        *,
        in_shift: bool = True,
    ) -> Void:
        """Checks again what may have changed meanwhile, then books."""
        done = books.void_of(record.vend_id)
        if done is not None:
            return done
        if books.delivery_events(record.vend_id) != list(events):
            # It was pushed behind the log that was read; asked again, a new one will tell.
            raise NotProved(record.vend_id, record.meter, "being_delivered")
        if proof.evidence is Evidence.NOT_SHOWN and books.shown(record.vend_id):
            raise NotProved(record.vend_id, record.meter, "being_delivered")
        if not books.call_off(record.vend_id, self._ports.clock()):
            raise NotProved(record.vend_id, record.meter, "being_delivered")
        self._check_actor(books, actor, record)
        account = self._account_before(books, record, receipt)
        (posted,) = [e for e in books.entries(record.vend_id) if e.entry.kind in _SALES]
        if receipt.key_move is not None and not proof.seen.get("key_moved"):
            # Its tokens go out again with the next sale, the very same digits.
            books.withdraw_key(record.meter, record.vend_id, self._ports.clock(), actor.name)
        turned = tuple(p._replace(amount=-p.amount) for p in posted.entry.postings)
        return self._book(books, actor, record, reason, proof, turned, account, in_shift=in_shift)

    def _check_actor(self, books: Reading, actor: Actor, record: SaleRecord) -> None:
        """The money goes back out of the till that it came into; an operator takes back only what
        they sold in the shift that is open."""
        if actor.point != record.point:
            raise VoidNotAllowed(record.vend_id, "other_point")
        if actor.role is not Role.OPERATOR:
            return
        shift = books.open_shift(record.point, actor.terminal)
        open_id = None if shift is None else shift.id
        if not same_person(actor.name, record.operator) or open_id != record.shift:
            raise VoidNotAllowed(record.vend_id, "other_shift")

    def _check_drawer(
        self, books: Reading, actor: Actor, record: SaleRecord, postings: Sequence[Posting]
    ) -> None:
        """Cash leaves a drawer: where nothing is sold without a shift, none is given back without
        one. Raises ShiftNeeded."""
        till, point = self._ports.chart.role("till").code, books.point(record.point)
        if point is None or not point.needs_shift or all(p.account != till for p in postings):
            return
        if books.open_shift(record.point, actor.terminal) is None:
            raise ShiftNeeded(record.point, actor.terminal)

    def _account_before(
        self, books: Reading, record: SaleRecord, receipt: SaleReceipt
    ) -> str | None:
        """The account as if the sale had not been; None if it did not move. Raises VoidNotAllowed
        if what the sale left on the customer's balance is spent already."""
        if not receipt.kind.moves_account:
            return None
        tariff = self._ports.tariffs.version(record.tariff, record.tariff_version)
        minor = -books.balance(self._balance_account, record.agreement, record.currency)
        left = minor + record.balance_before - record.balance_after
        if left < 0:
            raise VoidNotAllowed(record.vend_id, "balance_used")
        state = state_of(
            books.account_document(record.agreement),
            Money(minor, record.currency),
            tariff.commodity,
            None,
            Month.of(self._ports.clock(), tariff.zone),
        )
        return document_of(unsettled(state, receipt.quote, record.sold_at, tariff))

    def _book(
        self,
        books: Writing,
        actor: Actor,
        record: SaleRecord,
        reason: str,
        proof: _Proof,
        postings: tuple[Posting, ...],
        account: str | None,
        *,
        in_shift: bool = True,
    ) -> Void:
        now = self._ports.clock()
        head = books.chain_head()
        check_clock(now, head.at, self._ports.clock_limits)
        shift = books.open_shift(record.point, actor.terminal) if in_shift else None
        void = Void(
            vend_id=record.vend_id,
            entry=head.number + 1,
            at=now,
            actor=actor.name,
            point=record.point,
            terminal=actor.terminal,
            shift=None if shift is None else shift.id,
            evidence=proof.evidence,
            reason=reason,
            document=canonical_json(proof.seen).decode("ascii"),
        )
        posted = chained(void_entry(void, postings), head)
        books.add_void(void, posted, self._kept(postings), account)
        return void

    def _kept(self, postings: Sequence[Posting]) -> tuple[Posting, ...]:
        return tuple(p for p in postings if p.account in self._cached)


_SALES = frozenset({"sale", "payment"})
"""Kinds of entries that a sale is booked by."""


def void_entry(void: Void, postings: tuple[Posting, ...]) -> JournalEntry:
    """What a void is booked by."""
    return JournalEntry(
        at=void.at,
        kind="void" if void.evidence.takes_back else "refund",
        cause=void.vend_id,
        actor=void.actor,
        point=void.point,
        content_hash=void_hash(void),
        postings=postings,
    )


def void_hash(void: Void) -> str:
    """SHA-256 over everything that is kept of a void."""
    fields = [
        void.vend_id,
        canonical_time(void.at),
        void.actor,
        void.point,
        void.terminal,
        void.shift,
        void.evidence.value,
        void.reason,
        void.document,
    ]
    return sha256(canonical_json(fields)).hexdigest()


def _money_back(books: Reading, record: SaleRecord, chart: Chart) -> list[Posting]:
    """The payments of a sale, turned around: out of where they went."""
    roles = ("till", "cards", "cheques", "wallets", "transfers", "operator_deposit")
    accounts = {chart.role(role).code for role in roles}
    entries: list[PostedEntry] = books.entries(record.vend_id)
    paid = [p for e in entries if e.entry.kind in _SALES for p in e.entry.postings]
    back = [p._replace(amount=-p.amount) for p in paid if p.account in accounts and p.amount > 0]
    # Coins rounded up were the municipality's gain, rounded down its loss: neither is given back.
    surplus = -sum(p.amount for p in back) - record.tendered
    if surplus and back:
        back[-1] = back[-1]._replace(amount=back[-1].amount + surplus)
    return back


def _checked(reason: str) -> str:
    text = " ".join(reason.split())
    if not LEAST_REASON <= len(text) <= 500:
        raise VoidReasonMissing(LEAST_REASON)
    return text


def read_document(void: Void) -> dict[str, object]:
    """What was seen, as it was kept."""
    found: dict[str, object] = json.loads(void.document)
    return found
