"""Quote, sell, reprint; what became of a sale; hand its token to the meter."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Request, Response

from ...requests import BasketRequest
from ...shapes import (
    BasketOut,
    BindingQuoteOut,
    DeliveryOut,
    EntryOut,
    PreviewOut,
    ReceiptOut,
    SaleOut,
    SaleStatusOut,
    VoidOut,
)
from ...shapes.base import MOST_NUMBER
from ...shapes.receipts import basket_json, receipt_json
from ..callers import Reader, Seller, Service, Technician, services_of
from ..inputs import BasketIn, PreviewIn, QuoteIn, ReasonIn, VendIn
from ..quick import Answer, QuickRoute
from ..routers import api_router
from ..writer import Writer

router = api_router("sales")

VendId = Annotated[str, Path(max_length=200, description="The id that the caller made")]


async def vend(request: Request, actor: Seller, body: VendIn) -> Answer:
    """Sell, exactly once per vend id. 201: sold now. 200: this id had been sold with the same
    inputs, here is the stored receipt. 409 `vend.id_reused`: with other inputs. After a lost
    answer ask again with the same id."""
    writer: Writer = request.app.state.writer
    asked = body.request(services_of(request).currency)
    if isinstance(asked, BasketRequest):
        receipt = (await writer.vend_basket(actor, asked)).leading
    else:
        receipt = await writer.vend(actor, asked)
    return 200 if receipt.replayed else 201, receipt_json(receipt)


router.add_api_route(
    "/vends",
    vend,
    methods=["POST"],
    status_code=201,
    response_model=ReceiptOut,
    responses={200: {"model": ReceiptOut, "description": "Sold before"}},
    route_class_override=QuickRoute,
)


async def sell_basket(request: Request, actor: Seller, body: BasketIn) -> Answer:
    """Sell several things at once, all of them or nothing, on one receipt and paid in one or
    several ways. As `/vends`: exactly once per vend id."""
    writer: Writer = request.app.state.writer
    basket = await writer.vend_basket(actor, body.request(services_of(request).currency))
    return 200 if basket.replayed else 201, basket_json(basket)


router.add_api_route(
    "/baskets",
    sell_basket,
    methods=["POST"],
    status_code=201,
    response_model=BasketOut,
    responses={200: {"model": BasketOut, "description": "Sold before"}},
    route_class_override=QuickRoute,
)


@router.post("/baskets/preview")
def preview(actor: Seller, service: Service, request: Request, body: PreviewIn) -> PreviewOut:
    """Look ahead before any money is taken: what a basket sold now would cost and give, line by
    line, what would be taken of debts, and the change. Nothing is sold or kept, and no price is
    held. What the sale would be refused for (limits, blocks, shifts and clocks, too) is answered as
    the sale would answer it."""
    ahead = body.ahead(services_of(request).currency)
    return PreviewOut.of(service.rehearse(actor, ahead).basket)


@router.get("/baskets/last")
def last_basket(actor: Reader, service: Service) -> list[SaleStatusOut]:
    """What became of every sale that this key's person made at once last at its terminal; the first
    names what somebody else has sold there since."""
    return [SaleStatusOut.of(status) for status in service.last_basket(actor)]


@router.get("/baskets/{vend_id}")
def basket(actor: Reader, service: Service, vend_id: VendId) -> list[SaleStatusOut]:
    """What became of every sale of a basket. A further sale of one is told alone by its own id."""
    return [SaleStatusOut.of(status) for status in service.basket(actor, vend_id)]


@router.post("/baskets/{vend_id}/reprints", status_code=201)
def reprint_basket(
    actor: Seller, service: Service, response: Response, vend_id: VendId
) -> BasketOut:
    """The same digits again of all that stands of a basket, each sale marked as a copy and
    recorded; of a further sale, by its own id, that one's."""
    response.headers["Cache-Control"] = "no-store"
    return BasketOut.printed(service.paperwork.copy(actor, vend_id).receipts, vend_id)


