"""The contract between the house and any meter, prepaid or plain (COSEM words, IEC 62056-6-2).

Not every meter can do everything: `capabilities` lists what this model can, and the rest raises
NotCapable. Whatever changes the meter is asked for with a Warrant, is done at most once, and leaves
a CommandRecord with the bytes that went and came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Protocol

from .account import CreditAccount, Supply
from .errors import Invalid, Refused
from .readings import Reading


class Capability(Enum):
    """What a model may be asked for."""

    IDENTIFY = "identify"
    READ = "read"
    READ_CLOCK = "read_clock"
    SET_CLOCK = "set_clock"
    ACCOUNT = "account"
    PUSH_TOKEN = "push_token"  # noqa: S105 - a name
    ADD_CREDIT = "add_credit"
    THRESHOLDS = "thresholds"
    READ_SUPPLY = "read_supply"
    OPEN_SUPPLY = "open_supply"
    CLOSE_SUPPLY = "close_supply"
    ARM_SUPPLY = "arm_supply"
    FLAGS = "flags"
    EVENTS = "events"
    PROFILE = "profile"
    WIRING = "wiring"
    SET_UNIT_ID = "set_unit_id"
    SET_LINE = "set_line"


@dataclass(eq=False)
class NotCapable(Refused, code="meter.not_capable"):
    """This model cannot do that."""

    model: str
    capability: str


@dataclass(eq=False)
class CommandUnknown(Invalid, code="meter.command_unknown"):
    """The model's register map has no command of this name."""

    model: str
    command: str


@dataclass(eq=False)
class CommandNotAllowed(Refused, code="meter.command_not_allowed"):
    """This role may not give this command."""

    command: str
    role: str


@dataclass(eq=False)
class CommandParameter(Invalid, code="meter.command_parameter"):
    """A parameter of a command is missing, unknown or impossible."""

    command: str
    parameter: str
    problem: str


@dataclass(eq=False)
class ReadingUnknown(Invalid, code="meter.reading_unknown"):
    """The model keeps no value of this name."""

    model: str
    name: str


@dataclass(eq=False)
class NotVerified(Refused, code="meter.not_verified"):
    """No source settles what this register means: a technician confirms it at commissioning
    first."""

    model: str
    name: str


@dataclass(eq=False)
class FirmwareUnknown(Refused, code="meter.firmware_unknown"):
    """Nobody knows whether the register map holds for this firmware: it is none that the map tells
    of, or another one than was commissioned. The meter is read, and not written, until a technician
    has commissioned it."""

    model: str
    firmware: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who answers there. What the meter does not tell is empty."""

    maker: str
    model: str
    serial: str
    firmware: str = ""
    number: str = ""
    """The meter number on its face, if it keeps one apart from the serial."""
    address: str = ""
    """Where on the line it answers: unit id, station address."""
    variant: str = ""
    """Which of the map's variants answers; empty if none fits, or the map tells none."""


@dataclass(frozen=True, slots=True)
class ClockReading:
    """The meter's clock and ours, taken together."""

    meter: datetime
    """As the meter says it, made aware with the zone it is set to."""
    head_end: datetime
    """Aware UTC, half the latency taken off."""

    @property
    def drift(self) -> timedelta:
        """How far the meter is ahead (negative: behind)."""
        return self.meter - self.head_end


@dataclass(frozen=True, slots=True)
class Warrant:
    """Who changes a meter, and why."""

    actor: str
    role: str
    reason: str


class Outcome(Enum):
    """What became of a command."""

    DONE = "done"
    """Proved by reading back, where the model can be read back."""
    DECLINED = "declined"
    """The meter said no, or shows that it did not follow; nothing has changed."""
    UNKNOWN = "unknown"
    """It was sent, and nothing proves either: read before anything else."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Bytes on the line, in hex, digits of tokens and passwords blanked."""

    sent: bool
    hex: str


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """What was done to a meter, for the audit trail."""

    command: str
    params: Mapping[str, str]
    """As given, secrets blanked."""
    warrant: Warrant
    outcome: Outcome
    detail: str
    """A code: `read_back`, `no_answer`, `exception_3`, `still_open`, `increment` ..."""
    frames: Sequence[Frame]
    at: datetime


@dataclass(frozen=True, slots=True)
class MeterEvent:
    """One line of a meter's event log."""

    at: datetime
    code: str
    """Canonical (`cover`, `magnet`, `power_down` ...), or `maker.N` for the rest."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Interval:
    """One line of a load profile: what flowed until `end`."""

    end: datetime
    value: Decimal
    unit: str
    status: frozenset[str] = frozenset()
    """`clock_adjusted`, `power_down`, `incomplete` ..."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One commissioning check: whether it holds, and on what readings."""

    name: str
    holds: bool | None
    """None if a reading that it needs could not be had."""
    detail: str


class Device(Protocol):
    """One meter, whatever its protocol. Raises MeterUnreachable for what cannot be reached and
    MeterMismatch if another meter answers, besides what each method says."""

    @property
    def model(self) -> str: ...

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it may be asked for: of its model, and once the meter has said who it is, of this
        very one."""
        ...

    def identify(self) -> Identity:
        """Read from the meter now."""
        ...

    def read(self, names: Sequence[str]) -> list[Reading]:
        """Each name once, in this order; a value that could not be had is a BAD reading.
        Raises ReadingUnknown before anything is asked."""
        ...

    def read_clock(self) -> ClockReading: ...

    def read_supply(self) -> Supply: ...

    def account(self) -> CreditAccount:
        """The credit that the meter itself holds, and what belongs to it, of one fetch."""
        ...

    def flags(self) -> frozenset[str]:
        """Names of flags that are set: `cover`, `magnet`, `leak` ..."""
        ...

    def events(self, since: datetime | None = None) -> list[MeterEvent]:
        """Oldest first."""
        ...

    def profile(self, begin: datetime, end: datetime) -> list[Interval]:
        """Intervals that end within (begin, end], oldest first; gaps stay gaps."""
        ...

    def wiring(self) -> list[CheckResult]:
        """The commissioning checks of the model, on readings taken now."""
        ...

    def command(self, name: str, params: Mapping[str, str], warrant: Warrant) -> CommandRecord:
        """Does what the model's register map says under this name, at most once. Opening, closing
        and arming the supply, the clock, thresholds, credit, unit id and line settings are all
        commands: `open_supply`, `close_supply`, `arm_supply`, `set_clock`, `add_credit`,
        `set_unit_id`, `set_line` ...

        `open_supply` lets it flow and `close_supply` cuts it off, for relay and valve alike.

        Raises CommandUnknown, CommandNotAllowed, CommandParameter, NotVerified, FirmwareUnknown,
        NotCapable (its variant lacks it): nothing was sent that could change it.
        """
        ...

    def close(self) -> None:
        """Let go of the line."""
        ...
