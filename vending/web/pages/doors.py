"""Signing in and out; a password and a second factor of one's own."""

from __future__ import annotations

from typing import Annotated, Final

import segno
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from meters.errors import RaseedError

from ...identity_checks import setup_address
from ...messages import Language, words_for
from ...parties import Role
from ...people import Arrival, SignedIn, needs_second_factor
from ..callers import services_of
from .learning import leave
from .rendering import page
from .visitor import (
    COOKIE,
    DEVICE_COOKIE,
    LANGUAGE_COOKIE,
    Filled,
    Form,
    language_for,
    signed_in,
)

router = APIRouter(include_in_schema=False)
Someone = Annotated[SignedIn, Depends(signed_in)]

_YEAR_S: Final = 365 * 24 * 3600
_ISSUER: Final = "Raseed"


@router.get("/sign-in")
def sign_in_form(request: Request) -> Response:
    if not services_of(request).first_run.is_over:
        return RedirectResponse("/setup", 303)
    return _form(request)


@router.post("/sign-in")
def sign_in(request: Request, form: Filled) -> Response:
    arrival = Arrival(
        name=form["name"],
        password=form["password"],
        code=form.number("code"),
        terminal=form["terminal"][:60],
        address="" if request.client is None else request.client.host,
        device=request.cookies.get(DEVICE_COOKIE, "")[:60],
    )
    try:
        return let_in(request, arrival, _next(form["next"]))
    except RaseedError as error:
        return _form(request, error, form)


def let_in(request: Request, arrival: Arrival, where: str) -> Response:
    """To `where`, with a session; or first to a password or second factor of one's own. Raises
    what `Doors.sign_in` raises."""
    id, who = services_of(request).doors.sign_in(arrival)
    answer = RedirectResponse("/set-up" if who.setting_up else where, 303)
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, id, httponly=True, samesite="lax", secure=secure)
    return answer


@router.post("/sign-out")
def sign_out(request: Request, who: Someone) -> Response:
    services_of(request).doors.sign_out(who)
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE)
    leave(answer)
    return answer


@router.post("/language")
def choose_language(form: Filled) -> Response:
    """For whoever is not signed in; a user's own is in their record."""
    answer = RedirectResponse(_next(form["next"]), 303)
    known = {language.value for language in Language}
    if form["language"] in known:
        answer.set_cookie(LANGUAGE_COOKIE, form["language"], max_age=_YEAR_S, samesite="lax")
    return answer


@router.get("/set-up")
def set_up(request: Request, who: Someone) -> Response:
    if not who.setting_up:
        return RedirectResponse("/", 303)
    return _set_up(request, who)


@router.post("/set-up/password")
def own_password(request: Request, who: Someone, form: Filled) -> Response:
    try:
        services_of(request).doors.change_password(who, form["old"], form["new"])
    except RaseedError as error:
        return _set_up(request, who, error, status=422)
    return RedirectResponse("/set-up", 303)


@router.post("/set-up/second-factor")
def own_second_factor(request: Request, who: Someone, form: Filled) -> Response:
    secret = form["secret"]
    try:
        services_of(request).doors.confirm_second_factor(who, secret, form.number("code"))
    except RaseedError as error:
        return _set_up(request, who, error, secret=secret, status=422)
    named = services_of(request).town_hall.municipality().is_named
    first = who.user.role is Role.ADMINISTRATOR and not named
    return RedirectResponse("/municipality" if first else "/", 303)


def _form(
    request: Request, error: RaseedError | None = None, typed: Form | None = None
) -> Response:
    language, services = language_for(request), services_of(request)
    kept = request.query_params if typed is None else typed
    return page(
        request,
        "sign_in.html",
        language,
        status=200 if error is None else 422,
        error=None if error is None else words_for(error, language),
        name=kept.get("name", ""),
        next=_next(kept.get("next", "")),
        terminal=kept.get("terminal", "")[:60],
        device=services.devices.known(request.cookies.get(DEVICE_COOKIE, "")),
        undone=bool(kept.get("undone", "")),
        town=services.town_hall.municipality(),
    )


def _set_up(
    request: Request,
    who: SignedIn,
    error: RaseedError | None = None,
    *,
    secret: str = "",
    status: int = 200,
) -> Response:
    language = language_for(request, who)
    code = ""
    if not who.user.must_change and needs_second_factor(who.user):
        secret = services_of(request).doors.new_second_factor(secret)
        code = picture_of(secret, who.user.name)
    return page(
        request,
        "set_up.html",
        language,
        who,
        status=status,
        error=None if error is None else words_for(error, language),
        secret=secret,
        code=code,
    )


def picture_of(secret: str, name: str) -> str:
    """The code that an authenticator reads, as the address of a picture."""
    address = setup_address(secret, name, _ISSUER)
    return str(segno.make(address, micro=False).svg_data_uri(scale=5, border=2))


def _next(path: str) -> str:
    """A path of ours, never another site's (`//elsewhere`, `https:...`)."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
