"""Readings, the state of the books, and whether the service is well."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

from fastapi import Query, Request
from pydantic import BaseModel

from ...shapes import LedgerReportOut, MeterLogOut, ReadingOut
from ...shapes.base import MOST_NUMBER
from ..callers import Keeping, Reader, Service, Technician, services_of
from ..routers import api_router
from .parties import MeterPath

router = api_router()


class HealthOut(BaseModel):
    """The service answers, reaches its database and may write to it."""

    status: str
    version: str


@router.post("/meters/{number}/readings", status_code=201, tags=["readings"])
def read_now(actor: Technician, service: Service, number: MeterPath) -> ReadingOut:
    """Read balance and supply from the meter now, and keep the reading."""
    return ReadingOut.of(service.read_account(actor, number))


@router.get("/meters/{number}/readings", tags=["readings"])
def list_readings(
    actor: Reader,
    service: Service,
    number: MeterPath,
    before: Annotated[
        int | None, Query(ge=1, le=MOST_NUMBER, description="Those below this id")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[ReadingOut]:
    """Stored readings of a meter, latest first."""
    found = service.readings(actor, number, before=before, limit=limit)
    return [ReadingOut.of(reading) for reading in found]


@router.get("/meters/{number}/token-log", tags=["readings"])
def token_log(actor: Technician, service: Service, number: MeterPath) -> MeterLogOut:
    """Read the meter's token log now, and tell of each line which sale its token is of. A token
    that it took and that the books do not have was made somewhere else; one whose sale was voided
    was used all the same."""
    return MeterLogOut.of(service.token_log(actor, number))


@router.get("/ledger/verification", tags=["books"])
def verify(
    actor: Reader,
    keeping: Keeping,
    against: Annotated[
        str | None, Query(max_length=60, description="A seal's code, kept outside the books")
    ] = None,
) -> LedgerReportOut:
    """Recompute every sum, hash and link of the books. Reads them whole: not for every minute."""
    return LedgerReportOut.of(keeping.verify(actor, against))


# Many a monitor asks with HEAD, and takes a 405 for a service that is down.
@router.head("/health", include_in_schema=False)
@router.get("/health", tags=["health"])
def health(request: Request) -> HealthOut:
    """200 if the service answers, reaches its database and may write to it; needs no key. With
    `store.disk_failed` it reads on and writes no more: start it anew."""
    services = services_of(request)
    services.api_keys.by_digest("")
    services.check_writing()
    return HealthOut(status="ok", version=version("raseed"))
