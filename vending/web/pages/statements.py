"""The statement of one agreement on a page: what was bought and paid, and what is owed after it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from meters.errors import RaseedError
from meters.quantities import Money

from ...accounting.days import day_of, read_day
from ...accounting.errors import AgreementUnknown
from ...finding import western
from ...messages import LOCAL_ZONE
from ...record import QUANTITIES
from ..addresses import ACCOUNT
from .showing import shown
from .visitor import Visiting

router = APIRouter(prefix="/customers", include_in_schema=False)

_LONGEST_DAY: Final = 20
DAYS: Final = 60
"""How far back from its last day it goes if nobody says."""


@router.get(f"/{ACCOUNT}/statement")
def statement(
    visit: Visiting, account: str, agreement: str = "", first: str = "", last: str = ""
) -> Response:
    """Between two local days, both included."""
    services, actor = visit.services, visit.who.actor
    customer, files = services.service.customer(actor, account)
    mine = {file.agreement.number: file for file in files}
    agreement = agreement or next(iter(mine), "")
    today = day_of(services.service.ports.clock(), LOCAL_ZONE)
    first = western(first.strip()[:_LONGEST_DAY])
    last = western(last.strip()[:_LONGEST_DAY]) or today.isoformat()
    error: RaseedError | None = None
    told = None
    try:
        if agreement not in mine:
            raise AgreementUnknown(agreement[:30])
        first = first or (read_day(last) - timedelta(days=DAYS)).isoformat()
        told = services.reports.customer(actor, agreement, first, last)
    except RaseedError as wrong:
        error = wrong
    return shown(
        visit,
        "customers/statement.html",
        error,
        customer=customer,
        file=mine.get(agreement),
        statement=told,
        first=first,
        last=last,
        minor=lambda amount: Money(amount, services.currency),
        units=lambda line: QUANTITIES[line.unit](line.quantity),
    )
