"""Who holds what of an account, and what sales were made of."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from ...shapes import AccountHoldersOut, BreakdownOut
from ..callers import Bookkeeper, Reports
from ..routers import api_router
from .bookkeeping import Day, First, Last

router = api_router("books")


@router.get("/ledger/accounts/{account}/holders")
def holders(
    actor: Bookkeeper,
    reports: Reports,
    account: Annotated[str, Path(max_length=60, description="`1210`")],
    on: Day = None,
) -> AccountHoldersOut:
    """Who holds what of an account, at the end of a day or now: debts outstanding, deposits,
    tills, carried balances."""
    return AccountHoldersOut.of(reports.holders(actor, account.strip(), on))


@router.get("/ledger/breakdown")
def breakdown(
    actor: Bookkeeper, reports: Reports, first: First = None, last: Last = None
) -> list[BreakdownOut]:
    """What sales were made of: units by price, taxes and what was taxed, charges, supports by who
    bears them, debts paid; voids taken off."""
    return [BreakdownOut.of(row) for row in reports.breakdown(actor, first, last)]
