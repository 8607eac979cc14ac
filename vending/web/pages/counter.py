"""The counter: find, ask, preview with a binding quote, confirm, hand over the digits.

A preview makes the vend id, and the confirmation carries it: however often it is sent, by fingers
or by a bad line, there is one sale. Every page says what happened to the money.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, Final

import segno
from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from meters.errors import RaseedError, Unavailable, Unknown
from meters.quantities import Money

from ...explaining import explained
from ...messages import words_for
from ...parties import Customer, CustomerUnknown, MeterFile
from ...people import Act
from ...requests import BasketRequest, Credit
from ...sale import BasketReceipt, SaleReceipt, SaleStatus
from ...tariff import BindingQuote, Quote
from ..writer import Writer
from .counter_forms import PAYING, Line, lines, payments
from .rendering import page
from .visitor import Filled, Visiting, Visitor

router = APIRouter(prefix="/counter", include_in_schema=False)

FOUND_MOST: Final = 20


@router.get("")
def counter(visit: Visiting, find: str = "", account: str = "", meter: str = "") -> Response:
    """The empty counter; with `find` the customers that are meant, and if it is one, theirs."""
    if account:
        return _customer(visit, account, meter)
    if not find.strip():
        return _page(visit, "counter/find.html", found=[], find="", error=None)
    try:
        found = visit.services.service.find(visit.who.actor, find, limit=FOUND_MOST)
    except RaseedError as error:
        return _page(visit, "counter/find.html", error, found=[], find=find)
    if len(found) == 1:
        customer, files = found[0]
        return _customer(visit, customer.account, find, (customer, files))
    return _page(visit, "counter/find.html", found=found, find=find, error=None)


@router.post("/preview")
def preview(visit: Visiting, form: Filled) -> Response:
    """What the customer gets for the money, line by line, before it is taken."""
    account = form["account"]
    customer, files = visit.services.service.customer(visit.who.actor, account)
    asked = lines(form, files)
    if not asked:
        return _customer(visit, account, "", (customer, files))
    try:
        promised = [(line, _bound(visit, line)) for line in asked]
    except RaseedError as error:
        return _customer(visit, account, asked[0].meter, (customer, files), error, asked)
    due = sum((_due(visit, line, quote) for line, quote in promised), _nothing(visit))
    return _page(
        visit,
        "counter/preview.html",
        error=None,
        customer=customer,
        files=_by_number(files),
        promised=[(line, quote, _why(visit, line, quote)) for line, quote in promised],
        due=due,
        tenders=PAYING,
        form=form,
        vend_id=f"c-{secrets.token_hex(12)}",
        practice=_practises(visit),
    )


@router.post("/sell")
async def sell(visit: Visiting, form: Filled) -> Response:
    """Takes the money and shows the digits. The same form again shows the same sale."""
    actor, services = visit.who.actor, visit.services
    vend_id = form["vend_id"]
    customer, files = await run_in_threadpool(services.service.customer, actor, form["account"])
    asked = lines(form, files)
    writer: Writer = visit.request.app.state.writer
    try:
        items = tuple(line.item(services.currency) for line in asked)
        paid = payments(form, _nothing(visit))
        basket = await writer.vend_basket(actor, BasketRequest(vend_id, items, paid))
    except RaseedError as error:
        return _not_sold(visit, error, vend_id, customer)
    return await run_in_threadpool(_sold, visit, basket)


@router.post("/last/copy")
def copy_last(visit: Visiting) -> Response:
    """The digits of this terminal's last sale again, marked and counted as a copy."""
    service, actor = visit.services.service, visit.who.actor
    try:
        status = service.last_sale(actor)
    except RaseedError as error:
        return _page(visit, "counter/find.html", error, found=[], find="")
    return copy(visit, status.receipt.basket or status.receipt.vend_id)


@router.post("/sales/{vend_id}/copy")
def copy(visit: Visiting, vend_id: str) -> Response:
    """The digits of a sale again, marked and counted as a copy."""
    actor = visit.who.actor
    receipts = visit.services.service.paperwork.copy(actor, vend_id).receipts
    visit.services.office.write_down(actor, Act("copy", vend_id, after={"n": receipts[0].copy}))
    return _sold(visit, BasketReceipt(receipts))


@router.get("/last")
def last(visit: Visiting) -> Response:
    """What became of this terminal's last sale."""
    try:
        status = visit.services.service.last_sale(visit.who.actor)
    except RaseedError as error:
        return _page(visit, "counter/find.html", error, found=[], find="")
    return _became(visit, status.receipt.basket or status.receipt.vend_id)


@router.get("/sales/{vend_id}")
def became(visit: Visiting, vend_id: str) -> Response:
    """What became of a sale."""
    return _became(visit, vend_id)


