"""The papers of a sale that was practised: made anew from the form of that sale, all marked TEST.
Nothing of it is kept, so that form has to come again with each wish.
"""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter
from starlette.responses import Response

from meters.errors import RaseedError

from ...messages import words_for
from ...papers import Draft, receipt_paper
from ...sale import SaleReceipt
from .counter_forms import request_of
from .papers import show, wish
from .practice import PREFIX, rehearse
from .rendering import page
from .visitor import Filled, Form, Visiting, Visitor

router = APIRouter(prefix=PREFIX, include_in_schema=False)


@router.post("/paper")
def paper(visit: Visiting, form: Filled) -> Response:
    """The receipt as it would be, in the language and the kind that are asked for."""
    draft = Draft("TEST", partial(receipt_paper, _receipts(visit, form), check=""))
    return show(visit, wish(form["kind"], language=form["language"]), draft, practice=True)


@router.post("/printer")
def printer(visit: Visiting, form: Filled) -> Response:
    """The same out of the receipt printer of this point; how it went is told on a page."""
    services, error = visit.services, None
    actor = visit.who.actor
    name = services.service.ports.outbox.printer_at(actor.point, actor.terminal) or ""
    try:
        services.practice_printer.print(form["print"], name, _receipts(visit, form))
    except RaseedError as wrong:
        error = words_for(wrong, visit.language)
    return page(
        visit.request,
        "papers/practised.html",
        visit.language,
        visit.who,
        status=200 if error is None else 422,
        error=error,
        practice=True,
        printer=name,
    )


def _receipts(visit: Visitor, form: Form) -> tuple[SaleReceipt, ...]:
    _, files = visit.services.service.customer(visit.who.actor, form["account"])
    request = request_of(form, files, visit.services.currency)
    return rehearse(visit, request).basket.receipts
