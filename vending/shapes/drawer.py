"""Shifts, X and Z reports, and deposit slips as JSON."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from ..drawer import Banking, CashMove, ShiftFile, ShiftReport
from .base import Measure, Out
from .books import measured, with_measures


class ShiftOut(Out):
    """A shift at a drawer."""

    id: str
    code: str = Field(description="Point and number together, for paper", examples=["P1-S0042"])
    number: int = Field(description="Without gaps per vending point")
    state: str = Field(description="`open` or `closed`")
    point: str
    terminal: str
    operator: str
    opened_at: datetime
    opening_float: Measure
    closed_at: datetime | None
    closed_by: str | None
    difference: Measure | None = Field(description="Of the cash at the close; below 0 is missing")
    copies: int = Field(description="Printed copies of its Z report")

    @classmethod
    def of(cls, file: ShiftFile) -> ShiftOut:
        shift, close = file.shift, file.close
        return cls(
            id=shift.id,
            code=shift.code,
            number=shift.number,
            state="open" if close is None else "closed",
            point=shift.point,
            terminal=shift.terminal,
            operator=shift.operator,
            opened_at=shift.opened_at,
            opening_float=measured(shift.opening_float, shift.currency),
            closed_at=None if close is None else close.closed_at,
            closed_by=None if close is None else close.actor,
            difference=None if close is None else measured(close.difference, shift.currency),
            copies=file.copies,
        )


class CashMoveOut(Out):
    """Cash put into a drawer or taken out of it."""

    id: str
    shift: str
    kind: str = Field(description="`float`, `in` or `out`")
    amount: Measure
    reason: str
    at: datetime
    actor: str
    entry: int

    @classmethod
    def of(cls, move: CashMove, currency: str) -> CashMoveOut:
        return cls(
            id=move.id,
            shift=move.shift,
            kind=move.kind.value,
            amount=measured(move.amount, currency),
            reason=move.reason,
            at=move.at,
            actor=move.actor,
            entry=move.entry,
        )


class TenderTotalOut(Out):
    """Taken in one way of paying."""

    tender: str
    sales: Measure
    voids: Measure = Field(description="Given back: below 0")
    net: Measure


class KindTotalOut(Out):
    """Sales of one kind."""

    kind: str
    sales: int
    voids: int
    taken: Measure | None = Field(description="null while the cash is to be counted blind")


class UnitTotalOut(Out):
    """Units issued to meters."""

    commodity: str
    sales: Measure
    voids: Measure


class TenderResultOut(Out):
    """Expected and counted, by way of paying."""

    tender: str
    expected: Measure
    counted: Measure | None = Field(description="null where slips were not counted")
    difference: Measure | None = Field(description="Below 0: missing")


class PiecesOut(Out):
    """Notes or coins of one value."""

    value: Measure
    pieces: int


class ShiftReportOut(Out):
    """A shift as it stands or stood (X), or as it was closed (Z)."""

    report: str = Field(description="`X` or `Z`")
    id: str | None = Field(description="Of an X that was taken; null of one that is only looked at")
    number: int | None = Field(description="Of an X that was taken: 1, 2, ... within its shift")
    report_code: str = Field(
        description="Shift and report together, for paper", examples=["P1-S0042-X2"]
    )
    copy_number: int = Field(description="0 on the original; copies must be marked COPY")
    copies: int
    shift: str
    code: str
    point: str
    terminal: str
    operator: str
    opened_at: datetime
    at: datetime
    actor: str = Field(description="Who made it; of a Z, who closed")
    blind: bool = Field(description="true if the expected cash is kept back")
    x_reports: int = Field(description="Of a Z: how many X reports were taken before it")
    opening_float: Measure
    cash_in: Measure
    cash_out: Measure
    moves: list[CashMoveOut]
    sales: int
    voids: int
    tenders: list[TenderTotalOut]
    kinds: list[KindTotalOut]
    units: list[UnitTotalOut]
    figures: dict[str, Measure] = Field(
        description="`vat`, `debts` (recovered), `commission`, `rounding`, `on_deposit` (off the "
        "operator's deposit, less commission), `refunds`"
    )
    expected: Measure | None = Field(description="Cash by the books; null while blind")
    results: list[TenderResultOut] = Field(description="Of a Z")
    pieces: list[PiecesOut] = Field(description="Of a Z: what was counted")
    entry: int | None = Field(description="The entry that booked the difference")

    @classmethod
    def of(cls, report: ShiftReport) -> ShiftReportOut:
        shift, sums, unit = report.shift, report.tally, report.shift.currency
        count = report.count
        return cls(
            report="Z" if report.is_z else "X",
            id=report.id or None,
            number=report.number or None,
            report_code=report.code,
            copy_number=report.copy,
            copies=report.copies,
            shift=shift.id,
            code=shift.code,
            point=shift.point,
            terminal=shift.terminal,
            operator=shift.operator,
            opened_at=shift.opened_at,
            at=report.at,
            actor=report.actor,
            blind=report.blind,
            x_reports=len(report.x_reports),
            opening_float=measured(sums.opening_float, unit),
            cash_in=measured(sums.cash_in, unit),
            cash_out=measured(sums.cash_out, unit),
            moves=[CashMoveOut.of(move, unit) for move in report.moves],
            sales=sums.sales,
            voids=sums.voids,
            tenders=[
                TenderTotalOut(**with_measures(row, unit, "sales", "voids", "net"))
                for row in sums.tenders
            ],
            kinds=[KindTotalOut(**with_measures(row, unit, "taken")) for row in sums.kinds],
            units=[
                UnitTotalOut(**with_measures(row, row.unit, "sales", "voids")) for row in sums.units
            ],
            figures={figure.name: measured(figure.amount, unit) for figure in sums.figures},
            expected=_maybe(report.expected, unit),
            results=[
                TenderResultOut(
                    tender=row.tender,
                    expected=measured(row.expected, unit),
                    counted=_maybe(row.counted, unit),
                    difference=_maybe(row.difference, unit),
                )
                for row in report.results
            ],
            pieces=_pieces(() if count is None else count.pieces, unit),
            entry=report.entry,
        )


class BeneficiaryOut(Out):
    """Whom the bank credits."""

    name: str
    bank: str
    account: str


class BankingLineOut(Out):
    """What of a deposit was paid in one way."""

    tender: str
    amount: Measure


class BankingOut(Out):
    """A deposit and its slip."""

    id: str
    code: str = Field(description="Point and number together, for paper", examples=["P1-B0042"])
    number: int = Field(description="Of the slip, without gaps per vending point")
    copy_number: int = Field(description="0 on the original; copies must be marked COPY")
    copies: int
    point: str
    at: datetime
    actor: str
    amount: Measure
    lines: list[BankingLineOut]
    shifts: list[str] = Field(description="Whose money it is")
    beneficiary: BeneficiaryOut
    reference: str
    pieces: list[PiecesOut]
    entry: int

    @classmethod
    def of(cls, banking: Banking) -> BankingOut:
        unit, to = banking.currency, banking.beneficiary
        return cls(
            id=banking.id,
            code=banking.code,
            number=banking.number,
            copy_number=banking.copy,
            copies=banking.copies,
            point=banking.point,
            at=banking.at,
            actor=banking.actor,
            amount=measured(banking.amount, unit),
            lines=[
                BankingLineOut(tender=tender.value, amount=measured(amount, unit))
                for tender, amount in banking.lines
            ],
            shifts=list(banking.shifts),
            beneficiary=BeneficiaryOut(name=to.name, bank=to.bank, account=to.account),
            reference=banking.reference,
            pieces=_pieces(banking.pieces, unit),
            entry=banking.entry,
        )


def _pieces(pieces: tuple[tuple[int, int], ...], unit: str) -> list[PiecesOut]:
    return [PiecesOut(value=measured(value, unit), pieces=number) for value, number in pieces]


def _maybe(amount: int | None, unit: str) -> Measure | None:
    return None if amount is None else measured(amount, unit)
