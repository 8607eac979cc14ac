"""Shifts at a drawer, their X and Z reports, bankings, operators' deposits."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

from meters.quantities import Money

from ...drawer import (
    BankRequest,
    DepositPlace,
    ShiftFile,
    ShiftState,
    checked_count,
    checked_pieces,
    checked_slips,
)
from ...shapes import AdjustmentOut, BankingOut, CashMoveOut, ShiftOut, ShiftReportOut
from ...shapes.base import MOST_NUMBER
from ..addresses import PAID_BY
from ..callers import AllBankings, AllDeposits, AllDrawers, AllXReports, Bookkeeper, Teller
from ..routers import api_router

router = api_router("drawer")

IdText = Annotated[
    StrictStr,
    Field(
        max_length=200,
        description="Made by the caller and kept before asking: 1 to 64 letters, digits and "
        "`. _ : -`, a UUID in small letters. Repeating a call with the same id answers the first",
    ),
]
CashText = Annotated[StrictStr, Field(max_length=60, description="Decimal as text: 200.00")]
ReasonText = Annotated[StrictStr, Field(max_length=1000)]
Pieces = Annotated[
    dict[str, StrictInt],
    Field(
        max_length=30,
        description="How many pieces by value of the note or coin",
        examples=[{"200": 3, "0.50": 4}],
    ),
]
IdPath = Annotated[str, Path(max_length=200)]
PointQuery = Annotated[str | None, Query(max_length=60)]
Limit = Annotated[int, Query(ge=1, le=1000)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ShiftIn(_In):
    """Open a shift at the caller's terminal."""

    id: IdText
    opening_float: CashText = "0"


class CashIn(_In):
    """Cash from the safe into the drawer, or back."""

    id: IdText
    amount: CashText
    reason: ReasonText


class XReportIn(_In):
    """Take an X report."""

    id: IdText


class CountIn(_In):
    """What was counted, without knowing what should be there."""

    pieces: Pieces
    slips: dict[str, StrictStr] = Field(
        {},
        max_length=10,
        description="Sums of the slips of other ways of paying, where they were counted",
        examples=[{"cheque": "300.00"}],
    )


class BankingIn(_In):
    """Take to the bank what closed shifts left, or the amounts named."""

    id: IdText
    point: StrictStr | None = Field(None, max_length=60, description="Default: the caller's")
    shifts: list[StrictStr] | None = Field(
        None, max_length=1000, description="Default: all that wait, unless amounts are named"
    )
    amounts: dict[str, StrictStr] | None = Field(
        None,
        max_length=10,
        description="By way of paying. Default: what the shifts left in cash and cheques",
        examples=[{"cash": "1250.00", "cheque": "300.00"}],
    )
    reference: StrictStr = Field("", max_length=200, description="The bank's, or the bag's")
    pieces: Pieces = {}


class DepositIn(_In):
    """Ask for an operator's deposit to be paid in or out; a second person approves it."""

    id: IdText
    amount: CashText
    place: DepositPlace = DepositPlace.BANK
    paid_out: bool = Field(False, strict=True)
    reason: ReasonText


@router.post("/shifts", status_code=201)
def open_shift(actor: Teller, drawers: AllDrawers, body: ShiftIn) -> ShiftOut:
    """Open a shift at the caller's terminal, with a float from the safe."""
    amount = Money.from_text(body.opening_float, drawers.currency)
    return ShiftOut.of(ShiftFile(drawers.open(actor, body.id, amount)))


@router.get("/shifts")
def list_shifts(
    actor: Teller,
    drawers: AllDrawers,
    point: PointQuery = None,
    state: ShiftState | None = None,
    before: Annotated[str | None, Query(max_length=200, description="Id of a shift")] = None,
    limit: Limit = 100,
) -> list[ShiftOut]:
    """Shifts, opened last first; an operator sees own ones."""
    found = drawers.shifts(actor, point=point, state=state, before=before, limit=limit)
    return [ShiftOut.of(file) for file in found]


@router.get("/shifts/{shift}")
def get_shift(actor: Teller, drawers: AllDrawers, shift: IdPath) -> ShiftOut:
    """One shift."""
    return ShiftOut.of(drawers.shift(actor, shift))


@router.get("/shifts/{shift}/x")
def x_report(actor: Teller, drawers: AllDrawers, shift: IdPath) -> ShiftReportOut:
    """The shift as it stands; nothing of it is kept. Operators are not told the cash that should be
    there."""
    return ShiftReportOut.of(drawers.x(actor, shift))


@router.post("/shifts/{shift}/x-reports", status_code=201)
def take_x_report(
    actor: Teller, x_reports: AllXReports, shift: IdPath, body: XReportIn
) -> ShiftReportOut:
    """Take the next X report of an open shift: it is kept as it stands, blind for an operator."""
    return ShiftReportOut.of(x_reports.take(actor, body.id, shift))


