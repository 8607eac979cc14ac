"""Which printing of a sale is which: the original, the next copy, the same paper once more.

The original belongs to the terminal that sold, while its shift is open (without shifts: for an
hour), or to the printer that the sale was queued for; whoever comes first. Everything later is a
copy with its number. What has been printed can be fetched again for some minutes by who printed it:
a browser reloads, a printer tries again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from meters.errors import Refused
from meters.values import replace

from .aftersale import Printing
from .ground import OpenShift
from .parties import Actor
from .ports import Reading
from .record import SaleRecord, content_hash, receipt_of
from .sale import SaleReceipt
from .sold import SaleVoided
from .vend import VendUnknown

ORIGINAL_FOR: Final = timedelta(hours=1)
"""How long after it was made an original can be had, where no shift says it."""
FETCHED_FOR: Final = timedelta(minutes=15)
"""How long after it was printed the same paper can be fetched again."""


@dataclass(eq=False)
class PaperGone(Refused, code="paper.gone"):
    """This printing was somebody else's, or it is too long ago: print a copy."""

    subject: str


@dataclass(frozen=True, slots=True)
class SalePaper:
    """What goes onto one paper: the sales that were paid for together, each with the number of its
    copy (0: the original)."""

    receipts: tuple[SaleReceipt, ...]
    check: str
    """Content hash of the sale that leads."""


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


def standing_of(books: Reading, vend_id: str) -> list[SaleRecord]:
    """What stands of that which was paid for together: who had one thing of it taken back still
    has a paper of the rest. Raises VendUnknown, SaleVoided (nothing of it stands)."""
    records = books.basket(vend_id)
    if not records:
        raise VendUnknown(vend_id[:64])
    standing = [record for record in records if _stands(books, record)]
    if not standing:
        raise SaleVoided(vend_id)
    return standing


def made_then(books: Reading, vend_id: str, made: Printing) -> SalePaper:
    """All of the basket that was printed at that moment: its sales may have been copied apart, and
    each has its own number."""

    def then(of: str) -> list[Printing]:
        return [p for p in books.printings(of) if (p.at, p.actor) == (made.at, made.actor)]

    # Where one moment saw several, they stand beside each other in their order.
    place = then(vend_id).index(made)
    records, receipts = [], []
    for record in standing_of(books, vend_id):
        own = then(record.vend_id)
        if own:
            copy = own[min(place, len(own) - 1)].copy
            records.append(record)
            receipts.append(replace(receipt_of(record), copy=copy, held=False))
    return SalePaper(tuple(receipts), content_hash(records[0]))


def to_be_seen(books: Reading, record: SaleRecord) -> bool:
    """Whether the sale stands, and its digits are not held back."""
    shown = not receipt_of(record).held or books.shown(record.vend_id)
    return shown and _stands(books, record)


def _stands(books: Reading, record: SaleRecord) -> bool:
    void = books.void_of(record.vend_id)
    return void is None or not void.evidence.takes_back


def own_printing(books: Reading, actor: Actor, vend_id: str, copy: int, now: datetime) -> Printing:
    """What the actor printed under this number some minutes ago. Raises PaperGone."""
    for one in books.printings(vend_id):
        mine = one.actor == actor.name and one.point == (actor.point or "")
        if one.copy == copy and mine and now - one.at <= FETCHED_FOR:
            return one
    raise PaperGone(vend_id)


def next_copy(printings: Sequence[Printing]) -> int:
    """Its number, behind those of all printings there are."""
    return max((one.copy for one in printings), default=0) + 1
