"""Users and their sessions: who there is, and for administrators what may be changed of them."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from meters.errors import RaseedError

from ...messages import Language
from ...parties import Role
from ...people import User, UserDraft, UserUnknown
from .showing import shown, to
from .visitor import Filled, Form, Visiting, Visitor

router = APIRouter(include_in_schema=False)

ROLES = tuple(Role)


@router.get("/people")
def people(visit: Visiting) -> Response:
    """Everybody, and a form for one more."""
    return _people(visit)


@router.post("/people")
def add(visit: Visiting, form: Filled) -> Response:
    """A new user, whose first act is a password of their own."""
    try:
        made = visit.services.office.add(visit.who.actor, _draft(form), form["password"])
    except RaseedError as error:
        return _people(visit, error, form)
    return to(f"/people/{made.name}")


@router.get("/people/{name}")
def one(visit: Visiting, name: str) -> Response:
    """One user: role, point, activity; a password, a second factor."""
    return _one(visit, name)


@router.post("/people/{name}")
def change(visit: Visiting, form: Filled, name: str) -> Response:
    """Another role, point or name; out of use, or in use again."""
    try:
        draft = _draft(form, name)
        visit.services.office.change(
            visit.who.actor, draft, active=form["active"] == "yes", reason=form["reason"][:200]
        )
    except RaseedError as error:
        return _one(visit, name, error, form)
    return to(f"/people/{name}")


@router.post("/people/{name}/password")
def reset(visit: Visiting, form: Filled, name: str) -> Response:
    """A password that they change at the next sign-in."""
    office, reason = visit.services.office, form["reason"][:200]
    try:
        office.reset_password(visit.who.actor, name, form["password"], reason)
    except RaseedError as error:
        return _one(visit, name, error, form)
    return to(f"/people/{name}")


@router.post("/people/{name}/second-factor")
def take_second(visit: Visiting, form: Filled, name: str) -> Response:
    """For a telephone that is lost."""
    try:
        visit.services.office.take_second_factor(visit.who.actor, name, form["reason"][:200])
    except RaseedError as error:
        return _one(visit, name, error, form)
    return to(f"/people/{name}")


@router.get("/sessions")
def sessions(visit: Visiting) -> Response:
    """Who is in, since when and where."""
    return _sessions(visit)


@router.post("/sessions/end")
def end(visit: Visiting, form: Filled) -> Response:
    """Puts somebody out, with a reason."""
    office, digest = visit.services.office, form["session"]
    try:
        office.end_session(visit.who.actor, digest, form["reason"][:200])
    except RaseedError as error:
        return _sessions(visit, error)
    return to("/sessions")


def _draft(form: Form, name: str = "") -> UserDraft:
    return UserDraft(
        name or form["name"],
        form.role("role"),
        form["name_ar"][:100],
        form["name_en"][:100],
        point=form["point"] or None,
        language="en" if form["language"] == Language.ENGLISH.value else "ar",
    )


def _people(visit: Visitor, error: RaseedError | None = None, form: Form | None = None) -> Response:
    services, actor = visit.services, visit.who.actor
    return shown(
        visit,
        "people/all.html",
        error,
        users=services.office.users(actor),
        points=services.service.points(actor),
        roles=ROLES,
        form=form or Form.empty(),
    )


def _one(
    visit: Visitor, name: str, error: RaseedError | None = None, form: Form | None = None
) -> Response:
    services, actor = visit.services, visit.who.actor
    return shown(
        visit,
        "people/one.html",
        error,
        user=_user(visit, name),
        points=services.service.points(actor),
        roles=ROLES,
        own=name == visit.who.user.name,
        form=form or Form.empty(),
    )


def _user(visit: Visitor, name: str) -> User:
    for user in visit.services.office.users(visit.who.actor):
        if user.name == name:
            return user
    raise UserUnknown(name[:40])


def _sessions(visit: Visitor, error: RaseedError | None = None) -> Response:
    open_ones = visit.services.office.sessions(visit.who.actor)
    return shown(visit, "people/sessions.html", error, sessions=open_ones, own=visit.who.session)
