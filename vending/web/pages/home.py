"""The first page: how things stand, and what this person can do here, with the keys for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from meters.errors import RaseedError

from ...accounting import Adjustment, AdjustmentState
from ...accounting.days import beginning, day_of
from ...approvals import Approval, OperatorFloat
from ...drawer.errors import NoShiftOpen
from ...drawer.ports import ShiftState
from ...drawer.shifts import Shift, ShiftFile
from ...messages import LOCAL_ZONE
from ...operators import OperatorUnknown
from ...parties import Role
from ...permissions import ALLOWED
from ...sale import SaleReceipt
from .clock import doubt
from .practice import learns
from .showing import shown
from .tills import till_of
from .visitor import Visiting, Visitor

router = APIRouter(include_in_schema=False)

LATEST: Final = 8
"""Of each list; the lists themselves have the rest."""
_OVERSEE: Final = frozenset({Role.BILLING, Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR})


@dataclass(frozen=True, slots=True)
class Till:
    """How the place where this person sells stands."""

    shift: Shift | None
    needs_shift: bool
    float: OperatorFloat | None
    """What is left of a deposit, for who sells on one."""
    sales: list[SaleReceipt]
    """Of today, at this terminal, latest first."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What waits for somebody of the office."""

    approvals: list[Approval]
    adjustments: list[Adjustment]
    shifts: list[ShiftFile]
    """Open ones."""
    unsettled: list[str]
    """Sales that were sent to a meter without an answer."""


@router.get("/")
def home(visit: Visiting) -> Response:
    role = visit.who.user.role
    return shown(
        visit,
        "home.html",
        doubt=doubt(visit),
        till=_till(visit) if role in ALLOWED["vend"] and visit.who.actor.point else None,
        watch=_watch(visit) if role in _OVERSEE else None,
        # Pages that this program is built without are not offered.
        there={getattr(route, "path", "") for route in visit.request.app.routes},
    )


def _till(visit: Visitor) -> Till:
    services, actor = visit.services, visit.who.actor
    try:
        shift = till_of(visit).shift()
    except RaseedError as error:
        if not isinstance(error, NoShiftOpen):
            # Somebody else's: the page about the till says whose.
            return Till(None, False, None, [])
        shift = None
    today = beginning(day_of(services.service.ports.clock(), LOCAL_ZONE), LOCAL_ZONE)
    points = {point.code: point for point in services.service.points(actor)}
    here = points.get(actor.point or "")
    return Till(
        shift=shift,
        needs_shift=here is not None and here.needs_shift,
        float=float_of(visit),
        # What was sold in practice is kept nowhere.
        sales=[] if learns(visit) else services.service.sales_here(actor, today, limit=LATEST),
    )


def float_of(visit: Visitor) -> OperatorFloat | None:
    """What this person may still sell for; None for who is not written down as somebody who
    sells."""
    try:
        return visit.services.operators.float_of(visit.who.actor, visit.who.actor.name)
    except OperatorUnknown:
        return None


def _watch(visit: Visitor) -> Watch:
    services, actor = visit.services, visit.who.actor
    return Watch(
        approvals=services.approvals.waiting(actor, limit=LATEST),
        adjustments=services.reports.adjustments(actor, AdjustmentState.PENDING, LATEST),
        shifts=services.drawers.shifts(actor, state=ShiftState.OPEN, limit=LATEST),
        unsettled=services.service.unsettled(actor, limit=LATEST),
    )
