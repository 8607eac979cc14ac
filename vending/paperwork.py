"""Who may have a sale on paper, and as what: the original once, everything later as a copy with its
number. Each printing is written down before there is a paper.

The original belongs to the terminal that sold, while its shift is open (without shifts: for an
hour), or to the printer that the sale was queued for; whoever comes first. What has been printed
can be fetched again for some minutes by who printed it: a browser reloads, a printer tries again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from meters.errors import Refused
from meters.values import replace

from .aftersale import Printing, Void
from .blocking import check_seller
from .ground import OpenShift
from .ledger import canonical_json
from .masks import masked_receipt
from .outbox import Message, Topic
from .paperorders import ORDERED_BY, NoPrinter, PaperOrder, send_to_printer
from .parties import Actor, require
from .ports import Ports, Reading, Writing
from .record import SaleRecord, content_hash, receipt_of
from .sale import SaleReceipt
from .sold import SaleVoided, Sold, agent, known_sale, not_voided
from .vend import VendUnknown

ORIGINAL_FOR: Final = timedelta(hours=1)
"""How long after it was made an original can be had, where no shift says it."""
FETCHED_FOR: Final = timedelta(minutes=15)
"""How long after it was printed the same paper can be fetched again."""

QUEUED: Final = "print:"
COPY: Final = "copy:"
"""What the keys of messages to printers begin with. Originals are written down under them."""


@dataclass(eq=False)
class PaperGone(Refused, code="paper.gone"):
    """This printing was somebody else's, or it is too long ago: print a copy."""

    subject: str


@dataclass(eq=False)
class NothingTakenBack(Refused, code="paper.nothing_taken_back"):
    """There is no note of a void or refund, for the sale stands."""

    vend_id: str


@dataclass(eq=False)
class NoKeyTokens(Refused, code="paper.no_key_tokens"):
    """This sale gives its meter no new key, or its digits are held back still."""

    vend_id: str


@dataclass(frozen=True, slots=True)
class SalePaper:
    """What goes onto one paper: the sales that were paid for together, each with the number of its
    copy (0: the original)."""

    receipts: tuple[SaleReceipt, ...]
    check: str
    """Content hash of the sale that leads."""


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


def is_original(
    receipt: SaleReceipt,
    actor: Actor,
    printings: Sequence[Printing],
    shift: OpenShift | None,
    now: datetime,
) -> bool:
    """Whether a printing now is the original. `shift` is the one open at the actor's terminal."""
    if printings:
        return False
    if (actor.point, actor.terminal) != (receipt.seller.point, receipt.seller.terminal):
        return False
    if receipt.shift is not None:
        return shift is not None and shift.id == receipt.shift
    return still_original(receipt.sold_at, now)


def still_original(made_at: datetime, now: datetime) -> bool:
    """Whether a paper that is no sale's (a Z report, a deposit slip) can be had unmarked."""
    return now - made_at <= ORIGINAL_FOR


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
        now, records = self._ports.clock(), _basket(books, vend_id)
        shift = books.open_shift(actor.point or "", actor.terminal)
        receipts = []
        for record in records:
            receipt, printings = receipt_of(record), books.printings(record.vend_id)
            first = not copy and is_original(receipt, actor, printings, shift, now)
            number = 0 if first else _next(printings)
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
            return _made_then(books, vend_id, made[0])

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
                and _to_be_seen(books, record)
            ]
            if known not in queued:
                return None
            receipts = []
            for record in queued:
                earlier = printings[record.vend_id]
                number = _next(earlier) if earlier else 0
                receipts.append(self._printed(books, actor, receipt_of(record), number, now))
            return _paper(books, actor, queued, receipts)

    def again(self, actor: Actor, vend_id: str, copy: int) -> SalePaper:
        """What the actor printed under this number some minutes ago; nothing is written down.
        Raises VendUnknown, SaleVoided, PaperGone."""
        require(actor, "reprint")
        now = self._ports.clock()
        with self._ports.store.reading() as books:
            found = _made_then(books, vend_id, _own(books, actor, vend_id, copy, now))
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
            records = [one for one in _basket(books, vend_id) if _to_be_seen(books, one)]
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


def _basket(books: Reading, vend_id: str) -> list[SaleRecord]:
    """What stands of that which was paid for together: who had one thing of it taken back still
    has a paper of the rest. Raises VendUnknown, SaleVoided (nothing of it stands)."""
    records = books.basket(vend_id)
    if not records:
        raise VendUnknown(vend_id[:64])
    standing = [record for record in records if _stands(books, record)]
    if not standing:
        raise SaleVoided(vend_id)
    return standing


def _made_then(books: Reading, vend_id: str, made: Printing) -> SalePaper:
    """All of the basket that was printed at that moment: its sales may have been copied apart, and
    each has its own number."""

    def then(of: str) -> list[Printing]:
        return [p for p in books.printings(of) if (p.at, p.actor) == (made.at, made.actor)]

    # Where one moment saw several, they stand beside each other in their order.
    place = then(vend_id).index(made)
    records, receipts = [], []
    for record in _basket(books, vend_id):
        own = then(record.vend_id)
        if own:
            copy = own[min(place, len(own) - 1)].copy
            records.append(record)
            receipts.append(replace(receipt_of(record), copy=copy, held=False))
    return SalePaper(tuple(receipts), content_hash(records[0]))


def _to_be_seen(books: Reading, record: SaleRecord) -> bool:
    shown = not receipt_of(record).held or books.shown(record.vend_id)
    return shown and _stands(books, record)


def _stands(books: Reading, record: SaleRecord) -> bool:
    void = books.void_of(record.vend_id)
    return void is None or not void.evidence.takes_back


def _own(books: Reading, actor: Actor, vend_id: str, copy: int, now: datetime) -> Printing:
    for one in books.printings(vend_id):
        mine = one.actor == actor.name and one.point == (actor.point or "")
        if one.copy == copy and mine and now - one.at <= FETCHED_FOR:
            return one
    raise PaperGone(vend_id)


def _next(printings: Sequence[Printing]) -> int:
    return max((one.copy for one in printings), default=0) + 1


def _paper(
    books: Reading, actor: Actor, records: Sequence[SaleRecord], receipts: Sequence[SaleReceipt]
) -> SalePaper:
    if agent(books, actor):
        receipts = [masked_receipt(receipt) for receipt in receipts]
    return SalePaper(tuple(receipts), content_hash(records[0]))
