"""A page for somebody who is signed in, with the words of an error in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.responses import RedirectResponse, Response

from meters.errors import Broken, RaseedError

from ...messages import words_for
from ...permissions import ALLOWED
from .rendering import page
from .telling import prose
from .visitor import Visitor


def shown(
    visit: Visitor, template: str, error: RaseedError | None = None, **values: Any
) -> Response:
    """The page; with an error 422, and its words as `error`. Templates ask `may(act)`. What nobody
    can put right on a page has one of its own: raises Broken."""
    if isinstance(error, Broken):
        raise error
    told = None if error is None else prose(words_for(error, visit.language))
    status = 200 if error is None else 422
    return page(
        visit.request,
        template,
        visit.language,
        visit.who,
        status=status,
        error=told,
        may=may_of(visit),
        **values,
    )


def may_of(visit: Visitor) -> Callable[[str], bool]:
    """Whether this person's role includes an act (a key of ALLOWED)."""
    return lambda act: visit.who.user.role in ALLOWED[act]


def to(path: str) -> Response:
    """What was done stands there; going back asks for nothing again."""
    return RedirectResponse(path, 303)
