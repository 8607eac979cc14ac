"""One's own page: language, password, and where one is signed in."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from meters.errors import RaseedError

from .doors import picture_of
from .showing import shown, to
from .visitor import Filled, Visiting, Visitor

router = APIRouter(prefix="/me", include_in_schema=False)


@router.get("")
def me(visit: Visiting) -> Response:
    return _me(visit)


@router.post("/language")
def language(visit: Visiting, form: Filled) -> Response:
    """Of every page from the next one on."""
    try:
        visit.services.own.choose_language(visit.who, form["language"])
    except RaseedError as error:
        return _me(visit, error)
    return to("/me")


@router.post("/password")
def password(visit: Visiting, form: Filled) -> Response:
    """A new one, against the old one; everywhere else they are signed out."""
    try:
        visit.services.doors.change_password(visit.who, form["old"], form["new"])
    except RaseedError as error:
        return _me(visit, error, about="password")
    return to("/me?done=password#password")


@router.post("/second-factor")
def second_factor(visit: Visiting, form: Filled) -> Response:
    """On another telephone, or for the first time."""
    secret, code = form["secret"], form.number("code")
    try:
        visit.services.doors.move_second_factor(visit.who, form["password"], secret, code)
    except RaseedError as error:
        return _me(visit, error, about="second", secret=secret)
    return to("/me?done=second#second")


@router.post("/sessions/end")
def end(visit: Visiting, form: Filled) -> Response:
    try:
        visit.services.own.end_session(visit.who, form["session"])
    except RaseedError as error:
        return _me(visit, error)
    return to("/me#sessions")


def _me(
    visit: Visitor, error: RaseedError | None = None, about: str = "", secret: str = ""
) -> Response:
    secret = visit.services.doors.new_second_factor(secret)
    return shown(
        visit,
        "me.html",
        error,
        about=about,
        secret=secret,
        code=picture_of(secret, visit.who.user.name),
        done=visit.request.query_params.get("done", ""),
        sessions=visit.services.own.sessions(visit.who),
    )
