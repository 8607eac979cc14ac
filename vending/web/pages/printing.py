"""Papers out of the receipt printer of the point: how they are sent there, and what became of them.

All wait in one queue. What goes wrong is told with its way out: the printer is tried again, or the
paper is looked at on the screen.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import Response

from meters.errors import Unavailable

from ...messages import words_for
from ...outbox import MessageState, Topic
from ...outbox_ports import OutboxNotPossible, Queued
from ...paperorders import PaperKind, PaperOrder, message_of, order_of
from ...people import Act
from ...printing import trouble
from ...printings import PaperGone, still_original
from ..addresses import ACCOUNT, AGREEMENT, SUBJECT
from .rendering import page, wants_piece
from .showing import to
from .visitor import Visiting, Visitor

router = APIRouter(include_in_schema=False)

_ID: Final = re.compile(r"[0-9a-f]{24}", re.ASCII)
_LATEST: Final = 20


# Sales


@router.post("/counter/sales/{vend_id}/printer")
def sale_copy(visit: Visiting, vend_id: str) -> Response:
    """A copy of the receipt."""
    made = visit.services.service.paperwork.send_copy(visit.who.actor, vend_id)
    number = made.receipts[0].copy
    visit.services.office.write_down(visit.who.actor, Act("paper", vend_id, after={"n": number}))
    return to(f"/counter/sales/{quote(vend_id)}/printing")


@router.post("/counter/sales/{vend_id}/key-slip/printer")
def key_slip(visit: Visiting, vend_id: str, id: str = "") -> Response:
    order = PaperOrder(PaperKind.KEY_SLIP, vend_id, visit.who.actor)
    return _ordered(visit, order, id, f"/counter/sales/{quote(vend_id)}/printing")


@router.post("/counter/sales/{vend_id}/note/printer")
def note(visit: Visiting, vend_id: str, id: str = "") -> Response:
    order = PaperOrder(PaperKind.NOTE, vend_id, visit.who.actor)
    return _ordered(visit, order, id, f"/counter/sales/{quote(vend_id)}/printing")


# The till


@router.post("/shift/x/{id}/printer")
def x_copy(visit: Visiting, id: str) -> Response:
    """A copy of the X report; its original came out when it was taken."""
    visit.services.x_reports.send_copy(visit.who.actor, id)
    return to(f"/shift/x/{quote(id)}/printing")


@router.post("/shift/{id}/z/printer")
def z_copy(visit: Visiting, id: str) -> Response:
    """A copy of the Z report; its original came out with the close."""
    visit.services.drawers.send_copy(visit.who.actor, id)
    return to(f"/shift/{quote(id)}/printing")


@router.post("/shift/banked/{id}/printer")
def slip_copy(visit: Visiting, id: str) -> Response:
    """A copy of the deposit slip; its original came out with the banking."""
    visit.services.bankings.send_copy(visit.who.actor, id)
    return to(f"/shift/banked/{quote(id)}/printing")


# Customers


@router.post(f"/customers/{ACCOUNT}/statement/{AGREEMENT}/printer")
def statement(
    visit: Visiting, account: str, agreement: str, id: str = "", first: str = "", last: str = ""
) -> Response:
    actor = visit.who.actor
    order = PaperOrder(PaperKind.STATEMENT, agreement, actor, first=first, last=last)
    here = f"/customers/{quote(account)}/statement/{quote(agreement)}/printing"
    return _ordered(visit, order, id, here)


def _ordered(visit: Visitor, order: PaperOrder, id: str, way: str) -> Response:
    """Queued, and on to what became of it. The form's own id makes the printer's key: pressed
    twice, one paper comes out. What cannot be made is refused before it is queued."""
    if not _ID.fullmatch(id):
        raise PaperGone(order.subject[:64])
    name = visit.services.paper_maker.draft(order).name
    if not _is_queued(visit, order, id):
        visit.services.service.paperwork.send(order, id)
        visit.services.office.write_down(visit.who.actor, Act("printed_out", name))
    return to(way)


def is_unmarked(
    visit: Visitor, kind: PaperKind, subject: str, made_at: datetime, copies: int
) -> bool:
    """Whether a counted paper can be had on the screen as its original: while it is fresh, and
    neither a printer has the original nor anybody a copy."""
    order = PaperOrder(kind, subject, visit.who.actor)
    fresh = still_original(made_at, visit.services.service.ports.clock())
    return fresh and not copies and not _is_queued(visit, order)


def _is_queued(visit: Visitor, order: PaperOrder, id: str = "") -> bool:
    key = message_of(order, "", id).key
    return any(one.message.key == key for one in _queued(visit, order.subject))


# What became of them


@dataclass(frozen=True, slots=True)
class OnItsWay:
    """One paper in the queue, as the clerk is told of it."""

    paper: str
    """Which kind: a word of ours."""
    copy: int
    printer: str
    state: MessageState
    why: str
    """What is in the printer's way, in words; empty if nothing is."""
    code: str
    """What else is in its way, for those who help."""
    can_be_tried: bool
    """Nothing was printed yet: it comes out once the printer is well."""


