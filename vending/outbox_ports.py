"""What the outbox needs from the world, as Protocols, and how sending fails."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from meters.errors import Invalid, Refused, Unavailable, Unknown

from .aftersale import Void
from .outbox import Message, MessageState, Step, Topic
from .paperorders import PaperOrder
from .sale import SaleReceipt


@dataclass(eq=False)
class NotSent(Unavailable, code="outbox.not_sent"):
    """The receiver did not take it; tried again later. `wait_s` is what it asked for, or 0."""

    receiver: str
    reason: str
    wait_s: int = 0


@dataclass(eq=False)
class SendUnknown(Unknown, code="outbox.send_unknown"):
    """No answer came back. Sent again with the same key, by which the receiver tells it."""

    receiver: str
    reason: str


@dataclass(eq=False)
class SendRejected(Refused, code="outbox.rejected"):
    """The receiver will never take it: not tried again by itself."""

    receiver: str
    reason: str


@dataclass(eq=False)
class OutboxUnknown(Invalid, code="outbox.unknown"):
    """No message has this number."""

    id: int


@dataclass(eq=False)
class OutboxNotPossible(Refused, code="outbox.not_possible"):
    """The message stands where this step does not lead on."""

    id: int
    state: str


@dataclass(frozen=True, slots=True)
class Queued:
    """A message in the queue."""

    id: int
    message: Message
    created_at: datetime
    state: MessageState
    attempts: int
    """Begun since it was queued, or since a person asked for another round."""
    next_at: datetime
    """waiting: when it is due; sending: when the lease ends; else: when it came to rest."""
    done_at: datetime | None
    last_error: str
    """Code and reason of the latest failure; never anything of the message."""
    due_at: datetime | None = None
    """Of one that was just taken: when it had been due."""


@dataclass(frozen=True, slots=True)
class Sold:
    """A sale as the books have it at the moment of sending."""

    receipt: SaleReceipt
    void: Void | None
    """How it was taken back or refunded."""
    shown: bool
    """Held digits have been shown meanwhile."""


Apart = tuple[Topic, str | None]
"""A topic, or one target of it, that is passed over."""


class Sender(Protocol):
    """One way to send.

    Sending the same key again must not act twice, whatever became of it the first time: every
    receiver is either told the key, or asked first what became of the message.
    """

    def send(self, queued: Queued, sold: Sold, now: datetime) -> None:
        """Comes back when the receiver has it. Raises NotSent, SendUnknown, SendRejected."""
        ...


class PaperSender(Protocol):
    """Puts papers that are no receipts out of a printer, under the same law as a `Sender`."""

    def send(self, queued: Queued, order: PaperOrder) -> None:
        """Comes back when the printer has it. Raises NotSent, SendUnknown, SendRejected."""
        ...


class OutboxStore(Protocol):
    """The queue. Each method is one transaction, durable when it returns, and may raise the
    store's Unavailable."""

    def take(
        self, now: datetime, until: datetime, topics: Collection[Topic], apart: Collection[Apart]
    ) -> Queued | None:
        """The message that has been due longest, now marked `sending` until `until` with one
        attempt more; None if nothing is due. Due is also what was left `sending` beyond its
        lease, and what lies farther ahead than any moment that is ever set (`FARTHEST`). Two
        callers never get the same message for the same attempt."""
        ...

    def finish(self, taken: Queued, step: Step) -> bool:
        """Writes down how the attempt ended; False, and nothing is written, if the message has
        been taken over meanwhile."""
        ...

    def change(self, known: Queued, state: MessageState, now: datetime, error: str) -> bool:
        """A person's step, counted from no attempts; False if the message is no longer as
        `known`."""
        ...

    def message(self, id: int) -> Queued | None: ...

    def messages(
        self,
        *,
        state: MessageState | None = None,
        topic: Topic | None = None,
        subject: str | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[Queued]:
        """Newest first; those with a number below `before`."""
        ...

    def sold(self, vend_id: str) -> Sold | None: ...
