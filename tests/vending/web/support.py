"""The API over a real store, the real driver and simulated meters, for tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
from fastapi.testclient import TestClient

from meters.identity import Drn
from simulators.faults import fault_named
from tests.simulators.support import MADE, Running, meter_row, running, world
from tests.simulators.support import Clock as MeterClock
from tests.vending.support import (
    ADMIN,
    POWER,
    TEST_KEY,
    WATER,
    SetClock,
    chart,
    met_books,
    security,
    service,
    shipped,
    town,
)
from tokens.sts import (
    BaseDate,
    Dkga,
    EncryptionAlgorithm,
    KeyParameters,
    KeyType,
    SecurityModule,
    VendingKey,
    derive_decoder_key,
)
from vending import trailed
from vending.accounting import Bookkeeping, BookReports, DailyClosing
from vending.accounts import Accounts, TariffMoves, account_acts
from vending.acts import Exchanges, sale_acts
from vending.api_keys import ApiScope, KeyOffice, new_api_key
from vending.approvals import Approvals, Blocks, Operators, own_acts
from vending.clock import UNWATCHED, ClockGuard
from vending.clockdesk import ClockDesk
from vending.drawer import Bankings, Deposits, Drawers, XReports
from vending.faults import Faults
from vending.identity_checks import Argon2, OneTimeCodes
from vending.keychanges import KeyChanges
from vending.languages import Languages
from vending.messages import LOCAL_ZONE
from vending.municipality import TownHall
from vending.outbox_worker import Outbox
from vending.papers import PaperDesk, PaperMaker
from vending.parties import GatewayAddress, Registration, Role
from vending.people import Devices, Doors, FirstRun, Office, Own
from vending.people.recording import recorded
from vending.printing import CashDrawer
from vending.registry import Register
from vending.samples import Samples, only_at, only_lasting
from vending.sending import PracticePrinter
from vending.service import VendingService
from vending.settings import MeterSettings, Settings
from vending.store import SqlStore, open_store
from vending.store.accounts import SqlAccounts
from vending.store.acts import SqlActs
from vending.store.api_keys import SqlApiKeys
from vending.store.approvals import SqlPeople
from vending.store.books import SqlBooks
from vending.store.drawer import SqlDrawers
from vending.store.faults import SqlFaults
from vending.store.house import SqlHouse, tell_acts
from vending.store.key_changes import SqlKeyChanges
from vending.store.languages import SqlLanguages
from vending.store.municipality import SqlMunicipality
from vending.store.outbox import SqlOutbox
from vending.store.registry import SqlRegister
from vending.store.samples import SqlSamples
from vending.store.tariffs import SqlTariffs
from vending.surroundings import gateway_for, sample_parties
from vending.tariff import LiveTariffs
from vending.tariffdesk import TariffDesk
from vending.tariffrules import ChartBooks
from vending.ways_out import paper_desk
from vending.web import create_app

PREFIX = "/api/v1"
ALL_SCOPES = frozenset(ApiScope)
SETUP_CODE = "OLIVES-AND-OIL"


@dataclass
class Parts:
    """What `create_app` asks for."""

    service: VendingService
    clock_desk: ClockDesk
    api_keys: SqlApiKeys
    bookkeeping: Bookkeeping
    reports: BookReports
    closing: DailyClosing
    outbox: Outbox
    key_changes: KeyChanges
    approvals: Approvals
    exchanges: Exchanges
    blocks: Blocks
    operators: Operators
    tariff_desk: TariffDesk
    drawers: Drawers
    x_reports: XReports
    bankings: Bankings
    deposits: Deposits
    accounts: Accounts
    doors: Doors
    office: Office
    first_run: FirstRun
    own: Own
    check_writing: Callable[[], None]
    explained: Callable[[Exception], Exception]
    papers: PaperDesk
    town_hall: TownHall
    devices: Devices
    key_office: KeyOffice
    faults: Faults
    samples: Samples
    practice_printer: PracticePrinter
    languages: Languages
    register: Register
    meter_models: tuple[str, ...]
    paper_maker: PaperMaker
    cash_drawers: dict[str, CashDrawer] = field(default_factory=dict)
    currency: str = "ILS"


@dataclass
class Api:
    """A client with a key, and handles for what goes wrong behind it."""

    client: TestClient
    parts: Parts
    store: SqlStore
    clock: SetClock
    path: Path
    meters: Running | None

    def key(
        self,
        name: str,
        role: Role,
        scopes: frozenset[ApiScope],
        point: str | None,
        terminal: str = "",
        person: str = "",
    ) -> str:
        """A new API key's text."""
        key, text = new_api_key(
            name,
            role,
            scopes,
            self.clock(),
            os.urandom,
            point=point,
            terminal=terminal,
            person=person,
        )
        self.parts.api_keys.add(key)
        return text

    def get(self, path: str, **options: Any) -> httpx2.Response:
        return self.client.get(PREFIX + path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> httpx2.Response:
        return self.client.post(PREFIX + path, json=body, **options)

    def vend(self, vend_id: str = "v-1", meter: str = POWER.number, **more: Any) -> httpx2.Response:
        return self.post("/vends", {"vend_id": vend_id, "meter": meter, "amount": "50.00", **more})

    def vend_as(self, key: str) -> httpx2.Response:
        """A vend with another key."""
        body = {"vend_id": "v-1", "meter": POWER.number, "amount": "50.00"}
        return self.post("/vends", body, headers={"Authorization": f"Bearer {key}"})

    def fault(self, drn: Drn, name: str, number: str = "") -> None:
        """Give a simulated meter a fault."""
        assert self.meters is not None
        hosted = self.meters.simulator.meters[drn]
        self.meters.call(lambda: setattr(hosted, "fault", fault_named(name, number)))


def decoder_key_hex(drn: Drn) -> str:
    """The key that the meter of `town()` holds."""
    parameters = KeyParameters(
        dkga=Dkga.DKGA04,
        ea=EncryptionAlgorithm.EA07,
        key_type=KeyType.DUTK,
        sgc="123457",
        ti=1,
        krn=1,
        ken=255,
        base_date=BaseDate.BASE_2014,
    )
    return derive_decoder_key(VendingKey(TEST_KEY), parameters, drn.pan).secret.hex()


def town_at(port: int) -> Registration:
    """`town()` with both meters behind one gateway."""
    plain = town()
    meters = tuple(
        replace(meter, gateway=GatewayAddress("127.0.0.1", port, unit))
        for unit, meter in enumerate(plain.meters, start=1)
    )
    return replace(plain, meters=meters)


def meter_world() -> dict[str, Any]:
    """The simulated meters of `town_at`."""
    rows = [
        meter_row(
            unit,
            drn,
            commodity=commodity,
            decoder_key=decoder_key_hex(drn),
            manufactured_tid=MADE,
        )
        for unit, (drn, commodity) in enumerate(((POWER, "electricity"), (WATER, "water")), start=1)
    ]
    return world(*rows)


@contextmanager
def api_over(
    folder: Path,
    registration: Registration,
    meters: Running | None = None,
    busy_s: float = 5.0,
    module: SecurityModule | None = None,
    guard: ClockGuard = UNWATCHED,
    clock: SetClock | None = None,
) -> Iterator[Api]:
    """The API on a fresh database, called with a supervisor's key at point P1."""
    path = folder / "raseed.db"
    path.write_bytes(met_books())
    store = open_store(path, busy_timeout_s=busy_s, must_be_current=False)
    clock = clock or SetClock()
    settings = Settings(data=folder, meters=MeterSettings(timeout_seconds=0.3))
    gateways = gateway_for(settings)
    held = module or security()
    kept = SqlTariffs(store)
    tariffs = LiveTariffs(kept, shipped(), clock, lambda: 0, ChartBooks(chart()))
    hall = TownHall(SqlMunicipality(store), clock)

    def offered() -> tuple[str, ...]:
        return hall.municipality().tariffs

    use_cases = service(
        store,
        clock,
        security=held,
        gateway_for=gateways,
        tariffs=tariffs,
        offered=offered,
        guard=guard,
    )
    use_cases.register(ADMIN, registration)
    books = SqlBooks(store)
    people = SqlPeople(store)
    acting = SqlActs(store)
    kept_accounts = SqlAccounts(store)
    acts = {
        **own_acts("ILS"),
        **sale_acts(use_cases.ports, acting),
        **account_acts(TariffMoves(kept_accounts, tariffs, chart(), clock, offered)),
    }
    approvals = recorded(Approvals(people, acts, clock), trailed.APPROVALS)
    accounts = Accounts(kept_accounts, tariffs, chart(), clock, LOCAL_ZONE)
    keeping = Bookkeeping(books, chart(), clock, LOCAL_ZONE, accounts.follow)
    house, hasher = SqlHouse(store), Argon2(cheap=True)
    office, keys = Office(house, hasher, clock), SqlApiKeys(store, busy_s)
    tell_acts(store, clock)
    languages = Languages(SqlLanguages(store), clock)
    papers = paper_desk(settings, hall.municipality, languages.of)
    drawers = recorded(Drawers(SqlDrawers(store), chart(), clock), trailed.DRAWERS)
    x_reports = recorded(XReports(SqlDrawers(store), chart(), clock), trailed.X_REPORTS)
    bankings = Bankings(SqlDrawers(store), chart(), clock)
    reports = BookReports(books, chart(), clock, LOCAL_ZONE)
    parts = Parts(
        use_cases,
        recorded(ClockDesk(store, clock, guard), trailed.CLOCK),
        keys,
        keeping,
        reports,
        DailyClosing(reports, keeping, clock, LOCAL_ZONE),
        Outbox(SqlOutbox(store), {}, clock),
        KeyChanges(SqlKeyChanges(store), held, gateways, clock),
        approvals,
        Exchanges(acting, clock),
        recorded(Blocks(people, approvals, clock), trailed.BLOCKS),
        Operators(people, approvals, chart()),
        TariffDesk(kept, tariffs, chart(), clock),
        drawers,
        x_reports,
        bankings,
        Deposits(books, keeping, chart()),
        accounts,
        Doors(house, hasher, OneTimeCodes(), clock, os.urandom),
        office,
        FirstRun(house, office, clock, os.urandom, SETUP_CODE),
        Own(house, clock),
        store.check_writing,
        lambda error: store.explained(error, chart()),
        papers,
        hall,
        Devices(house, clock, os.urandom),
        recorded(KeyOffice(keys, clock, os.urandom), trailed.API_KEYS),
        Faults(SqlFaults(store), clock),
        Samples(
            SqlSamples(store),
            lambda rows: only_lasting(
                only_at(sample_parties(), offered()), tariffs.seen_by(rows), clock()
            ),
            clock,
        ),
        PracticePrinter(papers),
        languages,
        recorded(Register(SqlRegister(store), use_cases.admitted, held.keys), trailed.PARTIES),
        ("raseed-payment",),
        PaperMaker(use_cases, drawers, x_reports, bankings, reports),
    )
    try:
        with TestClient(create_app(parts), raise_server_exceptions=False) as client:
            api = Api(client, parts, store, clock, path, meters)
            text = api.key("till", Role.SUPERVISOR, ALL_SCOPES, "P1")
            client.headers["Authorization"] = f"Bearer {text}"
            yield api
    finally:
        store.close()


@contextmanager
def api_with_meters(folder: Path) -> Iterator[Api]:
    """As `api_over`, with simulated meters that answer on loopback."""
    with (
        running(meter_world(), MeterClock()) as meters,
        api_over(folder, town_at(meters.port), meters) as api,
    ):
        yield api
