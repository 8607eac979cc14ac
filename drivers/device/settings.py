"""What the house knows of one meter, and how its driver is to behave."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, timedelta, tzinfo

from ..link import Priority
from .clockwork import ClockPolicy
from .recognising import Expected


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """One meter's, as the records have it."""

    unit: str = "1"
    """Where on its line it answers."""
    expected: Expected = field(default_factory=Expected)
    """Who must answer there. Checked before anything is written, and with readings as often as
    `identity_every` says."""
    identity_every: timedelta = timedelta(minutes=15)
    """A meter that was swapped behind its address is noticed after this time at the latest."""
    confirmed: frozenset[str] = frozenset()
    """Names of unverified registers and commands that a technician has confirmed at this meter."""
    firmware: str = ""
    """That answered when it was commissioned; empty if nobody wrote it down. `confirmed` counts
    only as long as it still answers."""
    zone: tzinfo = UTC
    """What the meter's clock is set to."""
    clock: ClockPolicy = field(default_factory=ClockPolicy)
    priority: Priority = Priority.BILLING
    """Of readings; commands go before them."""
