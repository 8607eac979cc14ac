"""The counter: find, ask, preview with a binding quote, confirm, hand over the digits.

A preview makes the vend id, and the confirmation carries it: however often it is sent, by fingers
or by a bad line, there is one sale. Every page says what happened to the money.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from meters.errors import RaseedError
from meters.quantities import Money

from ...explaining import explained
from ...finding import sought
from ...parties import Customer, CustomerUnknown, MeterFile
from ...people import Act
from ...requests import BasketRequest, Credit
from ...sale import BasketReceipt
from ...tariff import Quote
from ..writer import Writer
from .counter_ends import (
    WAYS,
    became_of,
    handed,
    not_sold,
    rehearsed,
    sold,
    texted_again,
)
from .counter_forms import DEBT, PAYING, Line, NothingTyped, lines, request_of
from .home import float_of
from .practice import PREFIX, is_practice, learns, new_vend_id, rehearse
from .showing import shown
from .visitor import Filled, Visiting, Visitor

router = APIRouter(prefix="/counter", include_in_schema=False)

FOUND_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class Promised:
    """One service as it is shown before the money is taken."""

    line: Line
    quote: Quote
    quote_id: str
    """The binding quote; empty if there is none."""
    why: list[str]


@router.get("")
def counter(visit: Visiting, find: str = "", account: str = "", meter: str = "") -> Response:
    """The empty counter; with `find` the customers that are meant, and if it is one, theirs."""
    if account:
        return _customer(visit, account, meter)
    if not find.strip():
        left = float_of(visit)
        return shown(visit, "counter/find.html", found=[], find="", left=left)
    try:
        found = visit.services.service.find(visit.who.actor, find, limit=FOUND_MOST)
    except RaseedError as error:
        return shown(visit, "counter/find.html", error, found=[], find=find)
    if len(found) == 1:
        customer, files = found[0]
        return _customer(visit, customer.account, find, (customer, files))
    return shown(visit, "counter/find.html", found=found, find=find)


@router.post("/preview")
def preview(visit: Visiting, form: Filled) -> Response:
    """What the customer gets for the money, line by line, before it is taken."""
    account = form["account"]
    customer, files = visit.services.service.customer(visit.who.actor, account)
    asked = lines(form, files)
    if not asked:
        return _customer(visit, account, "", (customer, files), NothingTyped())
    try:
        promised = [_promised(visit, line) for line in asked]
    except RaseedError as error:
        return _customer(visit, account, asked[0].meter, (customer, files), error, asked)
    due = sum((one.quote.tendered for one in promised), _nothing(visit))
    vend_id = new_vend_id(visit)
    return shown(
        visit,
        "counter/preview.html",
        customer=customer,
        files=_by_number(files),
        promised=promised,
        due=due,
        tenders=PAYING,
        form=form,
        vend_id=vend_id,
        refused=_foreseen(visit, asked, vend_id),
        ways=WAYS,
    )


@router.post("/sell")
async def sell(visit: Visiting, form: Filled) -> Response:
    """Takes the money and shows the digits. The same form again shows the same sale."""
    actor, services = visit.who.actor, visit.services
    vend_id = form["vend_id"]
    writer: Writer = visit.request.app.state.writer
    customer: Customer | None = None
    try:
        customer, files = await run_in_threadpool(services.service.customer, actor, form["account"])
        request = request_of(form, files, services.currency)
        if is_practice(visit, vend_id):
            return await run_in_threadpool(rehearsed, visit, request, form)
        basket = await writer.vend_basket(actor, request)
    except RaseedError as error:
        return not_sold(visit, error, form, customer)
    return await run_in_threadpool(sold, visit, basket)


@router.get("/preview")
def no_preview() -> Response:
    """A form's address typed again, or come back to after signing in."""
    return RedirectResponse("/counter", 303)


@router.get("/sell")
def no_sale() -> Response:
    """The same: what became of the sale is the question then."""
    return RedirectResponse("/counter/last", 303)


@router.post("/last/copy")
def copy_last(visit: Visiting) -> Response:
    """The digits of this terminal's last sale again, marked and counted as a copy."""
    service, actor = visit.services.service, visit.who.actor
    try:
        status = service.last_sale(actor)
    except RaseedError as error:
        return shown(visit, "counter/find.html", error, found=[], find="")
    return copy(visit, status.receipt.basket or status.receipt.vend_id)


