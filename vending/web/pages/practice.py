"""Practice at the counter: the same pages in a frame of their own, where nothing is sold.

The mark of it is a cookie that names the session, so it ends when the clerk signs out. What was
previewed in practice stays practice by its id, whatever happens to the cookie meanwhile.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse, Response

from meters.errors import Refused

from .visitor import Filled, Visiting, Visitor

COOKIE: Final = "raseed_practice"
_PRACTICE: Final = "practice-"
_SALE: Final = "c-"

router = APIRouter(prefix="/counter/practice", include_in_schema=False)


@dataclass(eq=False)
class Practising(Refused, code="practice.on"):
    """In practice nothing real is sold, taken back, copied or sent to a meter."""


@router.post("")
def switch(visit: Visiting, form: Filled) -> Response:
    """Into practice with `on`, else out of it."""
    answer = RedirectResponse("/counter", 303)
    if form["on"]:
        secure = visit.request.url.scheme == "https"
        answer.set_cookie(COOKIE, _mark(visit), httponly=True, samesite="lax", secure=secure)
    else:
        answer.delete_cookie(COOKIE)
    return answer


def practises(visit: Visitor) -> bool:
    """Whether this session practises."""
    return visit.request.cookies.get(COOKIE, "") == _mark(visit)


def new_vend_id(visit: Visitor) -> str:
    """Of a sale that is to be confirmed, real or not."""
    kind = _PRACTICE if practises(visit) else _SALE
    return f"{kind}{secrets.token_hex(12)}"


def is_practice(visit: Visitor, vend_id: str) -> bool:
    """Whether a confirmation is practice: what its preview was. Raises Practising for a real sale
    that was previewed before practice began."""
    if vend_id.startswith(_PRACTICE):
        return True
    if practises(visit):
        raise Practising()
    return False


def at_work(visit: Visiting) -> Visitor:
    """For what is always real. Raises Practising."""
    if practises(visit):
        raise Practising()
    return visit


def _mark(visit: Visitor) -> str:
    return visit.who.session[:32]


Working = Annotated[Visitor, Depends(at_work)]
