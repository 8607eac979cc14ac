"""X and Z reports of a shift. Each that is kept is one canonical document and never changed; that
of an X report is in `x_report.py`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..ledger import canonical_json, canonical_time
from ..sale import Tender
from .counting import Count
from .shifts import CashMove, Close, MoveKind, Shift
from .tally import Figure, KindTotal, Tally, TenderTotal, UnitTotal


@dataclass(frozen=True, slots=True)
class TenderResult:
    """One way of paying at the close. The difference of cash is booked; that of slips is told
    and has to be found."""

    tender: str
    expected: int
    counted: int | None
    """None where its slips were not counted."""

    @property
    def difference(self) -> int | None:
        """Below zero: missing."""
        return None if self.counted is None else self.counted - self.expected


@dataclass(frozen=True, slots=True)
class ShiftReport:
    """A shift as it stands or stood (X), or as it was closed (Z)."""

    shift: Shift
    at: datetime
    """When it was made: of a Z, the closing."""
    actor: str
    """Who made it: of a Z, who closed."""
    moves: tuple[CashMove, ...]
    tally: Tally
    before: str
    """Hash of the Z report before it at this terminal."""
    count: Count | None = None
    """What was counted; None on an X report."""
    entry: int | None = None
    """The entry that booked the difference."""
    copy: int = 0
    """1, 2, ... on copies, which must be marked COPY."""
    copies: int = 0
    """How many copies have been printed."""
    blind: bool = False
    """Whether the expected cash is kept back."""
    id: str = ""
    """Of an X report that was taken; empty where the shift is only looked at."""
    number: int = 0
    """Of an X report that was taken: 1, 2, ... within its shift."""
    x_reports: tuple[str, ...] = ()
    """Of a Z: the hashes of the X reports that were taken before it, by number."""

    @property
    def is_z(self) -> bool:
        return self.count is not None

    @property
    def code(self) -> str:
        """Shift and report together, for paper: `P1-S0042-Z`, `P1-S0042-X2`."""
        mark = "Z" if self.is_z else f"X{self.number or ''}"
        return f"{self.shift.code}-{mark}"

    @property
    def expected(self) -> int | None:
        """Cash by the books; None where it is kept back."""
        return None if self.blind else self.tally.expected

    @property
    def results(self) -> tuple[TenderResult, ...]:
        """Of a Z: expected and counted by way of paying, cash first."""
        if self.count is None:
            return ()
        counted: dict[Tender, int] = dict(self.count.slips)
        cash = TenderResult(Tender.CASH.value, self.tally.expected, self.count.cash)
        others = (tender for tender in Tender if tender not in (Tender.CASH, Tender.MIXED))
        return (
            cash,
            *(
                TenderResult(tender.value, self.tally.net(tender), counted.get(tender))
                for tender in others
                if tender in counted or any(r.tender == tender.value for r in self.tally.tenders)
            ),
        )


def z_document(report: ShiftReport) -> str:
    """A Z report as it is kept, without what belongs to its row (the entry, copies)."""
    sums, count = report.tally, report.count
    assert count is not None
    told = {
        **report_fields(report),
        "closed_at": canonical_time(report.at),
        "closed_by": report.actor,
        "expected": sums.expected,
        "counted": count.cash,
        "pieces": count.pieces,
        "slips": [[tender.value, amount] for tender, amount in count.slips],
    }
    if report.x_reports:
        # Left out where there are none: so are they of shifts that were closed before any was kept.
        told["x_reports"] = report.x_reports
    return canonical_json(told).decode("ascii")


def z_report(close: Close, copies: int = 0) -> ShiftReport:
    """The Z report that `z_document` was given, from its row."""
    data: dict[str, Any] = json.loads(close.document)
    return report_from(
        data,
        at=datetime.fromisoformat(data["closed_at"]),
        actor=data["closed_by"],
        count=Count(
            tuple((value, pieces) for value, pieces in data["pieces"]),
            tuple((Tender(tender), amount) for tender, amount in data["slips"]),
        ),
        entry=close.entry,
        copies=copies,
        x_reports=tuple(data.get("x_reports", ())),
    )


def report_fields(report: ShiftReport) -> dict[str, object]:
    """What the documents of X and Z reports have in common: the shift, and its sums."""
    shift, sums = report.shift, report.tally
    return {
        "shift": [
            shift.id,
            shift.number,
            shift.point,
            shift.terminal,
            shift.operator,
            canonical_time(shift.opened_at),
            shift.currency,
            shift.opening_float,
        ],
        "moves": [
            [m.id, m.kind.value, m.amount, m.reason, canonical_time(m.at), m.actor, m.entry]
            for m in report.moves
        ],
        "cash": [sums.opening_float, sums.cash_in, sums.cash_out],
        "sales": sums.sales,
        "voids": sums.voids,
        "tenders": sums.tenders,
        "kinds": sums.kinds,
        "units": sums.units,
        "figures": sums.figures,
        "before": report.before,
    }


def report_from(data: dict[str, Any], **own: Any) -> ShiftReport:
    """The report whose `report_fields` these are; `own` are the other fields of its kind."""
    id, number, point, terminal, operator, opened_at, currency, opening_float = data["shift"]
    opening, cash_in, cash_out = data["cash"]
    return ShiftReport(
        shift=Shift(
            id, number, point, terminal, operator, _moment(opened_at), currency, opening_float
        ),
        moves=tuple(
            CashMove(move, id, MoveKind(kind), amount, reason, _moment(at), actor, entry)
            for move, kind, amount, reason, at, actor, entry in data["moves"]
        ),
        tally=Tally(
            opening_float=opening,
            cash_in=cash_in,
            cash_out=cash_out,
            sales=data["sales"],
            voids=data["voids"],
            tenders=tuple(TenderTotal(*row) for row in data["tenders"]),
            kinds=tuple(KindTotal(*row) for row in data["kinds"]),
            units=tuple(UnitTotal(*row) for row in data["units"]),
            figures=tuple(Figure(*row) for row in data["figures"]),
        ),
        before=data["before"],
        **own,
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
