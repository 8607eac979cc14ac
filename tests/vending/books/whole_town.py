"""A small town over two months and a change of the clock, made through the product's own use cases
by a seeded chance: nothing here knows what comes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from meters.account import Commodity
from meters.errors import RaseedError
from meters.gateway import Gateway
from meters.identity import Drn
from meters.quantities import Money
from simulators.direct import DirectGateway
from simulators.payment_meter import PaymentMeter
from tests.system.everything import key_records, keys
from tests.system.machines import Machine
from tests.vending.meters import in_town
from tests.vending.support import ADMIN, SGC, new_store
from tokens.sts import EncryptionAlgorithm
from vending.drawer.deposits import DepositPlace
from vending.operators import Operator, Settlement
from vending.parties import (
    Actor,
    Customer,
    Meter,
    Registration,
    Role,
    ServicePoint,
    SupplyAgreement,
    VendingPoint,
)
from vending.sale import SaleReceipt
from vending.settings import Settings
from vending.tariff import Instalment, Label, Percentage
from vending.wiring import compose

ZONE: Final = ZoneInfo("Asia/Hebron")
BEGINS: Final = date(2026, 10, 19)
ENDS: Final = date(2026, 12, 3)
CHANGE_OF_TIME: Final = date(2026, 10, 24)
"""On this day one o'clock comes twice."""

LAYLA: Final = Actor("Layla", Role.BILLING)
CHIEF: Final = Actor("Omar", Role.SUPERVISOR, "P1", "T9")
NADIA: Final = Actor("Nadia", Role.SUPERVISOR, "P1", "T8")
TECHNICIAN: Final = Actor("Rami", Role.TECHNICIAN, "P1")
SAMIR: Final = Actor("Samir", Role.OPERATOR, "P1", "T1")
LINA: Final = Actor("Lina", Role.OPERATOR, "P2", "T2")
KIOSK: Final = Actor("kiosk", Role.OPERATOR, "P2", "T5")
RANA: Final = Actor("Rana", Role.OPERATOR, "P3", "T7")
SELLERS: Final = (SAMIR, SAMIR, LINA, KIOSK, RANA)
IN_SHIFTS: Final = (SAMIR, LINA)

TARIFFS: Final = (
    "electricity-domestic-blocks",
    "water-domestic-blocks",
    "electricity-social",
    "electricity-public",
    "electricity-commercial",
    "electricity-temporary",
    "electricity-domestic",
    "water-domestic",
    "electricity-domestic-blocks",
    "water-domestic-blocks",
)
HELD: Final = {
    f"A{place}": Drn.from_serial("01", 3000 + place) for place in range(1, 1 + len(TARIFFS))
}
WHY: Final = "As the customer asked"
NOTES: Final = ("200", "100", "50", "20", "10", "5", "2", "1", "0.50", "0.10")


def local(day: date, at: time = time(), fold: int = 0) -> datetime:
    return datetime.combine(day, at, ZONE).replace(fold=fold).astimezone(UTC)


def commodity(tariff: str) -> Commodity:
    return Commodity(tariff.split("-")[0])


def parties() -> Registration:
    names = (("سميرة عواد", "Samira Awwad"), ("نادر شلالدة", "Nader Shalalda"))
    meters = [
        Meter(drn, commodity(tariff), EncryptionAlgorithm.EA07, SGC, 1, 1)
        for drn, tariff in zip(HELD.values(), TARIFFS, strict=True)
    ]
    return Registration(
        points=(
            VendingPoint("P1", "البلدية", "Town hall", "الوسط"),
            VendingPoint("P2", "الحارة الشرقية", "East quarter", "الشرقية"),
            VendingPoint("P3", "السوق", "Market", "الوسط"),
        ),
        customers=tuple(
            Customer(f"1000{place}", *names[place % 2], f"059900000{place}") for place in range(5)
        ),
        service_points=(ServicePoint("S1", "الوسط", "شارع المدرسة 4"),),
        meters=tuple(meters),
        agreements=tuple(
            SupplyAgreement(
                number, f"1000{place // 2}", "S1", meter.number, meter.commodity, tariff
            )
            for place, (number, meter, tariff) in enumerate(zip(HELD, meters, TARIFFS, strict=True))
        ),
    )


