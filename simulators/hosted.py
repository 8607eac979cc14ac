"""A payment meter as its line hosts it: its registers, its premises and faults, what the wire saw
of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from meters.verdicts import TokenResult

from .faults.base import Fault
from .faults.sets import NO_FAULTS, FaultSet
from .loads import MICRO, PER_UNIT
from .payment_meter import Entry, PaymentMeter
from .premises import Premises
from .registers import MeterRegisters
from .wire import answer
from .world import MeterPlan

_OPENED: Final = frozenset({"cover", "terminal", "magnet"})
"""Flags at which it goes off until a token clears its tamper condition."""
NOT_HERE: Final = frozenset({"relay_welded", "valve_stuck", "valve_half"})
"""Faults of a switch that somebody else commands: it commands its own, which obeys."""


@dataclass(slots=True)
class _Steady:
    """A flow that people set."""

    micro: int

    def rate(self, at: int) -> int:  # noqa: ARG002 - a Flow
        return self.micro

    def until(self, at: int) -> int:
        return self.micro * at


@dataclass
class HostedMeter:
    """One unit on a line: `serving.line.Unit`."""

    meter: PaymentMeter
    now: Callable[[], datetime]
    faults: FaultSet = NO_FAULTS
    frames: Counter[int] = field(default_factory=Counter)
    """Requests that reached this unit, by Modbus function, executed or not."""

    def __post_init__(self) -> None:
        self.registers = MeterRegisters(
            self.meter, self.now, enter=self.enter, faults=lambda: self.faults
        )
        self._flow = _Steady(self.meter.load * MICRO)
        self.place = Premises(self._flow, self._second())

    def advance(self, now: int) -> None:
        """Let time pass until this second (since 1970)."""
        self.place.advance(now)
        self.meter.advance(datetime.fromtimestamp(now, UTC))

    @property
    def drawn(self) -> int:
        """What has flowed here, for the meter at the head of the feeder (feeder.Behind): what this
        one has supplied, and what went past it."""
        memory = self.meter.memory
        past = self.place.drawn - self.place.forward - self.place.reverse
        return memory.supplied * PER_UNIT + memory.part + past

    def real_rate(self, now: int) -> int:
        """As `drawn`, in micro-units."""
        self.advance(now)
        past = self.place.real_rate(now) - abs(self.place.rate(now))
        return past + (0 if self.meter.reasons else self.meter.load * MICRO)

    def set_load(self, load: int) -> None:
        """From now on so many W or litres an hour are drawn, as far as the meter sees them."""
        self.place.settle(self._second())
        self._flow.micro = max(0, load) * MICRO
        self.forget()

    def forget(self) -> None:
        """Something has changed at the premises: the meter notices."""
        second = self._second()
        self.meter.set_load(abs(self.place.rate(second)) // MICRO, self.now())
        if self.place.flags & _OPENED and not self.meter.memory.tamper:
            self.meter.set_tamper(self.now())

    def restart(self) -> None:
        """Off and on again: it forgets nothing."""

    def enter(self, digits: str, now: datetime) -> Entry:
        """Judge a token, or show what a fault says of it."""
        for fault in self.faults.of("judged"):
            if (result := fault.judged(digits)) is not None:
                return self.meter.show(digits, TokenResult(result), now)
        return self.meter.enter_token(digits, now)

    @property
    def fault(self) -> Fault | None:
        """The one fault that a person set at the keypad, or the first of several."""
        return self.faults.all[0] if self.faults else None

    @fault.setter
    def fault(self, fault: Fault | None) -> None:
        self.faults = FaultSet((fault,)) if fault is not None else NO_FAULTS

    @property
    def takes_broadcast(self) -> bool:
        return False

    def hears(self, baud: int) -> bool:  # noqa: ARG002
        """At any speed: it is not told one."""
        return True

    def heard(self, function: int) -> None:
        """A request for this unit was on the line."""
        self.frames[function] += 1

    def pdu(self, function: int, data: bytes) -> bytes | None:
        """Execute one request; nothing comes of it where there is no voltage."""
        if self.place.dark:
            return None
        return answer(function, data, self.registers)

    def _second(self) -> int:
        return int(self.now().timestamp())


def hosted(plan: MeterPlan, now: Callable[[], datetime]) -> HostedMeter:
    """A meter of a world file, built and in its place."""
    made = HostedMeter(plan.build(now()), now)
    made.fault = plan.fault
    return made
