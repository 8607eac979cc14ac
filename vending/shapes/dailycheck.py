"""The daily check as JSON."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from ..accounting import (
    DailyCheck,
    Difference,
)
from .base import Measure, Out
from .books import with_measures


class RangeOut(Out):
    """Receipts of one point."""

    point: str
    first: int
    last: int
    receipts: int


class KeyUseOut(Out):
    """Tokens of one kind issued under one vending key."""

    sgc: str
    krn: int
    kind: str
    tokens: int
    sales: int
    opened: int | None = Field(
        description="Those that the vending key opened and found to be what the books say; null: "
        "the key is not held"
    )


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
                MoneyCountOut(**with_measures(row, row.unit, "told", "booked", "back"))
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
