"""A conversation of 7E1 on a line of 8N1: pseudo terminals, transparent gateways and adapters
without parity know nothing else. (Serial ports do the same below the conversation.)
"""

from __future__ import annotations

from typing import Final, TypeVar

from ..conversation import Conversation, Send, Step
from ..transports.parity import with_parity, without_parity

T = TypeVar("T")

EVEN: Final = "E"


def seven_even(conversation: Conversation[T]) -> Conversation[T]:
    """The same conversation, parity made here."""
    answer = b""
    try:
        step: Step = next(conversation)
        while True:
            if isinstance(step, Send):
                step = Send(with_parity(step.data, EVEN), step.secret)
            try:
                answer = yield step
            except Exception as error:
                step = conversation.throw(error)
            else:
                step = conversation.send(without_parity(answer, EVEN))
    except StopIteration as end:
        found: T = end.value
        return found
    finally:
        conversation.close()
