"""What a command wants done, one thing at a time, and what can come of it.

The plan of a command (`plan.py`) is a generator that yields a Need and is sent an Answer. Whoever
runs it has the line, the clock and the person at the terminal; the plan has none of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from meters.device import Identity, Outcome
from meters.readings import Reading, Value


@dataclass(frozen=True, slots=True)
class ReadNow:
    """The value of a register, from the meter. Answered with Got, or Missing."""

    register: str


@dataclass(frozen=True, slots=True)
class Write:
    """One write, never repeated. Answered with Written, Lost, SaidNo or Unsent."""

    register: str
    value: Value
    raw: bytes = b""
    """Wire bytes instead of a value."""
    effective: bool = True
    """False for what only opens a door for a moment: its loss leaves nothing in doubt."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Let so many seconds pass. Answered with Passed."""

    seconds: float


@dataclass(frozen=True, slots=True)
class AskPerson:
    """A question to the person at the meter, by the code of its words. Answered with Agreed or
    Refused."""

    code: str


@dataclass(frozen=True, slots=True)
class Probe:
    """Whether anybody answers at another unit of the line, asked so many times. Answered with
    Nobody, Found, or Noise (something answers that cannot be read)."""

    unit: str
    times: int


Need = ReadNow | Write | Pause | AskPerson | Probe


@dataclass(frozen=True, slots=True)
class Got:
    reading: Reading


@dataclass(frozen=True, slots=True)
class Missing:
    """No value: no answer, an exception, a mark that there is none."""

    reason: str


@dataclass(frozen=True, slots=True)
class Written:
    """The meter acknowledged the write."""


@dataclass(frozen=True, slots=True)
class Lost:
    """It was sent, and no usable reply came."""

    reason: str


@dataclass(frozen=True, slots=True)
class SaidNo:
    """The meter or its gateway answered with a refusal."""

    reason: str
    nothing_happened: bool


@dataclass(frozen=True, slots=True)
class Unsent:
    """Certainly not sent: no line, the meter at rest, the command's time over."""

    reason: str


@dataclass(frozen=True, slots=True)
class Passed:
    pass


@dataclass(frozen=True, slots=True)
class Agreed:
    pass


@dataclass(frozen=True, slots=True)
class Refused:
    reason: str


@dataclass(frozen=True, slots=True)
class Nobody:
    pass


@dataclass(frozen=True, slots=True)
class Found:
    identity: Identity


@dataclass(frozen=True, slots=True)
class Noise:
    reason: str


Answer = (
    Got
    | Missing
    | Written
    | Lost
    | SaidNo
    | Unsent
    | Passed
    | Agreed
    | Refused
    | Nobody
    | Found
    | Noise
)


@dataclass(frozen=True, slots=True)
class Settled:
    """How it ended; `detail` is a code for people and programs."""

    outcome: Outcome
    detail: str
    unsent: bool = False
    """Nothing at all reached the meter because it could not be reached."""
