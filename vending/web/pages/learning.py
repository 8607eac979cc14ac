"""Who practises, and the drawer that they practise with: both stand in a cookie that names the
session, so practice ends when its owner signs out, and leaves nothing behind.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from meters.errors import Refused

from ...drawer.learning import PracticeDrawer, drawer_from
from ...people import SignedIn

COOKIE: Final = "raseed_practice"
LAST_COOKIE: Final = "raseed_practised"
_MARK: Final = 32
"""So much of the session's name tells it from others, and lets nobody in."""
_LONGEST: Final = 3_000
_LEARNT: Final = (
    "/counter/preview",
    "/counter/sell",
    "/counter/practice",
    "/shift/open",
    "/shift/cash",
    "/shift/x",
    "/shift/count",
    "/shift/close",
)
"""Acts that are practised; every other one is real."""
_OF_PRACTICE: Final = "/counter/practice/"
"""What all acts begin with that are practice by their address."""


@dataclass(eq=False)
class Practising(Refused, code="practice.on"):
    """In practice nothing real is sold, taken back, copied, sent to a meter or decided."""


def mark_of(who: SignedIn) -> str:
    """Of a session, in the cookies of practice."""
    return who.session[:_MARK]


def practises(request: Request, who: SignedIn | None) -> bool:
    """Whether this session practises."""
    if who is None:
        return False
    return request.cookies.get(COOKIE, "").split(".")[0] == mark_of(who)


def check_practice(request: Request, who: SignedIn) -> None:
    """Raises Practising for an act that is real."""
    path = request.url.path
    # The whole address: whoever called a shift `open-1` would else print real copies of its report.
    learnt = path in _LEARNT or path.startswith(_OF_PRACTICE)
    if request.method not in ("GET", "HEAD") and not learnt and practises(request, who):
        raise Practising()


def drawer_of(request: Request, who: SignedIn, now: datetime) -> PracticeDrawer | None:
    """The drawer that was opened in practice, closed or not."""
    if not practises(request, who):
        return None
    _, _, kept = request.cookies[COOKIE].partition(".")
    try:
        text = base64.urlsafe_b64decode(kept.encode()).decode()
    except (binascii.Error, ValueError):
        return None
    return drawer_from(text, now) if text else None


def keep(
    answer: Response, request: Request, who: SignedIn, drawer: PracticeDrawer | None = None
) -> None:
    """Into practice, or on in it, with this drawer."""
    text = "" if drawer is None else drawer.to_text()
    kept = base64.urlsafe_b64encode(text.encode()).decode()
    value = f"{mark_of(who)}.{kept}" if kept else mark_of(who)
    if len(value) <= _LONGEST:
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, value, httponly=True, samesite="lax", secure=secure)


def leave(answer: Response) -> None:
    """Out of practice; nothing of it stays behind."""
    answer.delete_cookie(COOKIE)
    answer.delete_cookie(LAST_COOKIE)
