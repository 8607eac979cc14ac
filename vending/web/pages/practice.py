"""Practice at the counter: the same pages in a frame of their own, where nothing is sold. What was
previewed in practice stays practice by its id, whatever happens to the cookie meanwhile.
"""

from __future__ import annotations

import secrets
from typing import Final

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from ...drawer.learning import PracticeDrawer
from ...practice import Rehearsal
from ...requests import BasketRequest
from .learning import Practising, drawer_of, keep, leave, practises
from .visitor import Filled, Visiting, Visitor

PREFIX: Final = "/counter/practice"
_PRACTICE: Final = "practice-"
_SALE: Final = "c-"

router = APIRouter(prefix=PREFIX, include_in_schema=False)


@router.post("")
def switch(visit: Visiting, form: Filled) -> Response:
    """Into practice with `on`, else out of it."""
    answer = RedirectResponse("/counter", 303)
    if form["on"]:
        keep(answer, visit.request, visit.who)
    else:
        leave(answer)
    return answer


def learns(visit: Visitor) -> bool:
    """Whether this session practises."""
    return practises(visit.request, visit.who)


def new_vend_id(visit: Visitor) -> str:
    """Of a sale that is to be confirmed, real or not."""
    kind = _PRACTICE if learns(visit) else _SALE
    return f"{kind}{secrets.token_hex(12)}"


def is_learnt(visit: Visitor, vend_id: str) -> bool:
    """Whether this is practice, by the session or by the id of its preview."""
    return learns(visit) or vend_id.startswith(_PRACTICE)


def is_practice(visit: Visitor, vend_id: str) -> bool:
    """Whether a confirmation is practice: what its preview was. Raises Practising for a real sale
    that was previewed before practice began."""
    if vend_id.startswith(_PRACTICE):
        return True
    if learns(visit):
        raise Practising()
    return False


def drawer_here(visit: Visitor) -> PracticeDrawer | None:
    """The drawer that this person has opened to practise with."""
    return drawer_of(visit.request, visit.who, visit.services.service.ports.clock())


def rehearse(visit: Visitor, request: BasketRequest) -> Rehearsal:
    """The sale as it would be, real or in practice. Raises what the sale would raise."""
    if not is_learnt(visit, request.vend_id):
        return visit.services.service.rehearse(visit.who.actor, request)
    drawer = drawer_here(visit)
    is_open = drawer is not None and drawer.count is None
    return visit.services.service.rehearse(visit.who.actor, request, shift_open=is_open)


def into_drawer(visit: Visitor, rehearsal: Rehearsal, answer: Response) -> None:
    """What was sold in practice lies in the drawer that is open for it, if there is one."""
    drawer = drawer_here(visit)
    if drawer is not None and drawer.count is None:
        keep(answer, visit.request, visit.who, drawer.sold(rehearsal.booked))
