"""Sending what waits, with backoff, and the use cases of people who look after the queue.

An attempt is written down before anything is sent, and how it ended afterwards. Whoever dies in
between leaves a message that is sent again with the same key, once the lease has run out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from meters.errors import Invalid, RaseedError

from .masking import masked
from .masks import masked_phone
from .outbox import (
    LEASE,
    MOST_ATTEMPTS,
    MessageState,
    Step,
    Topic,
    after_failure,
    given_up,
    in_hand,
    is_too_late,
    may_follow,
    sent,
)
from .outbox_ports import (
    Apart,
    NotSent,
    OutboxNotPossible,
    OutboxStore,
    OutboxUnknown,
    PaperSender,
    Queued,
    Sender,
    SendRejected,
    Sold,
)
from .paperorders import order_of
from .parties import Actor, Role
from .permissions import require
from .plaintext import in_one_line
from .ports import Clock

log = logging.getLogger("raseed.outbox")

WITHOUT_DIGITS: Final = frozenset({Topic.WEBHOOK})
"""Topics that are sent even if the sale's digits must not be."""

SENDING: Final = LEASE / 2
"""How much of the lease is left for sending itself: where it has less, it is not begun."""

_MOST_ERROR: Final = 200


@dataclass(eq=False)
class ReasonMissing(Invalid, code="outbox.reason_missing"):
    """Giving a message up needs a reason."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run did."""

    sent: int = 0
    waiting: int = 0
    """Failed, and will be tried again."""
    given_up: int = 0

    @property
    def attempts(self) -> int:
        return self.sent + self.waiting + self.given_up