@router.post("/sales/{vend_id}/copy")
def copy(visit: Visiting, vend_id: str) -> Response:
    """The digits of a sale again, marked and counted as a copy."""
    actor = visit.who.actor
    receipts = visit.services.service.paperwork.copy(actor, vend_id).receipts
    visit.services.office.write_down(actor, Act("copy", vend_id, after={"n": receipts[0].copy}))
    return sold(visit, BasketReceipt(receipts))


@router.get("/last")
def last(visit: Visiting) -> Response:
    """What became of this person's last sale at this terminal; in practice, of the last one that
    was practised."""
    if learns(visit):
        return RedirectResponse(f"{PREFIX}/last", 303)
    try:
        status = visit.services.service.last_sale(visit.who.actor)
    except RaseedError as error:
        return shown(visit, "counter/find.html", error, found=[], find="")
    return became_of(visit, status.receipt.vend_id, later=status.later)


@router.get("/sales/{vend_id}")
def became(visit: Visiting, vend_id: str) -> Response:
    """What became of a sale."""
    return became_of(visit, vend_id)


@router.post("/sales/{vend_id}/push")
def push(visit: Visiting, vend_id: str) -> Response:
    """Hands the digits to the meter, where it can be reached."""
    return handed(visit, vend_id, visit.services.service.deliver)


@router.post("/sales/{vend_id}/reconcile")
def reconcile(visit: Visiting, vend_id: str) -> Response:
    """Asks the meter what became of the digits."""
    return handed(visit, vend_id, visit.services.service.reconcile)


@router.post("/sales/{vend_id}/sms")
def text_again(visit: Visiting, vend_id: str) -> Response:
    """The SMS with the digits that could not be sent is tried once more."""
    try:
        texted_again(visit, vend_id)
    except RaseedError as error:
        return became_of(visit, vend_id, error)
    return RedirectResponse(f"/counter/sales/{quote(vend_id)}", 303)


@router.post("/sales/{vend_id}/void")
def void(visit: Visiting, form: Filled, vend_id: str) -> Response:
    """Takes a sale back on evidence, with a reason."""
    actor, reason = visit.who.actor, form["reason"][:200]
    try:
        visit.services.service.void(actor, vend_id, reason)
    except RaseedError as error:
        return became_of(visit, vend_id, error)
    visit.services.office.write_down(actor, Act("void", vend_id, reason))
    return became_of(visit, vend_id)


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
        return shown(visit, "counter/find.html", wrong, found=[], find=account)
    views = [
        (file, visit.services.accounts.account(actor, file.agreement.number)) for file in files
    ]
    wanted = sought(meter).digits
    first = next((f.meter.number.number for f in files if f.meter.number.number in wanted), "")
    return shown(
        visit,
        "counter/customer.html",
        error,
        customer=customer,
        views=views,
        first=first or (files[0].meter.number.number if files else ""),
        asked={line.meter: line for line in asked},
        currency=visit.services.currency,
    )


def _promised(visit: Visitor, line: Line) -> Promised:
    """A purchase is promised under an id, so that what is sold is what was shown; for a payment of
    what is owed, and in practice, the price is enough."""
    service, actor = visit.services.service, visit.who.actor
    item = line.item(visit.services.currency)
    if isinstance(item, Credit) and not learns(visit):
        promise = service.bind(actor, item.meter, item.ask, item.postpone)
        return Promised(line, promise.quote, promise.id, _why(visit, line, promise.quote))
    _, quote = service.priced(actor, item)
    return Promised(line, quote, "", _why(visit, line, quote))


def _foreseen(visit: Visitor, asked: Sequence[Line], vend_id: str) -> RaseedError | None:
    """Why the sale would be refused as things stand, told before any money is taken. How it is
    paid is not known yet; what is over a till's limit may still be paid by card."""
    items = tuple(replace(line, quote_id="").item(visit.services.currency) for line in asked)
    try:
        rehearse(visit, BasketRequest(vend_id, items))
    except RaseedError as error:
        return error
    return None


def _why(visit: Visitor, line: Line, quote: Quote) -> list[str]:
    """Why these units, and why they differ from last time."""
    if line.ask == DEBT:
        return []
    before = visit.services.service.last_bought(visit.who.actor, line.meter)
    return explained(quote, before, visit.language)


def _nothing(visit: Visitor) -> Money:
    return Money(0, visit.services.currency)


def _by_number(files: list[MeterFile]) -> dict[str, MeterFile]:
    return {file.meter.number.number: file for file in files}
