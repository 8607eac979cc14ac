"""Seals, periods, adjustments, balances and statements as JSON."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from ..accounting import (
    AccountStatement,
    Adjustment,
    BalanceRow,
    CustomerStatement,
    DailyCheck,
    Difference,
    OperatorStatement,
    PeriodAct,
    Taking,
    TrialBalance,
)
from ..ledger import Account, Chart, Posting, Seal
from .base import Measure, Name, Out
from .books import PostingOut, measured


class SumOut(Out):
    """What stands in one account."""

    account: str
    amount: Measure


class RangeOut(Out):
    """Receipts of one point."""

    point: str
    first: int
    last: int
    receipts: int


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


class StatementLineOut(Out):
    """One posting to an account."""

    entry: int
    at: datetime
    kind: str
    cause: str
    actor: str
    holder: str
    receipt: str
    amount: Measure


class AccountStatementOut(Out):
    """The postings to an account between two balances."""

    account: str
    holder: str
    opening: Measure
    closing: Measure
    lines: list[StatementLineOut]

    @classmethod
    def of(cls, found: AccountStatement) -> AccountStatementOut:
        return cls(
            account=found.account,
            holder=found.holder,
            opening=measured(found.opening, found.unit),
            closing=measured(found.closing, found.unit),
            lines=[
                StatementLineOut(**{**line._asdict(), "amount": measured(line.amount, found.unit)})
                for line in found.lines
            ],
        )


class CustomerLineOut(Out):
    """One sale, a void or refund of one, or another entry that moved what is carried or owed."""

    entry: int
    at: datetime
    kind: str = Field(description="Of the entry: `sale`, `payment`, `void`, `refund`, ...")
    sale_kind: str = Field(description="What the sale is for, also on its void; else empty")
    receipt: str
    paid: Measure
    net: Measure
    vat: Measure
    units: Measure | None
    debts: Measure = Field(description="Moved of what is owed from before; below 0: paid")
    owed: Measure = Field(description="Of debts, after this line")
    carried: Measure = Field(description="To the next sale, after this line")
    tokens: int = Field(description="How many; their digits are on the receipts alone")


class CustomerStatementOut(Out):
    """What one agreement bought, and what it carries."""

    agreement: str
    account: str
    name: Name
    meter: str
    opening: Measure
    closing: Measure
    opening_owed: Measure = Field(description="Of debts")
    closing_owed: Measure
    lines: list[CustomerLineOut]

    @classmethod
    def of(cls, found: CustomerStatement) -> CustomerStatementOut:
        money = found.currency
        return cls(
            agreement=found.agreement,
            account=found.account,
            name=Name(ar=found.name_ar, en=found.name_en),
            meter=found.meter,
            opening=measured(found.opening, money),
            closing=measured(found.closing, money),
            opening_owed=measured(found.opening_owed, money),
            closing_owed=measured(found.closing_owed, money),
            lines=[
                CustomerLineOut(
                    entry=line.entry,
                    at=line.at,
                    kind=line.kind,
                    sale_kind=line.sale_kind,
                    receipt=line.receipt,
                    paid=measured(line.paid, money),
                    net=measured(line.net, money),
                    vat=measured(line.vat, money),
                    units=measured(line.quantity, line.unit) if line.quantity else None,
                    debts=measured(line.debts, money),
                    owed=measured(line.owed, money),
                    carried=measured(line.balance, money),
                    tokens=line.tokens,
                )
                for line in found.lines
            ],
        )


class TakingOut(Out):
    """What one operator took at one point on one day in one way of paying."""

    point: str
    day: str
    operator: str
    tender: str = Field(description="A part of a payment; `no_money` for sales that took none")
    on_deposit: bool = Field(description="Set off against the operator's deposit")
    sales: int
    amount: Measure
    voids: int = Field(description="Voids and refunds, on their own day")
    given_back: Measure = Field(description="Zero or below")
    net: Measure

    @classmethod
    def of(cls, row: Taking) -> TakingOut:
        return cls(
            point=row.point,
            day=row.day,
            operator=row.operator,
            tender=row.tender,
            on_deposit=row.on_deposit,
            sales=row.sales,
            amount=measured(row.amount, row.currency),
            voids=row.voids,
            given_back=measured(row.given_back, row.currency),
            net=measured(row.net, row.currency),
        )


class DepositLineOut(Out):
    """One entry that moved an operator's deposit."""

    entry: int
    at: datetime
    kind: str
    cause: str
    actor: str
    receipt: str
    amount: Measure = Field(description="Above 0: paid in or earned; below 0: sold")
    balance: Measure = Field(description="After this line; below 0: owed by the operator")


