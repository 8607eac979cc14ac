"""Papers in the browser: receipts, notes, reports, slips and statements as PDF or as the picture of
a receipt printer, and what became of a paper that was sent to the printer.

A printing is asked for by a form, which writes it down and leads to the paper; looking at that
paper again writes nothing. The language is the customer's, not the screen's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Query
from starlette.responses import RedirectResponse, Response

from meters.errors import RaseedError

from ...messages import Language, words_for
from ...outbox import MessageState, Topic
from ...outbox_ports import Queued
from ...papers import (
    WIDTHS,
    Letterhead,
    Paper,
    PaperDesk,
    deposit_paper,
    key_paper,
    receipt_paper,
    shift_paper,
    statement_paper,
    taken_back_paper,
)
from ...paperwork import NoPrinter, PaperGone, still_original
from ...people import Act
from ...printing import trouble
from .practice import learns
from .rendering import page, wants_piece
from .showing import shown
from .tills import till_of
from .visitor import Filled, Visiting, Visitor

router = APIRouter(include_in_schema=False)

_ID: Final = re.compile(r"[0-9a-f]{24}", re.ASCII)
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
    id: str = ""
    """Of a form that wants it out of the printer."""

    def language_of(self, desk: PaperDesk, account: str) -> Language:
        """The one that was asked for, else what the customer with this account reads; without
        one, that of most customers."""
        known = {one.value: one for one in Language}
        return known.get(self.language) or desk.language_of(account)


def wish(kind: str = PDF, width: int = WIDTHS[0], language: str = "", id: str = "") -> Wish:
    """From `?kind=pdf|png&width=576|512|384&language=ar|en`; what is unknown is as if not said."""
    known = kind if kind in _MEDIA else PDF
    return Wish(known, width if width in WIDTHS else WIDTHS[0], language, id)


Wished = Annotated[Wish, Depends(wish)]
Copy = Annotated[int, Query(alias="n", ge=0, le=1_000_000)]


# Sales


@router.post("/counter/sales/{vend_id}/paper")
def print_sale(visit: Visiting, form: Filled, vend_id: str) -> Response:
    """A new printing: the original once, then copies. Leads to the paper."""
    actor, paperwork = visit.who.actor, visit.services.service.paperwork
    number = paperwork.print(actor, vend_id).receipts[0].copy
    _write(visit, "paper", vend_id, number)
    return _to_paper(f"/counter/sales/{quote(vend_id)}/paper", form, number)


@router.get("/counter/sales/{vend_id}/paper")
def sale(visit: Visiting, vend_id: str, wished: Wished, n: Copy = 0) -> Response:
    """A printing of this person's, some minutes long."""
    made = visit.services.service.paperwork.again(visit.who.actor, vend_id, n)

    def paper(head: Letterhead, language: Language) -> Paper:
        return receipt_paper(
            made.receipts, head, language, check=made.check, practice=learns(visit)
        )

    first = made.receipts[0]
    return show(visit, wished, paper, first.receipt_code, first.buyer.account)


@router.post("/counter/sales/{vend_id}/key-slip")
def print_key_slip(visit: Visiting, form: Filled, vend_id: str) -> Response:
    """Written down; leads to the slip."""
    visit.services.service.paperwork.key_slip(visit.who.actor, vend_id)
    visit.services.office.write_down(visit.who.actor, Act("key_slip", vend_id))
    return _to_paper(f"/counter/sales/{quote(vend_id)}/key-slip", form, 0)


@router.get("/counter/sales/{vend_id}/key-slip")
def key_slip(visit: Visiting, vend_id: str, wished: Wished) -> Response:
    """The digits of a meter's new key, for whoever types them in."""
    made = visit.services.service.paperwork.key_slip(visit.who.actor, vend_id)

    def paper(head: Letterhead, language: Language) -> Paper:
        return key_paper(made.receipts, head, language, check=made.check, practice=learns(visit))

    first = made.receipts[0]
    return show(visit, wished, paper, f"{first.receipt_code}-key", first.buyer.account)


