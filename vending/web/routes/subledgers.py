"""Inside the books: an entry, the shares of an account, what sales were made of."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from ...shapes import AccountHoldersOut, BreakdownOut, EntryOut
from ...shapes.base import MOST_NUMBER
from ..callers import Bookkeeper, Reports
from ..routers import api_router
from .bookkeeping import Day, First, Last

router = api_router("books")


@router.get("/ledger/entries/{number}")
def entry(
    actor: Bookkeeper, reports: Reports, number: Annotated[int, Path(ge=1, le=MOST_NUMBER)]
) -> EntryOut:
    """One journal entry with all its lines, whatever it was booked for."""
    return EntryOut.of(reports.entry(actor, number))


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