@router.post("/quotes")
def quote(actor: Reader, service: Service, request: Request, body: QuoteIn) -> BindingQuoteOut:
    """Price a sale and say why the units come out as they do, and why they differ from the last
    purchase at the meter's agreement. The price is held for a quarter of an hour: a sale that names
    the quote's id gets it line by line, or is refused with what has changed."""
    ask, postpone = body.ask(services_of(request).currency), body.postponed()
    before = service.last_bought(actor, body.meter)
    if not body.binding:
        priced = service.quote(actor, body.meter, ask, postpone)
        return BindingQuoteOut.unbound(priced, before)
    return BindingQuoteOut.bound(service.bind(actor, body.meter, ask, postpone, body.id), before)


@router.get("/vends")
def list_sales(
    actor: Reader,
    service: Service,
    meter: Annotated[str | None, Query(max_length=200, description="Of this meter only")] = None,
    before: Annotated[
        int | None, Query(ge=1, le=MOST_NUMBER, description="Below this journal entry")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[SaleOut]:
    """Sales, latest first, without token digits."""
    found = service.sales(actor, meter=meter, before=before, limit=limit)
    return [SaleOut.of(receipt) for receipt in found]


@router.get("/vends/last")
def last_sale(actor: Reader, service: Service) -> SaleStatusOut:
    """What became of the sale that this key's person made last at its terminal, and what somebody
    else has sold there since."""
    return SaleStatusOut.of(service.last_sale(actor))


@router.get("/vends/unsettled")
def unsettled(
    actor: Reader,
    service: Service,
    after: Annotated[str, Query(max_length=200, description="Those behind this vend id")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[SaleStatusOut]:
    """Sales whose token was pushed to the meter and no verdict is known, oldest first: each is
    settled by its reconciliation."""
    found = service.unsettled(actor, after=after, limit=limit)
    return [SaleStatusOut.of(service.what_became(actor, one)) for one in found]


@router.get("/vends/{vend_id}")
def what_became(actor: Reader, service: Service, vend_id: VendId) -> SaleStatusOut:
    """What became of a sale: its facts and how far its delivery went. 404: no money was booked
    under this id. Token digits are in the receipt (sell again with the same id) or a reprint."""
    return SaleStatusOut.of(service.what_became(actor, vend_id))


@router.post("/vends/{vend_id}/reprints", status_code=201)
def reprint(actor: Seller, service: Service, response: Response, vend_id: VendId) -> ReceiptOut:
    """The same digits again, marked as a copy and recorded."""
    response.headers["Cache-Control"] = "no-store"
    return ReceiptOut.of(service.reprint(actor, vend_id))


@router.post("/vends/{vend_id}/showing")
def show(actor: Seller, service: Service, response: Response, vend_id: VendId) -> ReceiptOut:
    """The digits of a sale that was held; from here on they count as seen."""
    response.headers["Cache-Control"] = "no-store"
    return ReceiptOut.of(service.show(actor, vend_id))


@router.post("/vends/{vend_id}/void")
def void(actor: Seller, service: Service, vend_id: VendId, body: ReasonIn) -> VoidOut:
    """Take a sale back on evidence: its digits were not shown, or the meter, read now, has not
    taken the token, or the meter is out of use. The same person for the same reason again is
    answered the void that there is; anybody else is refused."""
    void = service.void(actor, vend_id, body.reason)
    return VoidOut.of(void, service.what_became(actor, vend_id).receipt)


@router.post("/vends/{vend_id}/delivery")
def deliver(actor: Technician, service: Service, vend_id: VendId) -> DeliveryOut:
    """Push the token to its meter, once. The answer's state is `delivered`, `refused`, or
    `unknown` when no verdict came back: then reconcile, never push again by hand."""
    return DeliveryOut.of(service.deliver(actor, vend_id))


@router.post("/vends/{vend_id}/reconciliation")
def reconcile(actor: Technician, service: Service, vend_id: VendId) -> DeliveryOut:
    """Read the meter's token log and settle what became of the token."""
    return DeliveryOut.of(service.reconcile(actor, vend_id))


@router.get("/vends/{vend_id}/entries")
def entries(actor: Reader, service: Service, vend_id: VendId) -> list[EntryOut]:
    """The journal entries of a sale."""
    return [EntryOut.of(entry) for entry in service.entries(actor, vend_id)]
