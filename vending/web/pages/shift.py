"""The till: open with a float, cash in and out, count blind and close, the X and Z reports."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from meters.errors import RaseedError
from meters.quantities import Money

from ...drawer.counting import DENOMINATIONS, OTHER_TENDERS, Count, checked_count
from ...drawer.errors import NoShiftOpen
from ...drawer.reports import ShiftReport
from ...drawer.shifts import MoveKind
from ...outbox import at_place
from ...paperorders import NoPrinter, PaperKind
from ...people import Act
from ...printing import CashDrawer, PrinterOff
from .practice import learns
from .printing import is_unmarked, on_its_way
from .showing import shown
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
        amount = Money.from_text(form.amount("float") or "0", visit.services.drawers.currency)
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
        amount = Money.from_text(form.amount("amount"), visit.services.drawers.currency)
        till.move(kind, form["id"], amount, form["reason"])
    except RaseedError as error:
        return _standing(visit, error, form)
    _open_for_cash(visit)
    return till.remember(RedirectResponse("/shift", 303))


@router.post("/drawer")
def open_drawer(visit: Visiting, form: Filled) -> Response:
    """Without a sale: to count it, to give change. That stands in the trail."""
    point, drawer = visit.who.actor.point or "", _cash_drawer(visit)
    try:
        if drawer is None:
            raise NoPrinter(point)
        drawer.open_drawer()
    except RaseedError as error:
        return _standing(visit, error)
    visit.services.office.write_down(visit.who.actor, Act("drawer_opened", point))
    return RedirectResponse("/shift/count" if form["counting"] else "/shift", 303)


@router.get("/count")
def count(visit: Visiting) -> Response:
    """The form for a blind count: what should be there is not told."""
    return _count(visit)


@router.post("/count")
def counted(visit: Visiting, form: Filled) -> Response:
    """What was counted, in one sum: closing is for ever, so it is looked at once more. With `again`
    back to the form as it was."""
    if form["again"]:
        return _count(visit, None, form)
    currency = visit.services.drawers.currency
    try:
        shift, told = till_of(visit).shift(), _count_of(visit, form)
    except RaseedError as error:
        return _count(visit, error, form)
    return shown(
        visit,
        "shift/counted.html",
        shift=shift,
        form=form,
        pieces=[
            (Money(face, currency), pieces, Money(face * pieces, currency))
            for face, pieces in told.pieces
        ],
        cash=Money(told.cash, currency),
        slips=[(tender, Money(amount, currency)) for tender, amount in told.slips],
    )


@router.post("/close")
def close(visit: Visiting, form: Filled) -> Response:
    """Closes on what was counted."""
    till = till_of(visit)
    try:
        report = till.close(_count_of(visit, form), form["shift"])
    except RaseedError as error:
        return _count(visit, error, form)
    return till.remember(RedirectResponse(f"/shift/{report.shift.id}/z", 303))


@router.post("/x")
def take_x(visit: Visiting, form: Filled) -> Response:
    """An X report of the shift of this terminal, kept as it stands."""
    till = till_of(visit)
    try:
        report = till.take_x(form["id"])
    except RaseedError as error:
        return _standing(visit, error)
    return till.remember(RedirectResponse(f"/shift/x/{quote(report.id)}", 303))


@router.get("/x/{id}")
def x(visit: Visiting, id: str) -> Response:
    """An X report that was taken."""
    return _report(visit, till_of(visit).x_report(id))


@router.post("/x/{id}/copy")
def x_copy(visit: Visiting, id: str) -> Response:
    """A copy of it, counted."""
    return _report(visit, visit.services.x_reports.reprint(visit.who.actor, id))


@router.get("/all")
def shifts(visit: Visiting) -> Response:
    found = visit.services.drawers.shifts(visit.who.actor, limit=LATEST)
    return shown(visit, "shift/all.html", shifts=found)


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
        return shown(visit, "shift/open.html", error, id=_new_id(), typed=typed or {})
    return _report(visit, report, error, typed)


def _count_of(visit: Visitor, form: Form) -> Count:
    """What a form says was counted. Raises what `checked_count` raises."""
    # Every value is told, none of it as 0: an empty drawer is a count, too.
    pieces = [(face, form.amount(f"pieces:{face}") or "0") for face in _faces(visit)]
    slips = [(tender.value, form.amount(f"slips:{tender.value}")) for tender in OTHER_TENDERS]
    told = [(name, text) for name, text in slips if text]
    return checked_count(pieces, told, visit.services.drawers.currency)


def _cash_drawer(visit: Visitor) -> CashDrawer | None:
    actor = visit.who.actor
    return at_place(visit.services.cash_drawers, actor.point, actor.terminal)


def _drawer_here(visit: Visitor) -> bool:
    """Whether there is one that opens by itself; in practice none does."""
    return _cash_drawer(visit) is not None and not learns(visit)


def _open_for_cash(visit: Visitor) -> None:
    """What was booked goes into the drawer or out of it now. One that stays shut has a key."""
    drawer = _cash_drawer(visit)
    if drawer is not None and not learns(visit):
        with suppress(PrinterOff):
            drawer.open_drawer()


def _count(visit: Visitor, error: RaseedError | None = None, form: Form | None = None) -> Response:
    try:
        shift = till_of(visit).shift()
    except NoShiftOpen as none:
        return _standing(visit, none)
    return shown(
        visit,
        "shift/count.html",
        error,
        shift=shift,
        faces=_faces(visit),
        tenders=OTHER_TENDERS,
        drawer_here=_drawer_here(visit),
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

    kind = PaperKind.Z if report.is_z else PaperKind.X
    shift, subject = report.shift.id, report.shift.id if report.is_z else report.id
    # Where the papers are of what is shown: of a shift that is only looked at there are none.
    path = f"/shift/{quote(shift)}/z" if report.is_z else f"/shift/x/{quote(report.id)}"
    return shown(
        visit,
        "shift/report.html",
        error,
        report=report,
        kept_at=path if subject else "",
        unmarked=subject and is_unmarked(visit, kind, subject, report.at, report.copies),
        queued=on_its_way(visit, subject) if subject else [],
        here=f"/shift/{quote(shift)}/printing" if report.is_z else f"{path}/printing",
        x_reports=till_of(visit).x_reports(shift) if report.is_z or not subject else [],
        drawer_here=_drawer_here(visit),
        minor=told,
        id=_new_id(),
        typed=typed or {},
    )


def _faces(visit: Visitor) -> list[str]:
    currency = visit.services.drawers.currency
    return [Money(face, currency).to_text() for face in DENOMINATIONS[currency]]


def _new_id() -> str:
    return f"s-{secrets.token_hex(12)}"