@router.get("/counter/sales/{vend_id}/note")
def note(visit: Visiting, vend_id: str, wished: Wished) -> Response:
    """That it was taken back, or its money given back."""
    found = visit.services.service.paperwork.taken_back(visit.who.actor, vend_id)

    def paper(head: Letterhead, language: Language) -> Paper:
        return taken_back_paper(
            found.receipt, found.void, found.code, head, language, practice=learns(visit)
        )

    return show(visit, wished, paper, found.code, found.receipt.buyer.account)


# The receipt printer


@router.post("/counter/sales/{vend_id}/printer")
def copy_to_printer(visit: Visiting, vend_id: str) -> Response:
    """A copy out of the printer of this point."""
    made = visit.services.service.paperwork.send_copy(visit.who.actor, vend_id)
    _write(visit, "paper", vend_id, made.receipts[0].copy)
    return RedirectResponse(f"/counter/sales/{quote(vend_id)}/printing", 303)


@router.get("/counter/sales/{vend_id}/printing")
def printing(visit: Visiting, vend_id: str) -> Response:
    """What became of the papers of this sale that were sent to the printer."""
    return _printing(visit, vend_id)


@router.post("/counter/sales/{vend_id}/printing/again")
def try_again(visit: Visiting, vend_id: str) -> Response:
    """What waits for the printer is tried now: paper is in, the cover is closed."""
    try:
        for one in _queued(visit, vend_id):
            if one.state is MessageState.WAITING:
                visit.services.outbox.retry(visit.who.actor, one.id)
    except RaseedError as error:
        return _printing(visit, vend_id, error)
    return RedirectResponse(f"/counter/sales/{quote(vend_id)}/printing", 303)


def _printing(visit: Visitor, vend_id: str, error: RaseedError | None = None) -> Response:
    queued = _queued(visit, vend_id)
    told = [(one, _trouble(visit, one)) for one in queued]
    open_states = (MessageState.WAITING, MessageState.SENDING)
    return page(
        visit.request,
        "papers/printing.html",
        visit.language,
        visit.who,
        status=200 if error is None else 422,
        block="printing" if wants_piece(visit.request) else None,
        error=None if error is None else words_for(error, visit.language),
        vend_id=vend_id,
        queued=told,
        going=any(one.state in open_states for one in queued),
        waiting=any(one.state is MessageState.WAITING and why for one, why in told),
    )


def _queued(visit: Visitor, vend_id: str) -> list[Queued]:
    """Messages to the printer about this sale, oldest first."""
    found = visit.services.outbox.messages(
        visit.who.actor, topic=Topic.PRINT, subject=vend_id, limit=20
    )
    return sorted(found, key=lambda one: one.id)


def _trouble(visit: Visitor, queued: Queued) -> str:
    """What is in the printer's way, in words; empty if nothing is."""
    if queued.state is MessageState.SENT or not queued.last_error:
        return ""
    found = trouble(queued.last_error, queued.message.target)
    return queued.last_error if found is None else words_for(found, visit.language)


# The till


@router.get("/shift/paper")
def x_report(visit: Visiting, wished: Wished) -> Response:
    """The shift of this terminal as it stands."""
    report = till_of(visit).x()

    def paper(head: Letterhead, language: Language) -> Paper:
        return shift_paper(report, head, language, practice=learns(visit))

    return show(visit, wished, paper, f"{report.shift.code}-X")


@router.get("/shift/{id}/z/paper")
def z_report(visit: Visiting, id: str, wished: Wished, n: Copy = 0) -> Response:
    """The Z report: soon after the close unmarked, later as the copy that was written down."""
    report = till_of(visit).z(id)
    now = visit.services.service.ports.clock()
    _check_copy(n, report.copies, report.shift.code, fresh=still_original(report.at, now))
    marked = replace(report, copy=n)

    def paper(head: Letterhead, language: Language) -> Paper:
        return shift_paper(marked, head, language, practice=learns(visit))

    return show(visit, wished, paper, f"{report.shift.code}-Z")


@router.post("/shift/banked/{id}/paper")
def copy_slip(visit: Visiting, form: Filled, id: str) -> Response:
    """A copy of a deposit slip, counted."""
    made = visit.services.bankings.reprint(visit.who.actor, id)
    _write(visit, "paper", id, made.copy)
    return _to_paper(f"/shift/banked/{quote(id)}/paper", form, made.copy)


