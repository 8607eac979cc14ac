"""What is to be sent because of a sale or comes out of a printer, and when to try again. Pure.

A message holds no content: it names the sale (papers that are no receipts: `paperorders.py`) and is
made from the books at the moment it is sent, so that no token's digits ever wait in a queue. Its
key goes along to the receiver, which can tell a repetition by it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from types import MappingProxyType
from typing import Final, TypeVar

from .aftersale import Void
from .ledger import canonical_json
from .sale import SaleKind, SaleReceipt

T = TypeVar("T")

_OF_VOIDS: Final = "voided:"
"""What the keys of messages about voids begin with."""


class Topic(Enum):
    """Which way a message goes."""

    SMS = "sms"
    PRINT = "print"
    PUSH = "push"
    WEBHOOK = "webhook"


class MessageState(Enum):
    """Where a message stands; `TRANSITIONS` says what may follow what."""

    WAITING = "waiting"
    SENDING = "sending"
    """Taken by a worker until its lease ends, whether that worker still lives or not."""
    SENT = "sent"
    GIVEN_UP = "given_up"


TRANSITIONS: Final[Mapping[MessageState, frozenset[MessageState]]] = MappingProxyType(
    {
        MessageState.WAITING: frozenset({MessageState.SENDING, MessageState.GIVEN_UP}),
        # To itself: the lease has run out, and another worker takes it over with the same key.
        MessageState.SENDING: frozenset(MessageState),
        MessageState.SENT: frozenset(),
        # A person may ask for another round.
        MessageState.GIVEN_UP: frozenset({MessageState.WAITING}),
    }
)

BACKOFF: Final = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
)
"""How long to wait after the first, second, ... attempt; the last one stands for all later ones."""

MOST_ATTEMPTS: Final = 12
"""After that many a message is given up: a day and a half after the first."""

LEASE: Final = timedelta(minutes=2)
"""How long one attempt may take; after it, whoever made the attempt is taken for dead. Longer than
the patience for a push (`delivery.PATIENCE`)."""

KEEPS: Final[Mapping[Topic, timedelta]] = MappingProxyType(
    {Topic.SMS: timedelta(days=3), Topic.PRINT: timedelta(days=3)}
)
"""How long behind the moment when it was due a message is begun by itself, over a holiday at most:
what nobody worked off for longer (the server was off) is no longer what the customer waits for,
and the digits on it surprise whoever gets them. Meters and other programs are told however late."""

_MOST_WAIT: Final = timedelta(days=1)
FARTHEST: Final[Mapping[MessageState, timedelta]] = MappingProxyType(
    {MessageState.SENDING: 2 * LEASE, MessageState.WAITING: 2 * _MOST_WAIT}
)
"""How far ahead the next moment of a message can lie. One beyond that was written while a clock
stood far ahead, and says nothing: the lease has run out, the wait is over."""
_PHONE_DIGITS: Final = range(7, 16)
"""E.164 has at most 15 digits; fewer than 7 reach nobody."""


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to be sent once."""

    key: str
    """Sent along; unique, and the same at every attempt."""
    topic: Topic
    subject: str
    """Vend id of the sale that it is about; of other papers, what they are of."""
    target: str
    """Phone number, printer, meter, or the name of a webhook in the settings."""
    document: str
    """Canonical JSON for whoever looks at the queue; never a token's digits."""


@dataclass(frozen=True, slots=True)
class OutboxPlan:
    """What a sale queues."""

    sms: bool = False
    push: bool = False
    printers: Mapping[str, str] = field(default_factory=dict)
    """Printer by place (`at_place`); nothing is printed for the others."""
    webhooks: tuple[str, ...] = ()
    """Names of targets in the settings."""

    @property
    def is_empty(self) -> bool:
        return not (self.sms or self.push or self.printers or self.webhooks)

    def printer_at(self, point: str | None, terminal: str) -> str | None:
        """The printer of whoever is there; None: there is none."""
        return at_place(self.printers, point, terminal)


@dataclass(frozen=True, slots=True)
class Step:
    """Where one attempt leaves its message."""

    state: MessageState
    next_at: datetime
    error: str = ""


