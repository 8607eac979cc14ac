"""Who holds what of an account, and what sales were made of, as JSON."""

from __future__ import annotations

from pydantic import Field

from ..accounting import AccountHolders, BreakdownRow
from .base import Measure, Name, Out
from .books import measured


class HolderOut(Out):
    """One holder's share of an account."""

    holder: str = Field(description="Code of a point or operator, number of an agreement or meter")
    name: Name = Field(description="Empty where there is none on record")
    amount: Measure = Field(description="Debit positive")


class AccountHoldersOut(Out):
    """Who holds what of an account; the sum is what stands in it."""

    account: str
    total: Measure
    holders: list[HolderOut]

    @classmethod
    def of(cls, found: AccountHolders) -> AccountHoldersOut:
        return cls(
            account=found.account,
            total=measured(found.total, found.unit),
            holders=[
                HolderOut(
                    holder=row.holder,
                    name=Name(ar=row.name_ar, en=row.name_en),
                    amount=measured(row.amount, found.unit),
                )
                for row in found.rows
            ],
        )


class BreakdownOut(Out):
    """Lines of sales of one kind in one account."""

    account: str = Field(description="Of the ledger, in which it is booked")
    commodity: str
    kind: str = Field(
        description="`units`, `charge`, `tax`, `support`, `debt`, or `tax_contained`: a tax taken "
        "out of the prices that contain it"
    )
    code: str = Field(description="Of a charge or support, also on its tax; else empty")
    name: Name = Field(description="Of a charge or support; else empty")
    rate: str = Field(description="Price of a unit, or percentage; else empty")
    payer: str = Field(description="Who bears a support; else empty")
    sales: int = Field(description="Lines of sales")
    amount: Measure = Field(description="Supports and contained taxes are below 0")
    voids: int = Field(description="Lines of voids, on their own day; refunds take nothing back")
    taken_back: Measure
    net: Measure
    base: Measure | None = Field(
        description="Units sold or supported, or money that was taxed, voids taken off"
    )

    @classmethod
    def of(cls, row: BreakdownRow) -> BreakdownOut:
        return cls(
            account=row.account,
            commodity=row.commodity,
            kind=row.kind,
            code=row.code,
            name=Name(ar=row.name_ar, en=row.name_en),
            rate=row.rate,
            payer=row.payer,
            sales=row.sales,
            amount=measured(row.amount, row.currency),
            voids=row.voids,
            taken_back=measured(row.taken_back, row.currency),
            net=measured(row.net, row.currency),
            base=measured(row.base, row.unit) if row.unit else None,
        )