def on_its_way(visit: Visitor, subject: str) -> list[OnItsWay]:
    """What was sent to the printer of this subject, the first first."""
    return [_told(visit, one) for one in _queued(visit, subject)]


@router.get("/counter/sales/{subject}/printing")
@router.get("/shift/{subject}/printing")
@router.get("/shift/x/{subject}/printing")
@router.get("/shift/banked/{subject}/printing")
@router.get(f"/customers/{ACCOUNT}/statement/{SUBJECT}/printing")
def printing(visit: Visiting, subject: str) -> Response:
    """What became of the papers of this subject that were sent to the printer."""
    told = on_its_way(visit, subject)
    here = visit.request.url.path
    return page(
        visit.request,
        "papers/printing.html",
        visit.language,
        visit.who,
        block="printing" if wants_piece(visit.request) else None,
        error=None,
        subject=subject,
        queued=told,
        here=here,
        back=_back(here, subject, told),
    )


@router.post("/counter/sales/{subject}/printing/again")
@router.post("/shift/{subject}/printing/again")
@router.post("/shift/x/{subject}/printing/again")
@router.post("/shift/banked/{subject}/printing/again")
@router.post(f"/customers/{ACCOUNT}/statement/{SUBJECT}/printing/again")
def try_again(visit: Visiting, subject: str) -> Response:
    """Paper is in, the cover is closed: all that waits for the printers of these papers is tried
    now, and what was given up of these."""
    outbox, actor = visit.services.outbox, visit.who.actor
    own = [one for one in _queued(visit, subject) if _told(visit, one).can_be_tried]
    printers = {one.message.target for one in own}
    waiting = outbox.messages(actor, topic=Topic.PRINT, state=MessageState.WAITING)
    behind = [one for one in waiting if one.message.target in printers]
    for id in {one.id for one in (*own, *behind)}:
        # On its way already: nothing is lost.
        with suppress(OutboxNotPossible):
            outbox.retry(actor, id)
    return to(visit.request.url.path.removesuffix("/again"))


def _back(here: str, subject: str, told: list[OnItsWay]) -> str:
    """Where these papers are on the screen."""
    if here.startswith("/customers/"):
        customer, _, _ = here.partition("/statement/")
        return f"{quote(customer)}/statement?agreement={quote(subject)}"
    shown = here.removesuffix("/printing")
    if not here.startswith("/shift/") or here.startswith(("/shift/x/", "/shift/banked/")):
        return shown
    closed = any(one.paper == PaperKind.Z.value for one in told)
    return f"{shown}/z" if closed else "/shift"


def _queued(visit: Visitor, subject: str) -> list[Queued]:
    found = visit.services.outbox.messages(
        visit.who.actor, topic=Topic.PRINT, subject=subject, limit=_LATEST
    )
    return sorted(found, key=lambda one: one.id)


def _told(visit: Visitor, queued: Queued) -> OnItsWay:
    message, state, order = queued.message, queued.state, order_of(queued.message)
    error = "" if state is MessageState.SENT else queued.last_error
    found = trouble(error, message.target)
    return OnItsWay(
        paper="receipt" if order is None else order.kind.value,
        copy=json.loads(message.document).get("copy", 0),
        printer=message.target,
        state=state,
        why="" if found is None else words_for(found, visit.language),
        code=error if found is None else "",
        can_be_tried=state is not MessageState.SENDING and isinstance(found, Unavailable),
    )
