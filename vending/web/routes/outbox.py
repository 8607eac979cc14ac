"""What waits to be sent because of a sale."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from ...outbox import MessageState, Topic
from ...shapes import MessageOut
from ...shapes.base import MOST_NUMBER
from ..callers import Messages, Reader, Seller
from ..routers import api_router

router = api_router("outbox")

IdPath = Annotated[int, Path(ge=1, le=MOST_NUMBER)]


class GiveUpIn(BaseModel):
    """Why nothing more is tried."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: StrictStr = Field(max_length=200)


@router.get("/outbox")
def list_messages(
    actor: Reader,
    messages: Messages,
    state: MessageState | None = None,
    topic: Topic | None = None,
    sale: Annotated[str | None, Query(max_length=64, description="Vend id")] = None,
    before: Annotated[int | None, Query(ge=1, le=MOST_NUMBER, description="Below this id")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[MessageOut]:
    """Messages, latest first."""
    found = messages.messages(
        actor, state=state, topic=topic, subject=sale, before=before, limit=limit
    )
    return [MessageOut.of(one) for one in found]


@router.post("/outbox/{id}/retry")
def retry(actor: Seller, messages: Messages, id: IdPath) -> MessageOut:
    """Try a message again now, with its old key. What is sent stays sent (409)."""
    return MessageOut.of(messages.retry(actor, id))


@router.post("/outbox/{id}/give-up")
def give_up(actor: Seller, messages: Messages, id: IdPath, body: GiveUpIn) -> MessageOut:
    """Try a message no more."""
    return MessageOut.of(messages.give_up(actor, id, body.reason))
