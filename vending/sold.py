"""Sales once they are made: shown, shown again, what became of them, and who sees what of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from meters.errors import Invalid, Refused
from meters.identity import meter_from_text
from meters.values import replace

from .aftersale import SaleStatus
from .blocking import check_seller
from .counter import messages_for
from .delivery import delivery_of
from .ledger import PostedEntry
from .masks import is_agent, masked_receipt, masked_status
from .parties import Actor, MeterFile, MeterUnknown, Role
from .permissions import require
from .persons import person, same_person
from .ports import Ports, Reading, Writing
from .record import SaleRecord, receipt_of
from .sale import SaleReceipt
from .tariff import Quote
from .vend import VendUnknown


@dataclass(eq=False)
class SaleVoided(Refused, code="vend.voided"):
    """The sale under this id was taken back; its token is not to be used."""

    vend_id: str


@dataclass(eq=False)
class NoSaleYet(Invalid, code="vend.none_yet"):
    """Nothing has been sold at this terminal yet."""

    point: str
    terminal: str


@dataclass(eq=False)
class OthersSold(Invalid, code="vend.others_sold"):
    """Who asks has sold nothing at this terminal; somebody else has, and this was sold last."""

    point: str
    terminal: str
    vend_id: str
    operator: str
    moment: str


class Sold:
    """See `VendingService`, whose promises these are."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def show(self, actor: Actor, vend_id: str) -> SaleReceipt:
        require(actor, "vend")
        with self._ports.store.writing() as books:
            check_seller(books, actor.name, actor.point or "", actor.terminal)
            record = known_sale(books, vend_id)
            not_voided(books, vend_id)
            receipt = receipt_of(record)
            if receipt.held and not books.shown(vend_id):
                self.first_shown(books, actor, receipt)
            return _seen(books, actor, replace(receipt, held=False))

    def reprint(self, actor: Actor, vend_id: str) -> SaleReceipt:
        require(actor, "reprint")
        with self._ports.store.writing() as books:
            check_seller(books, actor.name, actor.point or "", actor.terminal)
            record = known_sale(books, vend_id)
            not_voided(books, vend_id)
            now = self._ports.clock()
            receipt = receipt_of(record)
            if receipt.held and not books.shown(vend_id):
                # A copy shows the digits, so from here on they have been seen.
                self.first_shown(books, actor, receipt)
            copy = books.copies(vend_id) + 1
            books.add_reprint(vend_id, copy, now, actor.name, actor.point or "")
            return _seen(books, actor, replace(receipt, copy=copy, held=False))

    def first_shown(self, books: Writing, actor: Actor, receipt: SaleReceipt) -> None:
        """Inside a transaction: from here on the digits have been seen, and what carries them may
        be sent."""
        now = self._ports.clock()
        # A moment that has not come would prove that a meter came out before.
        seen = self._ports.guard.no_later(now, books.chain_head(), books)
        books.add_showing(receipt.vend_id, seen, actor.name, actor.point or "")
        file = books.meter_file(receipt.buyer.meter)
        if file is not None:
            shown = replace(receipt, held=False)
            books.queue(messages_for(self._ports, shown, file), now)

    def what_became(self, actor: Actor, vend_id: str) -> SaleStatus:
        require(actor, "what_became")
        with self._ports.store.reading() as books:
            return self._status(books, actor, vend_id)

    def last_sale(self, actor: Actor) -> SaleStatus:
        require(actor, "what_became")
        point = actor.point or ""
        with self._ports.store.reading() as books:
            last = books.last_sales(point, actor.terminal, actor.name)
            if not last:
                raise NoSaleYet(point, actor.terminal)
            own, later = last[-1], last[0] if len(last) > 1 else None
            if not same_person(own.operator, actor.name):
                moment = own.sold_at.isoformat()
                raise OthersSold(point, actor.terminal, own.vend_id, own.operator, moment)
            return replace(self._status(books, actor, own.vend_id), later=later)

    def last_basket(self, actor: Actor) -> list[SaleStatus]:
        last = self.last_sale(actor)
        found = self.basket(actor, last.receipt.vend_id)
        return [replace(found[0], later=last.later), *found[1:]]

    def last_bought(self, actor: Actor, meter: str) -> Quote | None:
        require(actor, "look_up")
        number = meter_from_text(meter).number
        with self._ports.store.reading() as books:
            record = books.last_bought(number)
        return None if record is None else receipt_of(record).quote

    def basket(self, actor: Actor, vend_id: str) -> list[SaleStatus]:
        require(actor, "what_became")
        with self._ports.store.reading() as books:
            records = books.basket(vend_id)
            if not records:
                raise VendUnknown(vend_id[:64])
            return [self._status(books, actor, record.vend_id) for record in records]

    def sales(
        self, actor: Actor, meter: str | None, before: int | None, limit: int
    ) -> list[SaleReceipt]:
        require(actor, "look_up")
        number = None if meter is None else meter_from_text(meter).number
        with self._ports.store.reading() as books:
            return _listed(books, actor, books.sales(meter=number, before=before, limit=limit))

    def sales_here(self, actor: Actor, since: datetime, limit: int) -> list[SaleReceipt]:
        require(actor, "look_up")
        with self._ports.store.reading() as books:
            records = books.sales_at(actor.point or "", actor.terminal, since, limit)
            return _listed(books, actor, records)

    def _status(self, books: Reading, actor: Actor, vend_id: str) -> SaleStatus:
        found = status_of(books, vend_id)
        return masked_status(found) if agent(books, actor) else found

    def entries(self, actor: Actor, vend_id: str) -> list[PostedEntry]:
        require(actor, "look_up")
        with self._ports.store.reading() as books:
            known_sale(books, vend_id)
            return books.entries(vend_id)


