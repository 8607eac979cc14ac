"""A conversation as one turn on a line that has one owner, and what of it a meter's link tells."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from .bus.bus import Bus
from .bus.timing import Manners, Pace
from .conversation import Channel, Conversation, LineSettings, Witness, converse
from .lines import LineDown, NoReply
from .link import Fetched, Priority
from .maps.model import Register

T = TypeVar("T")

MISSING: Final = "missing"
"""The problem of a value that the meter does not keep, in whatever words it says so."""


@dataclass(frozen=True, slots=True)
class Took(Generic[T]):
    """What a conversation returned, and how long it took from its first step to its last."""

    value: T
    seconds: float


@dataclass(frozen=True, slots=True)
class Turns:
    """One meter's turns on its line."""

    bus: Bus[Channel]
    unit: str
    manners: Manners

    @property
    def address(self) -> str:
        """For people."""
        return f"{self.bus.address} unit {self.unit}"

    def take(
        self,
        conversation: Callable[[LineSettings], Conversation[T]],
        priority: Priority,
        witness: Witness | None = None,
    ) -> Took[T]:
        """Holds the conversation, made for the line's settings, when its turn has come. Raises what
        it raises, LineDown, LineBusy and Resting."""

        def job(channel: Channel, pace: Pace, seen: Witness) -> Took[T]:  # noqa: ARG001
            begin = channel.monotonic()
            value = converse(conversation(channel.settings), channel, seen)
            return Took(value, channel.monotonic() - begin)

        return self.bus.ask(self.unit, self.manners, priority, job, witness)

    def once(
        self,
        conversation: Callable[[LineSettings, Callable[[], None]], Conversation[T]],
        priority: Priority,
        witness: Witness | None = None,
    ) -> Took[T]:
        """As `take`, for a conversation that changes something behind a greeting: it calls its
        second argument right before the change. A meter that does not answer until then is
        LineDown: nothing was sent that could change it."""
        is_reached = False

        def reached() -> None:
            nonlocal is_reached
            is_reached = True

        try:
            return self.take(lambda line: conversation(line, reached), priority, witness)
        except NoReply as error:
            if not is_reached:
                raise LineDown(self.address, error.reason) from error
            raise


def missed(registers: Iterable[Register], problem: str) -> dict[str, Fetched]:
    """For each of them, why there is nothing."""
    return {register.name: Fetched(b"", problem, 0.0) for register in registers}
