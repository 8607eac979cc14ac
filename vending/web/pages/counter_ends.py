"""How a sale ends on the screen: sold, not sold, in doubt, or what became of it later. Each page
says what happened to the money, and leads on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import segno
from starlette.responses import Response

from meters.errors import Broken, RaseedError, Unavailable, Unknown

from ...aftersale import Delivery, SaleState, SaleStatus, SoldHere
from ...explaining import explained
from ...masks import masked_phone
from ...outbox import MessageState, Topic
from ...outbox_ports import Queued
from ...parties import Actor, Customer, MeterUnknown
from ...printings import still_original
from ...requests import BasketRequest
from ...sale import BasketReceipt, SaleReceipt
from ...vend import VendIdReused, VendUnknown
from ...voids import given_back, moves_money
from .practice import into_drawer, learns, new_vend_id, rehearse
from .practised import Practised, remember
from .showing import shown
from .visitor import Form, Visitor

WAYS: Final = {
    "shift.needed": "/shift",
    "shift.of_another": "/shift",
    "point.till_full": "/shift",
}
"""By code of what stands in the way of a sale, the page where it is put right."""

_STUCK: Final = (MessageState.WAITING, MessageState.GIVEN_UP)


@dataclass(frozen=True, slots=True)
class TextTo:
    """A message with digits: to whom, and how far it went."""

    telephone: str
    """Its last digits."""
    state: MessageState
    stuck: bool
    """Whether it failed, and may be tried again at once."""


def not_sold(visit: Visitor, error: RaseedError, form: Form, customer: Customer | None) -> Response:
    """What it means for the money: nothing was booked, or nobody knows yet, or it was booked
    before; and the way on. The same form under the same id can never sell twice, so it may be sent
    again where the first try may have gone wrong for us."""
    return shown(
        visit,
        "counter/not_sold.html",
        error,
        vend_id=form["vend_id"],
        customer=customer,
        form=form,
        way=WAYS.get(error.code, ""),
        again=isinstance(error, Unavailable),
        earlier=isinstance(error, VendIdReused),
        doubtful=isinstance(error, Unknown | Broken),
    )


def rehearsed(visit: Visitor, request: BasketRequest, form: Form) -> Response:
    """The same page, with zeros; its form is what the TEST papers are made from."""
    rehearsal = rehearse(visit, request)
    answer = sold(visit, rehearsal.basket, practised=form)
    into_drawer(visit, rehearsal, answer)
    if learns(visit):
        remember(answer, visit, Practised(form, visit.services.service.ports.clock()))
    return answer


def sold(visit: Visitor, basket: BasketReceipt, *, practised: Form | None = None) -> Response:
    practice = practised is not None
    frame = {"practice": True} if practice else {}
    actor = visit.who.actor
    printer = visit.services.service.ports.outbox.printer_at(actor.point, actor.terminal)
    if practice and not visit.services.practice_printer.has(printer or ""):
        printer = None
    return shown(
        visit,
        "counter/sold.html",
        error=None,
        basket=basket,
        why={r.vend_id: explained(r.quote, None, visit.language) for r in basket.receipts},
        codes={t.digits: _code(t.digits) for r in basket.receipts for t in r.tokens if t.digits},
        reachable=[]
        if practice
        else [r.vend_id for r in basket.receipts if r.tokens and _reachable(visit, r)],
        printer=printer,
        practised=practised,
        print_key=new_vend_id(visit) if practice else "",
        texts=[] if practice else _texts(visit, [r.vend_id for r in basket.receipts]),
        **frame,
    )


def handed(visit: Visitor, vend_id: str, hand: Callable[[Actor, str], Delivery]) -> Response:
    """What became of it; where the meter did not take the digits, they stand there once more for
    its keypad, if this is who has just sold them."""
    try:
        hand(visit.who.actor, vend_id)
    except RaseedError as error:
        return became_of(visit, vend_id, error, handing=True)
    return became_of(visit, vend_id, handing=True)


def became_of(
    visit: Visitor,
    vend_id: str,
    error: RaseedError | None = None,
    *,
    handing: bool = False,
    later: SoldHere | None = None,
) -> Response:
    """`later`: what somebody else has sold at this terminal since."""
    actor = visit.who.actor
    try:
        sales: list[SaleStatus] = visit.services.service.basket(actor, vend_id)
    except VendUnknown:
        return shown(visit, "counter/never.html", vend_id=vend_id)
    standing = [one.receipt for one in sales if one.void is None and one.receipt.tokens]
    now = visit.services.service.ports.clock()
    return shown(
        visit,
        "counter/became.html",
        error,
        sales=sales,
        vend_id=vend_id,
        later=later,
        given={
            one.receipt.vend_id: given_back(one.void, one.receipt)
            for one in sales
            if one.void is not None and moves_money(one.void)
        },
        texts=_texts(visit, [status.receipt.vend_id for status in sales]),
        reachable={one.vend_id for one in standing if _reachable(visit, one)},
        shown={
            status.receipt.vend_id
            for status in sales
            if handing
            and status.delivery.state is not SaleState.DELIVERED
            and status.receipt.seller.operator == actor.name
            and still_original(status.receipt.sold_at, now)
        },
    )


def texted_again(visit: Visitor, vend_id: str) -> None:
    """The messages of a basket that did not go out are due now. Raises VendUnknown and what
    `Outbox.retry` raises."""
    actor = visit.who.actor
    sales = visit.services.service.basket(actor, vend_id)
    for one in _messages(visit, [status.receipt.vend_id for status in sales]):
        if one.state in _STUCK:
            visit.services.outbox.retry(actor, one.id)


def _texts(visit: Visitor, vend_ids: Sequence[str]) -> list[TextTo]:
    """What became of the messages to the customer's telephone."""
    told = (
        TextTo(
            masked_phone(one.message.target),
            one.state,
            stuck=one.state in _STUCK and bool(one.last_error),
        )
        for one in _messages(visit, vend_ids)
    )
    # One line for the messages of a basket, as long as all are equally far.
    return list(dict.fromkeys(told))


def _messages(visit: Visitor, vend_ids: Sequence[str]) -> list[Queued]:
    if not visit.services.service.ports.outbox.sms:
        return []
    ask = partial(visit.services.outbox.messages, visit.who.actor, topic=Topic.SMS, limit=1)
    return [one for vend_id in vend_ids for one in ask(subject=vend_id)]


def _reachable(visit: Visitor, receipt: SaleReceipt) -> bool:
    try:
        file = visit.services.service.meter(visit.who.actor, receipt.buyer.meter)
    except MeterUnknown:
        # It was taken out of use since.
        return False
    return file.meter.gateway is not None


def _code(digits: str) -> str:
    return str(segno.make(digits, micro=False).svg_data_uri(scale=4, border=2))
