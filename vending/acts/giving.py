"""Tokens that nobody pays for: units given, given back or moved, and tokens that manage a meter.

The digits are held back: whoever approves does not see them, the counter fetches them once by the
vend id (`VendingService.show`), and until then the sale can be voided without evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from meters.quantities import Quantity, decimal_from_text

from ..accounting.errors import AgreementUnknown
from ..approvals import Approved, check_not_called_off
from ..approvals.errors import DocumentMalformed
from ..parties import Actor
from ..ports import Ports, Reading
from ..record import QUANTITIES, SaleRecord
from ..requests import (
    BasketRequest,
    Engineering,
    FreeIssue,
    Item,
    Refund,
    SecondPerson,
    Transfer,
    units_of,
)
from ..sale import SaleKind, SaleReceipt
from ..selling import Selling
from ..sold import known_sale, meter_in_use
from ..voids import read_document
from .documents import (
    EngineeringWanted,
    FreeIssueWanted,
    RefundWanted,
    Source,
    TransferWanted,
    transfer_document,
)
from .errors import (
    NotExchanged,
    ReadingMissing,
    RefundNotPossible,
    RefundTooMuch,
    SaleTakenBack,
    TransferredBefore,
    TransferTooMuch,
    UnitsAndSource,
)
from .ports import ActsReading, ActsStore

_GAVE_UNITS = frozenset(
    kind.value
    for kind in (SaleKind.CREDIT, SaleKind.ALLOWANCE, SaleKind.FREE_ISSUE, SaleKind.CORRECTION)
)
"""Kinds of sales whose units may be given back; what a refund gave is a part of its sale's."""


class Giving:
    """The executors, and what they refuse. One instance serves many threads."""

    def __init__(self, ports: Ports, store: ActsStore) -> None:
        self._clock = ports.clock
        self._selling = Selling(ports)
        self._store = store

    # Done

    def free_issue(self, approved: Approved) -> SaleReceipt:
        """Raises the errors of `VendingService.vend`, ApprovalExpired; so do all below."""
        wanted: FreeIssueWanted = approved.payload
        return self._sold(approved, lambda _: FreeIssue(wanted.meter, wanted.units))

    def refund(self, approved: Approved) -> SaleReceipt:
        """Raises the errors of `check_refund`."""
        wanted: RefundWanted = approved.payload

        def item(books: ActsReading) -> Item:
            _check_refund(books, wanted)
            return Refund(wanted.meter, wanted.units, wanted.sale)

        return self._sold(approved, item)

    def engineering(self, approved: Approved) -> SaleReceipt:
        """Raises TokenKindUnknown, too."""
        wanted: EngineeringWanted = approved.payload
        return self._sold(
            approved, lambda _: Engineering(wanted.meter, wanted.token, wanted.fields)
        )

    def transfer(self, approved: Approved) -> SaleReceipt | dict[str, Any]:
        """Nothing left means no sale: then what was written down is answered. Raises the errors of
        `check_transfer`."""
        wanted: TransferWanted = approved.payload

        def item(books: ActsReading) -> Item:
            number = _check_transfer(books, wanted, approved)
            return Transfer(number, wanted.units, wanted.old_meter)

        if _nothing(wanted):
            return transfer_document(wanted)
        return self._sold(approved, item)

    # Looked at when it is asked for

    def check_free_issue(self, wanted: FreeIssueWanted) -> None:
        """Raises the errors of `Selling.try_out`, as all below."""
        self._selling.try_out(FreeIssue(wanted.meter, wanted.units))

    def check_refund(self, wanted: RefundWanted) -> None:
        """Raises VendUnknown, MeterUnknown, RefundNotPossible, RefundTooMuch."""
        with self._store.reading() as books:
            _check_refund(books, wanted)
        self._selling.try_out(Refund(wanted.meter, wanted.units, wanted.sale))

    def check_engineering(self, wanted: EngineeringWanted) -> None:
        """Raises MeterUnknown, TokenKindUnknown (not under the meter's cipher)."""
        self._selling.try_out(Engineering(wanted.meter, wanted.token, wanted.fields))

    def check_transfer(self, wanted: TransferWanted) -> None:
        """Raises DocumentMalformed (what only an exchange writes), AgreementUnknown, NotExchanged,
        TransferredBefore, UnitsAndSource, ReadingMissing, TransferTooMuch, SaleTakenBack."""
        if wanted.exchange:
            raise DocumentMalformed("transfer", "exchange", "extra_forbidden")
        with self._store.reading() as books:
            number = _check_transfer(books, wanted)
        if not _nothing(wanted):
            self._selling.try_out(Transfer(number, wanted.units, wanted.old_meter))

    def _sold(self, approved: Approved, item_of: Callable[[ActsReading], Item]) -> SaleReceipt:
        with self._store.writing() as books:
            stored = books.sale(approved.id)
            if stored is None:
                check_not_called_off(books, approved.id)
                approved.check_time()
            else:
                # What it was sold as says what was asked for; the checks would count it twice.
                item_of = _as_stored(approved, stored)
            request = BasketRequest(
                approved.id, (item_of(books),), hold=True, second=second_of(approved)
            )
            actor = seat_of(approved, stored)
            return self._selling.sell_within(books, actor, request).leading


def second_of(approved: Approved) -> SecondPerson:
    return SecondPerson(approved.requested_by, approved.reason, approved.id)


def seat_of(approved: Approved, stored: SaleRecord | None) -> Actor:
    """Who approves, at the point where it was asked for; asked for at none, at their own. Once it
    is sold, at the point where it was: a repeated approval may come from anywhere."""
    approver = approved.approver
    point = (approved.point or approver.point) if stored is None else stored.point
    return Actor(approver.name, approver.role, point, approved.terminal)


