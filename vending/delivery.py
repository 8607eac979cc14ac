"""What a push or a meter's token log says about one sale's token. Pure.

A push is never repeated after silence: only the log, read back from the meter, settles it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from meters.account import TokenLogEntry
from meters.errors import Refused, Unavailable
from meters.gateway import PushAccepted, PushOutcome, PushRefused
from meters.verdicts import TokenResult

from .aftersale import Delivery, DeliveryEvent, SaleState
from .sale import SaleReceipt

RETRYABLE = frozenset(
    {
        TokenResult.OVERFLOW_ERROR,
        TokenResult.LOCKED_OUT,
        TokenResult.NOT_READY,
    }
)
"""Refusals that pass with time; the meter has not used the token, so it may be pushed again."""

PATIENCE = timedelta(seconds=60)
"""Until then a sale in `delivering` is being pushed by somebody; after it, the push has died."""
BEGINS: Final = PATIENCE / 2
"""Whoever pushes begins with the sale's own token by then, or not at all: it is over before others
take the push for dead."""


@dataclass(eq=False)
class DeliveryNotPossible(Refused, code="delivery.not_possible"):
    """The delivery stands where this step does not lead on. From `unknown` and from a
    `delivering` that has died: reconcile. From a live `delivering`: wait."""

    vend_id: str
    state: str


@dataclass(eq=False)
class MeterElsewhere(Refused, code="delivery.meter_elsewhere"):
    """The meter hangs at another agreement by now: pushed there, the units would be a neighbour's.
    Take the sale back, or give its units to the meter that the customer has."""

    vend_id: str
    meter: str


@dataclass(eq=False)
class PushTooLate(Unavailable, code="delivery.too_late"):
    """So much time has passed since the push began that others take it for dead, and may have
    taken the sale back: its token was not sent."""

    vend_id: str
    meter: str


@dataclass(eq=False)
class DeliveryChanged(Refused, code="delivery.changed"):
    """Somebody else settled this delivery meanwhile; look at it again."""

    vend_id: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the token log proves."""

    state: SaleState
    result: TokenResult | None
    log_sequence: int
    note: str


def state_of(events: Sequence[DeliveryEvent]) -> SaleState:
    """A sale without events has been issued and not handed over."""
    return events[-1].state if events else SaleState.ISSUED


def delivery_of(receipt: SaleReceipt, events: Sequence[DeliveryEvent]) -> Delivery:
    """The events summed up."""
    return Delivery(
        vend_id=receipt.vend_id,
        meter=receipt.buyer.meter,
        state=state_of(events),
        result=events[-1].result if events else None,
        events=tuple(events),
    )


def may_push(events: Sequence[DeliveryEvent]) -> bool:
    """Issued, or refused for a reason that passes."""
    if state_of(events) is SaleState.REFUSED:
        return events[-1].result in RETRYABLE
    return state_of(events) is SaleState.ISSUED


def is_being_pushed(events: Sequence[DeliveryEvent], now: datetime) -> bool:
    """True while a push that began less than PATIENCE ago has not said how it ended."""
    return state_of(events) is SaleState.DELIVERING and now - events[-1].at < PATIENCE


def may_still_send(events: Sequence[DeliveryEvent], now: datetime) -> bool:
    """Whether the push that began last may begin with the sale's own token now."""
    return state_of(events) is SaleState.DELIVERING and now - events[-1].at < BEGINS


def outcome_state(outcome: PushOutcome) -> tuple[SaleState, TokenResult | None, str]:
    """State, verdict and note for the outcome of one push."""
    if isinstance(outcome, PushAccepted):
        return SaleState.DELIVERED, outcome.result, "pushed"
    if isinstance(outcome, PushRefused):
        return SaleState.REFUSED, outcome.result, "pushed"
    return SaleState.UNKNOWN, None, outcome.reason


def evidence(
    fingerprint: str, log: Sequence[TokenLogEntry], events: Sequence[DeliveryEvent]
) -> Evidence:
    """What a token log, newest first, proves about the token with this fingerprint.

    Delivered if a line says that it was taken or used. Without such a line, a token that was
    pushed is refused or never judged only if the log reaches back without a gap to where it stood
    before the push; otherwise a line may have fallen out, and it stays unknown.
    """
    newest = log[0].sequence if log else 0
    own = [entry for entry in log if entry.fingerprint == fingerprint]
    taken = next((entry for entry in own if entry.result.is_taken), None)
    if taken is not None:
        return Evidence(SaleState.DELIVERED, taken.result, newest, "log holds it, taken")
    # Its TID belongs to this sale alone: a token that the meter calls used was taken before, by a
    # line that has fallen out of the log.
    used = next((entry for entry in own if entry.result is TokenResult.USED_ERROR), None)
    if used is not None:
        return Evidence(SaleState.DELIVERED, used.result, newest, "log holds it, used before")

    pushed = [event for event in events if event.state is SaleState.DELIVERING]
    if pushed:
        before = pushed[-1].log_sequence
        if before is None or not reaches_back(log, before):
            return Evidence(SaleState.UNKNOWN, None, newest, "log does not reach back far enough")
    if own:
        return Evidence(SaleState.REFUSED, own[0].result, newest, "log holds it, not taken")
    note = "log proves it was never judged" if pushed else "never pushed, not in the log"
    return Evidence(SaleState.ISSUED, None, newest, note)


def reaches_back(log: Sequence[TokenLogEntry], sequence: int) -> bool:
    """True if the log, newest first, holds every entry after `sequence`. One that ends before it
    was cleared or began anew: what stood in it may have been anything."""
    expected = log[0].sequence if log else 0
    if expected < sequence:
        return False
    for entry in log:
        if expected <= sequence:
            return True
        if entry.sequence != expected:
            return False
        expected -= 1
    return expected <= sequence