@router.post("/sales/{vend_id}/push")
def push(visit: Visiting, vend_id: str) -> Response:
    """Hands the digits to the meter, where it can be reached."""
    try:
        visit.services.service.deliver(visit.who.actor, vend_id)
    except RaseedError as error:
        return _became(visit, vend_id, error)
    return _became(visit, vend_id)


@router.post("/sales/{vend_id}/void")
def void(visit: Visiting, form: Filled, vend_id: str) -> Response:
    """Takes a sale back on evidence, with a reason."""
    actor, reason = visit.who.actor, form["reason"][:200]
    try:
        visit.services.service.void(actor, vend_id, reason)
    except RaseedError as error:
        return _became(visit, vend_id, error)
    visit.services.office.write_down(actor, Act("void", vend_id, reason))
    return _became(visit, vend_id)


def _customer(
    visit: Visitor,
    account: str,
    meter: str = "",
    known: tuple[Customer, list[MeterFile]] | None = None,
    error: RaseedError | None = None,
    asked: Sequence[Line] = (),
) -> Response:
    service, actor = visit.services.service, visit.who.actor
    try:
        customer, files = known or service.customer(actor, account)
    except CustomerUnknown as wrong:
        return _page(visit, "counter/find.html", wrong, found=[], find=account)
    views = [
        (file, visit.services.accounts.account(actor, file.agreement.number)) for file in files
    ]
    first = next((f.meter.number.number for f in files if f.meter.number.number in meter), "")
    return _page(
        visit,
        "counter/customer.html",
        error,
        customer=customer,
        views=views,
        first=first or (files[0].meter.number.number if files else ""),
        asked={line.meter: line for line in asked},
        practice=_practises(visit),
    )


def _bound(visit: Visitor, line: Line) -> BindingQuote | None:
    """The promise for a purchase; None for a payment of what is owed."""
    item = line.item(visit.services.currency)
    if not isinstance(item, Credit):
        return None
    return visit.services.service.bind(visit.who.actor, item.meter, item.ask, item.postpone)


def _due(visit: Visitor, line: Line, quote: BindingQuote | None) -> Money:
    if quote is not None:
        return quote.quote.tendered
    return Money.from_text(line.typed, visit.services.currency)


def _why(visit: Visitor, line: Line, promise: BindingQuote | None) -> list[str]:
    """Why these units, and why they differ from last time."""
    if promise is None:
        return []
    last = visit.services.service.sales(visit.who.actor, meter=line.meter, limit=1)
    before: Quote | None = last[0].quote if last else None
    return explained(promise.quote, before, visit.language)


def _not_sold(visit: Visitor, error: RaseedError, vend_id: str, customer: Customer) -> Response:
    """What it means for the money: nothing was taken, or nobody knows yet."""
    return _page(
        visit,
        "counter/not_sold.html",
        error,
        vend_id=vend_id,
        customer=customer,
        doubtful=isinstance(error, Unknown),
        later=isinstance(error, Unavailable),
    )


def _sold(visit: Visitor, basket: BasketReceipt) -> Response:
    return _page(
        visit,
        "counter/sold.html",
        error=None,
        basket=basket,
        why={r.vend_id: explained(r.quote, None, visit.language) for r in basket.receipts},
        codes={t.digits: _code(t.digits) for r in basket.receipts for t in r.tokens if t.digits},
        printer=visit.services.service.ports.outbox.printers.get(visit.who.actor.point or ""),
        reachable=[r.vend_id for r in basket.receipts if r.tokens and _reachable(visit, r)],
        practice=_practises(visit),
    )


def _became(visit: Visitor, vend_id: str, error: RaseedError | None = None) -> Response:
    sales: list[SaleStatus] = visit.services.service.basket(visit.who.actor, vend_id)
    return _page(visit, "counter/became.html", error, sales=sales, vend_id=vend_id)


def _reachable(visit: Visitor, receipt: SaleReceipt) -> bool:
    file = visit.services.service.meter(visit.who.actor, receipt.buyer.meter)
    return file.meter.gateway is not None


def _code(digits: str) -> str:
    return str(segno.make(digits, micro=False).svg_data_uri(scale=4, border=2))


def _page(visit: Visitor, template: str, error: RaseedError | None, **values: Any) -> Response:
    status = 200 if error is None else 422
    told = None if error is None else words_for(error, visit.language)
    values.setdefault("practice", _practises(visit))
    return page(
        visit.request, template, visit.language, visit.who, status=status, error=told, **values
    )


def _nothing(visit: Visitor) -> Money:
    return Money(0, visit.services.currency)


def _by_number(files: list[MeterFile]) -> dict[str, MeterFile]:
    return {file.meter.number.number: file for file in files}


def _practises(visit: Visitor) -> bool:
    return bool(visit.request.app.state.practice)
