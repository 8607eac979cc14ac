"""Seven bits and even parity made in software, for lines that know 8N1 only: pseudo terminals,
transparent gateways, adapters without parity.
"""

from __future__ import annotations

from typing import Final, TypeVar

from ..conversation import Conversation, Send, Step

T = TypeVar("T")

SPOILT: Final = 0xFF
"""Stands for a character whose parity is wrong: it is in no message, so that the check fails."""


def to_7e1(data: bytes) -> bytes:
    """With the parity in the eighth bit."""
    return bytes(byte & 0x7F | (byte & 0x7F).bit_count() % 2 << 7 for byte in data)


def from_7e1(data: bytes) -> bytes:
    """The characters; those of odd parity become SPOILT."""
    return bytes(SPOILT if byte.bit_count() % 2 else byte & 0x7F for byte in data)


def seven_even(conversation: Conversation[T]) -> Conversation[T]:
    """The same conversation, as 7E1 on a line of 8N1."""
    answer = b""
    try:
        step: Step = next(conversation)
        while True:
            if isinstance(step, Send):
                step = Send(to_7e1(step.data), step.secret)
            try:
                answer = yield step
            except Exception as error:
                step = conversation.throw(error)
            else:
                step = conversation.send(from_7e1(answer))
    except StopIteration as end:
        found: T = end.value
        return found
    finally:
        conversation.close()
