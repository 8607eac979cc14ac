"""Rows of the outbox, written and called off in the transaction of the sale that they are about."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, not_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ..outbox import FARTHEST, Message, MessageState, Topic
from ..paperorders import ORDERED, PaperKind
from . import schema as t

_c = t.outbox.c
OPEN = (MessageState.WAITING.value, MessageState.SENDING.value)
"""States of a message that may still go out."""
_OF_A_SALE = (
    not_(_c.key.startswith(ORDERED, autoescape=True)),
    _c.key.startswith(f"{ORDERED}{PaperKind.KEY_SLIP.value}:", autoescape=True),
)
"""Other papers carry no digits, and what they are about may have the same id as a sale."""
_MAKER: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_QUEUEING = {
    name: make(t.outbox).on_conflict_do_nothing(index_elements=["key"])
    for name, make in _MAKER.items()
}


def message_rows(messages: Iterable[Message], now: datetime) -> list[dict[str, Any]]:
    """Rows of the table `outbox` for messages that are due at once."""
    return [
        {
            "key": message.key,
            "topic": message.topic.value,
            "subject": message.subject,
            "target": message.target,
            "document": message.document,
            "created_at": now,
            "state": MessageState.WAITING.value,
            "attempts": 0,
            "next_at": now,
            "done_at": None,
            "last_error": "",
        }
        for message in messages
    ]


def insert_messages(db: Connection, messages: Iterable[Message], now: datetime) -> None:
    """Queues messages in the caller's transaction, in one statement. A key that is queued
    already stays as it is, whatever became of it."""
    rows = message_rows(messages, now)
    if rows:
        db.execute(_QUEUEING[db.dialect.name], rows)


def call_off(db: Connection, vend_id: str, now: datetime, why: str) -> bool:
    """Gives up, in the caller's transaction, what would still carry the digits of a sale that is
    being voided. False, and nothing is changed, if such a message is being sent right now."""
    digits = and_(_c.subject == vend_id, _c.topic != Topic.WEBHOOK.value, or_(*_OF_A_SALE))
    farthest = now + FARTHEST[MessageState.SENDING]
    # A worker takes a message without the writer's place: from here on until the void is booked
    # nobody takes one of these.
    held = select(_c.state, _c.next_at).where(digits, _c.state.in_(OPEN)).with_for_update()
    for state, next_at in db.execute(held).all():
        if state == MessageState.SENDING.value and now < next_at <= farthest:
            return False
    db.execute(
        update(t.outbox)
        .where(digits, _c.state.in_(OPEN))
        .values(state=MessageState.GIVEN_UP.value, next_at=now, done_at=now, last_error=why)
    )
    return True
