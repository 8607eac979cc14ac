"""Protocol cores without I/O: a conversation is a generator that says what it wants of the line.

    def read(unit: int, ...) -> Conversation[tuple[int, ...]]:
        yield Quiet(0.004)                      # the line has been silent so long
        yield Send(frame)
        while ...:
            got = yield Receive(deadline_in_s)  # some bytes, or b"" when the time is over
        return words

Whoever owns the line runs it (`converse`). The same generator serves a serial port, a socket, and
a test that answers with bytes of its own on a clock of its own.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LineSettings:
    """How characters go over a serial line. Over TCP only the baud rate means anything: it tells
    how long a character takes behind the gateway."""

    baud: int = 9600
    data_bits: int = 8
    parity: str = "N"
    """`N`, `E` or `O`."""
    stop_bits: int = 1

    @property
    def character_s(self) -> float:
        """Seconds that one character takes: start bit, data, parity, stop."""
        bits = 1 + self.data_bits + (self.parity != "N") + self.stop_bits
        return bits / self.baud


@dataclass(frozen=True, slots=True)
class Send:
    """Put these bytes on the line, once. Answered with b"" when they have gone out."""

    data: bytes
    secret: tuple[tuple[int, int], ...] = ()
    """Stretches (begin, end) that no record may keep: token digits, passwords."""


@dataclass(frozen=True, slots=True)
class Receive:
    """Whatever comes next, as soon as something comes; b"" if nothing does within `within_s`
    seconds from now."""

    within_s: float
    missing: int = 1
    """So many bytes at least are wanted: once the first has come, a line may let the others gather
    for the time that their characters take. Fewer may come all the same."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Wait until the line has been silent for `for_s` seconds, throwing away what comes; gives up
    after `most_s` seconds (0: as long as it takes is `for_s` itself). Answered with b"" when it is
    quiet, with the last bytes thrown away if it never was."""

    for_s: float
    most_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Switch:
    """From here on with other line settings (IEC 62056-21 changes its speed in mid-talk).
    Answered with b""."""

    settings: LineSettings


Step = Send | Receive | Quiet | Switch
Conversation = Generator[Step, bytes, T]


class Channel(Protocol):
    """A line that somebody owns. Raises LineDown when it cannot be opened or was cut."""

    @property
    def settings(self) -> LineSettings: ...

    def monotonic(self) -> float:
        """Seconds of the clock that the line's waits go by."""
        ...

    def send(self, data: bytes) -> None: ...

    def receive(self, within_s: float, missing: int = 1) -> bytes: ...

    def quiet(self, for_s: float, most_s: float) -> bytes: ...

    def switch(self, settings: LineSettings) -> None: ...

    def close(self) -> None: ...


class Witness(Protocol):
    """Sees every frame of a conversation, for records and counts."""

    def sent(self, step: Send) -> None: ...

    def received(self, data: bytes) -> None: ...


def converse(conversation: Conversation[T], channel: Channel, witness: Witness | None = None) -> T:
    """Runs a conversation to its end on a channel and returns what it returns. Raises what it
    raises, and LineDown from the channel (thrown into the conversation first, so that it can say
    what that means)."""
    answer = b""
    try:
        step = next(conversation)
        while True:
            try:
                answer = _step(step, channel, witness)
            except Exception as error:
                step = conversation.throw(error)
            else:
                step = conversation.send(answer)
    except StopIteration as end:
        found: T = end.value
        return found
    finally:
        conversation.close()


def _step(step: Step, channel: Channel, witness: Witness | None) -> bytes:
    match step:
        case Send():
            if witness is not None:
                witness.sent(step)
            channel.send(step.data)
            return b""
        case Receive():
            data = channel.receive(step.within_s, step.missing)
            if witness is not None and data:
                witness.received(data)
            return data
        case Quiet():
            return channel.quiet(step.for_s, step.most_s)
        case Switch():
            channel.switch(step.settings)
            return b""
