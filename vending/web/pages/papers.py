"""Papers in the browser: receipts, notes, reports, slips and statements as PDF or as the picture of
a receipt printer. What goes to a printer is in `printing.py`.

A printing is asked for by a form, which writes it down and leads to the paper; looking at that
paper again writes nothing. The language is the customer's, not the screen's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Final
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Query
from starlette.responses import RedirectResponse, Response

from ...paperorders import PaperKind, PaperOrder
from ...papers import WIDTHS, Draft, receipt_draft, shift_draft
from ...people import Act
from ...printings import PaperGone
from ..addresses import ACCOUNT, AGREEMENT
from .practice import learns
from .printing import is_unmarked
from .tills import till_of
from .visitor import Filled, Form, Visiting, Visitor

router = APIRouter(include_in_schema=False)

PDF: Final = "pdf"
PNG: Final = "png"
_MEDIA: Final = {PDF: "application/pdf", PNG: "image/png"}
_POLICY: Final = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'"
"""Of a paper: nothing but the browser's own viewer, which embeds it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How somebody wants a paper."""

    kind: str
    width: int
    language: str


def wish(kind: str = PDF, width: int = WIDTHS[0], language: str = "") -> Wish:
    """From `?kind=pdf|png&width=576|512|384&language=ar|en`; what is unknown is as if not said."""
    known = kind if kind in _MEDIA else PDF
    return Wish(known, width if width in WIDTHS else WIDTHS[0], language)


Wished = Annotated[Wish, Depends(wish)]
Copy = Annotated[int, Query(alias="n", ge=0, le=1_000_000)]


# Sales


@router.post("/counter/sales/{vend_id}/paper")
def print_sale(visit: Visiting, form: Filled, vend_id: str) -> Response:
    """A new printing: the original once, then copies. Leads to the paper."""
    actor, paperwork = visit.who.actor, visit.services.service.paperwork
    number = paperwork.print(actor, vend_id).receipts[0].copy
    visit.services.office.write_down(actor, Act("paper", vend_id, after={"n": number}))
    return _to_paper(f"/counter/sales/{quote(vend_id)}/paper", form, number)


@router.get("/counter/sales/{vend_id}/paper")
def sale(visit: Visiting, vend_id: str, wished: Wished, n: Copy = 0) -> Response:
    """A printing of this person's, some minutes long."""
    made = visit.services.service.paperwork.again(visit.who.actor, vend_id, n)
    return show(visit, wished, receipt_draft(made))


@router.post("/counter/sales/{vend_id}/key-slip")
def print_key_slip(visit: Visiting, form: Filled, vend_id: str) -> Response:
    """Written down; leads to the slip."""
    visit.services.service.paperwork.key_slip(visit.who.actor, vend_id)
    visit.services.office.write_down(visit.who.actor, Act("key_slip", vend_id))
    return _to_paper(f"/counter/sales/{quote(vend_id)}/key-slip", form, 0)


@router.get("/counter/sales/{vend_id}/key-slip")
def key_slip(visit: Visiting, vend_id: str, wished: Wished) -> Response:
    """The digits of a meter's new key, for whoever types them in."""
    return _made(visit, wished, PaperOrder(PaperKind.KEY_SLIP, vend_id, visit.who.actor))


@router.get("/counter/sales/{vend_id}/note")
def note(visit: Visiting, vend_id: str, wished: Wished) -> Response:
    """That it was taken back, or its money given back."""
    return _made(visit, wished, PaperOrder(PaperKind.NOTE, vend_id, visit.who.actor))


# The till


@router.get("/shift/x/{id}/paper")
def x_report(visit: Visiting, id: str, wished: Wished, n: Copy = 0) -> Response:
    """An X report: soon after it was taken unmarked, later as the copy that was written down."""
    return _report(visit, wished, PaperOrder(PaperKind.X, id, visit.who.actor, n))


@router.get("/shift/{id}/z/paper")
def z_report(visit: Visiting, id: str, wished: Wished, n: Copy = 0) -> Response:
    """The Z report: soon after the close unmarked, later as the copy that was written down."""
    return _report(visit, wished, PaperOrder(PaperKind.Z, id, visit.who.actor, n))


@router.post("/shift/banked/{id}/paper")
def copy_slip(visit: Visiting, form: Filled, id: str) -> Response:
    """A copy of a deposit slip, counted."""
    made = visit.services.bankings.reprint(visit.who.actor, id)
    return _to_paper(f"/shift/banked/{quote(id)}/paper", form, made.copy)


@router.get("/shift/banked/{id}/paper")
def slip(visit: Visiting, id: str, wished: Wished, n: Copy = 0) -> Response:
    """A deposit slip: soon after the banking unmarked, later as a copy."""
    banking = visit.services.bankings.slip(visit.who.actor, id)
    unmarked = is_unmarked(visit, PaperKind.DEPOSIT, id, banking.at, banking.copies)
    _check_copy(n, banking.copies, banking.code, unmarked=unmarked)
    return _made(visit, wished, PaperOrder(PaperKind.DEPOSIT, id, visit.who.actor, copy=n))


# Customers


@router.get(f"/customers/{ACCOUNT}/statement/{AGREEMENT}")
def statement(
    visit: Visiting, agreement: str, wished: Wished, first: str = "", last: str = ""
) -> Response:
    """What one agreement of a customer bought, paid and owes."""
    actor = visit.who.actor
    asked = PaperOrder(PaperKind.STATEMENT, agreement, actor, first=first, last=last)
    return _made(visit, wished, asked)


def show(visit: Visitor, wished: Wish, draft: Draft, *, practice: bool | None = None) -> Response:
    """The paper as it is wished, marked TEST in practice."""
    desk = visit.services.papers
    learnt = learns(visit) if practice is None else practice
    paper = desk.paper(draft, wished.language, practice=learnt)
    if wished.kind == PNG:
        content = desk.press.png(paper, wished.width)
    else:
        content = desk.press.pdf(paper)
    return Response(
        content,
        media_type=_MEDIA[wished.kind],
        headers={
            "Content-Disposition": f"inline; filename*=UTF-8''{quote(draft.name)}.{wished.kind}",
            "Content-Security-Policy": _POLICY,
        },
    )


def _report(visit: Visitor, wished: Wish, order: PaperOrder) -> Response:
    """The X or Z report of the till where this person stands, real or not."""
    till, id, copy = till_of(visit), order.subject, order.copy
    report = till.x_report(id) if order.kind is PaperKind.X else till.z(id)
    unmarked = is_unmarked(visit, order.kind, id, report.at, report.copies)
    _check_copy(copy, report.copies, report.code, unmarked=unmarked)
    return show(visit, wished, shift_draft(replace(report, copy=copy)))


def _made(visit: Visitor, wished: Wish, order: PaperOrder) -> Response:
    return show(visit, wished, visit.services.paper_maker.draft(order))


def _to_paper(path: str, form: Form, number: int) -> Response:
    """To the paper as the form wants it."""
    asked = {name: form[name] for name in ("kind", "width", "language") if form[name]}
    return RedirectResponse(f"{path}?{urlencode({'n': number, **asked})}", 303)


def _check_copy(number: int, copies: int, subject: str, *, unmarked: bool) -> None:
    """Marked with a number that was written down, or not marked while it may be. Raises
    PaperGone."""
    allowed = 0 < number <= copies if number else unmarked
    if not allowed:
        raise PaperGone(subject)