@router.get("/shift/banked/{id}/paper")
def slip(visit: Visiting, id: str, wished: Wished, n: Copy = 0) -> Response:
    """A deposit slip: soon after the banking unmarked, later as a copy."""
    actor = visit.who.actor
    banking = visit.services.bankings.slip(actor, id)
    now = visit.services.service.ports.clock()
    _check_copy(n, banking.copies, banking.code, fresh=still_original(banking.at, now))
    marked, shifts = replace(banking, copy=n), visit.services.bankings.shift_codes(banking)

    def paper(head: Letterhead, language: Language) -> Paper:
        return deposit_paper(marked, head, language, shifts=shifts, practice=learns(visit))

    return show(visit, wished, paper, banking.code)


# Customers


@router.get("/customers/{account}/statement/{agreement}")
def statement(
    visit: Visiting, account: str, agreement: str, wished: Wished, first: str = "", last: str = ""
) -> Response:
    """What one agreement of a customer bought, paid and owes."""
    actor, services = visit.who.actor, visit.services
    found = services.reports.customer(actor, agreement, first or None, last or None)
    # Names as this person may see them.
    customer, _ = services.service.customer(actor, found.account)
    seen = replace(found, name_ar=customer.name_ar, name_en=customer.name_en)

    def paper(head: Letterhead, language: Language) -> Paper:
        return statement_paper(seen, head, language, first=first, last=last, practice=learns(visit))

    return show(visit, wished, paper, f"{account}-{agreement}", found.account)


_OUT: Final = (
    ("/counter/sales/{vend_id}/key-slip", key_slip),
    ("/counter/sales/{vend_id}/note", note),
    ("/shift/paper", x_report),
    ("/shift/{id}/z/paper", z_report),
    ("/shift/banked/{id}/paper", slip),
    ("/customers/{account}/statement/{agreement}", statement),
)
"""Papers that the receipt printer of the point puts out at once, by the address that shows them;
receipts have a queue of their own."""

_TO_PRINTER: Final = "/out"

for _path, _shown in _OUT:
    router.post(_path + _TO_PRINTER)(_shown)


def show(visit: Visitor, wished: Wish, build: Any, name: str, account: str = "") -> Response:
    """The paper as it is wished, in the language of the customer with this account. `build` makes
    it from a letterhead and a language."""
    desk = visit.services.papers
    paper = build(desk.letterhead(), wished.language_of(desk, account))
    if visit.request.url.path.endswith(_TO_PRINTER):
        return _out(visit, paper, name, wished.id)
    if wished.kind == PNG:
        content = desk.press.png(paper, wished.width)
    else:
        content = desk.press.pdf(paper)
    return Response(
        content,
        media_type=_MEDIA[wished.kind],
        headers={
            "Content-Disposition": f"inline; filename*=UTF-8''{quote(name)}.{wished.kind}",
            "Content-Security-Policy": _POLICY,
        },
    )


def _out(visit: Visitor, paper: Paper, name: str, id: str) -> Response:
    """Out of the printer of this point, and how that went. The form's own id is the printer's key:
    pressed twice, one paper comes out."""
    point = visit.who.actor.point or ""
    device = visit.services.printers_at.get(point)
    try:
        if device is None:
            raise NoPrinter(point)
        if not _ID.fullmatch(id):
            raise PaperGone(name)
        device.print(f"page:{id}", visit.services.papers.press.png(paper, device.width))
    except RaseedError as error:
        return shown(visit, "papers/out.html", error, name=name)
    visit.services.office.write_down(visit.who.actor, Act("printed_out", name))
    return shown(visit, "papers/out.html", name=name)


def _to_paper(path: str, form: Filled, number: int) -> Response:
    """To the paper as the form wants it."""
    asked = {name: form[name] for name in ("kind", "width", "language") if form[name]}
    return RedirectResponse(f"{path}?{urlencode({'n': number, **asked})}", 303)


def _check_copy(number: int, copies: int, subject: str, *, fresh: bool) -> None:
    """Unmarked while there is no copy yet and it is fresh; marked with a number that was written
    down. Raises PaperGone."""
    allowed = 0 < number <= copies if number else fresh and not copies
    if not allowed:
        raise PaperGone(subject)


def _write(visit: Visitor, act: str, subject: str, number: int) -> None:
    visit.services.office.write_down(visit.who.actor, Act(act, subject, after={"n": number}))
