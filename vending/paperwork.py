"""Who may have a sale on paper: receipts, copies, slips of key tokens, notes of voids and refunds.
Each printing is written down before there is a paper; which of them it is, `printings` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from meters.errors import Refused
from meters.values import replace

from .aftersale import Void
from .blocking import check_seller
from .ledger import canonical_json
from .masks import masked_receipt
from .outbox import Message, Topic
from .paperorders import ORDERED_BY, NoPrinter, PaperOrder, send_to_printer
from .parties import Actor
from .permissions import require
from .ports import Ports, Reading, Writing
from .printings import (
    PaperGone,
    SalePaper,
    is_original,
    made_then,
    next_copy,
    own_printing,
    standing_of,
    to_be_seen,
)
from .record import SaleRecord, content_hash, receipt_of
from .sale import SaleReceipt
from .sold import Sold, agent, known_sale, not_voided

QUEUED: Final = "print:"
COPY: Final = "copy:"
"""What the keys of messages to printers begin with. Originals are written down under them."""


@dataclass(eq=False)
class NothingTakenBack(Refused, code="paper.nothing_taken_back"):
    """There is no note of a void or refund, for the sale stands."""

    vend_id: str


@dataclass(eq=False)
class NoKeyTokens(Refused, code="paper.no_key_tokens"):
    """This sale gives its meter no new key, or its digits are held back still."""

    vend_id: str


@dataclass(frozen=True, slots=True)
class VoidPaper:
    """A sale that was taken back or refunded, without its digits."""

    receipt: SaleReceipt
    void: Void
    number: int
    """In the series of its point."""

    @property
    def code(self) -> str:
        """Unique in the municipality: `P1-N0003`; `N0003` of an office that is no point."""
        return "-".join(part for part in (self.void.point, f"N{self.number:04d}") if part)


class Paperwork:
    """See `VendingService`, whose promises these are."""

    def __init__(self, ports: Ports, sold: Sold) -> None:
        self._ports = ports
        self._sold = sold

    def print(self, actor: Actor, vend_id: str) -> SalePaper:
        """A new printing, written down: the original if it is this terminal's to have, else the
        next copy. Raises Blocked, VendUnknown, SaleVoided."""
        return self._print(actor, vend_id, copy=False)

    def copy(self, actor: Actor, vend_id: str) -> SalePaper:
        """The next copy, whatever was printed before. Raises Blocked, VendUnknown, SaleVoided."""
        return self._print(actor, vend_id, copy=True)

    def _print(self, actor: Actor, vend_id: str, *, copy: bool) -> SalePaper:
        with self._ports.store.writing() as books:
            return self._print_in(books, actor, vend_id, copy=copy)

    def _print_in(self, books: Writing, actor: Actor, vend_id: str, *, copy: bool) -> SalePaper:
        require(actor, "reprint")
        check_seller(books, actor.name, actor.point or "", actor.terminal)
        now, records = self._ports.clock(), standing_of(books, vend_id)
        shift = books.open_shift(actor.point or "", actor.terminal)
        receipts = []
        for record in records:
            receipt, printings = receipt_of(record), books.printings(record.vend_id)
            first = not copy and is_original(receipt, actor, printings, shift, now)
            number = 0 if first else next_copy(printings)
            receipts.append(self._printed(books, actor, receipt, number, now))
        return _paper(books, actor, records, receipts)

    def send_copy(self, actor: Actor, vend_id: str) -> SalePaper:
        """The next copy, queued for the printer where the actor is. Raises Blocked, VendUnknown,
        SaleVoided, NoPrinter."""
        target = self._ports.outbox.printer_at(actor.point, actor.terminal)
        if target is None:
            raise NoPrinter(actor.point or "")
        with self._ports.store.writing() as books:
            made = self._print_in(books, actor, vend_id, copy=True)
            first = made.receipts[0]
            document = canonical_json({"receipt": first.receipt_code, "copy": first.copy})
            key = f"{COPY}{first.copy}:{vend_id}"
            message = Message(key, Topic.PRINT, vend_id, target, document.decode("ascii"))
            books.queue([message], self._ports.clock())
            return made

    def send(self, order: PaperOrder, id: str) -> None:
        """Queues a paper that is no receipt and is not counted, for the printer where whoever asks
        for it is; the same `id` again queues nothing. Raises ActorNotAllowed, NoPrinter."""
        require(order.actor, ORDERED_BY[order.kind])
        with self._ports.store.writing() as books:
            send_to_printer(books, self._ports.outbox, order, self._ports.clock(), id)

    def copy_queued(self, actor: Actor, vend_id: str) -> SalePaper:
        """What `send_copy` queued under the key that `actor`, who stands for the message, is named
        by. Raises ActorNotAllowed, VendUnknown, SaleVoided, PaperGone."""
        require(actor, "print_queued")
        key = actor.name
        number = key.removeprefix(COPY).partition(":")[0]
        with self._ports.store.reading() as books:
            made = [one for one in books.printings(vend_id) if str(one.copy) == number]
            if not made:
                raise PaperGone(vend_id)
            return made_then(books, vend_id, made[0])

    def print_queued(self, actor: Actor, vend_id: str) -> SalePaper | None:
        """For the printer that a sale was queued for: the sale and all that was paid for with it
        and may be seen, each as the original unless somebody was earlier. The same again however
        often `actor`, who stands for the message, asks; None if another message of the basket has
        printed it. Raises ActorNotAllowed (all but the worker), VendUnknown, SaleVoided."""
        require(actor, "print_queued")
        now = self._ports.clock()
        with self._ports.store.writing() as books:
            known = known_sale(books, vend_id)
            not_voided(books, vend_id)
            leader = receipt_of(known).basket or vend_id
            records = books.basket(leader)
            printings = {one.vend_id: books.printings(one.vend_id) for one in records}
            mine = [
                (record, one)
                for record in records
                for one in printings[record.vend_id]
                if one.actor == actor.name
            ]
            if mine:
                receipts = [
                    replace(receipt_of(record), copy=one.copy, held=False) for record, one in mine
                ]
                return _paper(books, actor, [record for record, _ in mine], receipts)
            queued = [
                record
                for record in records
                if not any(one.actor.startswith(QUEUED) for one in printings[record.vend_id])
                and to_be_seen(books, record)
            ]
            if known not in queued:
                return None
            receipts = []
            for record in queued:
                earlier = printings[record.vend_id]
                number = next_copy(earlier) if earlier else 0
                receipts.append(self._printed(books, actor, receipt_of(record), number, now))
            return _paper(books, actor, queued, receipts)

    def again(self, actor: Actor, vend_id: str, copy: int) -> SalePaper:
        """What the actor printed under this number some minutes ago; nothing is written down.
        Raises VendUnknown, SaleVoided, PaperGone."""
        require(actor, "reprint")
        now = self._ports.clock()
        with self._ports.store.reading() as books:
            found = made_then(books, vend_id, own_printing(books, actor, vend_id, copy, now))
            if agent(books, actor):
                masked = tuple(masked_receipt(receipt) for receipt in found.receipts)
                return replace(found, receipts=masked)
            return found

    def key_slip(self, actor: Actor, vend_id: str) -> SalePaper:
        """The sales of a basket that give a meter its new key, for a slip without the units: as
        often as somebody needs it, for these digits are worth nothing. Raises VendUnknown,
        SaleVoided, NoKeyTokens (it has none, or its digits are held back)."""
        require(actor, "reprint")
        with self._ports.store.reading() as books:
            records = [one for one in standing_of(books, vend_id) if to_be_seen(books, one)]
            receipts = [receipt_of(one) for one in records]
            keyed = [replace(one, tokens=(), held=False) for one in receipts if one.key_tokens]
            if not keyed:
                raise NoKeyTokens(vend_id[:64])
            return _paper(books, actor, records, keyed)

    def taken_back(self, actor: Actor, vend_id: str) -> VoidPaper:
        """For the note of a void or a refund. Raises VendUnknown, NothingTakenBack."""
        require(actor, "what_became")
        with self._ports.store.reading() as books:
            receipt = receipt_of(known_sale(books, vend_id)).hidden()
            void = books.void_of(vend_id)
            if void is None:
                raise NothingTakenBack(vend_id)
            seen = masked_receipt(receipt) if agent(books, actor) else receipt
            return VoidPaper(seen, void, books.note_number(void))

    def _printed(
        self, books: Writing, actor: Actor, receipt: SaleReceipt, copy: int, now: datetime
    ) -> SaleReceipt:
        if receipt.held and not books.shown(receipt.vend_id):
            # The paper shows the digits, so from here on they have been seen.
            self._sold.first_shown(books, actor, receipt)
        books.add_reprint(receipt.vend_id, copy, now, actor.name, actor.point or "")
        return replace(receipt, copy=copy, held=False)


def _paper(
    books: Reading, actor: Actor, records: Sequence[SaleRecord], receipts: Sequence[SaleReceipt]
) -> SalePaper:
    if agent(books, actor):
        receipts = [masked_receipt(receipt) for receipt in receipts]
    return SalePaper(tuple(receipts), content_hash(records[0]))
