"""The pages beside the API: routes, the shield around them, and errors told in words on a page."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final
from urllib.parse import quote

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from meters.errors import Broken, RaseedError

from ...masking import masked
from ...messages import Language, phrase
from ...people import NotSignedIn, SignedIn
from ...problems import problem_of
from ..answers import error_response, explained
from ..routers import PREFIX as API
from . import (
    approvals,
    assets,
    banking,
    clock,
    counter,
    customers,
    devices,
    doors,
    faults,
    home,
    keysets,
    me,
    office,
    papers,
    people,
    points,
    practice,
    practice_papers,
    printing,
    registering,
    setup,
    shift,
    statements,
    trail,
)
from .rendering import by_script, page
from .shield import Shield
from .visitor import SetUpFirst, language_for, signed_in

log = logging.getLogger("raseed.web")
Handler = Callable[[Request, Exception], Awaitable[Response] | Response]
Told = Callable[[Request, Exception], Response]

_PARTS: Final = (
    practice,
    practice_papers,
    counter,
    printing,
    papers,
    banking,
    shift,
    doors,
    registering,
    statements,
    keysets,
    customers,
    home,
    me,
    approvals,
    faults,
    people,
    devices,
    points,
    trail,
    clock,
    setup,
    office,
)
"""Files of routes; each has a `router`."""
_PLAIN: Final = (f"{API}/", "/health")
_BEGUN: Final = ("/counter", "/shift", "/customers")
"""Where work that the end of a session has cut off is begun again."""


def add_pages(app: FastAPI) -> None:
    """From here on `app` serves people too."""
    app.router.routes.append(assets.ROUTE)
    for part in _PARTS:
        app.router.routes.extend(part.router.routes)
    handlers = dict(app.exception_handlers)
    for kind, told in ((RaseedError, _ours), (HTTPException, _http), (Exception, _unexpected)):
        app.add_exception_handler(kind, _either(told, handlers[kind]))
    app.add_middleware(Shield)


def _either(told: Told, plain: Handler) -> Handler:
    """Words on a page for people, problem details for programs."""

    async def handle(request: Request, error: Exception) -> Response:
        for_people = not request.url.path.startswith(_PLAIN)
        found = error if isinstance(error, HTTPException) else await explained(request, error)
        if found is not error:
            say = _ours if for_people else error_response
            return await run_in_threadpool(say, request, found)
        if for_people:
            # It looks up who asks, in the database.
            return await run_in_threadpool(told, request, error)
        answer = plain(request, error)
        return answer if isinstance(answer, Response) else await answer

    return handle


def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, RaseedError)
    if isinstance(error, NotSignedIn | SetUpFirst):
        return _to_the_door(request, "/set-up" if isinstance(error, SetUpFirst) else "/sign-in")
    if isinstance(error, Broken):
        log.error("broken invariant: %s", masked(str(error)))
    who, language = _asking(request)
    problem = problem_of(error, language)
    return page(
        request, "problem.html", language, who, status=problem.status, problem=problem, incident=""
    )


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    who, language = _asking(request)
    return page(
        request, "problem.html", language, who, status=error.status_code, problem=None, incident=""
    )


def _unexpected(request: Request, error: Exception) -> Response:
    incident = secrets.token_hex(4)
    log.error("incident %s: %s", incident, type(error).__name__, exc_info=error)
    who, language = _asking(request)
    words = phrase("unexpected", language, incident=incident)
    return page(
        request,
        "problem.html",
        language,
        who,
        status=500,
        problem=None,
        incident=incident,
        words=words,
    )


def _asking(request: Request) -> tuple[SignedIn | None, Language]:
    """Who asks, if that can be told: the way on and the language are theirs."""
    who = None
    # What is wrong may be the database itself.
    with suppress(Exception):
        who = signed_in(request)
    return who, language_for(request, who)


def _to_the_door(request: Request, door: str) -> Response:
    """There, and back to this page afterwards. htmx is told to leave the page whole."""
    path = request.url.path
    if request.method == "GET":
        target = f"{door}?next={quote(path)}"
    else:
        # Nothing of what was pressed has been done; the door says so.
        back = next((one for one in _BEGUN if path.startswith(one)), "/")
        target = f"{door}?next={back}&undone=1"
    if by_script(request):
        return Response(status_code=401, headers={"HX-Redirect": target})
    return RedirectResponse(target, 303)
