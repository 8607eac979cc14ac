"""A gateway straight into a pure meter, without a wire: for tests that need a meter and no
network. It keeps the same contract as the real driver (tests/contracts)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from meters.account import MeterAccount, MeterSts, TokenLogEntry
from meters.gateway import (
    MeterMismatch,
    MeterUnreachable,
    PushAccepted,
    PushOutcome,
    PushRefused,
    PushUnknown,
    digits_to_push,
)
from meters.identity import Drn

from .payment_meter import PaymentMeter


@dataclass
class DirectGateway:
    """`meters.gateway.Gateway` for the meter `drn` records say is here."""

    meter: PaymentMeter
    drn: Drn
    now: Callable[[], datetime]
    reachable: bool = True
    replies_to_lose: int = field(default=0)
    """So many pushes are executed and come out as PushUnknown."""

    def read_account(self) -> MeterAccount:
        self._reach()
        return self.meter.account(self.now())

    def push_token(self, token: str) -> PushOutcome:
        digits = digits_to_push(token)
        self._reach()
        result = self.meter.enter_token(digits, self.now()).result
        if self.replies_to_lose > 0:
            self.replies_to_lose -= 1
            return PushUnknown("reply lost")
        return PushAccepted(result) if result.is_taken else PushRefused(result)

    def read_token_log(self) -> list[TokenLogEntry]:
        self._reach()
        return list(self.meter.memory.log)

    def read_sts(self) -> MeterSts:
        self._reach()
        state = self.meter.memory.acceptance
        return MeterSts(
            supply_group=state.sgc,
            key_revision=state.krn,
            tariff_index=state.ti,
            key_expiry=state.ken,
            key_type=int(state.key_type),
            algorithm=int(state.key.ea.value),
        )

    def close(self) -> None:
        """Nothing is held."""

    def _reach(self) -> None:
        if not self.reachable:
            raise MeterUnreachable(str(self.drn), "switched off")
        if self.meter.drn != self.drn:
            raise MeterMismatch(expected=str(self.drn), found=str(self.meter.drn))
