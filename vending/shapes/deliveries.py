"""What became of a token on its way to the meter, as JSON."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from meters.verdicts import TokenResult

from ..aftersale import Delivery
from .base import Out


class VerdictOut(Out):
    """A meter's verdict: the standard's name of it."""

    name: str = Field(examples=["ACCEPT"])
    taken: bool = Field(description="true if the meter took the token")

    @classmethod
    def of(cls, result: TokenResult) -> VerdictOut:
        return cls(name=result.name, taken=result.is_taken)


class DeliveryEventOut(Out):
    """One step of handing a token to its meter."""

    state: str
    at: datetime
    actor: str
    verdict: VerdictOut | None
    note: str


class DeliveryOut(Out):
    """Where the delivery of a sale's token stands."""

    vend_id: str
    meter: str
    state: str = Field(
        description="`issued`, `delivering`, `delivered`, `refused`, `unknown` (reconcile it)"
    )
    verdict: VerdictOut | None
    events: list[DeliveryEventOut]

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryOut:
        return cls(
            vend_id=delivery.vend_id,
            meter=delivery.meter,
            state=delivery.state.value,
            verdict=_verdict(delivery.result),
            events=[
                DeliveryEventOut(
                    state=event.state.value,
                    at=event.at,
                    actor=event.actor,
                    verdict=_verdict(event.result),
                    note=event.note,
                )
                for event in delivery.events
            ],
        )


def _verdict(result: TokenResult | None) -> VerdictOut | None:
    return None if result is None else VerdictOut.of(result)