@dataclass
class Ground:
    """The program as it is wired, a clock, and meters with logs of their own."""

    place: Path | str
    seed: int = 3
    receipts: list[SaleReceipt] = field(default_factory=list)
    shifts: dict[Actor, str] = field(default_factory=dict)
    closed_shifts: list[str] = field(default_factory=list)
    x_reports: list[str] = field(default_factory=list)
    bankings: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    """What was done, and what was refused with which code."""
    ids: int = 0

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)
        self.clock = Machine(local(BEGINS, time(7)))
        self.store = new_store(self.place)
        self.meters: dict[str, PaymentMeter] = {}
        self.house = compose(
            Settings(), self.store, keys(), self.gateway, self.clock, self.clock.starts()
        )
        self.hangs = {number: drn.number for number, drn in HELD.items()}
        """Meters by agreement."""
        self.house.service.register(ADMIN, parties())
        for drn, tariff in zip(HELD.values(), TARIFFS, strict=True):
            self.hang(drn.number, commodity(tariff))
        self.begin()

    def close(self) -> None:
        self.house.close()

    # The world

    def hang(self, number: str, kind: Commodity) -> None:
        secret = key_records()[0].secret
        self.meters[number] = in_town(
            Drn(number), kind, secret=secret, now=self.clock.now, most=10**10
        )

    def gateway(self, meter: Meter) -> Gateway:
        number = meter.number.number
        return DirectGateway(self.meters[number], meter.number, self.clock)

    def until(self, moment: datetime) -> None:
        if moment > self.clock.now:
            self.clock.passes(microseconds=(moment - self.clock.now) // timedelta(microseconds=1))

    def name(self, kind: str) -> str:
        self.ids += 1
        return f"{kind}-{self.ids}"

    def try_(self, what: str, act: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """The answer, or None where a rule says no."""
        try:
            made = act(*given, **named)
        except RaseedError as error:
            self.done[f"{what} !{error.code}"] += 1
            return None
        self.done[what] += 1
        return made

    def begin(self) -> None:
        house = self.house
        for operator in (
            Operator("kiosk", "كشك", "Kiosk", Settlement.DEPOSIT, 150_000, commission="2.5"),
            Operator("rana", "رنا", "Rana", Settlement.DEPOSIT, 20_000, commission="1.75"),
            Operator("lina", "لينا", "Lina", Settlement.TILL, None, commission="0.8"),
        ):
            house.operators.register(ADMIN, operator)
        for agreement, code, amount, how in (
            ("A1", "old", "430.00", Percentage("15")),
            ("A1", "bill", "90.00", Instalment(Money.from_text("20.00"))),
            ("A2", "old", "260.35", Instalment(Money.from_text("35.00"))),
            ("A4", "old", "1200.00", Percentage("60")),
            ("A9", "old", "75.50", Percentage("50")),
            ("A9", "bill", "310.00", Percentage("7.5")),
            ("A10", "old", "44.44", Percentage("100")),
        ):
            label = Label("ذمم سابقة", "Arrears")
            house.accounts.add_debt(
                LAYLA, agreement, code, label, Money.from_text(amount), how, "Old ledger", "Bill 7"
            )
        for who, minor in (("kiosk", 300_000), ("rana", 400_000)):
            self.pay_in(who, minor)

    def pay_in(self, operator: str, minor: int, *, out: bool = False) -> None:
        id = self.name("dep")
        place = self.chance.choice(list(DepositPlace))
        ask = self.house.deposits.request
        kind = "deposit out" if out else "deposit"
        if self.try_(kind, ask, LAYLA, id, operator, Money(minor), WHY, place=place, paid_out=out):
            self.try_("approve", self.house.bookkeeping.approve, CHIEF, id)
