"""Money that was taken for the wrong thing: given back, or used for the right meter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from meters.quantities import Money

from ..aftersale import SaleState, Void
from ..approvals import Approved, check_not_called_off
from ..delivery import state_of
from ..parties import Actor
from ..persons import person
from ..ports import Ports, Reading
from ..record import SaleRecord, receipt_of
from ..requests import BasketRequest, Correction
from ..sale import SaleKind, SaleReceipt
from ..selling import Selling
from ..sold import known_sale, meter_in_use
from ..vend import paid_parts
from ..voiding import Voiding
from ..voidrules import check_units
from ..voids import GivenBackBefore, TokenTaken, VoidNotAllowed, given_back
from .documents import CorrectionWanted, VoidRefundWanted
from .errors import CorrectionNotPossible
from .giving import seat_of, second_of
from .ports import ActsStore


class Moneys:
    """The executors, and what they refuse. One instance serves many threads."""

    def __init__(self, ports: Ports, store: ActsStore) -> None:
        self._selling = Selling(ports)
        self._voiding = Voiding(ports)
        self._store = store

    def void_refund(self, approved: Approved) -> dict[str, Any]:
        """Gives a sale's money back at the point that took it, in the shift that is open at the
        terminal where it was asked for. Raises the errors of `VendingService.refund`."""
        wanted: VoidRefundWanted = approved.payload
        with self._store.reading() as books:
            record = known_sale(books, wanted.sale)
            if books.void_of(wanted.sale) is None:
                approved.check_time()
        void = self._voiding.refund(
            seat_of(approved, None),
            wanted.sale,
            approved.requested_by,
            approved.reason,
            approved.id,
        )
        return _told(void, record)

    def correction(self, approved: Approved) -> SaleReceipt:
        """Takes the wrong sale back, on evidence that its token is not used, and sells what was
        paid for it to the right meter, in one transaction: both or neither. It happens at the
        point of the wrong sale, paid in the same ways; no drawer and no till moves, and what stood
        on an operator's deposit stands there again. The void names the new sale, the new sale the
        wrong one. Nobody earns a commission by it: that of the wrong sale is taken back.

        Raises CorrectionNotPossible and the errors of `VendingService.void` and `vend`.
        """
        wanted: CorrectionWanted = approved.payload
        with self._store.reading() as books:
            stored = books.sale(approved.id)
            wrong = known_sale(books, wanted.sale)
            if stored is None:
                approved.check_time()
                _check_correction(books, wrong, wanted)
        proved = None if stored is not None else self._voiding.proved(wrong)
        parts = paid_parts(receipt_of(wrong))
        amount = _amount(wrong)
        approver = approved.approver
        actor = Actor(approver.name, approver.role, wrong.point, approved.terminal)
        request = BasketRequest(
            approved.id,
            (Correction(wanted.meter, amount, wanted.sale),),
            parts,
            hold=True,
            second=replace(second_of(approved), deposit_of=_deposit_of(wrong)),
        )
        with self._store.writing() as books:
            if proved is not None and books.sale(approved.id) is None:
                check_not_called_off(books, approved.id)
                self._voiding.replace_within(books, actor, proved, approved.reason, approved.id)
            return self._selling.sell_within(books, actor, request).leading

    def check_refund(self, wanted: VoidRefundWanted) -> None:
        """Raises VendUnknown, GivenBackBefore, VoidNotAllowed."""
        with self._store.reading() as books:
            record = known_sale(books, wanted.sale)
            done = books.void_of(wanted.sale)
            if done is not None:
                raise GivenBackBefore(wanted.sale, done.actor, done.at)
            if record.tendered <= 0:
                raise VoidNotAllowed(wanted.sale, "kind")
            check_units(books, wanted.sale)

    def check_correction(self, wanted: CorrectionWanted) -> None:
        """Raises VendUnknown, MeterUnknown, CorrectionNotPossible, VoidNotAllowed, TokenTaken (as
        far as the books know), and the errors of `Selling.try_out`."""
        with self._store.reading() as books:
            wrong = known_sale(books, wanted.sale)
            _check_correction(books, wrong, wanted)
            if state_of(books.delivery_events(wanted.sale)) is SaleState.DELIVERED:
                raise TokenTaken(wrong.vend_id, wrong.meter)
        self._selling.try_out(Correction(wanted.meter, _amount(wrong), wanted.sale))


def _check_correction(books: Reading, wrong: SaleRecord, wanted: CorrectionWanted) -> None:
    if not SaleKind(wrong.kind).is_bought or wrong.tendered <= 0:
        raise CorrectionNotPossible(wrong.vend_id, "not_bought")
    if books.void_of(wrong.vend_id) is not None:
        raise CorrectionNotPossible(wrong.vend_id, "voided")
    if wrong.meter == wanted.meter:
        raise CorrectionNotPossible(wrong.vend_id, "same_meter")
    check_units(books, wrong.vend_id)
    meter_in_use(books, wanted.meter)


def _amount(wrong: SaleRecord) -> Money:
    parts = paid_parts(receipt_of(wrong))
    return sum((part.amount for part in parts), Money(0, wrong.currency))


def _deposit_of(wrong: SaleRecord) -> str:
    """The person on whose deposit it stood; nobody's if it was not."""
    receipt = receipt_of(wrong)
    return receipt.deposit_of or person(wrong.operator) if receipt.on_deposit else ""


def _told(void: Void, record: SaleRecord) -> dict[str, Any]:
    return {
        "vend_id": void.vend_id,
        "evidence": void.evidence.value,
        "given_back": given_back(void, receipt_of(record)).to_text(),
        "journal_entry": void.entry,
    }
