"""A day on which everything happens that a sale can be: its meter is a simulated one with a token
log of its own, and everything that a sale told is kept, to be added up by hand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from meters.gateway import Gateway
from meters.identity import Drn
from meters.quantities import Money
from simulators.direct import DirectGateway
from simulators.payment_meter import PaymentMeter
from tests.vending.books.support import BILLING, CHIEF, ZONE, move
from tests.vending.meters import in_town
from tests.vending.support import (
    ADMIN,
    OPERATOR,
    POWER,
    SGC,
    START,
    TEST_KEY,
    WATER,
    SetClock,
    chart,
    new_store,
    service,
    tariffs,
)
from tests.vending.support import town as plain_town
from tokens.sts import (
    BaseDate,
    Dkga,
    KeyAttributes,
    KeyRecord,
    KeyRef,
    KeyType,
    MemorySecurityModule,
    VendingKey,
)
from vending.accounting import Bookkeeping, BookReports, DailyClosing
from vending.accounts import Accounts
from vending.aftersale import Void
from vending.operators import Operator, Settlement
from vending.parties import Actor, Meter, Registration, Role
from vending.requests import (
    Allowance,
    BasketRequest,
    Credit,
    DebtPayment,
    Engineering,
    FreeIssue,
    Item,
    SecondPerson,
    Transfer,
    Units,
)
from vending.sale import Payment, SaleReceipt, Tender
from vending.store.accounts import SqlAccounts
from vending.store.approvals import SqlPeople
from vending.store.books import SqlBooks
from vending.store.schema import metadata
from vending.tariff import Label, Percentage

T = metadata.tables
SOCIAL, MOVING, OLD = (Drn.from_serial("01", 5000 + place) for place in range(3))
P, W = POWER.number, WATER.number
HEAD = Actor("Omar", Role.SUPERVISOR, "P1", "T9")
RANA = Actor("Rana", Role.OPERATOR, "P2", "T7")
"""Sells on deposit, for a commission."""
SECOND = SecondPerson("Layla", "The meter was faulty", "a-1")
WHY = "The wrong customer"
DAY, BEFORE = "2026-11-23", "2026-11-22"


def ils(text: str) -> Money:
    return Money.from_text(text)


def key(krn: int) -> KeyRecord:
    attributes = KeyAttributes(
        ref=KeyRef(SGC, krn),
        dkga=Dkga.DKGA04,
        key_type=KeyType.DUTK,
        base_date=BaseDate.BASE_2014,
    )
    return KeyRecord(attributes, VendingKey(TEST_KEY[:-1] + bytes([krn])))


def parties() -> Registration:
    made = plain_town(3)
    agreements = tuple(
        replace(a, tariff="electricity-social") if a.meter == SOCIAL else a for a in made.agreements
    )
    return replace(made, agreements=agreements)


def meter_of(clock: SetClock) -> PaymentMeter:
    """The one at POWER; empty, with the key that the books say."""
    return in_town(secret=key(1).secret, now=clock())


@dataclass
class MixedDay:
    """The evening before, and the day itself, as it went. The clock stands in its evening."""

    place: Path | str
    clock: SetClock = field(default_factory=lambda: SetClock(START - timedelta(days=1)))
    sold: dict[str, SaleReceipt] = field(default_factory=dict)
    voids: dict[str, Void] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store = new_store(self.place)
        self.meter = meter_of(self.clock)
        gateway = DirectGateway(self.meter, POWER, self.clock)

        def gateway_for(wanted: Meter) -> Gateway:
            assert wanted.number == POWER
            return gateway

        keys = MemorySecurityModule([key(1), key(2)])
        self.service = service(self.store, self.clock, gateway_for=gateway_for, security=keys)
        self.service.register(ADMIN, parties())
        self.books = SqlBooks(self.store)
        self.accounts = Accounts(SqlAccounts(self.store), tariffs(), chart(), self.clock, ZONE)
        self.keeping = Bookkeeping(self.books, chart(), self.clock, ZONE, self.accounts.follow)
        self.reports = BookReports(self.books, chart(), self.clock, ZONE, keys)
        self.closing = DailyClosing(self.reports, self.keeping, self.clock, ZONE)
        with SqlPeople(self.store).writing() as people:
            rana = Operator("rana", "رنا", "Rana", Settlement.DEPOSIT, 5_000, commission="2.5")
            people.add_operator(rana)
        self._evening_before()
        self.clock.forward(hours=22)
        self._day()

    def close(self) -> None:
        self.store.close()

    def sell(
        self,
        vend_id: str,
        *items: Item,
        by: Actor = OPERATOR,
        paid: tuple[Payment, ...] = (),
        hold: bool = False,
        second: SecondPerson | None = None,
    ) -> tuple[SaleReceipt, ...]:
        self.clock.forward(minutes=3)
        asked = BasketRequest(vend_id, items, paid, hold, second)
        receipts = self.service.vend_basket(by, asked).receipts
        self.sold.update({receipt.vend_id: receipt for receipt in receipts})
        return receipts

    def void(self, vend_id: str, by: Actor = HEAD) -> None:
        self.clock.forward(minutes=2)
        self.voids[vend_id] = self.service.void(by, vend_id, WHY)

    def refund(self, vend_id: str) -> None:
        self.clock.forward(minutes=2)
        give_back = self.service._voiding.refund
        # The money goes out where it came in.
        seller = self.service.what_became(HEAD, vend_id).receipt.seller
        there = replace(HEAD, point=seller.point)
        self.voids[vend_id] = give_back(there, vend_id, "Layla", WHY, f"refund-{vend_id}")

    def type_in(self, digits: str) -> bool:
        return self.meter.enter_token(digits, self.clock()).result.is_taken

    def _evening_before(self) -> None:
        self.keeping.adjust(
            BILLING, "DEP-1", move(("1120", ""), ("2030", "rana"), 50_000), "Paid in"
        )
        self.keeping.approve(CHIEF, "DEP-1")
        self.sell("y-1", Credit(W, ils("40.00")))
        self.sell("y-2", Credit(W, ils("15.05")), hold=True)

    def _day(self) -> None:
        arrears = Label("ذمم سابقة", "Arrears")
        quarter = Percentage("25")
        reason = ("From the old ledger", "Bill 2025/114")
        self.accounts.add_debt(BILLING, "A1", "arrears", arrears, ils("150.00"), quarter, *reason)
        # What it left on the balance is not spent yet.
        self.void("y-2")
        by_card = Payment(Tender.CARD, ils("30.00"), "slip 7")
        # Electricity and water for so many units, by card and cash, rounded to the coin.
        self.sell(
            "b-1",
            Credit(P, Units("33.3")),
            Credit(W, Units("2.6")),
            paid=(by_card, Payment(Tender.CASH, ils("100.00"))),
        )
        self.sell("d-1", DebtPayment(P, ils("20.00")), paid=(Payment(Tender.WALLET, ils("20.00")),))
        self.sell("c-1", Credit(P, ils("50.00")), paid=(Payment(Tender.CHEQUE, ils("50.00"), "9"),))
        self.sell("al-1", Allowance(SOCIAL.number))
        self.sell("f-1", FreeIssue(P, Units("5")), by=HEAD, second=SECOND)
        self.sell("t-1", Transfer(P, Units("2.5"), OLD.number), by=HEAD, second=SECOND)
        limit = Engineering(P, "set_maximum_power_limit", (("limit_w", "5000"),))
        self.sell("e-1", limit, by=HEAD, second=SECOND)
        self._plan_key_change()
        self.sell("k-1", Credit(MOVING.number, ils("25.00")), Credit(MOVING.number, ils("5.00")))
        self.sell("r-1", Credit(W, ils("80.00")), by=RANA)
        cash = Payment(Tender.CASH, ils("200.00"))
        self.sell("r-2", Credit(W, Units("3.3")), Credit(P, Units("7.7")), by=RANA, paid=(cash,))
        self.sell("r-3", Credit(W, Units("1.7")), by=RANA, paid=(cash,))
        self.sell("r-4", Credit(W, ils("12.00")), by=RANA, hold=True)
        self.void("r-4", replace(HEAD, point="P2"))
        self.sell("m-1", Credit(W, Units("5.7")), paid=(by_card, cash))
        self.sell("v-1", Credit(W, Units("1.3")), Credit(W, ils("9.95")), hold=True)
        self.sell("v-2", Credit(P, ils("10.00")))
        # Nobody has seen the digits of these.
        self.void("v-1+2")
        self.void("v-1")
        # By the meter's log: it was not typed in.
        self.void("v-2")
        self.refund("m-1")
        self.refund("r-3")
        self.clock.forward(minutes=30)

    def _plan_key_change(self) -> None:
        with self.store.writing() as books:
            books._db.execute(
                T["meters"]
                .update()
                .where(T["meters"].c.number == MOVING.number)
                .values(next_sgc=SGC, next_krn=2, next_ti=1)
            )
