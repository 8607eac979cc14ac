"""Sell a list."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Request, Response
from pydantic import Field

from meters.errors import RaseedError

from ...listed import Listed, sell_listed
from ...shapes import ListedOut, ListOut
from ..answers import incident_of
from ..callers import Seller, Service, services_of
from ..inputs import BasketIn, In
from ..language import language_of
from ..routers import PREFIX, api_router

router = api_router("sales")

MOST_LISTED: Final = 500
LIST_ADDRESS: Final = f"{PREFIX}/vends/many"


class ListIn(In):
    """Sales, each as `/baskets` takes it, with a vend id of its own."""

    sales: Annotated[list[BasketIn], Field(min_length=1, max_length=MOST_LISTED)]

    def listed(self, currency: str) -> list[Listed]:
        """What each asks for, or what is wrong with it."""
        return [_listed(one, currency) for one in self.sales]


def _listed(typed: BasketIn, currency: str) -> Listed:
    try:
        return typed.request(currency)
    except RaseedError as error:
        return error


@router.post(LIST_ADDRESS.removeprefix(PREFIX))
def vend_many(
    actor: Seller, service: Service, request: Request, response: Response, body: ListIn
) -> ListOut:
    """Sell a list: what a bank has taken, a month's free units, the payments of a billing run. Each
    sale is exactly once per vend id, and one that is refused spoils no other: the answer tells of
    each, in the same order. After a lost answer, or where some could not be tried, send the same
    list again: what was sold is answered as `replayed`."""
    response.headers["Cache-Control"] = "no-store"
    language = language_of(request)
    answers = sell_listed(service.vend_many, actor, body.listed(services_of(request).currency))
    return ListOut.of(
        ListedOut.of(typed.vend_id, answer, language, incident_of)
        for typed, answer in zip(body.sales, answers, strict=True)
    )