@router.get("/shifts/{shift}/x-reports")
def list_x_reports(actor: Teller, x_reports: AllXReports, shift: IdPath) -> list[ShiftReportOut]:
    """The X reports that were taken of a shift, by number."""
    return [ShiftReportOut.of(one) for one in x_reports.of_shift(actor, shift)]


@router.get("/x-reports/{report}")
def get_x_report(actor: Teller, x_reports: AllXReports, report: IdPath) -> ShiftReportOut:
    """An X report that was taken, with its figures of then. Operators are not told the cash of one
    that somebody else took."""
    return ShiftReportOut.of(x_reports.report(actor, report))


@router.post("/x-reports/{report}/copies", status_code=201)
def reprint_x_report(actor: Teller, x_reports: AllXReports, report: IdPath) -> ShiftReportOut:
    """A copy of it, numbered and recorded."""
    return ShiftReportOut.of(x_reports.reprint(actor, report))


@router.post("/shifts/{shift}/cash-in", status_code=201)
def cash_in(actor: Teller, drawers: AllDrawers, shift: IdPath, body: CashIn) -> CashMoveOut:
    """Put cash from the safe into the drawer."""
    amount = Money.from_text(body.amount, drawers.currency)
    move = drawers.cash_in(actor, body.id, amount, body.reason, shift)
    return CashMoveOut.of(move, drawers.currency)


@router.post("/shifts/{shift}/cash-out", status_code=201)
def cash_out(actor: Teller, drawers: AllDrawers, shift: IdPath, body: CashIn) -> CashMoveOut:
    """Take cash out of the drawer into the safe."""
    amount = Money.from_text(body.amount, drawers.currency)
    move = drawers.cash_out(actor, body.id, amount, body.reason, shift)
    return CashMoveOut.of(move, drawers.currency)


@router.post("/shifts/{shift}/close", status_code=201)
def close_shift(actor: Teller, drawers: AllDrawers, shift: IdPath, body: CountIn) -> ShiftReportOut:
    """Close the shift on a count and answer its Z report. The same count again answers it again."""
    count = checked_count(body.pieces.items(), body.slips.items(), drawers.currency)
    return ShiftReportOut.of(drawers.close(actor, count, shift))


@router.get("/shifts/{shift}/z")
def z_report(actor: Teller, drawers: AllDrawers, shift: IdPath) -> ShiftReportOut:
    """The Z report of a closed shift."""
    return ShiftReportOut.of(drawers.z(actor, shift))


@router.post("/shifts/{shift}/z/copies", status_code=201)
def reprint_z(actor: Teller, drawers: AllDrawers, shift: IdPath) -> ShiftReportOut:
    """A copy of the Z report, numbered and recorded."""
    return ShiftReportOut.of(drawers.reprint(actor, shift))


@router.post("/bankings", status_code=201)
def bank(actor: Teller, bankings: AllBankings, body: BankingIn) -> BankingOut:
    """Book a deposit at the bank and answer its slip."""
    unit = bankings.currency
    amounts = None
    if body.amounts is not None:
        amounts = checked_slips(body.amounts.items(), unit, cash=True)
    request = BankRequest(
        id=body.id,
        point=body.point or actor.point or "",
        shifts=None if body.shifts is None else tuple(body.shifts),
        amounts=amounts,
        reference=body.reference,
        pieces=checked_pieces(body.pieces.items(), unit),
    )
    return BankingOut.of(bankings.bank(actor, request))


@router.get("/bankings")
def list_bankings(
    actor: Teller,
    bankings: AllBankings,
    point: PointQuery = None,
    before: Annotated[
        int | None, Query(ge=1, le=MOST_NUMBER, description="Number of an entry")
    ] = None,
    limit: Limit = 100,
) -> list[BankingOut]:
    """Deposits, the last first."""
    found = bankings.bankings(actor, point=point, before=before, limit=limit)
    return [BankingOut.of(one) for one in found]


@router.get("/bankings/{banking}")
def slip(actor: Teller, bankings: AllBankings, banking: IdPath) -> BankingOut:
    """The deposit slip."""
    return BankingOut.of(bankings.slip(actor, banking))


@router.post("/bankings/{banking}/copies", status_code=201)
def reprint_slip(actor: Teller, bankings: AllBankings, banking: IdPath) -> BankingOut:
    """A copy of the slip, numbered and recorded."""
    return BankingOut.of(bankings.reprint(actor, banking))


@router.post(f"/operators/{PAID_BY}/deposits", status_code=201)
def deposit(
    actor: Bookkeeper,
    deposits: AllDeposits,
    operator: Annotated[str, Path(max_length=60)],
    body: DepositIn,
) -> AdjustmentOut:
    """Ask for money that an operator paid in (or gets back); a second person approves it."""
    made = deposits.request(
        actor,
        body.id,
        operator,
        Money.from_text(body.amount, deposits.currency),
        body.reason,
        place=body.place,
        paid_out=body.paid_out,
    )
    return AdjustmentOut.of(made)
