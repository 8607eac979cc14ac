"""Customers, meters, vending points."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Request

from ...shapes import (
    CustomerFileOut,
    CustomerOut,
    LanguageIn,
    LanguageOut,
    MeterOut,
    PointOut,
    RegistrationIn,
    RegistrationOut,
)
from ..addresses import ACCOUNT
from ..callers import Reader, Registrar, Seller, Service, services_of
from ..routers import api_router

router = api_router("parties")

After = Annotated[
    str, Query(max_length=40, description="Go on behind this number, the last of the page before")
]
Limit = Annotated[int, Query(ge=1, le=500, description="How many at most")]
AccountPath = Annotated[str, Path(max_length=60)]
MeterPath = Annotated[
    str, Path(max_length=200, description="Meter number as typed: DRN or PAN, any script's digits")
]


@router.get("/customers")
def list_customers(
    actor: Reader,
    service: Service,
    search: Annotated[
        str, Query(max_length=100, description="Part of a name, account or phone number")
    ] = "",
    after: After = "",
    limit: Limit = 100,
) -> list[CustomerOut]:
    """Customers by account number."""
    found = service.customers(actor, search, after=after, limit=limit)
    return [CustomerOut.of(customer) for customer in found]


@router.get(f"/customers/{ACCOUNT}")
def one_customer(
    request: Request, actor: Reader, service: Service, account: AccountPath
) -> CustomerFileOut:
    """One customer with their meters."""
    customer, files = service.customer(actor, account)
    language = services_of(request).languages.of(customer.account)
    return CustomerFileOut.with_meters(customer, files, language)


@router.put(f"/customers/{ACCOUNT}/language")
def choose_language(
    request: Request, actor: Seller, account: AccountPath, body: LanguageIn
) -> LanguageOut:
    """The language of the customer's papers and SMS."""
    chosen = services_of(request).languages.choose(actor, account, body.language)
    return LanguageOut(account=account, language=chosen)


@router.get("/meters")
def list_meters(
    actor: Reader, service: Service, after: After = "", limit: Limit = 100
) -> list[MeterOut]:
    """Meters in use, by number."""
    return [MeterOut.of(file) for file in service.meters(actor, after=after, limit=limit)]


@router.get("/meters/{number}")
def one_meter(actor: Reader, service: Service, number: MeterPath) -> MeterOut:
    """One meter, by any form of its number."""
    return MeterOut.of(service.meter(actor, number))


@router.get("/points")
def list_points(request: Request, actor: Reader, service: Service) -> list[PointOut]:
    """Vending points."""
    return [PointOut.of(point, services_of(request).currency) for point in service.points(actor)]


@router.post("/registrations", status_code=201)
def register(
    request: Request, actor: Registrar, service: Service, body: RegistrationIn
) -> RegistrationOut:
    """Write down vending points, customers, places and meters with their agreements: all of it,
    or nothing. Needs the scope `register` and the role administrator. A body weighs 64 KiB at most,
    about ninety meters with their customers and places: more come in parts, or from a file."""
    registration = body.registration(services_of(request).currency)
    service.register(actor, registration)
    return RegistrationOut.of(registration)
