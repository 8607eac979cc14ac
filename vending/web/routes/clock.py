"""The clock of the machine that serves: how it stands to the books, and that it is right."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, StrictStr

from ...shapes import ClockOut
from ..callers import Approver, ClockJudge, Reader
from ..routers import api_router

router = api_router("clock")


class ClockConfirmationIn(BaseModel):
    """Why the clock is right although it stands far ahead."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: StrictStr = Field(max_length=1000)


@router.get("/clock")
def clock(actor: Reader, desk: ClockJudge) -> ClockOut:
    """The server's clock, the last entry, and whether a sale would be refused for the clock's
    sake."""
    return ClockOut.of(desk.standing(actor))


@router.post("/clock/confirmations", status_code=201)
def confirm(actor: Approver, desk: ClockJudge, body: ClockConfirmationIn) -> ClockOut:
    """Say that the server's clock is right, where it stands so far ahead of the books that nothing
    is sold (supervisors and administrators). Look at `GET /clock` first: what is booked by a wrong
    clock stands, and nothing is sold until the right time has come up to it."""
    return ClockOut.of(desk.confirm(actor, body.reason))
