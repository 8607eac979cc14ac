"""Conversations of serial protocols on a line that has one owner."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..conversation import Channel, Conversation, Witness, converse
from ..link import Priority
from .bus import Bus
from .timing import Manners, Pace

T = TypeVar("T")


def talk(
    bus: Bus[Channel],
    unit: str,
    manners: Manners,
    priority: Priority,
    conversation: Callable[[Pace], Conversation[T]],
    witness: Witness | None = None,
) -> T:
    """Runs a conversation to its end as one turn on the line, and returns what it returns. Raises
    what it raises, and Resting."""

    def job(channel: Channel, pace: Pace, seen: Witness) -> T:
        return converse(conversation(pace), channel, seen)

    return bus.ask(unit, manners, priority, job, witness)
