"""The invented municipality of the demo: two quarters, two vending points, forty customers.

Deterministic but for the keys. Names, places and numbers belong to nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from meters.account import Commodity
from meters.identity import Drn
from tokens.sts import EncryptionAlgorithm

from ..municipality import Municipality
from ..operators import Operator, Settlement
from ..parties import (
    Customer,
    GatewayAddress,
    Meter,
    Registration,
    ServicePoint,
    SupplyAgreement,
    VendingPoint,
)

SGC: Final = "600001"
KRN: Final = 1
NEXT_KRN: Final = 2
"""The vending key that meters are being moved to."""
TI: Final = 1
MODEL: Final = "raseed-payment"
DEPOSIT_SELLER: Final = "api:counter-E1"
_CUSTOMERS: Final = 40
_DEBTOR: Final = 5
"""Place in the list of the house with a debt, whose tariff has blocks and monthly charges."""
_TARIFFS: Final = {_DEBTOR: "electricity-domestic-blocks"}


@dataclass(frozen=True, slots=True)
class Quarter:
    """A part of town with one vending point and one gateway to its meters."""

    name: str
    """As its people call it."""
    gateway: str
    point: VendingPoint
    streets: tuple[str, ...]
    ea: EncryptionAlgorithm
    """Meters were bought at different times: one quarter's are STA, the other's MISTY1."""


QUARTERS: Final = (
    Quarter(
        name="الحي الشرقي",
        gateway="east",
        point=VendingPoint("E1", "نقطة شحن الحي الشرقي", "East Quarter counter", "الحي الشرقي"),
        streets=("شارع الزيتون", "شارع النبع", "طريق المدرسة"),
        ea=EncryptionAlgorithm.EA11,
    ),
    Quarter(
        name="البلدة القديمة",
        gateway="old-town",
        # Here they sell in shifts only; at the other point the seller has a deposit.
        point=VendingPoint(
            "T1", "نقطة شحن البلدة القديمة", "Old Town counter", "البلدة القديمة", needs_shift=True
        ),
        streets=("حارة السوق", "درب البئر", "شارع الجامع"),
        ea=EncryptionAlgorithm.EA07,
    ),
)

_GIVEN: Final = (
    ("أمل", "Amal"),
    ("يوسف", "Yousef"),
    ("مريم", "Maryam"),
    ("سامي", "Sami"),
    ("هدى", "Huda"),
    ("كريم", "Karim"),
    ("ليلى", "Layla"),
    ("عمر", "Omar"),
)
_FAMILY: Final = (
    ("الزيتوني", "Zaytouni"),
    ("النجار", "Najjar"),
    ("الخطيب", "Khatib"),
    ("البستاني", "Bustani"),
    ("الحداد", "Haddad"),
)


@dataclass(frozen=True, slots=True)
class Household:
    """One customer at one place with an electricity and a water meter, before they are written
    down: the gateway's port is known only once the simulated meters run."""

    customer: Customer
    place: ServicePoint
    quarter: Quarter
    unit: int
    """Unit id of the electricity meter; the water meter has the next one."""
    electricity: Drn
    water: Drn
    tariff: str
    """Of its electricity."""

    @property
    def agreement(self) -> str:
        """Number of the electricity's agreement."""
        return f"{self.customer.account}-E"


@dataclass(frozen=True, slots=True)
class Roles:
    """Which house has a part in which scene."""

    empty: Household
    """Its electricity meter has no credit."""
    water: Household
    far: Household
    """Where the line loses an answer."""
    debtor: Household
    old_key: Household
    basket: Household
    voids: Household
    blocked: Household
    mistaken: Household

    @property
    def houses(self) -> frozenset[str]:
        """Account numbers of all of them."""
        return frozenset(getattr(self, name).customer.account for name in self.__slots__)


def households() -> list[Household]:
    """Forty, in the order of their account numbers; alternating between the quarters."""
    made = []
    for i in range(_CUSTOMERS):
        (given_ar, given_en), (family_ar, family_en) = (
            _GIVEN[i % len(_GIVEN)],
            _FAMILY[i // len(_GIVEN)],
        )
        quarter = QUARTERS[i % len(QUARTERS)]
        street = quarter.streets[i // 2 % len(quarter.streets)]
        account = f"{1001 + i}"
        made.append(
            Household(
                customer=Customer(
                    account,
                    f"{given_ar} {family_ar}",
                    f"{given_en} {family_en}",
                    f"0590000{i:03d}",
                ),
                place=ServicePoint(f"SP-{account}", quarter.name, f"{street} {i // 2 + 1}"),
                quarter=quarter,
                unit=1 + i // 2 * 2,
                electricity=Drn.from_serial("07", 1001 + i),
                water=Drn.from_serial("0712", 5001 + i),
                tariff=_TARIFFS.get(i, "electricity-domestic"),
            )
        )
    return made


def roles(houses: list[Household]) -> Roles:
    """Even places are in the East Quarter, odd ones in the Old Town."""
    return Roles(
        empty=houses[0],
        water=houses[1],
        far=houses[2],
        mistaken=houses[3],
        blocked=houses[4],
        debtor=houses[_DEBTOR],
        old_key=houses[7],
        basket=houses[9],
        voids=houses[11],
    )


def record() -> Municipality:
    """What stands at the head of its papers."""
    return Municipality(
        name_ar="بلدية العرض التجريبي",
        name_en="Demo municipality",
        address_ar="شارع البلدية 1",
        address_en="1 Town Hall Street",
        phone="02-0000000",
        tax_number="000000000",
        vat="16",
    )


def seller() -> Operator:
    """Who sells in the East Quarter, against money paid in beforehand."""
    return Operator(
        DEPOSIT_SELLER,
        "بائع الحي الشرقي",
        "East Quarter seller",
        settlement=Settlement.DEPOSIT,
        commission="1.5",
    )


def registration(houses: list[Household], ports: dict[str, int], month: str) -> Registration:
    """All parties; `ports` are the gateways' ports on this machine, by gateway name. Homes that
    have a part in a scene are charged monthly from `month` on."""
    on_stage = roles(houses).houses
    meters, agreements = [], []
    for house in houses:
        for commodity, drn, unit, tariff in (
            (Commodity.ELECTRICITY, house.electricity, house.unit, house.tariff),
            (Commodity.WATER, house.water, house.unit + 1, "water-domestic"),
        ):
            address = GatewayAddress("127.0.0.1", ports[house.quarter.gateway], unit)
            meters.append(Meter(drn, commodity, house.quarter.ea, SGC, KRN, TI, MODEL, address))
            number = f"{house.customer.account}-{commodity.value[0].upper()}"
            account = house.customer.account
            since = month if account in on_stage else None
            agreements.append(
                SupplyAgreement(
                    number, account, house.place.code, drn, commodity, tariff, since=since
                )
            )
    return Registration(
        points=tuple(quarter.point for quarter in QUARTERS),
        customers=tuple(house.customer for house in houses),
        service_points=tuple(house.place for house in houses),
        meters=tuple(meters),
        agreements=tuple(agreements),
    )
