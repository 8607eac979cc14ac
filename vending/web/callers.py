"""Who calls: the API key of the request, checked for the scope that an endpoint needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Protocol

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from ..accounting import Bookkeeping, BookReports, DailyClosing
from ..accounts import Accounts
from ..acts import Exchanges
from ..api_keys import ApiKeys, ApiScope, KeyOffice, ScopeMissing, caller
from ..approvals import Approvals, Blocks, Operators
from ..clockdesk import ClockDesk
from ..drawer import Bankings, Deposits, Drawers, XReports
from ..faults import Faults
from ..keychanges import KeyChanges
from ..languages import Languages
from ..municipality import TownHall
from ..outbox_worker import Outbox
from ..papers import PaperDesk, PaperMaker
from ..parties import Actor
from ..people import Devices, Doors, FirstRun, Office, Own
from ..printing import CashDrawer
from ..registry import Register
from ..samples import Samples
from ..sending import PracticePrinter
from ..service import VendingService
from ..tariffdesk import TariffDesk


class Services(Protocol):
    """What the API needs; `vending.wiring` builds it."""

    @property
    def service(self) -> VendingService: ...

    @property
    def clock_desk(self) -> ClockDesk: ...

    @property
    def bookkeeping(self) -> Bookkeeping: ...

    @property
    def closing(self) -> DailyClosing: ...

    @property
    def reports(self) -> BookReports: ...

    @property
    def accounts(self) -> Accounts: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def key_changes(self) -> KeyChanges: ...
    @property
    def approvals(self) -> Approvals: ...

    @property
    def exchanges(self) -> Exchanges: ...

    @property
    def blocks(self) -> Blocks: ...

    @property
    def operators(self) -> Operators: ...
    @property
    def tariff_desk(self) -> TariffDesk: ...
    @property
    def drawers(self) -> Drawers: ...

    @property
    def x_reports(self) -> XReports: ...

    @property
    def bankings(self) -> Bankings: ...

    @property
    def deposits(self) -> Deposits: ...

    @property
    def api_keys(self) -> ApiKeys: ...

    def check_writing(self) -> None:
        """Raises Unavailable while nothing can be written until the program starts anew."""
        ...

    def explained(self, error: Exception) -> Exception:
        """`error`, or what it comes of where a row of the database cannot be read. Takes seconds
        where there are many rows."""
        ...

    @property
    def key_office(self) -> KeyOffice: ...

    @property
    def doors(self) -> Doors: ...

    @property
    def office(self) -> Office: ...

    @property
    def first_run(self) -> FirstRun: ...

    @property
    def own(self) -> Own: ...

    @property
    def papers(self) -> PaperDesk: ...

    @property
    def paper_maker(self) -> PaperMaker: ...

    @property
    def practice_printer(self) -> PracticePrinter: ...

    @property
    def town_hall(self) -> TownHall: ...

    @property
    def devices(self) -> Devices: ...

    @property
    def faults(self) -> Faults: ...

    @property
    def cash_drawers(self) -> Mapping[str, CashDrawer]:
        """By place (`outbox.at_place`), where the printer has one."""
        ...

    @property
    def languages(self) -> Languages: ...

    @property
    def samples(self) -> Samples: ...

    @property
    def register(self) -> Register: ...

    @property
    def meter_models(self) -> tuple[str, ...]:
        """Names of the register maps, for whoever says what a meter is."""
        ...

    @property
    def currency(self) -> str:
        """Of amounts that come without one."""
        ...


_BEARER = HTTPBearer(
    auto_error=False,
    description="An API key from `raseed apikey create`, as `Authorization: Bearer rsk_...`",
)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]


def services_of(request: Request) -> Services:
    """The services that the app was made with."""
    services: Services = request.app.state.services
    return services


def service_of(request: Request) -> VendingService:
    return services_of(request).service


def bookkeeping_of(request: Request) -> Bookkeeping:
    return services_of(request).bookkeeping


def clock_desk_of(request: Request) -> ClockDesk:
    return services_of(request).clock_desk


def closing_of(request: Request) -> DailyClosing:
    return services_of(request).closing


def reports_of(request: Request) -> BookReports:
    return services_of(request).reports


def outbox_of(request: Request) -> Outbox:
    return services_of(request).outbox


def key_changes_of(request: Request) -> KeyChanges:
    return services_of(request).key_changes


def approvals_of(request: Request) -> Approvals:
    return services_of(request).approvals


def exchanges_of(request: Request) -> Exchanges:
    return services_of(request).exchanges


def blocks_of(request: Request) -> Blocks:
    return services_of(request).blocks


def operators_of(request: Request) -> Operators:
    return services_of(request).operators


def tariff_desk_of(request: Request) -> TariffDesk:
    return services_of(request).tariff_desk


def drawers_of(request: Request) -> Drawers:
    return services_of(request).drawers


def x_reports_of(request: Request) -> XReports:
    return services_of(request).x_reports


def bankings_of(request: Request) -> Bankings:
    return services_of(request).bankings


def deposits_of(request: Request) -> Deposits:
    return services_of(request).deposits


def accounts_of(request: Request) -> Accounts:
    return services_of(request).accounts


class Needs:
    """A dependency that answers the caller as Actor, if the key has one of the scopes. Raises
    CallerUnknown, ScopeMissing."""

    def __init__(self, scope: ApiScope, *others: ApiScope) -> None:
        self._scopes = (scope, *others)

    def __call__(self, request: Request, credentials: Credentials) -> Actor:
        text = None if credentials is None else credentials.credentials
        keys = services_of(request).api_keys
        *first, last = self._scopes
        for scope in first:
            try:
                return caller(keys, text, scope).actor
            except ScopeMissing:
                continue
        return caller(keys, text, last).actor


Reader = Annotated[Actor, Depends(Needs(ApiScope.READ))]
Seller = Annotated[Actor, Depends(Needs(ApiScope.VEND))]
Technician = Annotated[Actor, Depends(Needs(ApiScope.METER))]
Registrar = Annotated[Actor, Depends(Needs(ApiScope.REGISTER))]
Bookkeeper = Annotated[Actor, Depends(Needs(ApiScope.BOOKS))]
Approver = Annotated[Actor, Depends(Needs(ApiScope.APPROVE))]
Teller = Annotated[Actor, Depends(Needs(ApiScope.VEND, ApiScope.BOOKS))]
Keeping = Annotated[Bookkeeping, Depends(bookkeeping_of)]
ClockJudge = Annotated[ClockDesk, Depends(clock_desk_of)]
Messages = Annotated[Outbox, Depends(outbox_of)]
Closing = Annotated[DailyClosing, Depends(closing_of)]
Reports = Annotated[BookReports, Depends(reports_of)]
KeyMoves = Annotated[KeyChanges, Depends(key_changes_of)]
Approving = Annotated[Approvals, Depends(approvals_of)]
Exchanging = Annotated[Exchanges, Depends(exchanges_of)]
Blocking = Annotated[Blocks, Depends(blocks_of)]
People = Annotated[Operators, Depends(operators_of)]
Desk = Annotated[TariffDesk, Depends(tariff_desk_of)]
AllDrawers = Annotated[Drawers, Depends(drawers_of)]
AllXReports = Annotated[XReports, Depends(x_reports_of)]
AllBankings = Annotated[Bankings, Depends(bankings_of)]
AccountsDesk = Annotated[Accounts, Depends(accounts_of)]
AllDeposits = Annotated[Deposits, Depends(deposits_of)]
Service = Annotated[VendingService, Depends(service_of)]
