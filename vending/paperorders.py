"""Papers that are no receipts (reports, slips, notes, statements), on their way to a printer: which
paper of what, and for whom. Pure.

What waits in the queue is this order and not the paper: it is made from the books when the printer
takes it, as the person who asked may see it. Receipts have rules of their own (`paperwork.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final, Protocol

from meters.errors import Refused

from .ledger import canonical_json
from .outbox import Message, OutboxPlan, Topic
from .parties import Actor, Role

ORDERED: Final = "paper:"
"""What the keys of such messages begin with."""


@dataclass(eq=False)
class NoPrinter(Refused, code="paper.no_printer"):
    """The settings name no printer for this point."""

    point: str


class PaperKind(Enum):
    """What can be ordered, and what its subject is."""

    KEY_SLIP = "key_slip"
    """The vend id of a sale."""
    NOTE = "note"
    """The vend id of a sale that was taken back or refunded."""
    X = "x"
    """The id of an X report."""
    Z = "z"
    """The id of a shift."""
    DEPOSIT = "deposit"
    """The id of a banking."""
    STATEMENT = "statement"
    """The number of an agreement."""


COUNTED: Final = frozenset({PaperKind.X, PaperKind.Z, PaperKind.DEPOSIT})
"""Their original comes out once, with the act itself; all later ones are copies with a number."""


ORDERED_BY: Final[Mapping[PaperKind, str]] = {
    PaperKind.KEY_SLIP: "reprint",
    PaperKind.NOTE: "what_became",
    PaperKind.X: "read_shifts",
    PaperKind.Z: "read_shifts",
    PaperKind.DEPOSIT: "bank",
    PaperKind.STATEMENT: "statement",
}
"""Which act a paper belongs to: who may not see it on a screen does not order it."""


@dataclass(frozen=True, slots=True)
class PaperOrder:
    """One paper for one person."""

    kind: PaperKind
    subject: str
    actor: Actor
    """Who asked: what they may not see, the paper does not tell."""
    copy: int = 0
    """Of those that are counted: 0 is the original."""
    language: str = ""
    """Empty: the customer's, or that of most customers."""
    first: str = ""
    last: str = ""
    """The local days of a statement, both included; empty: without end."""


class Queueing(Protocol):
    """A transaction that can queue."""

    def queue(self, messages: Sequence[Message], now: datetime) -> None:
        """A key that is queued already stays as it is."""
        ...


def send_to_printer(
    books: Queueing, plan: OutboxPlan, order: PaperOrder, now: datetime, id: str = ""
) -> None:
    """Queues the order for the printer of the place where its person is, in the caller's
    transaction. `id` tells two orders of an uncounted paper apart: the same one again queues
    nothing. Raises NoPrinter."""
    printer = _printer(plan, order)
    if printer is None:
        raise NoPrinter(order.actor.point or "")
    books.queue([message_of(order, printer, id)], now)


def print_original(books: Queueing, plan: OutboxPlan, order: PaperOrder, now: datetime) -> None:
    """The paper of an act, in the transaction of the act; nothing where there is no printer."""
    printer = _printer(plan, order)
    if printer is not None:
        books.queue([message_of(order, printer)], now)


def message_of(order: PaperOrder, printer: str, id: str = "") -> Message:
    """The order as a message to this printer."""
    what = f"{order.copy}:{order.subject}" if order.kind in COUNTED else id
    actor = order.actor
    document = canonical_json(
        {
            "paper": order.kind.value,
            "copy": order.copy,
            "language": order.language,
            "first": order.first,
            "last": order.last,
            "asked": [actor.name, actor.role.value, actor.point, actor.terminal],
        }
    )
    key = f"{ORDERED}{order.kind.value}:{what}"
    return Message(key, Topic.PRINT, order.subject, printer, document.decode("ascii"))


def order_of(message: Message) -> PaperOrder | None:
    """The order that a message carries; None if it is about a sale itself."""
    if not message.key.startswith(ORDERED):
        return None
    told = json.loads(message.document)
    name, role, point, terminal = told["asked"]
    return PaperOrder(
        PaperKind(told["paper"]),
        message.subject,
        Actor(name, Role(role), point, terminal),
        told["copy"],
        told["language"],
        told["first"],
        told["last"],
    )


def _printer(plan: OutboxPlan, order: PaperOrder) -> str | None:
    return plan.printer_at(order.actor.point, order.actor.terminal)
