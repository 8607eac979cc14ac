"""Statements and takings as JSON."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from ..accounting import (
    AccountStatement,
    CustomerStatement,
    OperatorStatement,
    Taking,
)
from .base import Measure, Name, Out
from .books import measured, with_measures


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
                StatementLineOut(**with_measures(line, found.unit, "amount"))
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
    net: Measure = Field(description="All but the tax: units, charges and debts that were paid")
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
                    **with_measures(line, money, "paid", "net", "vat", "debts", "owed"),
                    units=measured(line.quantity, line.unit) if line.quantity else None,
                    carried=measured(line.balance, money),
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
        return cls(**with_measures(row, row.currency, "amount", "given_back", "net"))


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
                DepositLineOut(**with_measures(line, money, "amount", "balance"))
                for line in found.lines
            ],
        )
