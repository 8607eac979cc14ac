"""The machine's clock beside the books: whether it is believed, and who vouches for it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from meters.errors import RaseedError

from ...clock import ClockRanAhead
from ...clockdesk import ClockStanding
from ...messages import words_for
from .showing import shown, to
from .telling import prose
from .visitor import Filled, Form, Visiting, Visitor

router = APIRouter(prefix="/clock", include_in_schema=False)


@router.get("")
def clock(visit: Visiting) -> Response:
    return _clock(visit)


@router.post("")
def confirm(visit: Visiting, form: Filled) -> Response:
    """Somebody has looked at another clock, and this one is right."""
    try:
        visit.services.clock_desk.confirm(visit.who.actor, form["reason"][:200])
    except RaseedError as error:
        return _clock(visit, error, form)
    return to("/clock")


def doubt(visit: Visitor) -> str:
    """Why nothing is booked by the clock as it stands, in words; empty where it is believed."""
    return _doubt(visit, visit.services.clock_desk.standing(visit.who.actor))


def _doubt(visit: Visitor, standing: ClockStanding) -> str:
    refused = standing.refused
    return "" if refused is None else prose(words_for(refused, visit.language))


def _clock(visit: Visitor, error: RaseedError | None = None, form: Form | None = None) -> Response:
    standing = visit.services.clock_desk.standing(visit.who.actor)
    return shown(
        visit,
        "office/clock.html",
        error,
        standing=standing,
        ahead=isinstance(standing.refused, ClockRanAhead),
        doubt=_doubt(visit, standing),
        form=form or Form.empty(),
    )
