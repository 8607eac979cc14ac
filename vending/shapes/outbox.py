"""What waits to be sent, as JSON."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from ..outbox_ports import Queued
from ..outbox_worker import Run
from .base import Out


class MessageOut(Out):
    """One message of the outbox. What it says is made when it is sent, and is not here."""

    id: int
    key: str = Field(description="Goes along, so that the receiver can tell a repetition")
    topic: str = Field(description="`sms`, `print`, `push` or `webhook`")
    subject: str = Field(
        description="What it is about: a sale by its vend id; of other papers a shift, a deposit "
        "or an agreement"
    )
    target: str = Field(description="Phone number, printer, meter, or name of a webhook")
    state: str = Field(description="`waiting`, `sending`, `sent` or `given_up`")
    attempts: int
    created_at: datetime
    next_at: datetime = Field(
        description="waiting: when it is due; sending: until when; else since when"
    )
    done_at: datetime | None
    last_error: str

    @classmethod
    def of(cls, queued: Queued) -> MessageOut:
        message = queued.message
        return cls(
            id=queued.id,
            key=message.key,
            topic=message.topic.value,
            subject=message.subject,
            target=message.target,
            state=queued.state.value,
            attempts=queued.attempts,
            created_at=queued.created_at,
            next_at=queued.next_at,
            done_at=queued.done_at,
            last_error=queued.last_error,
        )


class RunOut(Out):
    """What one run of the outbox did."""

    sent: int
    waiting: int = Field(description="Failed, and will be tried again")
    given_up: int

    @classmethod
    def of(cls, run: Run) -> RunOut:
        return cls(sent=run.sent, waiting=run.waiting, given_up=run.given_up)
