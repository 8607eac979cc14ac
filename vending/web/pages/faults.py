"""Faults: reported at the counter, listed for technicians, with a story until they are done."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from meters.errors import RaseedError

from ...faults import STEPS, FaultKind, FaultState
from .showing import shown, to
from .visitor import Filled, Form, Visiting, Visitor

router = APIRouter(prefix="/faults", include_in_schema=False)

A_PAGE: Final = 50


@router.get("")
def faults(visit: Visiting, state: str = "open", account: str = "", before: int = 0) -> Response:
    """Latest first: open ones, unless others are asked for (`all`)."""
    known = {one.value: one for one in FaultState}
    found = visit.services.faults.faults(
        visit.who.actor, known.get(state), account=account, before=before, limit=A_PAGE
    )
    return shown(
        visit,
        "faults/all.html",
        faults=found,
        state=state if state in known else "all",
        states=tuple(FaultState),
        account=account,
        more=found[-1].number if len(found) == A_PAGE else 0,
    )


@router.get("/new")
def new(visit: Visiting, account: str = "") -> Response:
    """The form, for a customer."""
    return _new(visit, account)


@router.post("")
def report(visit: Visiting, form: Filled) -> Response:
    try:
        made = visit.services.faults.report(
            visit.who.actor, form["account"], form["meter"], form["kind"], form["text"]
        )
    except RaseedError as error:
        return _new(visit, form["account"], error, form)
    return to(f"/faults/{made.number}")


@router.get("/{number}")
def one(visit: Visiting, number: int) -> Response:
    """One report and its story."""
    return _one(visit, number)


@router.post("/{number}")
def move(visit: Visiting, form: Filled, number: int) -> Response:
    """Takes it, finishes it, opens it again."""
    try:
        visit.services.faults.move(visit.who.actor, number, form["state"], form["note"])
    except RaseedError as error:
        return _one(visit, number, error)
    return to(f"/faults/{number}")


def _new(
    visit: Visitor, account: str, error: RaseedError | None = None, form: Form | None = None
) -> Response:
    customer, files = visit.services.service.customer(visit.who.actor, account)
    return shown(
        visit,
        "faults/new.html",
        error,
        customer=customer,
        files=files,
        kinds=tuple(FaultKind),
        form=form or Form.empty(),
    )


def _one(visit: Visitor, number: int, error: RaseedError | None = None) -> Response:
    fault, notes = visit.services.faults.fault(visit.who.actor, number)
    customer, files = visit.services.service.customer(visit.who.actor, fault.account)
    place = next((f for f in files if f.meter.number.number == fault.meter), None)
    steps = [state for state in FaultState if state in STEPS[fault.state]]
    return shown(
        visit,
        "faults/one.html",
        error,
        fault=fault,
        notes=notes,
        customer=customer,
        place=place,
        steps=steps,
    )