def _as_stored(approved: Approved, stored: SaleRecord) -> Callable[[Reading], Item]:
    """The item of an approval that is done already."""
    wanted = approved.payload
    made: dict[type[Any], Callable[[], Item]] = {
        FreeIssueWanted: lambda: FreeIssue(wanted.meter, wanted.units),
        RefundWanted: lambda: Refund(wanted.meter, wanted.units, wanted.sale),
        EngineeringWanted: lambda: Engineering(wanted.meter, wanted.token, wanted.fields),
        # The agreement may have yet another meter by now.
        TransferWanted: lambda: Transfer(stored.meter, wanted.units, wanted.old_meter),
    }
    return lambda _: made[type(wanted)]()


def _check_refund(books: ActsReading, wanted: RefundWanted) -> None:
    earlier = known_sale(books, wanted.sale)
    file = meter_in_use(books, wanted.meter)
    if earlier.kind not in _GAVE_UNITS or earlier.quantity <= 0:
        raise RefundNotPossible(earlier.vend_id, "no_own_units")
    if books.void_of(earlier.vend_id) is not None:
        raise RefundNotPossible(earlier.vend_id, "voided")
    # Its own meter, too: it may hang at somebody else's by now.
    if file.customer.account != earlier.customer:
        raise RefundNotPossible(earlier.vend_id, "other_customer")
    kind = QUANTITIES[earlier.unit]
    if file.meter.commodity.quantity is not kind:
        raise RefundNotPossible(earlier.vend_id, "other_commodity")
    units = units_of(wanted.units, kind)
    given = sum(one.quantity for one in _standing(books, "refund", "sale", earlier.vend_id))
    left = earlier.quantity - given
    if units.value > left:
        raise RefundTooMuch(earlier.vend_id, str(units), str(kind(left)))


def _check_transfer(
    books: ActsReading, wanted: TransferWanted, approved: Approved | None = None
) -> str:
    """The DRN of the meter that the units go to. `approved`: None while it is asked for."""
    file = books.file_of_agreement(wanted.agreement)
    if file is None:
        raise AgreementUnknown(wanted.agreement)
    exchange = books.exchange_of(wanted.old_meter)
    if exchange is None or exchange.document["agreement"] != wanted.agreement:
        raise NotExchanged(wanted.old_meter, wanted.agreement)
    down = exchange.requested_at
    earlier = books.exchange_of(wanted.old_meter, before=down)
    asked = down if approved is None or approved.id == exchange.id else approved.requested_at
    if earlier is not None and asked < down:
        # Before the meter was put in once more: it was about what was left then.
        raise NotExchanged(wanted.old_meter, wanted.agreement)
    for one in _standing(books, "transfer", "old_meter", wanted.old_meter):
        # Of an earlier time, before the meter was put in once more; if it never was, a clock that
        # was put back since the exchange says nothing.
        before = earlier is not None and one.sold_at < down
        if one.agreement == wanted.agreement and not before:
            raise TransferredBefore(wanted.old_meter, one.vend_id)
    units = units_of(wanted.units, file.meter.commodity.quantity)
    # What was read in another life of the meter, before or since, is not what was left then.
    since = None if earlier is None else earlier.requested_at
    check_source(books, wanted.old_meter, units, wanted.source, since, down)
    if not units.is_zero:
        _check_taken_back(books, wanted, down)
    return file.meter.number.number


def _check_taken_back(books: ActsReading, wanted: TransferWanted, since: datetime) -> None:
    """What was left on a meter is not moved with units in it whose money was given back. Raises
    SaleTakenBack."""
    for sale in books.taken_back_as_gone(wanted.old_meter, since):
        void = books.void_of(sale.vend_id)
        if void is not None and "because" in read_document(void):
            # Its token was not used: the units of others that are left are not touched by it.
            continue
        # Taken back when that was not asked for: only a reading from before its sale is known to
        # be without its units.
        known = books.left_known_at(wanted.old_meter)
        if wanted.source is not Source.READING or known is None or known >= sale.sold_at:
            raise SaleTakenBack(wanted.old_meter, sale.vend_id)
    for vend_id in books.taken_all_the_same(wanted.old_meter, wanted.agreement):
        # A paper that was kept and typed in after all.
        raise SaleTakenBack(wanted.old_meter, vend_id)


def check_source(
    books: ActsReading,
    old_meter: str,
    units: Quantity,
    source: Source,
    since: datetime | None,
    until: datetime | None = None,
) -> None:
    """Whether a source can speak for so many units; a reading, only if it is from behind `since`,
    and not from behind `until`.

    Raises UnitsAndSource, ReadingMissing, TransferTooMuch.
    """
    if source is Source.NONE and not units.is_zero:
        raise UnitsAndSource(source.value)
    if source is not Source.READING:
        return
    read = last_read(books, old_meter, since, until)
    if units > read:
        raise TransferTooMuch(old_meter, str(units), str(read))


def last_read(
    books: ActsReading, meter: str, since: datetime | None, until: datetime | None = None
) -> Quantity:
    """The balance of the last reading that is kept between two moments. Raises ReadingMissing."""
    found = books.last_reading(meter, since, until)
    if found is None:
        raise ReadingMissing(meter)
    return found.account.balance


def _standing(books: ActsReading, act: str, field: str, value: str) -> list[SaleRecord]:
    """Sales that approvals of this act have made, but for those that were taken back."""
    return [
        one
        for one in books.sold_by(act, field, value)
        if one.kind == act and books.void_of(one.vend_id) is None
    ]


def _nothing(wanted: TransferWanted) -> bool:
    return decimal_from_text(wanted.units.text) == 0
