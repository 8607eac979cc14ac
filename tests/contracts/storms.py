"""A payment meter at the far end of a line that drops, delays, repeats and spoils what goes over
it, on a virtual clock: thousands of runs take seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from drivers.conversation import LineSettings
from drivers.crc import with_crc
from drivers.modbus.payment_meter import PaymentMeterGateway
from drivers.modbus.rtu_line import RtuLine
from drivers.transports.memory import MemoryLine, VirtualClock
from meters.errors import RaseedError
from meters.gateway import (
    PushAccepted,
    PushRefused,
    PushUnknown,
    token_fingerprint,
)
from meters.verdicts import TokenResult
from simulators.payment_meter import PaymentMeter
from simulators.registers import MeterRegisters
from simulators.wire import answer
from tests.simulators.support import ELECTRICITY, Clock, Mint, make_meter

UNIT = 3
WORST_S = 1.0
"""The model's longest turnaround, which the driver goes by."""
BOUND = 200
"""Operations within which every run must have come to its end."""


@dataclass
class Storm:
    """What becomes of each request and reply; shares of one."""

    chance: Random
    drop_request: float = 0.15
    drop_reply: float = 0.2
    late_reply: float = 0.15
    repeat_reply: float = 0.15
    spoil_reply: float = 0.1
    noise: float = 0.1

    def pieces(self, reply: bytes) -> list[tuple[float, bytes]]:
        """A reply as it comes: when, and what is left of it."""
        chance, found = self.chance, []
        if chance.random() < self.noise:
            found.append((0.001, chance.randbytes(chance.randint(1, 6))))
        if chance.random() < self.drop_reply:
            return found
        delay = 0.05
        if chance.random() < self.late_reply:
            # Past the driver's patience, and up to past its silence after a time-out.
            delay = chance.uniform(0.9, 3.5) * WORST_S
        if chance.random() < self.spoil_reply:
            spoilt = bytearray(reply)
            spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
            reply = bytes(spoilt)
        found.append((delay, reply))
        if chance.random() < self.repeat_reply:
            found.append((delay + chance.uniform(0.05, 2.0), reply))
        return found


@dataclass
class Run:
    """One meter, one token, one storm."""

    seed: int
    writes: int = 0
    """Write requests that arrived at the meter."""
    told: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.storm = Storm(Random(self.seed))
        self.clock = VirtualClock()
        self.world = Clock()
        self._start = self.world.now
        self.meter: PaymentMeter = make_meter(self.world)
        self._registers = MeterRegisters(self.meter, self.world)
        self.line = MemoryLine(self._far, self.clock, LineSettings(baud=9600))
        rtu = RtuLine(self.line, "storm", echo=False)
        self.gateway = PaymentMeterGateway(rtu, UNIT, ELECTRICITY, self.world)

    def _far(self, now: float, frame: bytes) -> Iterable[tuple[float, bytes]]:
        self.world.now = self._start + timedelta(seconds=now)
        if self.storm.chance.random() < self.storm.drop_request:
            return []
        self.writes += frame[1] == 16
        pdu = answer(frame[1], frame[2:-2], self._registers)
        return self.storm.pieces(with_crc(bytes([frame[0]]) + pdu))

    def deliver(self, token: str) -> int:
        """What the head-end does with one token until it is certain: pushes it, and after any
        doubt goes by the meter's log; pushes again only what the log proves not to be there.
        Returns how many pushes were made."""
        fingerprint = token_fingerprint(token)
        pushes = 0
        for _ in range(BOUND):
            try:
                outcome = self.gateway.push_token(token)
            except RaseedError as error:
                # Nothing was entered: that is what the contract says of every error here.
                self.told[error.code] += 1
                self._nothing_entered(pushes)
                continue
            pushes += 1
            if isinstance(outcome, PushAccepted):
                self.told["accepted"] += 1
                return pushes
            if isinstance(outcome, PushRefused):
                assert outcome.result is TokenResult.USED_ERROR, (self.seed, outcome)
                self.told["used"] += 1
                return pushes
            assert isinstance(outcome, PushUnknown)
            self.told["unknown"] += 1
            if self._is_in_the_log(fingerprint):
                self.told["settled by the log"] += 1
                return pushes
        raise AssertionError(f"seed {self.seed}: no end")

    def _nothing_entered(self, pushes: int) -> None:
        assert self.meter.memory.tokens_accepted <= (pushes > 0), self.seed

    def _is_in_the_log(self, fingerprint: str) -> bool:
        for _ in range(BOUND):
            try:
                log = self.gateway.read_token_log()
            except RaseedError:
                continue
            return any(entry.fingerprint == fingerprint for entry in log)
        raise AssertionError(f"seed {self.seed}: log never read")


def run(seed: int) -> Run:
    """One storm. Asserts that the token was taken exactly once, that each push was one write at
    most, and that the credit is that of one token."""
    one = Run(seed)
    token = Mint().energy(12_300)
    pushes = one.deliver(token)
    memory = one.meter.memory
    assert memory.tokens_accepted == 1, seed
    assert memory.balance == 12_300, seed
    sent = sum(frame[1] == 16 for frame in one.line.sent)
    assert one.writes <= sent, seed
    assert sent <= pushes, seed
    return one
