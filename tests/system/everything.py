"""A municipality in which everything happens that can happen at a counter: debts, block prices,
operators on deposit, a point that sells in shifts alone, keys to move meters to, and an outbox."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

from meters.identity import Drn
from meters.quantities import Money
from tests.vending.accounts.support import ZONE
from tests.vending.support import (
    ADMIN,
    OPERATOR,
    POWER,
    SGC,
    TEST_KEY,
    WATER,
    SetClock,
    chart,
    new_store,
    no_gateway,
    service,
    tariffs,
    town,
)
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
from vending.accounts import Accounts
from vending.approvals import Approvals, Blocks, Operators, own_acts
from vending.drawer import Bankings, Drawers, XReports
from vending.keychanges import KeyChanges
from vending.operators import Operator, Settlement
from vending.outbox import OutboxPlan
from vending.parties import Actor, Registration, Role, VendingPoint
from vending.ports import GatewayFor
from vending.service import VendingService
from vending.store import SqlStore, open_store
from vending.store.accounts import SqlAccounts
from vending.store.approvals import SqlPeople
from vending.store.drawer import SqlDrawers
from vending.store.key_changes import SqlKeyChanges
from vending.tariff import Label, Percentage

PLAN: Final = OutboxPlan(sms=True, printers={"P1": "till", "P3": "market"}, webhooks=("erp",))
"""What `rules.PLAN_RULES` hold a sale against."""
MORE_METERS: Final = 6
METERS: Final = (POWER, WATER, *(Drn.from_serial("01", 5000 + i) for i in range(MORE_METERS)))
AGREEMENTS: Final = {meter: f"A{place}" for place, meter in enumerate(METERS, start=1)}
LINA: Final = replace(OPERATOR, name="Lina", point="P2", terminal="T2")
CHIEF: Final = Actor("Omar", Role.SUPERVISOR, "P1", "T9")
LAYLA: Final = Actor("Layla", Role.BILLING)
KIOSK: Final = Actor("kiosk", Role.OPERATOR, "P2", "T5")
"""On deposit."""
CREDIT: Final = 200_000
"""How far the kiosk may go, in agorot."""
SHIFTS_AT: Final = "P3"
"""Nothing is sold there without an open shift."""
KEYS: Final = (1, 2, 3)
"""Revisions of the vending key."""


def key_records() -> list[KeyRecord]:
    return [
        KeyRecord(
            KeyAttributes(KeyRef(SGC, krn), Dkga.DKGA04, KeyType.DUTK, BaseDate.BASE_2014),
            VendingKey(TEST_KEY[:-1] + bytes([krn])),
        )
        for krn in KEYS
    ]


@cache
def keys() -> MemorySecurityModule:
    return MemorySecurityModule(key_records())


def parties() -> Registration:
    """The first two meters buy in blocks, the others at a flat price."""
    made = town(MORE_METERS)
    blocks = {POWER: "electricity-domestic-blocks", WATER: "water-domestic-blocks"}
    return replace(
        made,
        points=(
            *made.points,
            VendingPoint(SHIFTS_AT, "السوق", "Market", "الوسط", needs_shift=True),
        ),
        agreements=tuple(replace(a, tariff=blocks.get(a.meter, a.tariff)) for a in made.agreements),
    )


def prepare(
    service: VendingService, accounts: Accounts, operators: Operators, kiosk: str = KIOSK.name
) -> None:
    """Parties, debts on every agreement that nobody will ever pay off, and who is on deposit."""
    service.register(ADMIN, parties())
    for agreement in AGREEMENTS.values():
        for code, percent in (("old", "10"), ("bill", "5")):
            accounts.add_debt(
                LAYLA,
                agreement,
                code,
                Label("ذمم سابقة", "Arrears"),
                Money(90_000_000),
                Percentage(percent),
                "From the old ledger",
                "Bill 2025/114",
            )
    operators.register(
        ADMIN,
        Operator(kiosk, "كشك", "Kiosk", Settlement.DEPOSIT, credit_limit=CREDIT, commission="2.5"),
    )


@dataclass
class Office:
    """All that one process runs, over the books of this municipality."""

    store: SqlStore
    clock: SetClock
    gateway_for: GatewayFor = no_gateway

    def __post_init__(self) -> None:
        store, clock, gateways = self.store, self.clock, self.gateway_for
        self.service = service(store, clock, security=keys(), outbox=PLAN, gateway_for=gateways)
        self.accounts = Accounts(SqlAccounts(store), tariffs(), chart(), clock, ZONE)
        self.drawers = Drawers(SqlDrawers(store), chart(), clock, outbox=PLAN)
        self.x_reports = XReports(SqlDrawers(store), chart(), clock, outbox=PLAN)
        self.bankings = Bankings(SqlDrawers(store), chart(), clock, outbox=PLAN)
        self.key_changes = KeyChanges(SqlKeyChanges(store), keys(), gateways, clock)
        people = SqlPeople(store)
        self.approvals = Approvals(people, own_acts("ILS"), clock)
        self.blocks = Blocks(people, self.approvals, clock)
        self.operators = Operators(people, self.approvals, chart())

    def close(self) -> None:
        self.store.close()


def office(
    place: Path | str, clock: SetClock | None = None, gateway_for: GatewayFor = no_gateway
) -> Office:
    """A program that has just been started on books that there are."""
    return Office(open_store(place, busy_timeout_s=60), clock or SetClock(), gateway_for)


def new_office(place: Path | str) -> Office:
    """On a new database, with everything prepared."""
    made = Office(new_store(place, busy_timeout_s=60), SetClock())
    prepare(made.service, made.accounts, made.operators)
    return made
