"""Who calls: the API key of the request, checked for the scope that an endpoint needs."""

from __future__ import annotations

from typing import Annotated, Protocol

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from ..accounting import Bookkeeping, BookReports
from ..accounts import Accounts
from ..api_keys import ApiKeys, ApiScope, ScopeMissing, caller
from ..parties import Actor
from ..service import VendingService


class Services(Protocol):
    """What the API needs; `vending.wiring` builds it."""

    @property
    def service(self) -> VendingService: ...

    @property
    def bookkeeping(self) -> Bookkeeping: ...

    @property
    def reports(self) -> BookReports: ...

    @property
    def accounts(self) -> Accounts: ...

    @property
    def api_keys(self) -> ApiKeys: ...

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


def reports_of(request: Request) -> BookReports:
    return services_of(request).reports


def accounts_of(request: Request) -> Accounts:
    return services_of(request).accounts


class Needs:
    """A dependency that answers the caller as Actor, whose key has the scope, or one of `others`.
    Raises CallerUnknown, ScopeMissing (of the first)."""

    def __init__(self, scope: ApiScope, *others: ApiScope) -> None:
        self._scope = scope
        self._others = others

    def __call__(self, request: Request, credentials: Credentials) -> Actor:
        text = None if credentials is None else credentials.credentials
        keys = services_of(request).api_keys
        for scope in self._others:
            try:
                return caller(keys, text, scope).actor
            except ScopeMissing:
                continue
        return caller(keys, text, self._scope).actor


Reader = Annotated[Actor, Depends(Needs(ApiScope.READ))]
Seller = Annotated[Actor, Depends(Needs(ApiScope.VEND))]
Technician = Annotated[Actor, Depends(Needs(ApiScope.METER))]
Registrar = Annotated[Actor, Depends(Needs(ApiScope.REGISTER))]
Bookkeeper = Annotated[Actor, Depends(Needs(ApiScope.BOOKS))]
Clerk = Annotated[Actor, Depends(Needs(ApiScope.VEND, ApiScope.BOOKS))]
"""At the till or at the books."""
Keeping = Annotated[Bookkeeping, Depends(bookkeeping_of)]
Reports = Annotated[BookReports, Depends(reports_of)]
AccountsDesk = Annotated[Accounts, Depends(accounts_of)]
Service = Annotated[VendingService, Depends(service_of)]
