"""Pushing a token to its meter, which takes no key: the books know what became of a push, and
where they do not, the meter's token log is read. A push is never simply repeated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ..aftersale import SaleState
from ..delivery import RETRYABLE
from ..outbox_ports import NotSent, Queued, SendRejected, SendUnknown, Sold
from ..parties import Actor, Role
from ..service import VendingService

ACTOR: Final = Actor("job:outbox", Role.TECHNICIAN)
_OPEN: Final = frozenset({SaleState.UNKNOWN, SaleState.DELIVERING})
"""A push was begun and nobody knows how it ended: only the meter does."""


@dataclass(frozen=True, slots=True)
class Pusher:
    """Over the use cases that people push with, too."""

    service: VendingService

    def send(self, queued: Queued, sold: Sold, now: datetime) -> None:  # noqa: ARG002
        """Raises also whatever `deliver` and `reconcile` raise: then it is tried again, and
        begins by looking at what became of it."""
        vend_id = sold.receipt.vend_id
        state = self.service.what_became(ACTOR, vend_id).delivery.state
        step = self.service.reconcile if state in _OPEN else self.service.deliver
        delivery = step(ACTOR, vend_id)
        if delivery.state is SaleState.DELIVERED:
            return
        if delivery.state is SaleState.REFUSED:
            verdict = "refused" if delivery.result is None else delivery.result.name
            if delivery.result in RETRYABLE:
                raise NotSent("meter", verdict)
            raise SendRejected("meter", verdict)
        if delivery.state is SaleState.ISSUED:
            raise NotSent("meter", "the log proves that it never judged the token")
        raise SendUnknown("meter", delivery.state.value)
