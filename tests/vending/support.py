"""A small municipality for tests: a real store, a real security module with a test key, and a
clock that moves only when told."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from meters.account import Commodity
from meters.gateway import Gateway, MeterUnreachable
from meters.identity import Drn
from meters.quantities import Money
from tokens.sts import (
    BaseDate,
    Dkga,
    EncryptionAlgorithm,
    KeyAttributes,
    KeyRecord,
    KeyRef,
    KeyType,
    MemorySecurityModule,
    VendingKey,
)
from vending.aftersale import DeliveryEvent, SaleState
from vending.ledger import Chart, read_chart
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
from vending.ports import Store
from vending.sale import VendRequest
from vending.service import VendingService
from vending.store import SqlStore, open_store, upgrade
from vending.store.approvals import SqlPeople
from vending.store.tariffs import SqlTariffs
from vending.tariff import LiveTariffs, ShippedVersion, TariffBook, read_shipped, read_tariffs
from vending.tariffrules import ChartBooks

CONFIG = Path(__file__).parents[2] / "config"
START = datetime(2026, 11, 23, 9, 30, 12, 345678, tzinfo=UTC)
SGC = "123457"
TEST_KEY = bytes.fromhex("abababababababab949494949494949401234567")
"""A made-up vending key of 20 bytes, for tests alone."""

POWER = Drn.from_serial("01", 1001)
WATER = Drn.from_serial("01", 2001)
ADMIN = Actor("Huda", Role.ADMINISTRATOR)
IN_CAPITALS = "5B0A4C2E-9D51-4A53-8F0E-2F3F0F6F7F10"
"""An id that says more than one thing: a UUID, which others write in small letters."""
OPERATOR = Actor("Samir", Role.OPERATOR, "P1", "T1")
TECHNICIAN = Actor("Rami", Role.TECHNICIAN)


@dataclass
class SetClock:
    """A clock that stands until it is moved."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **step: float) -> None:
        self.now += timedelta(**step)


@cache
def tariffs() -> TariffBook:
    """The shipped ones. Nothing changes a book once it is read, so all tests share it."""
    return read_tariffs(CONFIG / "tariffs")


@cache
def shipped() -> tuple[ShippedVersion, ...]:
    """The same, with their documents."""
    return tuple(read_shipped(CONFIG / "tariffs"))


@cache
def chart() -> Chart:
    return read_chart(CONFIG / "chart-of-accounts.toml")


def security(**limits: object) -> MemorySecurityModule:
    attributes = KeyAttributes(
        ref=KeyRef(SGC, 1),
        dkga=Dkga.DKGA04,
        key_type=KeyType.DUTK,
        base_date=BaseDate.BASE_2014,
        **limits,  # type: ignore[arg-type]
    )
    return MemorySecurityModule([KeyRecord(attributes, VendingKey(TEST_KEY))])


def no_gateway(meter: Meter) -> Gateway:
    raise MeterUnreachable(meter.number.number, "no address")


def town(more_meters: int = 0) -> Registration:
    """Two points, one customer with electricity and water, and more electricity meters."""
    numbers = [POWER, WATER, *(Drn.from_serial("01", 5000 + i) for i in range(more_meters))]
    kinds = [Commodity.WATER if n == WATER else Commodity.ELECTRICITY for n in numbers]
    return Registration(
        points=(
            VendingPoint("P1", "البلدية", "Town hall", "الوسط"),
            VendingPoint("P2", "الحارة الشرقية", "East quarter", "الشرقية"),
        ),
        customers=(
            Customer("10001", "سميرة عواد", "Samira Awwad", "0599000001"),
            Customer("10002", "نادر شلالدة", "Nader Shalalda", ""),
        ),
        service_points=(ServicePoint("S1", "الوسط", "شارع المدرسة 4"),),
        meters=tuple(
            Meter(number, kind, EncryptionAlgorithm.EA07, SGC, 1, 1)
            for number, kind in zip(numbers, kinds, strict=True)
        ),
        agreements=tuple(
            SupplyAgreement(f"A{place}", "10001", "S1", number, kind, f"{kind.value}-domestic")
            for place, (number, kind) in enumerate(zip(numbers, kinds, strict=True), start=1)
        ),
    )


@cache
def empty_books() -> bytes:
    """An upgraded database without rows: the upgrade takes longer than most tests."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        store = open_store(path, must_be_current=False)
        upgrade(store.engine)
        store.close()
        return path.read_bytes()


@cache
def met_books() -> bytes:
    """The same, with the shipped tariffs written down, as every service does when it starts."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "met.db"
        store = new_store(path)
        LiveTariffs(SqlTariffs(store), shipped(), SetClock(), lambda: 0, ChartBooks(chart()))
        store.close()
        return path.read_bytes()


def new_store(place: Path | str, *, busy_timeout_s: float = 5.0) -> SqlStore:
    """An upgraded store on an SQLite file, new or as it was left, or on a URL."""
    if isinstance(place, Path) and not place.exists():
        place.write_bytes(empty_books())
    return open_store(place, busy_timeout_s=busy_timeout_s)


def service(store: Store, clock: SetClock, **changes: object) -> VendingService:
    ports: dict[str, object] = {
        "store": store,
        "security": security(),
        "tariffs": tariffs(),
        "chart": chart(),
        "clock": clock,
        "randomness": lambda: 5,
        "gateway_for": no_gateway,
    }
    return VendingService(**{**ports, **changes})  # type: ignore[arg-type]


@dataclass
class Town:
    """A running service on a fresh store with the parties of `town` in it."""

    place: Path | str
    """An SQLite file, or the URL of a new database."""
    clock: SetClock = field(default_factory=SetClock)
    more_meters: int = 0
    busy_timeout_s: float = 5.0

    def __post_init__(self) -> None:
        self.store = new_store(self.place, busy_timeout_s=self.busy_timeout_s)
        self.service = service(self.store, self.clock)
        self.service.register(ADMIN, town(self.more_meters))

    @property
    def path(self) -> Path:
        """The SQLite file."""
        assert isinstance(self.place, Path)
        return self.place

    def with_(self, **changes: object) -> VendingService:
        """Another service on the same store."""
        return service(self.store, self.clock, **changes)


def request(vend_id: str = "v-1", meter: Drn = POWER, amount: str = "50.00") -> VendRequest:
    return VendRequest(vend_id, meter.number, Money.from_text(amount))


def put_operator(store: SqlStore, code: str, **terms: Any) -> None:
    """Terms of an operator from now on; those that are not named stay, or are none yet."""
    if "settlement" in terms:
        terms["settlement"] = Settlement(terms["settlement"])
    with SqlPeople(store).writing() as people:
        known = people.operator(code)
        if known is None:
            people.add_operator(replace(Operator(code, "بائع", "Seller"), **terms))
        else:
            people.change_operator(replace(known, **terms))


def put_point(store: SqlStore, *codes: str, **terms: Any) -> None:
    """Limits of these points (of all, if none is named) from now on; those that are not named
    stay."""
    with SqlPeople(store).writing() as people:
        for point in people.points():
            if point.code in codes or not codes:
                people.change_point(replace(point, **terms))


def pushed(database: Path, vend_id: str) -> None:
    """As if the sale's token had been pushed to its meter, and no answer had come."""
    with closing(open_store(database)) as store, store.writing() as books:
        for seq, state in enumerate((SaleState.DELIVERING, SaleState.UNKNOWN), start=1):
            books.add_delivery_event(vend_id, DeliveryEvent(seq, state, START, "Samir"))
