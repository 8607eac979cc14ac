"""Seals, checks, balances, statements, adjustments, periods, exports."""

from __future__ import annotations

from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Annotated, Any, BinaryIO, Final

from fastapi import Path, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from ...accounting import AdjustmentState
from ...accounting.amounts import read_account, read_amount
from ...exports import FORMATS, export_format
from ...ledger import Chart, Posting
from ...shapes import (
    AccountStatementOut,
    AdjustmentOut,
    CustomerStatementOut,
    DailyCheckOut,
    DayClosedOut,
    OperatorStatementOut,
    PeriodActOut,
    SealOut,
    TakingOut,
    TrialBalanceOut,
)
from ...shapes.base import MOST_NUMBER
from ..addresses import ACCOUNT, AGREEMENT, OPERATOR
from ..callers import Bookkeeper, Closing, Keeping, Reader, Reports
from ..language import language_of
from ..routers import api_router

router = api_router("books")

_PIECE = 64 * 1024
_MOST_DAYS: Final = 31
"""What one call checks: a month, for counters wait on the same machine."""
_FILES: Final[dict[str, Any]] = {
    one.media_type.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}}
    for one in FORMATS.values()
}
Day = Annotated[str | None, Query(max_length=20, description="As 2026-11-23")]
First = Annotated[str | None, Query(alias="from", max_length=20, description="First day")]
Last = Annotated[str | None, Query(alias="to", max_length=20, description="Last day")]
MonthQuery = Annotated[str | None, Query(max_length=20, description="As 2026-11")]
MonthPath = Annotated[str, Path(max_length=20, description="As 2026-11")]
IdPath = Annotated[str, Path(max_length=200)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SealIn(_In):
    """Which day to seal."""

    day: StrictStr | None = Field(None, max_length=20, description="Default: today")


class LineIn(_In):
    """One line of an adjustment."""

    account: StrictStr = Field(max_length=60, description="`5010`, or with a holder `1010:P1`")
    amount: StrictStr = Field(max_length=60, description="Decimal as text; debit positive")

    def posting(self, chart: Chart) -> Posting:
        """Raises AccountText, AccountUnknown, NotANumber, TooFine."""
        account, holder = read_account(self.account, chart)
        return Posting(account.code, holder, account.unit, read_amount(self.amount, account.unit))


class AdjustmentIn(_In):
    """Ask for an entry. The caller makes `id` and keeps it before asking."""

    id: StrictStr = Field(max_length=200)
    lines: list[LineIn] = Field(max_length=50)
    reason: StrictStr = Field(max_length=1000)
    booked_on: StrictStr | None = Field(None, max_length=20, description="As 2026-10-31")


class WriteOffIn(_In):
    """Ask for money that will not come to be given up."""

    id: StrictStr = Field(max_length=200)
    account: StrictStr = Field(max_length=60)
    amount: StrictStr = Field(max_length=60)
    reason: StrictStr = Field(max_length=1000)
    booked_on: StrictStr | None = Field(None, max_length=20)


class ReversalIn(_In):
    """Ask for an adjustment or write-off to be taken back."""

    id: StrictStr = Field(max_length=200)
    entry: int = Field(ge=1, le=MOST_NUMBER, strict=True)
    reason: StrictStr = Field(max_length=1000)


class ReasonIn(_In):
    """Why."""

    reason: StrictStr = Field(max_length=1000)


class MonthIn(_In):
    """Which month to close."""

    month: StrictStr = Field(max_length=20)


@router.get("/ledger/seals")
def list_seals(actor: Bookkeeper, reports: Reports) -> list[SealOut]:
    """All seals, the first one first."""
    return [SealOut.of(seal) for seal in reports.seals(actor)]


@router.post("/ledger/seals", status_code=201)
def seal(actor: Bookkeeper, keeping: Keeping, body: SealIn) -> SealOut:
    """Seal the books of a day. Keep the code where the computer is not."""
    return SealOut.of(keeping.seal(actor, body.day))


@router.get("/ledger/check")
def check(actor: Bookkeeper, reports: Reports, day: Day = None) -> DailyCheckOut:
    """Tokens issued = ledger = receipts, and money as told = money as booked, for one day."""
    return DailyCheckOut.of(reports.check(actor, day))


@router.post("/ledger/checks", status_code=201)
def check_due(actor: Bookkeeper, closing: Closing) -> list[DayClosedOut]:
    """Check every day that is over and that no check is kept of, and seal each with its check, as
    the server does by itself after midnight: the first days first, at most 31. Asked again, it goes
    on from there; nothing is done twice."""
    return [DayClosedOut.of(one) for one in closing.close_due(actor, _MOST_DAYS)]


@router.get("/ledger/balances")
def balances(actor: Bookkeeper, reports: Reports, month: MonthQuery = None) -> TrialBalanceOut:
    """The trial balance of a month, or of everything."""
    return TrialBalanceOut.of(reports.balances(actor, month), reports.chart)


@router.get(f"/ledger/accounts/{ACCOUNT}")
def account_statement(
    actor: Bookkeeper,
    reports: Reports,
    account: Annotated[str, Path(max_length=60, description="`1010`, or `1010:P1`")],
    first: First = None,
    last: Last = None,
) -> AccountStatementOut:
    """The postings to one account, of one holder or of all. Of too many to be read, fewer days have
    to be asked for (`ledger.statement_too_long`)."""
    found, holder = read_account(account, reports.chart)
    return AccountStatementOut.of(reports.account(actor, found.code, holder, first, last))


@router.get(f"/agreements/{AGREEMENT}/statement")
def customer_statement(
    actor: Bookkeeper,
    reports: Reports,
    agreement: Annotated[str, Path(max_length=60)],
    first: First = None,
    last: Last = None,
) -> CustomerStatementOut:
    """What an agreement bought, what it owes, and what it carries."""
    return CustomerStatementOut.of(reports.customer(actor, agreement, first, last))


@router.get(f"/operators/{OPERATOR}/statement")
def operator_statement(
    actor: Reader,
    reports: Reports,
    code: Annotated[str, Path(max_length=200)],
    first: First = None,
    last: Last = None,
) -> OperatorStatementOut:
    """What an operator sold and earned, and how their deposit moved; operators see their own. Of
    too many postings to be read, fewer days have to be asked for (`ledger.statement_too_long`)."""
    return OperatorStatementOut.of(reports.operator(actor, code, first, last))


@router.get("/ledger/takings")
def takings(
    actor: Bookkeeper,
    reports: Reports,
    point: Annotated[str | None, Query(max_length=60)] = None,
    first: First = None,
    last: Last = None,
) -> list[TakingOut]:
    """What was taken and given back, per point, day, operator and tender; today by default."""
    return [TakingOut.of(row) for row in reports.takings(actor, point, first, last)]


@router.get("/ledger/adjustments")
def list_adjustments(
    actor: Bookkeeper,
    reports: Reports,
    state: AdjustmentState | None = None,
    before: Annotated[
        str | None, Query(max_length=200, description="Behind the request of this id")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[AdjustmentOut]:
    """Requests, latest first."""
    found = reports.adjustments(actor, state, limit, before=before)
    return [AdjustmentOut.of(one) for one in found]


@router.post("/ledger/adjustments", status_code=201)
def adjust(
    actor: Bookkeeper, keeping: Keeping, reports: Reports, body: AdjustmentIn
) -> AdjustmentOut:
    """Ask for an entry; a second person approves it. Repeating a request answers the first."""
    lines = tuple(line.posting(reports.chart) for line in body.lines)
    return AdjustmentOut.of(
        keeping.adjust(actor, body.id, lines, body.reason, booked_on=body.booked_on)
    )


@router.post("/ledger/write-offs", status_code=201)
def write_off(
    actor: Bookkeeper, keeping: Keeping, reports: Reports, body: WriteOffIn
) -> AdjustmentOut:
    """Ask for money that will not come to be given up; a second person approves it."""
    account, holder = read_account(body.account, reports.chart)
    amount = read_amount(body.amount, account.unit)
    return AdjustmentOut.of(
        keeping.write_off(
            actor, body.id, account.code, holder, amount, body.reason, booked_on=body.booked_on
        )
    )


@router.post("/ledger/reversals", status_code=201)
def reverse(actor: Bookkeeper, keeping: Keeping, body: ReversalIn) -> AdjustmentOut:
    """Ask for an adjustment or write-off to be taken back; a second person approves it."""
    return AdjustmentOut.of(keeping.reverse(actor, body.id, body.entry, body.reason))


@router.post("/ledger/adjustments/{id}/approval", status_code=201)
def approve(actor: Bookkeeper, keeping: Keeping, id: IdPath) -> AdjustmentOut:
    """Post a request that somebody else made."""
    return AdjustmentOut.of(keeping.approve(actor, id))


@router.post("/ledger/adjustments/{id}/void", status_code=201)
def void(actor: Bookkeeper, keeping: Keeping, id: IdPath, body: ReasonIn) -> AdjustmentOut:
    """End a request without booking it."""
    return AdjustmentOut.of(keeping.void(actor, id, body.reason))


@router.get("/ledger/periods")
def list_periods(actor: Bookkeeper, reports: Reports) -> list[PeriodActOut]:
    """Every closing and reopening, the first one first."""
    return [PeriodActOut.of(act, reports.chart) for act in reports.periods(actor)]


@router.post("/ledger/periods", status_code=201)
def close(actor: Bookkeeper, keeping: Keeping, reports: Reports, body: MonthIn) -> PeriodActOut:
    """Close a month that is over: nothing is booked before its end any more."""
    return PeriodActOut.of(keeping.close(actor, body.month), reports.chart)


@router.post("/ledger/periods/{month}/reopening", status_code=201)
def reopen(
    actor: Bookkeeper, keeping: Keeping, reports: Reports, month: MonthPath, body: ReasonIn
) -> PeriodActOut:
    """Open the month that was closed last (supervisors)."""
    return PeriodActOut.of(keeping.reopen(actor, month, body.reason), reports.chart)


@router.get(
    "/ledger/export/{name}",
    response_class=StreamingResponse,
    responses={200: {"content": _FILES, "description": "The file, whole"}},
)
def export(
    request: Request,
    actor: Bookkeeper,
    reports: Reports,
    name: Annotated[str, Path(description="hledger, beancount, csv, sales-csv, xlsx")],
    month: MonthQuery = None,
) -> StreamingResponse:
    """The journal for another program, as a file."""
    wanted = export_format(name)
    # Written whole before the first byte leaves: a file cut short would look like a whole one.
    file = TemporaryFile()  # noqa: SIM115
    try:
        with reports.journal(actor, month) as view:
            wanted.write(view, file, language_of(request))
        file.seek(0)
    except BaseException:
        file.close()
        raise
    # By its kind, too: the journal and the sales are both CSV.
    title = f"raseed-{name}-{month or 'all'}{wanted.suffix}"
    return StreamingResponse(
        _pieces(file),
        media_type=wanted.media_type,
        headers={"Content-Disposition": f'attachment; filename="{title}"'},
    )


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece
