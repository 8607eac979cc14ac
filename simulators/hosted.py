"""A meter as its gateway hosts it: its registers, its fault, and what the wire saw of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from .faults import HONEST, Effect, Fault
from .payment_meter import PaymentMeter
from .registers import MeterRegisters
from .wire import Request, answer


@dataclass
class HostedMeter:
    """One unit behind a gateway."""

    meter: PaymentMeter
    registers: MeterRegisters
    fault: Fault | None = None
    frames: Counter[int] = field(default_factory=Counter)
    """Requests that reached this unit, by Modbus function, executed or not."""

    def handle(self, request: Request) -> tuple[bytes | None, Effect]:
        """Count, execute and answer one request as the fault has it: the frame to send, if
        any, and what else is to happen."""
        self.frames[request.function] += 1
        effect = self.fault.effect(request.function) if self.fault else HONEST
        if not effect.execute:
            return None, effect
        frame = request.reply(answer(request, self.registers))
        return (frame if effect.reply else None), effect
