"""A town whose counter has drawers, and sales that are booked into them row by row."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import insert

from meters.quantities import Money
from meters.values import replace
from tests.vending.books.support import ZONE
from tests.vending.support import (
    OPERATOR,
    START,
    WATER,
    SetClock,
    Town,
    chart,
    request,
    service,
)
from vending.accounting import Bookkeeping, BookReports
from vending.drawer import (
    Bankings,
    Beneficiary,
    Count,
    Deposits,
    Drawers,
    XReports,
    checked_count,
)
from vending.ground import BookedSale, Wanted
from vending.ledger import JournalEntry, Posting, chained
from vending.parties import Actor, Role
from vending.record import SaleRecord, content_hash
from vending.sale import Tender
from vending.store import SqlStore, schema
from vending.store.books import SqlBooks
from vending.store.drawer import SqlDrawers

SAMIR = OPERATOR
RANA = Actor("Rana", Role.OPERATOR, "P1", "T2")
CHIEF = Actor("Omar", Role.SUPERVISOR, "P1", "T9")
LAYLA = Actor("Layla", Role.BILLING)
HUDA = Actor("Huda", Role.ADMINISTRATOR)
TOWN_BANK = Beneficiary("Municipality of Taffouh", "Bank of the hills", "PS00-1234")
ROLES = {
    Tender.CASH: "till",
    Tender.CARD: "cards",
    Tender.CHEQUE: "cheques",
    Tender.WALLET: "wallets",
    Tender.TRANSFER: "transfers",
}
TAX = 16
"""Percent, of what these sales take."""


def shekels(text: str) -> Money:
    return Money.from_text(text)


def count(pieces: dict[str, int], **slips: str) -> Count:
    return checked_count(pieces.items(), slips.items(), "ILS")


def counting(amount: int) -> Count:
    """Pieces that make so many agorot (tens), the largest first."""
    pieces: dict[str, int] = {"0.10": 0}
    for face in (20000, 10000, 5000, 2000, 1000, 500, 200, 100, 50, 10):
        pieces[Money(face).to_text()], amount = divmod(amount, face)
    assert amount == 0
    return count(pieces)


@dataclass
class Counter:
    """Everything of a town that drawers have to do with."""

    place: Path | str
    town: Town = field(init=False)
    sold: int = 0

    def __post_init__(self) -> None:
        self.town = Town(self.place)
        store = SqlDrawers(self.town.store)
        self.drawers = Drawers(store, chart(), self.town.clock)
        self.x_reports = XReports(store, chart(), self.town.clock)
        self.bankings = Bankings(store, chart(), self.town.clock, TOWN_BANK)
        self.books = SqlBooks(self.town.store)
        self.keeping = Bookkeeping(self.books, chart(), self.town.clock, ZONE)
        self.reports = BookReports(self.books, chart(), self.town.clock, ZONE)
        self.deposits = Deposits(self.books, self.keeping, chart())
        template_of(self.town.store)

    def sell(
        self, shift: str | None, amount: int, tender: Tender = Tender.CASH, kind: str = "credit"
    ) -> str:
        """A sale of `amount` agorot in this shift; the vend id."""
        self.sold += 1
        self.town.clock.forward(minutes=1)
        return sell_in(self.town.store, shift, f"sale-{self.sold}", amount, tender, kind)

    def void(self, vend_id: str, shift: str, amount: int, tender: Tender = Tender.CASH) -> None:
        """Takes a sale back in this shift, money and units."""
        till, vat, income = (chart().role(r) for r in (ROLES[tender], "vat_due", "sales_water"))
        tax = amount * TAX // (100 + TAX)
        entry = JournalEntry(
            at=self.town.clock(),
            kind="void",
            cause=vend_id,
            actor="Samir",
            point="P1",
            content_hash="0" * 64,
            postings=(
                Posting(till.code, "P1", "ILS", -amount),
                Posting(vat.code, "", "ILS", tax),
                Posting(income.code, "", "ILS", amount - tax),
                Posting("6120", WATER.number, "l", -1000),
                Posting("6020", "", "l", 1000),
            ),
        )
        with self.books.writing() as books:
            posted = chained(entry, books.chain_head())
            cached = chart().cached()
            books.book(posted, tuple(p for p in entry.postings if p.account in cached))
            books._db.execute(
                insert(schema.voids).values(
                    vend_id=vend_id,
                    entry=posted.number,
                    at=entry.at,
                    actor="Samir",
                    point="P1",
                    terminal="T1",
                    shift=shift,
                    evidence="not_shown",
                    reason="The wrong meter",
                    document="{}",
                )
            )

    def till(self, account: str = "1010") -> int:
        """What lies at the point, recomputed from the postings."""
        with self.books.reading() as books:
            return books.balance(account, "P1", "ILS")

    def right(self) -> bool:
        report = self.keeping.verify(HUDA)
        return report.ok

    def close(self) -> None:
        self.town.store.close()


def sell_in(
    store: SqlStore,
    shift: str | None,
    vend_id: str,
    amount: int,
    tender: Tender = Tender.CASH,
    kind: str = "credit",
    point: str = "P1",
) -> str:
    """A sale of water, booked as the counter books one that belongs to a shift."""
    template = template_of(store)
    tax = amount * TAX // (100 + TAX)
    with store.writing() as books:
        number = books.ground(_wanted(point)).points[point].receipts + 1
        head = books.chain_head()
        (token,) = template.tokens
        record = replace(
            template,
            vend_id=vend_id,
            entry=head.number + 1,
            sold_at=max(head.at or template.sold_at, template.sold_at),
            point=point,
            receipt_number=number,
            tender=tender.value,
            tendered=amount,
            balance_before=0,
            net=amount - tax,
            vat=tax,
            balance_after=0,
            quantity=1000,
            kind=kind,
            shift=shift,
            tokens=(replace(token, tid=(token.tid or 0) + head.number, quantity=1000),),
        )
        account = chart().role(ROLES[tender])
        entry = JournalEntry(
            at=record.sold_at,
            kind="sale",
            cause=vend_id,
            actor=record.operator,
            point=point,
            content_hash=content_hash(record),
            postings=(
                *_moved(account.code, point, amount),
                *_moved("2020", "", -tax),
                *_moved("4020", "", tax - amount),
                Posting("6120", record.meter, "l", 1000),
                Posting("6020", "", "l", -1000),
            ),
        )
        posted = chained(entry, head)
        cached = chart().cached()
        kept = tuple(p for p in entry.postings if p.account in cached)
        books.book([BookedSale(record, posted, kept)])
    return vend_id


def _wanted(point: str) -> Wanted:
    return Wanted((), (), [point], (), (), (), "2010")


def _moved(account: str, holder: str, amount: int) -> tuple[Posting, ...]:
    return (Posting(account, holder, "ILS", amount),) if amount else ()


def template_of(store: SqlStore, since: datetime = START) -> SaleRecord:
    """The first sale of water there is; without one, it is made by the service, at `since` if the
    books are empty."""
    with store.reading() as books:
        found, last = books.sales(meter=WATER.number, limit=1000), books.chain_head().at
    if not found:
        clock = SetClock(last or since)
        service(store, clock).vend(OPERATOR, request("before-all", WATER, "1.00"))
        return template_of(store)
    return found[-1]
