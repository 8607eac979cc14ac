"""Bookkeeping over the small municipality of `tests.vending.support`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.vending.support import OPERATOR, POWER, WATER, Town, chart, request
from vending.accounting import Bookkeeping, BookReports, DailyClosing, DayClosed, PeriodAct
from vending.ledger import Posting
from vending.parties import Actor, Role
from vending.store.books import SqlBooks

ZONE = ZoneInfo("Asia/Hebron")
BILLING = Actor("Layla", Role.BILLING)
CHIEF = Actor("Omar", Role.SUPERVISOR)
SECOND = Actor("Nadia", Role.SUPERVISOR)


@dataclass
class Office:
    """A town with its bookkeepers."""

    town: Town
    books: SqlBooks = field(init=False)
    keeping: Bookkeeping = field(init=False)
    reports: BookReports = field(init=False)

    def __post_init__(self) -> None:
        self.books = SqlBooks(self.town.store)
        self.keeping = Bookkeeping(self.books, chart(), self.town.clock, ZONE)
        self.reports = BookReports(
            self.books, chart(), self.town.clock, ZONE, self.town.service.ports.security
        )

    def sell(self, *vend_ids: str, amount: str = "50.05") -> None:
        """Electricity under odd places, water under even ones; some minutes apart."""
        for place, vend_id in enumerate(vend_ids, start=1):
            self.town.clock.forward(minutes=3)
            meter = POWER if place % 2 else WATER
            self.town.service.vend(OPERATOR, request(vend_id, meter, amount))

    @property
    def closing(self) -> DailyClosing:
        return DailyClosing(self.reports, self.keeping, self.town.clock, ZONE)

    def check_days(self) -> list[DayClosed]:
        """What the server does after midnight: every day that is over is checked and sealed."""
        return list(self.closing.close_due(BILLING))

    def close_month(self, month: str) -> PeriodAct:
        """With its days checked before."""
        self.check_days()
        return self.keeping.close(BILLING, month)

    def close(self) -> None:
        self.town.store.close()


def office(path: Path) -> Office:
    return Office(Town(path))


def move(debit: tuple[str, str], credit: tuple[str, str], amount: int) -> tuple[Posting, ...]:
    """From one account to another, in agorot."""
    return (Posting(*debit, "ILS", amount), Posting(*credit, "ILS", -amount))


SHORT = move(("5010", ""), ("1010", "P1"), 500)
"""Five shekels are missing in a till."""