def agent(books: Reading, actor: Actor) -> bool:
    """Whether customers' data are masked for this actor."""
    return actor.role is Role.OPERATOR and is_agent(actor, books.operator(person(actor.name)))


def _seen(books: Reading, actor: Actor, receipt: SaleReceipt) -> SaleReceipt:
    return masked_receipt(receipt) if agent(books, actor) else receipt


def _listed(books: Reading, actor: Actor, records: Sequence[SaleRecord]) -> list[SaleReceipt]:
    """Receipts as this actor sees them; what is held back still has no digits."""
    masked = agent(books, actor)
    found = [as_held(books, receipt_of(record)) for record in records]
    return [masked_receipt(receipt) for receipt in found] if masked else found


def as_held(books: Reading, receipt: SaleReceipt) -> SaleReceipt:
    """Without its digits for as long as they have not been shown."""
    if not receipt.held:
        return receipt
    receipt = replace(receipt, held=not books.shown(receipt.vend_id))
    return receipt.hidden() if receipt.held else receipt


def meter_in_use(books: Reading, number: str) -> MeterFile:
    """Raises MeterUnknown."""
    file = books.meter_file(number)
    if file is None:
        raise MeterUnknown(number)
    return file


def known_sale(books: Reading, vend_id: str) -> SaleRecord:
    """Raises VendUnknown."""
    record = books.sale(vend_id)
    if record is None:
        raise VendUnknown(vend_id[:64])
    return record


def not_voided(books: Reading, vend_id: str) -> None:
    """Raises SaleVoided if the sale's token is not to be used."""
    void = books.void_of(vend_id)
    if void is not None and void.evidence.takes_back:
        raise SaleVoided(vend_id)


def status_of(books: Reading, vend_id: str) -> SaleStatus:
    """Raises VendUnknown."""
    receipt = as_held(books, receipt_of(known_sale(books, vend_id)))
    events = books.delivery_events(vend_id)
    return SaleStatus(
        receipt,
        delivery_of(receipt, events),
        books.copies(vend_id),
        books.void_of(vend_id),
    )
