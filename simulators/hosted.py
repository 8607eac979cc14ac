"""A payment meter as its gateway hosts it: its registers, its faults, what the wire saw of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from meters.verdicts import TokenResult

from .faults.base import NO_FAULTS, Fault, FaultSet
from .payment_meter import Entry, PaymentMeter
from .registers import MeterRegisters
from .wire import Request, answer


@dataclass
class HostedMeter:
    """One unit behind a gateway: `serving.line.Unit`."""

    meter: PaymentMeter
    now: Callable[[], datetime]
    faults: FaultSet = NO_FAULTS
    frames: Counter[int] = field(default_factory=Counter)
    """Requests that reached this unit, by Modbus function, executed or not."""

    def __post_init__(self) -> None:
        self.registers = MeterRegisters(self.meter, self.now, enter=self.enter)

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
        """Execute one request."""
        return answer(Request(0, 0, function, data), self.registers)
