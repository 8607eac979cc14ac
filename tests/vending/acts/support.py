"""A town whose meters run, its approvals with the acts of sales, and the people who decide."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from meters.account import Commodity
from meters.gateway import Gateway, MeterUnreachable
from meters.identity import Drn
from meters.quantities import Money
from meters.verdicts import TokenResult
from simulators.direct import DirectGateway
from simulators.payment_meter import PaymentMeter
from tests.vending.meters import in_town
from tests.vending.support import (
    ADMIN,
    OPERATOR,
    POWER,
    SGC,
    TECHNICIAN,
    WATER,
    Town,
    chart,
    tariffs,
)
from tokens.sts import EncryptionAlgorithm
from vending.accounting import BookReports
from vending.accounts import Accounts
from vending.acts import Exchanges, NewMeter, Source, sale_acts
from vending.approvals import Approvals, Outcome, own_acts
from vending.messages import LOCAL_ZONE
from vending.outbox import OutboxPlan
from vending.parties import Meter, Role
from vending.ports import Ports
from vending.requests import Units
from vending.sale import SaleReceipt, VendRequest
from vending.service import VendingService
from vending.store.accounts import SqlAccounts
from vending.store.acts import SqlActs
from vending.store.approvals import SqlPeople
from vending.store.books import SqlBooks
from vending.store.schema import metadata

T = metadata.tables
P, W = POWER.number, WATER.number
NEXT_DOOR = Drn.from_serial("01", 5000)
"""The meter of agreement A3."""
FRESH = Drn.from_serial("01", 7001)
"""A meter from the shelf."""
CLERK = OPERATOR
CHIEF = replace(OPERATOR, name="Layla", role=Role.SUPERVISOR, terminal="T9")
OTHER_CHIEF = replace(CHIEF, name="Omar")
RAMI = TECHNICIAN
WHY = "The meter was tested twice"


@dataclass
class Office:
    """Everything that a test needs."""

    town: Town
    meters: dict[Drn, PaymentMeter]
    service: VendingService
    approvals: Approvals
    exchanges: Exchanges
    accounts: Accounts
    reports: BookReports

    def sell(self, vend_id: str, meter: str = P, amount: int = 5000) -> SaleReceipt:
        self.town.clock.forward(minutes=3)
        return self.service.vend(CLERK, VendRequest(vend_id, meter, Money(amount)))

    def ask(self, id: str, act: str, reason: str = WHY, **document: Any) -> None:
        self.approvals.request(CLERK, id, act, document, reason)

    def approve(self, id: str) -> Any:
        return self.outcome(id).outcome

    def outcome(self, id: str) -> Outcome:
        self.town.clock.forward(minutes=3)
        return self.approvals.approve(CHIEF, id)

    def failure(self, id: str) -> str:
        """Why the last attempt at what was approved was not done, as it is kept."""
        failure = self.approvals.approval(CHIEF, id).steps[-1].failure
        return "" if failure is None else failure.code

    def acts_now(self, ports: Ports) -> None:
        """From here on acts are done over these."""
        acts = {**own_acts("ILS"), **sale_acts(ports, SqlActs(self.town.store))}
        self.approvals = Approvals(SqlPeople(self.town.store), acts, self.town.clock)

    def type_in(self, vend_id: str) -> TokenResult:
        """What the meter says to the token of a sale."""
        receipt = self.service.show(CLERK, vend_id)
        meter = self.meters[Drn(receipt.buyer.meter)]
        return meter.enter_token(receipt.tokens[0].digits, self.town.clock()).result

    def balance(self, role: str, holder: str = "") -> int:
        """The ledger's balance, as the postings say."""
        account = chart().role(role)
        c = T["postings"].c
        with self.town.store.reading() as books:
            found = books._db.execute(
                T["postings"].select().where(c.account == account.code, c.holder == holder)
            ).all()
        return sum(row.amount for row in found)

    def lose(self, number: Drn = POWER) -> None:
        """From here on nobody reads this meter any more."""
        self.meters.pop(number, None)

    def sell_held(self, vend_id: str, meter: str = P, amount: int = 5000) -> SaleReceipt:
        """Sold, and nobody has seen the digits yet."""
        self.town.clock.forward(minutes=3)
        return self.service.vend(CLERK, VendRequest(vend_id, meter, Money(amount), hold=True))

    def entries(self) -> int:
        return self.service.verify(ADMIN).entries

    def check(self) -> None:
        """The books, every account, and the day's count are right."""
        report = self.service.verify(ADMIN)
        assert report.ok, report
        audited = self.accounts.verify_accounts(ADMIN)
        assert audited.ok, audited.problems
        day = self.reports.check(CHIEF)
        assert day.ok, day.differences


def new_meter(number: Drn = FRESH) -> NewMeter:
    return NewMeter(number, EncryptionAlgorithm.EA07, SGC, 1, 1, "raseed-payment")


def put_in(
    office: Office, source: Source, units: str | None = None, down_since: datetime | None = None
) -> None:
    """The fresh meter in place of the first one."""
    office.town.clock.forward(minutes=3)
    told = None if units is None else Units(units)
    office.exchanges.exchange(RAMI, "X-1", "A1", new_meter(), source, WHY, told, down_since)


@contextmanager
def office_at(place: Path | str, outbox: OutboxPlan | None = None) -> Iterator[Office]:
    """The town with one more meter; all of them, and one on the shelf, are simulated. What is done
    queues messages by `outbox`."""
    here = Town(place, more_meters=1)
    meters = {
        number: in_town(
            number, Commodity.WATER if number == WATER else Commodity.ELECTRICITY, most=900_000
        )
        for number in (POWER, WATER, NEXT_DOOR, FRESH)
    }

    def gateway_for(wanted: Meter) -> Gateway:
        if wanted.number not in meters:
            raise MeterUnreachable(wanted.number.number, "no address")
        return DirectGateway(meters[wanted.number], wanted.number, here.clock)

    service = here.with_(gateway_for=gateway_for, outbox=outbox)
    acting = SqlActs(here.store)
    acts = {**own_acts("ILS"), **sale_acts(service.ports, acting)}
    books = SqlBooks(here.store)
    try:
        yield Office(
            here,
            meters,
            service,
            Approvals(SqlPeople(here.store), acts, here.clock),
            Exchanges(acting, here.clock),
            Accounts(SqlAccounts(here.store), tariffs(), chart(), here.clock, LOCAL_ZONE),
            BookReports(books, chart(), here.clock, LOCAL_ZONE),
        )
    finally:
        here.store.close()