def messages_of(
    receipt: SaleReceipt, phone: str, plan: OutboxPlan, *, reachable: bool = True
) -> tuple[Message, ...]:
    """What this sale queues, in a fixed order and with the same keys at every call.

    `phone` is the customer's, as it is kept. `reachable`: the meter has an address. While the
    sale's digits are held back only webhooks are queued, which never carry any; call again when
    they are shown: what is queued already stays as it is.
    """
    if plan.is_empty:
        return ()
    vend_id = receipt.vend_id
    document = canonical_json({"kind": receipt.kind.value, "receipt": receipt.receipt_code})
    about = document.decode("ascii")

    def message(topic: Topic, target: str, key: str) -> Message:
        return Message(key, topic, vend_id, target, about)

    queued: list[Message] = []
    number = dialled(phone)
    if not receipt.held:
        # A token that manages the meter is the technician's, not the customer's.
        if plan.sms and number and receipt.kind is not SaleKind.ENGINEERING:
            queued.append(message(Topic.SMS, number, f"sms:{vend_id}"))
        printer = plan.printer_at(receipt.seller.point, receipt.seller.terminal)
        if printer is not None:
            queued.append(message(Topic.PRINT, printer, f"print:{vend_id}"))
        if plan.push and reachable and receipt.tokens:
            queued.append(message(Topic.PUSH, receipt.buyer.meter, f"push:{vend_id}"))
    for name in plan.webhooks:
        queued.append(message(Topic.WEBHOOK, name, f"webhook:{name}:{vend_id}"))
    return tuple(queued)


def messages_of_void(void: Void, plan: OutboxPlan) -> tuple[Message, ...]:
    """What taking a sale back queues, or refunding it: a sale knows one of them, so one message for
    each webhook. Whoever heard of the sale hears that its money went back."""
    about = canonical_json({"evidence": void.evidence.value}).decode("ascii")
    return tuple(
        Message(f"{_OF_VOIDS}{name}:{void.vend_id}", Topic.WEBHOOK, void.vend_id, name, about)
        for name in plan.webhooks
    )


def is_of_void(message: Message) -> bool:
    """Whether it tells of a sale's void and not of the sale."""
    return message.key.startswith(_OF_VOIDS)


def at_place(by_place: Mapping[str, T], point: str | None, terminal: str) -> T | None:
    """What stands at a terminal (`P1/T2`), else at its whole point (`P1`)."""
    if not by_place or point is None:
        return None
    found = by_place.get(f"{point}/{terminal}")
    return by_place.get(point) if found is None else found


def dialled(phone: str) -> str:
    """The number as a gateway dials it: ASCII digits, perhaps after a plus. Empty for what is no
    phone number; nothing as long as a token passes."""
    text = phone.strip()
    digits = "".join(
        str(unicodedata.digit(character)) for character in text if character.isdecimal()
    )
    if len(digits) not in _PHONE_DIGITS:
        return ""
    return f"+{digits}" if text.startswith("+") else digits


def after_failure(attempts: int, now: datetime, error: str, wait: timedelta | None = None) -> Step:
    """What follows on attempt number `attempts` (1, 2, ...) that came to nothing.

    `wait` is what the receiver asked for: never less than our own, never more than a day.
    """
    if attempts >= MOST_ATTEMPTS:
        return Step(MessageState.GIVEN_UP, now, error)
    own = BACKOFF[min(attempts, len(BACKOFF)) - 1]
    asked = min(wait or timedelta(0), _MOST_WAIT)
    return Step(MessageState.WAITING, now + max(own, asked), error)


def is_too_late(topic: Topic, due_at: datetime, now: datetime) -> bool:
    """Whether a message that was due then is not begun any more, unless a person asks for it."""
    keeps = KEEPS.get(topic)
    return keeps is not None and now - due_at > keeps


def sent(now: datetime) -> Step:
    """The receiver has it."""
    return Step(MessageState.SENT, now)


def given_up(now: datetime, error: str) -> Step:
    """No further attempt."""
    return Step(MessageState.GIVEN_UP, now, error)


def in_hand(state: MessageState, next_at: datetime, now: datetime) -> bool:
    """Whether a worker is sending it right now, as far as its lease tells."""
    return state is MessageState.SENDING and now < next_at <= now + FARTHEST[state]


def may_follow(now: MessageState, then: MessageState) -> bool:
    """True if `TRANSITIONS` leads from one to the other."""
    return then in TRANSITIONS[now]


__all__ = [
    "BACKOFF",
    "FARTHEST",
    "KEEPS",
    "LEASE",
    "MOST_ATTEMPTS",
    "TRANSITIONS",
    "Message",
    "MessageState",
    "OutboxPlan",
    "Step",
    "Topic",
    "after_failure",
    "at_place",
    "dialled",
    "given_up",
    "in_hand",
    "is_of_void",
    "is_too_late",
    "may_follow",
    "messages_of",
    "messages_of_void",
    "sent",
]
