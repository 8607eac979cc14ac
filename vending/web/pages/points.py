"""Vending points: which there are, a new one, and new limits, which a second person approves."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from meters.errors import RaseedError
from meters.quantities import Money

from ...parties import PointUnknown, VendingPoint
from ..addresses import POINT
from .showing import shown, to
from .visitor import Filled, Form, Visiting, Visitor

router = APIRouter(prefix="/points", include_in_schema=False)

LIMITS: Final = ("most_per_sale", "most_per_day", "most_in_till")


@router.get("")
def points(visit: Visiting) -> Response:
    """All of them, with their limits."""
    return _points(visit)


@router.post("")
def add(visit: Visiting, form: Filled) -> Response:
    """A new one; nobody sells there yet."""
    try:
        limits = {name: _limit(visit, form, name) for name in LIMITS}
        point = VendingPoint(
            form["code"],
            form["name_ar"],
            form["name_en"],
            form["quarter"],
            needs_shift=bool(form["needs_shift"]),
            **limits,
        )
        visit.services.register.add_point(visit.who.actor, point)
    except RaseedError as error:
        return _points(visit, error, form)
    return to("/points")


@router.post(f"/{POINT}/limits")
def ask_limits(visit: Visiting, form: Filled, code: str) -> Response:
    """Asks for other limits: only what differs from those that hold. The form carries the
    request's id: sent twice, it is asked for once."""
    operators, actor = visit.services.operators, visit.who.actor
    try:
        changes = _changes(visit, form, code)
        operators.change_point(actor, form["id"], code, changes, form["reason"])
    except RaseedError as error:
        return _points(visit, error, form)
    return to("/approvals")


def _changes(visit: Visitor, form: Form, code: str) -> dict[str, Any]:
    there = {point.code: point for point in visit.services.service.points(visit.who.actor)}
    if code not in there:
        raise PointUnknown(code[:30])
    point, needs_shift = there[code], bool(form["needs_shift"])
    changes: dict[str, Any] = {
        name: form.amount(name) or None
        for name in LIMITS
        if _limit(visit, form, name) != getattr(point, name)
    }
    return changes if needs_shift is point.needs_shift else {**changes, "needs_shift": needs_shift}


def _limit(visit: Visitor, form: Form, name: str) -> int | None:
    """Minor units; none where nothing was typed. Raises NotANumber, TooFine."""
    text = form.amount(name)
    return Money.from_text(text, visit.services.currency).minor if text else None


def _points(visit: Visitor, error: RaseedError | None = None, form: Form | None = None) -> Response:
    services = visit.services
    return shown(
        visit,
        "office/points.html",
        error,
        points=services.service.points(visit.who.actor),
        limits=LIMITS,
        minor=lambda amount: Money(amount, services.currency),
        form=form or Form.empty(),
    )