class Outbox:
    """One instance serves many threads, and several processes may serve one queue."""

    def __init__(
        self,
        store: OutboxStore,
        senders: Mapping[Topic, Sender],
        clock: Clock,
        papers: PaperSender | None = None,
    ) -> None:
        self._store = store
        self._senders = senders
        self._clock = clock
        self._papers = papers

    def deliver_due(
        self,
        actor: Actor,
        limit: int = 100,
        *,
        topics: Collection[Topic] = tuple(Topic),
        going: Callable[[], bool] = lambda: True,
    ) -> Run:
        """Sends what is due, one message after another, at most `limit` and while `going()`.

        A receiver that fails is left alone for the rest of the run, so that what waits for it
        loses no attempt and others do not wait for it. Nothing is raised for a message; raises
        ActorNotAllowed and the store's Unavailable, after which a message may stay `sending`
        until its lease ends.
        """
        require(actor, "send_messages")
        counted = dict.fromkeys(MessageState, 0)
        apart: set[Apart] = set()
        for _ in range(limit):
            if not going():
                break
            now = self._clock()
            taken = self._store.take(now, now + LEASE, topics, apart)
            if taken is None:
                break
            step = self._attempt(taken)
            if not self._store.finish(taken, step):
                log.warning("%s was taken over meanwhile", masked(taken.message.key))
                continue
            self._tell(taken, step)
            counted[step.state] += 1
            if step.state is MessageState.WAITING:
                apart.add(_receiver(taken))
        return Run(*(counted[state] for state in _COUNTED))

    def messages(
        self,
        actor: Actor,
        *,
        state: MessageState | None = None,
        topic: Topic | None = None,
        subject: str | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[Queued]:
        """The queue, newest first: of one state, topic or sale, or all. Who only sells is not told
        customers' telephones."""
        require(actor, "read_outbox")
        found = self._store.messages(
            state=state, topic=topic, subject=subject, before=before, limit=limit
        )
        return [_seen_by(actor, one) for one in found]

    def retry(self, actor: Actor, id: int) -> Queued:
        """The message is due now, with its old key and a new round of attempts.

        Raises OutboxUnknown, OutboxNotPossible (it is sent, or being sent).
        """
        require(actor, "retry_message")
        known, now = self._known(id), self._clock()
        allowed = known.state is MessageState.WAITING or may_follow(
            known.state, MessageState.WAITING
        )
        return self._change(actor, known, MessageState.WAITING, allowed, now, known.last_error)

    def give_up(self, actor: Actor, id: int, reason: str) -> Queued:
        """No further attempt. Giving up again changes nothing.

        Raises ReasonMissing, OutboxUnknown, OutboxNotPossible (it is sent, or being sent).
        """
        require(actor, "give_up_message")
        if not reason.strip():
            raise ReasonMissing()
        known, now = self._known(id), self._clock()
        if known.state is MessageState.GIVEN_UP:
            return known
        allowed = may_follow(known.state, MessageState.GIVEN_UP)
        why = _short(f"{actor.name}: {reason.strip()}")
        return self._change(actor, known, MessageState.GIVEN_UP, allowed, now, why)

    # An attempt

    def _attempt(self, taken: Queued) -> Step:
        """Sends it and says where that leaves it; whatever happens is no exception."""
        if taken.attempts > MOST_ATTEMPTS:
            # Each of them died on the way, and perhaps because of this message.
            return given_up(self._clock(), "outbox.no_end: the last attempt did not end")
        now, due_at = self._clock(), taken.due_at
        if due_at is not None and is_too_late(taken.message.topic, due_at, now):
            days = (now - due_at).days
            return given_up(now, f"outbox.too_late: it was due {days} days ago")
        try:
            self._send(taken)
        except SendRejected as error:
            return given_up(self._clock(), _told(error))
        except RaseedError as error:
            wait = timedelta(seconds=error.wait_s) if isinstance(error, NotSent) else None
            return after_failure(taken.attempts, self._clock(), _told(error), wait)
        except Exception as error:
            # Not in the sender's contract: it may have been sent, and goes again with its key.
            # The name alone, for the text may quote what was being sent.
            log.error("%s: %s", masked(taken.message.key), type(error).__name__)
            return after_failure(taken.attempts, self._clock(), f"fault: {type(error).__name__}")
        return sent(self._clock())

    def _send(self, taken: Queued) -> None:
        """Raises whatever is in the way."""
        message = taken.message
        order = order_of(message)
        if order is not None:
            if self._papers is None:
                raise NotSent(message.topic.value, "not set up")
            self._check_in_hand(taken)
            self._papers.send(taken, order)
            return
        sold = self._store.sold(message.subject)
        if sold is None:
            raise SendRejected(message.topic.value, "no sale has this vend id")
        _check_digits(message.topic, sold)
        sender = self._senders.get(message.topic)
        if sender is None:
            raise NotSent(message.topic.value, "not set up")
        self._check_in_hand(taken)
        sender.send(taken, sold, self._clock())

    def _check_in_hand(self, taken: Queued) -> None:
        """Raises NotSent where so much time has passed that it may be another worker's before it is
        sent, or has been called off: this machine slept, or the books did not answer."""
        if self._clock() + SENDING > taken.next_at:
            raise NotSent(taken.message.topic.value, "its time is over")

    def _tell(self, taken: Queued, step: Step) -> None:
        level = logging.INFO if step.state is MessageState.SENT else logging.WARNING
        error = f" ({step.error})" if step.error else ""
        log.log(level, "%s is %s%s", masked(taken.message.key), step.state.value, error)

    # Steps of people

    def _known(self, id: int) -> Queued:
        found = self._store.message(id)
        if found is None:
            raise OutboxUnknown(id)
        return found

    def _change(
        self,
        actor: Actor,
        known: Queued,
        state: MessageState,
        allowed: bool,
        now: datetime,
        error: str,
    ) -> Queued:
        alive = in_hand(known.state, known.next_at, now)
        if not allowed or alive or not self._store.change(known, state, now, error):
            raise OutboxNotPossible(known.id, self._known(known.id).state.value)
        log.info("%s is %s by %s", masked(known.message.key), state.value, masked(actor.name))
        return self._known(known.id)


_COUNTED = (MessageState.SENT, MessageState.WAITING, MessageState.GIVEN_UP)
_ONE_RECEIVER = frozenset({Topic.SMS})
"""Topics behind which stands one receiver, whatever the target."""


def _receiver(taken: Queued) -> Apart:
    topic = taken.message.topic
    return topic, None if topic in _ONE_RECEIVER else taken.message.target


def _seen_by(actor: Actor, one: Queued) -> Queued:
    if actor.role is not Role.OPERATOR or one.message.topic is not Topic.SMS:
        return one
    return replace(one, message=replace(one.message, target=masked_phone(one.message.target)))


def _check_digits(topic: Topic, sold: Sold) -> None:
    """Raises SendRejected, NotSent where the sale's digits must not leave the house."""
    if topic in WITHOUT_DIGITS:
        return
    if sold.void is not None:
        raise SendRejected(topic.value, "the sale is voided")
    if sold.receipt.held and not sold.shown:
        raise NotSent(topic.value, "the digits are held back")


def _told(error: RaseedError) -> str:
    """Code and reason, as they may be kept."""
    reason = getattr(error, "reason", "")
    return _short(f"{error.code}: {reason}" if reason else error.code)


def _short(text: str) -> str:
    return masked(in_one_line(text))[:_MOST_ERROR]


__all__ = ["WITHOUT_DIGITS", "Outbox", "ReasonMissing", "Run"]
