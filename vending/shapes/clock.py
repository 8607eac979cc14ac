"""The machine's clock beside the books, as JSON."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from ..clock import ClockConfirmation
from ..clockdesk import ClockStanding
from .base import Out


class ClockConfirmationOut(Out):
    """Somebody looked at the clock and said that it is right."""

    at: datetime = Field(description="What the clock said")
    actor: str
    reason: str
    entry: int = Field(description="Number of the last entry then; 0: there was none")
    last_entry: datetime | None = Field(description="The latest moment that was booked then")

    @classmethod
    def of(cls, one: ClockConfirmation) -> ClockConfirmationOut:
        return cls(
            at=one.at, actor=one.actor, reason=one.reason, entry=one.entry, last_entry=one.last
        )


class ClockOut(Out):
    """The clock of the machine that answers, and what its books say of it."""

    clock: datetime
    last_entry: datetime | None = Field(description="The latest moment that is booked")
    ahead_seconds: int | None = Field(
        description="How far the clock is ahead of the last entry; behind it: below 0"
    )
    believed_until: datetime | None = Field(
        description="Later than that nothing is booked unless somebody confirms; null: whenever"
    )
    refused: str | None = Field(
        description="Code of the error that a sale would meet now for the clock's sake: "
        "`clock.ran_ahead`, `clock.went_back`"
    )
    confirmation: ClockConfirmationOut | None = Field(description="The latest")

    @classmethod
    def of(cls, found: ClockStanding) -> ClockOut:
        last, confirmed = found.last, found.confirmed
        return cls(
            clock=found.now,
            last_entry=last,
            ahead_seconds=None if last is None else int((found.now - last).total_seconds()),
            believed_until=found.until,
            refused=None if found.refused is None else found.refused.code,
            confirmation=None if confirmed is None else ClockConfirmationOut.of(confirmed),
        )