class OperatorStatementOut(Out):
    """What one operator sold, and what became of their deposit."""

    operator: str
    name: Name
    settlement: str = Field(description="`till` or `deposit`; empty: not registered")
    sales: int
    voids: int
    takings: list[TakingOut]
    commission: Measure = Field(description="Earned, voids taken off")
    opening: Measure = Field(description="Of the deposit")
    closing: Measure
    lines: list[DepositLineOut]

    @classmethod
    def of(cls, found: OperatorStatement) -> OperatorStatementOut:
        money = found.currency
        return cls(
            operator=found.operator,
            name=Name(ar=found.name_ar, en=found.name_en),
            settlement=found.settlement,
            sales=found.sales,
            voids=found.voids,
            takings=[TakingOut.of(row) for row in found.takings],
            commission=measured(found.commission, money),
            opening=measured(found.opening, money),
            closing=measured(found.closing, money),
            lines=[
                DepositLineOut(
                    **{
                        **line._asdict(),
                        "amount": measured(line.amount, money),
                        "balance": measured(line.balance, money),
                    }
                )
                for line in found.lines
            ],
        )


class KeyUseOut(Out):
    """Tokens of one kind issued under one vending key."""

    sgc: str
    krn: int
    kind: str
    tokens: int
    sales: int


class MoneyCountOut(Out):
    """Money of sales in one account."""

    account: str
    holder: str
    told: Measure = Field(description="As the sales tell it; debit positive")
    booked: Measure
    back: Measure = Field(description="Moved by voids and refunds")


class DifferenceOut(Out):
    """Two counts that must agree and do not."""

    what: str
    where: str
    expected: int
    found: int

    @classmethod
    def of(cls, one: Difference) -> DifferenceOut:
        return cls(**one._asdict())


class KeptCheckOut(Out):
    """What a check had found when the day was sealed."""

    seal: int
    at: datetime
    actor: str
    differences: list[DifferenceOut]


class DailyCheckOut(Out):
    """Tokens issued = ledger = receipts, and money as told = money as booked."""

    ok: bool
    day: str
    first_entry: int
    last_entry: int
    sales: int
    baskets: int = Field(description="Sales that were paid together share a receipt")
    tokens: int
    voids: int
    refunds: int
    keys: list[KeyUseOut]
    receipts: list[RangeOut]
    money: list[MoneyCountOut]
    differences: list[DifferenceOut]
    kept: KeptCheckOut | None = Field(description="The check that the day's last seal keeps")

    @classmethod
    def of(cls, check: DailyCheck) -> DailyCheckOut:
        return cls(
            ok=check.ok,
            day=check.day,
            first_entry=check.first_entry,
            last_entry=check.last_entry,
            sales=check.sales,
            baskets=check.baskets,
            tokens=check.tokens,
            voids=check.voids,
            refunds=check.refunds,
            keys=[KeyUseOut(**key._asdict()) for key in check.keys],
            receipts=[
                RangeOut(point=r.point, first=r.first, last=r.last, receipts=r.held)
                for r in check.receipts
            ],
            money=[
                MoneyCountOut(
                    account=row.account,
                    holder=row.holder,
                    told=measured(row.told, row.unit),
                    booked=measured(row.booked, row.unit),
                    back=measured(row.back, row.unit),
                )
                for row in check.money
            ],
            differences=[DifferenceOut.of(one) for one in check.differences],
            kept=None
            if (kept := check.kept) is None
            else KeptCheckOut(
                seal=kept.seal,
                at=kept.at,
                actor=kept.actor,
                differences=[DifferenceOut.of(one) for one in kept.differences],
            ),
        )


def _line(line: Posting) -> PostingOut:
    return PostingOut(
        account=line.account, holder=line.holder, amount=measured(line.amount, line.unit)
    )


def _name(account: Account | None, code: str) -> Name:
    return (
        Name(ar=code, en=code) if account is None else Name(ar=account.name_ar, en=account.name_en)
    )
