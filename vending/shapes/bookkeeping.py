"""Adjustments, periods, balances and seals as JSON."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from ..accounting import (
    Adjustment,
    BalanceRow,
    DayClosed,
    Difference,
    PeriodAct,
    TrialBalance,
)
from ..ledger import Account, Chart, Posting, Seal
from .base import Measure, Name, Out
from .books import PostingOut, measured
from .dailycheck import DailyCheckOut, DifferenceOut, RangeOut


class SumOut(Out):
    """What stands in one account."""

    account: str
    amount: Measure


class SealOut(Out):
    """A daily seal. Keep `code` outside: it shows if the books are ever cut off or rewritten."""

    number: int
    code: str = Field(description="Short enough to read aloud; for `verify --against`")
    day: str
    sealed_at: datetime
    actor: str
    entry: int
    entry_hash: str
    hash: str
    sums: list[SumOut]
    receipts: list[RangeOut] = Field(description="Since the seal before")
    tokens: dict[str, int] = Field(description="Issued since the seal before, by kind")
    differences: list[DifferenceOut] | None = Field(
        description="What the check of the day had found; null: it was not checked"
    )

    @classmethod
    def of(cls, seal: Seal) -> SealOut:
        content = seal.content
        return cls(
            number=seal.number,
            code=seal.code,
            day=seal.day,
            sealed_at=seal.sealed_at,
            actor=seal.actor,
            entry=seal.entry,
            entry_hash=seal.entry_hash,
            hash=seal.hash,
            sums=[SumOut(account=a, amount=measured(n, unit)) for a, unit, n in content.sums],
            receipts=[
                RangeOut(point=r.point, first=r.first, last=r.last, receipts=r.held)
                for r in content.receipts
            ],
            tokens={count.kind: count.tokens for count in content.tokens},
            differences=(
                None
                if content.differences is None
                else [DifferenceOut.of(Difference(*one)) for one in content.differences]
            ),
        )


class DayClosedOut(Out):
    """A day that was checked and sealed."""

    check: DailyCheckOut
    seal: SealOut | None = Field(
        description="null: a later state is sealed already, and nothing keeps this check"
    )

    @classmethod
    def of(cls, closed: DayClosed) -> DayClosedOut:
        seal = None if closed.seal is None else SealOut.of(closed.seal)
        return cls(check=DailyCheckOut.of(closed.check), seal=seal)


class AdjustmentOut(Out):
    """A request for an entry, and what became of it."""

    id: str
    kind: str = Field(description="`adjustment`, `write_off` or `reversal`")
    state: str = Field(description="`pending`, `posted` or `voided`")
    requested_at: datetime
    requested_by: str
    reason: str
    lines: list[PostingOut]
    reverses: int | None = Field(description="Number of the entry that it takes back")
    booked_on: str | None
    decided_at: datetime | None
    decided_by: str | None
    note: str
    entry: int | None = Field(description="The journal entry that it became")

    @classmethod
    def of(cls, one: Adjustment) -> AdjustmentOut:
        decision = one.decision
        return cls(
            id=one.id,
            kind=one.kind.value,
            state=one.state.value,
            requested_at=one.requested_at,
            requested_by=one.requested_by,
            reason=one.reason,
            lines=[_line(line) for line in one.lines],
            reverses=one.reverses,
            booked_on=one.booked_on,
            decided_at=None if decision is None else decision.at,
            decided_by=None if decision is None else decision.actor,
            note="" if decision is None else decision.note,
            entry=None if decision is None else decision.entry,
        )


class BalanceOut(Out):
    """One account of a trial balance; debit positive."""

    account: str
    name: Name
    opening: Measure
    debit: Measure
    credit: Measure
    closing: Measure

    @classmethod
    def of(cls, row: BalanceRow, chart: Chart) -> BalanceOut:
        return cls(
            account=row.account,
            name=_name(chart.find(row.account), row.account),
            opening=measured(row.opening, row.unit),
            debit=measured(row.debit, row.unit),
            credit=measured(row.credit, row.unit),
            closing=measured(row.closing, row.unit),
        )


class TrialBalanceOut(Out):
    """Every account that was ever used."""

    balanced: bool = Field(description="The closing balances sum to zero in each unit")
    accounts: list[BalanceOut]

    @classmethod
    def of(cls, balance: TrialBalance, chart: Chart) -> TrialBalanceOut:
        return cls(
            balanced=not balance.off(),
            accounts=[BalanceOut.of(row, chart) for row in balance.rows],
        )


class PeriodActOut(Out):
    """One closing or reopening of a month, with the trial balance that was kept."""

    number: int
    month: str
    act: str = Field(description="`closed` or `reopened`")
    at: datetime
    actor: str
    reason: str
    closed_until: datetime | None = Field(description="Nothing is booked before this moment")
    entry: int
    hash: str
    balances: list[BalanceOut]

    @classmethod
    def of(cls, act: PeriodAct, chart: Chart) -> PeriodActOut:
        return cls(
            number=act.number,
            month=act.month,
            act=act.act.value,
            at=act.at,
            actor=act.actor,
            reason=act.reason,
            closed_until=act.closed_until,
            entry=act.entry,
            hash=act.hash,
            balances=[BalanceOut.of(row, chart) for row in act.balances],
        )


def _line(line: Posting) -> PostingOut:
    return PostingOut(
        account=line.account, holder=line.holder, amount=measured(line.amount, line.unit)
    )


def _name(account: Account | None, code: str) -> Name:
    return (
        Name(ar=code, en=code) if account is None else Name(ar=account.name_ar, en=account.name_en)
    )
