"""What follows a sale that was practised: it is shown again and asked about, and its papers are
made, all marked TEST. Nothing of it is kept here, so its form comes again with each wish.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from meters.errors import RaseedError

from ...aftersale import Delivery, SaleState, SaleStatus
from ...papers import Draft, receipt_paper
from ...sale import SaleReceipt
from .counter_ends import sold
from .papers import show, wish
from .practice import PREFIX
from .practised import Practised, practised_last, remember
from .showing import shown
from .visitor import Filled, Form, Visiting, Visitor

router = APIRouter(prefix=PREFIX, include_in_schema=False)

_DIGITS_OF_COPY: Final = 6


@router.get("/last")
def last(visit: Visiting) -> Response:
    """What became of the sale that was practised last, as of a real one."""
    try:
        practised = practised_last(visit)
        receipts = practised.basket(visit).receipts
    except RaseedError as error:
        return _nothing(visit, error)
    return shown(
        visit,
        "counter/became.html",
        sales=[SaleStatus(one, _not_sent(one), practised.copies) for one in receipts],
        vend_id=receipts[0].vend_id,
        later=None,
        given={},
        texts=[],
        reachable=set(),
        shown=set(),
    )


@router.post("/last/copy")
def copy_last(visit: Visiting) -> Response:
    """Its zeros again, marked as a copy."""
    try:
        practised = practised_last(visit).copied()
        basket = practised.basket(visit, practised.copies)
    except RaseedError as error:
        return _nothing(visit, error)
    answer = sold(visit, basket, practised=Form.of(practised.fields))
    remember(answer, visit, practised)
    return answer


@router.post("/paper")
def paper(visit: Visiting, form: Filled) -> Response:
    """The receipt as it would be, in the language and the kind that are asked for, else in the
    customer's language."""
    receipts = _receipts(visit, form)
    made = partial(receipt_paper, receipts, check="")
    draft = Draft("TEST", made, receipts[0].buyer.account)
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
        error = wrong
    return shown(visit, "papers/practised.html", error, practice=True, printer=name)


def _nothing(visit: Visitor, error: RaseedError) -> Response:
    return shown(visit, "counter/find.html", error, found=[], find="")


def _not_sent(receipt: SaleReceipt) -> Delivery:
    """No meter hears of practice."""
    return Delivery(receipt.vend_id, receipt.buyer.meter, SaleState.ISSUED, None, ())


def _receipts(visit: Visitor, form: Form) -> tuple[SaleReceipt, ...]:
    typed = form["copy"]
    copy = int(typed) if typed.isdecimal() and len(typed) <= _DIGITS_OF_COPY else 0
    now = visit.services.service.ports.clock()
    return Practised(form, now).basket(visit, copy).receipts
