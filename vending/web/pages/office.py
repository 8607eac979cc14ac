"""The office: one page with the way to everything that keeps the house in order."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from ...approvals import ApprovalState
from .showing import shown
from .visitor import Visiting

router = APIRouter(include_in_schema=False)


@router.get("/office")
def office(visit: Visiting) -> Response:
    approvals, actor = visit.services.approvals, visit.who.actor
    return shown(
        visit,
        "office/all.html",
        waiting=len(approvals.pending(actor)),
        undone=len(approvals.approvals(actor, ApprovalState.NOT_DONE)),
    )
