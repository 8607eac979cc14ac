"""The tokens of a meter's new key once more, from its customer's page: the sale that carried them
was taken back, the paper is lost, or the meter does not know the key."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from meters.errors import RaseedError

from ...parties import MeterUnknown
from ..addresses import ACCOUNT
from .customers import customer_page
from .showing import shown
from .visitor import Filled, Visiting

router = APIRouter(prefix="/customers", include_in_schema=False)


@router.post(f"/{ACCOUNT}/key-tokens")
def again(visit: Visiting, form: Filled, account: str) -> Response:
    """The digits are on this page and at no address; each time is a step of the change."""
    actor, typed = visit.who.actor, form["meter"][:60]
    try:
        found, files = visit.services.service.customer(actor, account)
        if typed not in {file.meter.number.number for file in files}:
            raise MeterUnknown(typed)
        made = visit.services.key_changes.tokens_again(actor, typed, form["reason"][:200])
    except RaseedError as error:
        return customer_page(visit, account, error, form)
    return shown(visit, "customers/key_tokens.html", customer=found, set=made)
