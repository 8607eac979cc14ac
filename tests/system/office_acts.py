"""What people do in the office, one act each, as others may do at the same time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from meters.account import Commodity
from meters.identity import Drn
from meters.quantities import Money
from tests.system.desks import PIECES, WHY, count_of
from tests.system.everything import CHIEF, KIOSK, LAYLA, METERS, SHIFTS_AT
from tests.system.two_at_once import (
    Act,
)
from tests.vending.acts.support import new_meter
from tests.vending.approvals.support import NADIA
from tests.vending.support import (
    ADMIN,
    OPERATOR,
    POWER,
    SGC,
    TECHNICIAN,
    request,
)
from tests.vending.tariff.office import CODE, draft
from tokens.sts import EncryptionAlgorithm, KeyRef
from vending.accounting import DayClosed
from vending.accounts.events import Outcome
from vending.acts import Source
from vending.api_keys import ApiScope
from vending.drawer import BankRequest
from vending.finding import Marks
from vending.ledger import Posting
from vending.parties import Actor, Customer, Meter, Role
from vending.registry import NewService
from vending.running import Raseed
from vending.tariff import Label, Percentage

RAMI, ZAID = TECHNICIAN, replace(TECHNICIAN, name="Zaid")
DRAWER: Final = replace(OPERATOR, point=SHIFTS_AT, terminal="T3")
THIRD: Final = METERS[2]
"""Of the agreement A3, at a flat price."""
BOARDED: Final = Meter(
    Drn.from_serial("01", 8001), Commodity.ELECTRICITY, EncryptionAlgorithm.EA07, SGC, 1, 1
)
DECEMBER: Final = datetime(2026, 12, 2, 9, tzinfo=UTC)
NEW_PASSWORD: Final = "خبز وزيتون في البستان"
SECRET: Final = "A" * 32


def both(*acts: Act) -> Act:
    def do(made: Raseed) -> None:
        for act in acts:
            act(made)

    return do


def nothing(made: Raseed) -> None:
    pass


def sell(id: str = "v-1", meter: Drn = POWER, by: Actor = OPERATOR, amount: str = "50.00") -> Act:
    return lambda made: made.service.vend(by, request(id, meter, amount))


def void(by: Actor = CHIEF) -> Act:
    return lambda made: made.service.void(by, "v-1", WHY)


def minutes_later(made: Raseed) -> None:
    made.service.ports.clock.forward(minutes=9)  # type: ignore[attr-defined]


def adjust(id: str, on: str | None = None) -> Act:
    lines = (Posting("5010", "", "ILS", 500), Posting("1010", "P1", "ILS", -500))
    return lambda made: made.bookkeeping.adjust(LAYLA, id, lines, WHY, booked_on=on)


def post(id: str, by: Actor = CHIEF) -> Act:
    return lambda made: made.bookkeeping.approve(by, id)


def reverse(id: str, by: Actor = LAYLA) -> Act:
    def do(made: Raseed) -> None:
        head = made.bookkeeping.verify(ADMIN).entries
        made.bookkeeping.reverse(by, id, head, WHY)

    return do


def in_december(made: Raseed) -> None:
    """Two sales in November, which is over."""
    both(sell("n-1"), sell("v-1", THIRD))(made)
    made.service.ports.clock.now = DECEMBER  # type: ignore[attr-defined]


def two_days_later(made: Raseed) -> None:
    sell()(made)
    made.service.ports.clock.forward(days=2)  # type: ignore[attr-defined]


def looked_at(closed: DayClosed) -> None:
    """A seal keeps a check of just those entries that it was a check of."""
    # None: the other one has sealed a later day.
    assert closed.seal is None or closed.seal.entry == closed.check.last_entry


def checked_days(by: Actor = LAYLA) -> Act:
    def do(made: Raseed) -> None:
        for closed in made.closing.close_due(by):
            looked_at(closed)

    return do


def checked(day: str, by: Actor = LAYLA) -> Act:
    return lambda made: looked_at(made.closing.close(by, day))


def close_month(by: Actor = LAYLA) -> Act:
    return lambda made: made.bookkeeping.close(by, "2026-11")


def reopen_month(made: Raseed) -> None:
    made.bookkeeping.reopen(CHIEF, "2026-11", WHY)


def ask(act: str, by: Actor, **document: Any) -> Act:
    return lambda made: made.approvals.request(by, "Q-1", act, document, WHY)


def approve(by: Actor = CHIEF) -> Act:
    return lambda made: made.approvals.approve(by, "Q-1")


def decline(made: Raseed) -> None:
    made.approvals.refuse(NADIA, "Q-1", WHY)


def withdraw(by: Actor = OPERATOR) -> Act:
    return lambda made: made.approvals.withdraw(by, "Q-1")


def put_off(made: Raseed) -> None:
    made.accounts.postpone_debt(LAYLA, "A1", "old", "2026-12-20", WHY, "E-1")


def dispute(id: str, by: Actor = LAYLA) -> Act:
    return lambda made: made.accounts.dispute(by, "A1", "old", WHY, id)


def settle(id: str, outcome: Outcome) -> Act:
    return lambda made: made.accounts.settle_dispute(LAYLA, "A1", "old", outcome, WHY, id)


def owe(by: Actor) -> Act:
    label = Label("ذمم", "Arrears")
    return lambda made: made.accounts.add_debt(
        by, "A1", "new", label, Money(5000), Percentage("10"), WHY, "Bill 7"
    )


def write_down(id: str) -> Act:
    most = Money(89_999_000)
    return lambda made: made.accounts.write_down(LAYLA, "A1", "old", most, WHY, id)


def block(why: str, by: Actor = CHIEF) -> Act:
    return lambda made: made.blocks.block(by, "meter", POWER.number, why)


def plan(krn: int) -> Act:
    return lambda made: made.key_changes.plan(ADMIN, POWER.number, WHY, krn=krn)


def campaign(krn: int) -> Act:
    return lambda made: made.key_changes.plan_campaign(ADMIN, KeyRef(SGC, 1), KeyRef(SGC, krn), WHY)


def push_set(by: Actor = RAMI) -> Act:
    return lambda made: made.key_changes.push(by, POWER.number)


def exchange(id: str, by: Actor = RAMI, down: datetime | None = None) -> Act:
    return lambda made: made.exchanges.exchange(
        by, id, "A1", new_meter(), Source.NONE, WHY, down_since=down
    )


def deliver(by: Actor = RAMI) -> Act:
    return lambda made: made.service.deliver(by, "v-1")


def shift(made: Raseed) -> None:
    made.drawers.open(DRAWER, "shift-1", Money(10_000))
    sell("s-1", by=DRAWER)(made)


def count(made: Raseed) -> None:
    made.drawers.close(DRAWER, count_of(PIECES))


def bank(id: str, by: Actor = LAYLA, shifts: tuple[str, ...] | None = None) -> Act:
    return lambda made: made.bankings.bank(by, BankRequest(id, SHIFTS_AT, shifts))


def deposit(id: str, *, out: bool = False) -> Act:
    return lambda made: made.deposits.request(
        LAYLA, id, KIOSK.name, Money(150_000), WHY, paid_out=out
    )


def customer(name: str) -> Act:
    added = Customer("20001", name, name)
    return lambda made: made.register.add_customer(ADMIN, added, Marks("20001"))


def put_in(agreement: str, meter: Meter = BOARDED, tariff: str = CODE) -> Act:
    service = NewService(agreement, "10001", "S1", meter, tariff)
    return lambda made: made.register.add_service(ADMIN, service)


def submit(version: int, rate: str = "0.6000") -> Act:
    return lambda made: made.tariff_desk.submit(LAYLA, draft(version, rate))


def enact(version: int, by: Actor = CHIEF) -> Act:
    return lambda made: made.tariff_desk.approve(by, CODE, version)


def retire(code: str, by: Actor = CHIEF) -> Act:
    return lambda made: made.tariff_desk.retire(by, code, None, WHY)


def terminal_key(name: str) -> Act:
    return lambda made: made.key_office.create(
        ADMIN, name, Role.OPERATOR, frozenset({ApiScope.VEND}), point="P1", terminal="T1"
    )


COMMERCIAL: Final = "electricity-commercial"
GIFT: Final = ask("free_issue", OPERATOR, meter=POWER.number, units="10")
WRONG: Final = ask("correction", OPERATOR, sale="v-1", meter=THIRD.number)
BACK: Final = ask("void_refund", OPERATOR, sale="v-1")
MOVE: Final = ask("change_tariff", LAYLA, agreement="A3", tariff=COMMERCIAL)
LESS: Final = ask("change_operator", LAYLA, code="kiosk", set={"credit_limit": "10.00"})
CLOSABLE: Final = both(in_december, checked_days())
OUT: Final = both(plan(2), sell())
"""A sale has brought the set of a key change."""
