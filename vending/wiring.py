"""The only place that knows every concrete class: from settings to running services."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from meters.errors import Invalid
from tokens.sts import MemorySecurityModule, SecurityModule

from . import trailed
from .accounting import Bookkeeping, BookReports, DailyClosing
from .accounts import Accounts, TariffMoves, account_acts
from .acts import Exchanges, sale_acts
from .admission import MeterRules
from .api_keys import KeyOffice
from .approvals import Approvals, Blocks, Operators, own_acts
from .clock import UNWATCHED, ClockGuard
from .clockdesk import ClockDesk
from .drawer import Bankings, Beneficiary, Deposits, Drawers, XReports
from .faults import Faults
from .graces import read_graces
from .heldcredit import HeldCredits
from .identity_checks import Argon2, OneTimeCodes
from .keychanges import KeyChanges
from .keys import Passphrase, open_sealed
from .languages import Languages
from .messages import LOCAL_ZONE
from .meterwork import MeterWorks
from .municipality import TownHall
from .outbox_worker import Outbox
from .papers import PaperMaker
from .people import Devices, Doors, FirstRun, Office, Own
from .people.recording import recorded
from .ports import Clock, GatewayFor
from .registry import Register
from .running import Raseed
from .samples import Samples, only_at, only_lasting
from .sending import HttpPoster, PracticePrinter
from .service import VendingService
from .settings import Settings
from .store import SqlStore
from .store.accounts import SqlAccounts
from .store.acts import SqlActs
from .store.api_keys import SqlApiKeys
from .store.approvals import SqlPeople
from .store.books import SqlBooks
from .store.drawer import SqlDrawers
from .store.faults import SqlFaults
from .store.house import SqlHouse, tell_acts
from .store.key_changes import SqlKeyChanges
from .store.languages import SqlLanguages
from .store.meter_commands import SqlMeterWorks
from .store.municipality import SqlMunicipality
from .store.outbox import SqlOutbox
from .store.registry import SqlRegister
from .store.samples import SqlSamples
from .store.tariffs import SqlTariffs
from .surroundings import (
    CONFIG,
    clock_guard,
    gateway_for,
    open_books,
    random_nibbles,
    read_shipped_chart,
    sample_parties,
    shipped_models,
    utc_now,
)
from .tariff import LiveTariffs, read_shipped
from .tariffdesk import TariffDesk
from .tariffrules import ChartBooks
from .ways_out import (
    cash_drawers,
    order_sender,
    outbox_plan,
    paper_desk,
    printers_for,
    senders_for,
)


@dataclass(eq=False)
class CurrencyDiffers(Invalid, code="settings.currency_differs"):
    """The settings name another currency than the accounts are kept in."""

    setting: str
    books: str


def open_raseed(
    settings: Settings,
    passphrase: Passphrase | None = None,
    *,
    create: bool = False,
    upgrade_schema: bool = False,
    clock: Clock | None = None,
    guard: ClockGuard | None = None,
) -> Raseed:
    """The services over the settings' database and, with a passphrase, their key file.

    Without one no vending key is held: what needs none works, the rest is refused with
    `keys.unknown`. With `create` the database is made if it is not there; with that or
    `upgrade_schema` it is brought to this program's schema. `clock` stands in for the wall clock:
    the demo makes itself a past. It is held against the books as the machine's would be by `guard`
    alone.

    Raises DatabaseMissing, the errors of vending.store and vending.keys, TariffMalformed,
    TariffChanged, GracesMalformed, ChartMalformed, CurrencyDiffers, CipherBroken.
    """
    # Keys first: with a wrong passphrase nothing else is even touched.
    security: SecurityModule = (
        MemorySecurityModule(())
        if passphrase is None
        else open_sealed(settings.key_file, passphrase)
    )
    store = open_books(settings, create=create, upgrade_schema=upgrade_schema)
    try:
        if guard is None:
            guard = clock_guard(settings) if clock is None else UNWATCHED
        return compose(settings, store, security, gateway_for(settings), clock or utc_now, guard)
    except BaseException:
        store.close()
        raise


def compose(
    settings: Settings,
    store: SqlStore,
    security: SecurityModule,
    gateways: GatewayFor,
    utc_now: Clock = utc_now,
    guard: ClockGuard = UNWATCHED,
) -> Raseed:
    """The services over parts made elsewhere (the demo has keys and meters of its own)."""
    tell_acts(store, utc_now)
    chart = read_shipped_chart()
    if settings.vending.currency not in (None, chart.currency):
        raise CurrencyDiffers(str(settings.vending.currency), chart.currency)
    books = SqlBooks(store)
    people = SqlPeople(store)
    works = SqlMeterWorks(store)
    graces = read_graces(settings.meters.held_credit or CONFIG / "held-credit.toml")
    kept = SqlTariffs(store)
    shipped = read_shipped(settings.vending.tariffs or CONFIG / "tariffs")
    tariffs = LiveTariffs(kept, shipped, utc_now, time.monotonic_ns, ChartBooks(chart))
    kept_accounts = SqlAccounts(store)
    accounts = recorded(
        Accounts(kept_accounts, tariffs, chart, utc_now, LOCAL_ZONE, guard), trailed.ACCOUNTS
    )
    town_hall = TownHall(SqlMunicipality(store), utc_now, chart.currency)

    def offered() -> tuple[str, ...]:
        return town_hall.municipality().tariffs

    models = shipped_models()
    service = VendingService(
        store=store,
        security=security,
        tariffs=tariffs,
        chart=chart,
        clock=utc_now,
        randomness=random_nibbles(),
        gateway_for=gateways,
        guard=guard,
        outbox=outbox_plan(settings),
        offered=offered,
        models=models,
    )
    acting = SqlActs(store)
    acts = {
        **own_acts(chart.role("operator_deposit").unit),
        **sale_acts(service.ports, acting),
        **account_acts(TariffMoves(kept_accounts, tariffs, chart, utc_now, offered)),
    }
    approvals = recorded(Approvals(people, acts, utc_now, guard), trailed.APPROVALS)
    poster = HttpPoster(settings.outbox.timeout_seconds)
    languages = Languages(SqlLanguages(store), utc_now)
    papers = paper_desk(settings, town_hall.municipality, languages.of)
    # One instance of each, for the queue and for the pages: it lets one paper out at a time.
    printers = printers_for(settings)
    bookkeeping = recorded(
        Bookkeeping(books, chart, utc_now, LOCAL_ZONE, accounts.follow, guard), trailed.BOOKKEEPING
    )
    reports = BookReports(books, chart, utc_now, LOCAL_ZONE, security)
    kept_drawers, bank, plan = SqlDrawers(store), settings.bank, service.ports.outbox
    beneficiary = Beneficiary(bank.beneficiary, bank.name, bank.account)
    drawers = recorded(Drawers(kept_drawers, chart, utc_now, guard, plan), trailed.DRAWERS)
    x_reports = recorded(XReports(kept_drawers, chart, utc_now, guard, plan), trailed.X_REPORTS)
    bankings = Bankings(kept_drawers, chart, utc_now, beneficiary, guard, plan)
    maker = PaperMaker(service, drawers, x_reports, bankings, reports)
    outbox = recorded(
        Outbox(
            SqlOutbox(store, settings.database.busy_timeout_seconds),
            senders_for(settings, service, poster, papers, printers),
            utc_now,
            order_sender(settings, maker, papers, printers),
        ),
        trailed.OUTBOX,
    )
    key_changes = KeyChanges(SqlKeyChanges(store), security, gateways, utc_now)
    key_changes.tell_untold()
    house, hasher = SqlHouse(store), Argon2()
    office = Office(house, hasher, utc_now)
    keys = SqlApiKeys(store)
    return Raseed(
        settings=settings,
        chart=chart,
        store=store,
        service=recorded(service, trailed.REGISTER),
        clock_desk=recorded(ClockDesk(store, utc_now, guard), trailed.CLOCK),
        api_keys=keys,
        key_office=recorded(KeyOffice(keys, utc_now, secrets.token_bytes), trailed.API_KEYS),
        bookkeeping=bookkeeping,
        reports=reports,
        closing=DailyClosing(reports, bookkeeping, utc_now, LOCAL_ZONE),
        outbox=outbox,
        poster=poster,
        key_changes=recorded(key_changes, trailed.KEY_CHANGES),
        approvals=approvals,
        exchanges=recorded(
            Exchanges(acting, utc_now, MeterRules(security.keys, models), guard),
            trailed.EXCHANGES,
        ),
        blocks=recorded(Blocks(people, approvals, utc_now), trailed.BLOCKS),
        operators=recorded(Operators(people, approvals, chart), trailed.OPERATORS),
        tariff_desk=recorded(TariffDesk(kept, tariffs, chart, utc_now), trailed.TARIFFS),
        drawers=drawers,
        x_reports=x_reports,
        bankings=recorded(bankings, trailed.BANKINGS),
        deposits=Deposits(books, bookkeeping, chart),
        accounts=accounts,
        doors=Doors(
            house,
            hasher,
            OneTimeCodes(),
            utc_now,
            secrets.token_bytes,
            devices_required=settings.web.devices_required,
        ),
        office=office,
        first_run=FirstRun(
            house,
            office,
            utc_now,
            secrets.token_bytes,
            settings.web.setup_code.get_secret_value(),
        ),
        own=Own(house, utc_now),
        papers=papers,
        paper_maker=maker,
        practice_printer=PracticePrinter(papers, printers),
        town_hall=town_hall,
        devices=Devices(house, utc_now, secrets.token_bytes),
        faults=Faults(SqlFaults(store), utc_now),
        languages=languages,
        samples=Samples(
            SqlSamples(store),
            lambda rows: only_lasting(
                only_at(sample_parties(), offered()), tariffs.seen_by(rows), utc_now()
            ),
            utc_now,
        ),
        register=recorded(
            Register(SqlRegister(store), service.admitted, security.keys), trailed.PARTIES
        ),
        meter_works=MeterWorks(works, utc_now),
        held_credits=HeldCredits(works, books, service.ports, graces),
        cash_drawers=cash_drawers(settings, printers),
        meter_models=models,
    )
