"""Devices of points and keys of programs: made, shown once, taken back. And the page on which a
device is given its key."""

from __future__ import annotations

from typing import Final

import segno
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from meters.errors import RaseedError

from ...api_keys import ApiScope
from ...messages import words_for
from ...parties import Role
from ...people import DeviceKey
from ..callers import services_of
from .rendering import page
from .showing import shown, to
from .visitor import DEVICE_COOKIE, Filled, Form, Visiting, Visitor, language_for

router = APIRouter(include_in_schema=False)

_LONG_S: Final = 400 * 24 * 3600
"""The longest that browsers keep a cookie; each sign-in begins it anew."""


@router.get("/devices")
def devices(visit: Visiting) -> Response:
    return _devices(visit)


@router.post("/devices")
def make(visit: Visiting, form: Filled) -> Response:
    """A new device; its key is on this page and nowhere else."""
    try:
        device, text = visit.services.devices.make(
            visit.who.actor, form["name"], form["point"], form["terminal"]
        )
    except RaseedError as error:
        return _devices(visit, error, form)
    # Behind the `#`: a browser keeps that to itself, so no server and no log ever reads it.
    where = f"{visit.request.base_url}device#{text}"
    code = segno.make(where, micro=False).svg_data_uri(scale=5, border=2)
    return shown(visit, "office/device.html", device=device, key=text, where=where, code=code)


@router.post("/devices/revoke")
def revoke(visit: Visiting, form: Filled) -> Response:
    """Its key opens nothing any more, and whoever sits there is out."""
    try:
        visit.services.devices.revoke(visit.who.actor, form["name"], form["reason"][:200])
    except RaseedError as error:
        return _devices(visit, error)
    return to("/devices")


@router.get("/device")
def this_device(request: Request) -> Response:
    """On the device itself: what it is, or the field for its key."""
    return _this(request)


@router.post("/device")
def set_up(request: Request, form: Filled) -> Response:
    try:
        _, kept = services_of(request).devices.set_up(form["key"])
    except RaseedError as error:
        return _this(request, error)
    answer = to("/sign-in")
    keep(request, answer, kept)
    return answer


def keep(request: Request, answer: Response, key: str) -> None:
    """The device keeps its key where no script reads it."""
    secure = request.url.scheme == "https"
    answer.set_cookie(
        DEVICE_COOKIE, key, max_age=_LONG_S, httponly=True, samesite="lax", secure=secure
    )


def device_of(request: Request) -> DeviceKey | None:
    """The device that a request comes from, if it has a key that opens something."""
    return services_of(request).devices.known(request.cookies.get(DEVICE_COOKIE, ""))


@router.get("/keys")
def keys(visit: Visiting) -> Response:
    """Keys by which programs call the API."""
    return _keys(visit)


@router.post("/keys")
def make_key(visit: Visiting, form: Filled) -> Response:
    """A new key; its text is on this page and nowhere else."""
    scopes = frozenset(scope for scope in ApiScope if form[f"scope:{scope.value}"])
    try:
        key, text = visit.services.key_office.create(
            visit.who.actor,
            form["name"],
            form.role("role"),
            scopes or frozenset({ApiScope.READ}),
            point=form["point"] or None,
            terminal=form["terminal"],
            person=form["person"],
        )
    except RaseedError as error:
        return _keys(visit, error, form)
    return shown(visit, "office/key.html", key=key, text=text)


@router.post("/keys/revoke")
def revoke_key(visit: Visiting, form: Filled) -> Response:
    try:
        visit.services.key_office.revoke(visit.who.actor, form["name"], form["reason"][:200])
    except RaseedError as error:
        return _keys(visit, error)
    return to("/keys")


def _devices(
    visit: Visitor, error: RaseedError | None = None, form: Form | None = None
) -> Response:
    services, actor = visit.services, visit.who.actor
    return shown(
        visit,
        "office/devices.html",
        error,
        devices=services.devices.devices(actor),
        points=services.service.points(actor),
        form=form or Form.empty(),
    )


def _keys(visit: Visitor, error: RaseedError | None = None, form: Form | None = None) -> Response:
    services, actor = visit.services, visit.who.actor
    return shown(
        visit,
        "office/keys.html",
        error,
        keys=services.key_office.keys(actor),
        points=services.service.points(actor),
        roles=tuple(Role),
        scopes=tuple(ApiScope),
        form=form or Form.empty(),
    )


def _this(request: Request, error: RaseedError | None = None) -> Response:
    language = language_for(request)
    return page(
        request,
        "device.html",
        language,
        status=200 if error is None else 422,
        error=None if error is None else words_for(error, language),
        device=device_of(request),
    )
