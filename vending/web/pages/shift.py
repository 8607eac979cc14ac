"""The till: open with a float, cash in and out, count blind and close, the X and Z reports."""

from __future__ import annotations

import secrets
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from meters.errors import RaseedError
from meters.quantities import Money

from ...drawer.counting import DENOMINATIONS, OTHER_TENDERS, checked_count
from ...drawer.errors import NoShiftOpen
from ...drawer.reports import ShiftReport
from ...drawer.shifts import MoveKind
from ...messages import words_for
from .rendering import page
from .showing import may_of
from .tills import till_of
from .visitor import Filled, Form, Visiting, Visitor

router = APIRouter(prefix="/shift", include_in_schema=False)

LATEST: Final = 30


@router.get("")
def shift(visit: Visiting) -> Response:
    """The shift of this terminal as it stands, or the form to open one; who sits at no point has
    none, and is shown everybody's."""
    if not visit.who.actor.point:
        return RedirectResponse("/shift/all", 303)
    return _standing(visit)


@router.post("/open")
def open_shift(visit: Visiting, form: Filled) -> Response:
    till = till_of(visit)
    try:
        amount = Money.from_text(form.number("float") or "0", visit.services.drawers.currency)
        till.open(form["id"], amount)
    except RaseedError as error:
        return _standing(visit, error, form)
    return till.remember(RedirectResponse("/counter", 303))


@router.post("/cash")
def cash(visit: Visiting, form: Filled) -> Response:
    """Cash from the safe into the drawer, or out of it, with a reason."""
    till = till_of(visit)
    kind = MoveKind.OUT if form["way"] == "out" else MoveKind.IN
    try:
        amount = Money.from_text(form.number("amount"), visit.services.drawers.currency)
        till.move(kind, form["id"], amount, form["reason"])
    except RaseedError as error:
        return _standing(visit, error, form)
    return till.remember(RedirectResponse("/shift", 303))


@router.get("/count")
def count(visit: Visiting) -> Response:
    """The form for a blind count: what should be there is not told."""
    return _count(visit)


@router.post("/close")
def close(visit: Visiting, form: Filled) -> Response:
    """Closes on what was counted."""
    till, currency = till_of(visit), visit.services.drawers.currency
    try:
        # Every value is told, none of it as 0: an empty drawer is a count, too.
        pieces = [(face, form.number(f"pieces:{face}") or "0") for face in _faces(visit)]
        slips = [(t.value, form.number(f"slips:{t.value}")) for t in OTHER_TENDERS]
        told = checked_count(pieces, [slip for slip in slips if slip[1]], currency)
        report = till.close(told, form["shift"])
    except RaseedError as error:
        return _count(visit, error, form)
    return till.remember(RedirectResponse(f"/shift/{report.shift.id}/z", 303))


@router.get("/all")
def shifts(visit: Visiting) -> Response:
    found = visit.services.drawers.shifts(visit.who.actor, limit=LATEST)
    return _page(visit, "shift/all.html", shifts=found)


@router.get("/{id}/z")
def z(visit: Visiting, id: str) -> Response:
    """The Z report of a closed shift."""
    return _report(visit, till_of(visit).z(id))


@router.post("/{id}/z/copy")
def z_copy(visit: Visiting, id: str) -> Response:
    """A copy of it, counted."""
    return _report(visit, visit.services.drawers.reprint(visit.who.actor, id))


def _standing(
    visit: Visitor, error: RaseedError | None = None, typed: Form | None = None
) -> Response:
    try:
        report = till_of(visit).x()
    except NoShiftOpen:
        return _page(visit, "shift/open.html", error, id=_new_id(), typed=typed or {})
    return _report(visit, report, error, typed)


def _count(visit: Visitor, error: RaseedError | None = None, form: Form | None = None) -> Response:
    try:
        shift = till_of(visit).shift()
    except NoShiftOpen as none:
        return _standing(visit, none)
    return _page(
        visit,
        "shift/count.html",
        error,
        shift=shift,
        faces=_faces(visit),
        tenders=OTHER_TENDERS,
        form=form or {},
    )


def _report(
    visit: Visitor,
    report: ShiftReport,
    error: RaseedError | None = None,
    typed: Form | None = None,
) -> Response:
    def told(minor: int | None) -> Money | None:
        return None if minor is None else Money(minor, report.shift.currency)

    return _page(
        visit,
        "shift/report.html",
        error,
        report=report,
        minor=told,
        id=_new_id(),
        typed=typed or {},
    )


def _faces(visit: Visitor) -> list[str]:
    currency = visit.services.drawers.currency
    return [Money(face, currency).to_text() for face in DENOMINATIONS[currency]]


def _new_id() -> str:
    return f"s-{secrets.token_hex(12)}"


def _page(
    visit: Visitor, template: str, error: RaseedError | None = None, **values: Any
) -> Response:
    told = None if error is None else words_for(error, visit.language)
    status = 200 if error is None else 422
    values["may"] = may_of(visit)
    return page(
        visit.request, template, visit.language, visit.who, status=status, error=told, **values
    )
