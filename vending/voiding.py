"""Taking a sale back: only on evidence that its token has not been used. Nothing is
edited: an entry of its own turns the sale's around, and the account is as if it had not been.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from meters.gateway import MeterUnreachable, MeterWithoutAddress
from meters.quantities import Money

from .accounting.lines import with_persons
from .accounts.state import document_of, state_of
from .accounts.unsettling import unsettled
from .aftersale import DeliveryEvent, Evidence, Void
from .approvals.carrying import check_not_called_off
from .blocking import check_seller
from .ledger import Posting, canonical_json, chained
from .outbox import messages_of_void
from .parties import Actor
from .permissions import require
from .persons import same_person
from .ports import Ports, Reading, Writing
from .record import SaleRecord, receipt_of
from .sale import SaleReceipt
from .selling import SecondPersonNeeded
from .sold import known_sale
from .tariff import LineKind, Month
from .voidcoins import in_coins, more_in_coins
from .voidproof import Proof, Proved, Proving
from .voidrules import check_alone, check_drawer, check_point, check_units, gone_unproved
from .voids import (
    SALES,
    GivenBackBefore,
    NotProved,
    VoidNotAllowed,
    VoidUnseen,
    VoidWithoutAddress,
    checked_reason,
    money_back,
    moves_money,
    read_document,
    void_entry,
)


class Voiding:
    """See `VendingService`, whose promises these are."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._proving = Proving(ports)
        self._balance_account = ports.chart.role("customer_balance").code
        self._cached = ports.chart.cached()

    def void(self, actor: Actor, vend_id: str, reason: str) -> Void:
        """See `VendingService.void`."""
        require(actor, "void_sale")
        reason = checked_reason(reason)
        with self._ports.store.reading() as books:
            record = known_sale(books, vend_id)
            done = books.void_of(vend_id)
            if done is not None:
                return _asked_again(done, actor, reason)
        proved = self.proved(record)
        with self._ports.store.writing() as books:
            return self._write(
                books, actor, record, receipt_of(record), proved.events, reason, proved.proof
            )

    def proved(self, record: SaleRecord) -> Proved:
        """That a sale may be taken back, or sold anew to another meter.

        Raises VoidUnseen, VoidWithoutAddress, MeterMismatch, TokenTaken, NotProved.
        """
        try:
            return self._proving.proved(record)
        except MeterWithoutAddress as error:
            raise VoidWithoutAddress(error.meter) from error
        except MeterUnreachable as error:
            # Elsewhere one who cannot reach a meter lets the customer type the token: not here.
            raise VoidUnseen(error.meter, error.reason) from error

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
        require(actor, "approve")
        if same_person(requested_by, actor.name):
            raise SecondPersonNeeded("void_refund")
        reason = checked_reason(reason)
        with self._ports.store.writing() as books:
            record = known_sale(books, vend_id)
            done = books.void_of(vend_id)
            if done is not None:
                if read_document(done).get("approval") != approval:
                    raise GivenBackBefore(vend_id, done.actor, done.at)
                return done
            check_not_called_off(books, approval)
            if record.tendered <= 0:
                raise VoidNotAllowed(vend_id, "kind")
            check_seller(books, actor.name, actor.point or "", actor.terminal)
            check_units(books, vend_id)
            check_point(actor, record)
            loss = self._ports.chart.role("refunds").code
            back = money_back(books.entries(vend_id), self._ports.chart)
            if not back:
                # It was due, and too little for a coin.
                raise VoidNotAllowed(vend_id, "kind")
            more = more_in_coins(books, record)
            given = record.tendered + receipt_of(record).rounding + more
            seen = {"requested_by": requested_by, "approval": approval, "given": given}
            lines = [Posting(loss, "", record.currency, record.tendered), *back]
            postings = in_coins(lines, more, self._ports.chart)
            check_drawer(books, actor, record, postings, self._ports.chart)
            return self._book(
                books, actor, record, reason, Proof(Evidence.REFUND, seen), postings, None
            )

    def _write(
        self,
        books: Writing,
        actor: Actor,
        record: SaleRecord,
        receipt: SaleReceipt,
        events: Sequence[DeliveryEvent],
        reason: str,
        proof: Proof,
        *,
        in_shift: bool = True,
    ) -> Void:
        """Checks again what may have changed meanwhile, then books."""
        done = books.void_of(record.vend_id)
        if done is not None:
            return _asked_again(done, actor, reason)
        if books.delivery_events(record.vend_id) != list(events):
            # It was pushed behind the log that was read; asked again, a new one will tell.
            raise NotProved(record.vend_id, record.meter, "being_delivered")
        if proof.evidence is Evidence.NOT_SHOWN and books.shown(record.vend_id):
            raise NotProved(record.vend_id, record.meter, "being_delivered")
        if proof.evidence is Evidence.METER_GONE:
            # It may be in use once more, somewhere else, or what was said of it withdrawn.
            row = self._proving.gone(books, record, events)
            if books.meter_file(record.meter) is not None or not row.proves:
                raise gone_unproved(record, row)
        if not books.call_off(record.vend_id, self._ports.clock()):
            raise NotProved(record.vend_id, record.meter, "being_delivered")
        check_seller(books, actor.name, actor.point or "", actor.terminal)
        check_units(books, record.vend_id)
        check_point(actor, record)
        if in_shift:
            # A sale that is sold anew in the same breath was asked for by somebody else.
            now, zone = self._ports.clock(), self._ports.zone
            check_alone(books, actor, record, proof.evidence, now, zone)
        account = self._account_before(books, record, receipt)
        (posted,) = [e for e in books.entries(record.vend_id) if e.entry.kind in SALES]
        # Key tokens that nothing carries any more go out with the next sale, the same digits.
        moved = proof.seen.get("key_moved")
        taken = None if moved is None else bool(moved)
        now = self._ports.clock()
        books.withdraw_key(record.meter, record.vend_id, now, actor.name, taken=taken)
        # What was set off against a deposit before deposits were the person's goes back to it.
        lines = with_persons(posted.entry.postings, self._ports.chart)
        turned = tuple(p._replace(amount=-p.amount) for p in lines)
        if in_shift:
            # Else the money stays where it is, to the agora.
            more = more_in_coins(books, record)
            if more:
                given = record.tendered + receipt.rounding + more
                proof = replace(proof, seen={**proof.seen, "given": given})
                turned = in_coins(turned, more, self._ports.chart)
            check_drawer(books, actor, record, turned, self._ports.chart)
        return self._book(books, actor, record, reason, proof, turned, account, in_shift=in_shift)

    def _account_before(
        self, books: Reading, record: SaleRecord, receipt: SaleReceipt
    ) -> str | None:
        """The account as if the sale had not been; None if it did not move. Raises VoidNotAllowed
        if what the sale left on the customer's balance is spent already, or if it paid charges of
        a tariff that the agreement has left: nobody could ask for them again."""
        if not receipt.kind.moves_account:
            return None
        charged = receipt.quote.of_kind(LineKind.CHARGE)
        if any(line.left is not None and not line.amount.is_zero for line in charged):
            files = books.files_of([record.customer])[record.customer]
            now_at = {file.agreement.number: file.agreement.tariff for file in files}
            if now_at.get(record.agreement, record.tariff) != record.tariff:
                raise VoidNotAllowed(record.vend_id, "tariff_changed")
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
        proof: Proof,
        postings: tuple[Posting, ...],
        account: str | None,
        *,
        in_shift: bool = True,
    ) -> Void:
        now = self._ports.clock()
        head = books.chain_head()
        self._ports.guard.check(now, head, books)
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
        self._ports.guard.booked(now)
        books.queue(messages_of_void(void, self._ports.outbox), now)
        return void

    def _kept(self, postings: Sequence[Posting]) -> tuple[Posting, ...]:
        return tuple(p for p in postings if p.account in self._cached)


def _asked_again(done: Void, actor: Actor, reason: str) -> Void:
    """The void that there is, for whoever has lost its answer and asks the same once more. Nobody
    else is answered as if they had taken the sale back: its money would be given a second time.

    Raises GivenBackBefore.
    """
    same = same_person(done.actor, actor.name) and done.reason == reason
    if not (same and done.evidence.takes_back and moves_money(done)):
        raise GivenBackBefore(done.vend_id, done.actor, done.at)
    return done
