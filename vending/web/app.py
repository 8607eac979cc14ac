"""The app: routes, error answers, limits, and a description for people who call it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from ..exports import FORMATS
from .access import AccessLog, BodyLimit, Say, say
from .answers import answer_errors
from .callers import Services
from .description import add_description, errors_as_they_come
from .errors import NoSuchAddress
from .pages import add_pages
from .quick import QuickLane, Sellers
from .routers import PREFIX
from .routes import (
    accounts,
    approvals,
    bookkeeping,
    books,
    clock,
    drawer,
    key_changes,
    lists,
    outbox,
    parties,
    sales,
    subledgers,
    tariffs,
)
from .writer import Writer

MOST_BODY_BYTES = 64 * 1024
LARGER_BODIES = {"/municipality": 256 * 1024, lists.LIST_ADDRESS: 512 * 1024}
"""A page that takes a picture, and a list of sales."""

_WORTH_BYTES: Final = 1024
"""What is shorter fits a packet or two as it is."""
_PACKED: Final = (
    *DEFAULT_EXCLUDED_CONTENT_TYPES,
    "application/pdf",
    FORMATS["xlsx"].media_type,
)
"""Kinds that are compressed in themselves."""

_ABOUT = """
Prepaid electricity and water: look up customers and meters, quote, sell, reprint, hand a token to
its meter, read meters.

* Every call but `/health` needs an API key: `Authorization: Bearer rsk_...`.
* The caller makes the **vend id** and keeps it before selling. Repeating a call with the same id
  gives the same receipt, digit for digit; money is never taken twice. Letters count as they are
  written: `TILL-1` is another id than `till-1`. So do those of all other ids that callers make: of
  a shift, a cash move, an approval, a quote ... One that is a UUID with capital letters is refused
  (`id.in_capitals`): programs write it again in small letters, and it would be done twice.
* A parameter or field that an address does not know is refused, never passed over; so is a
  parameter given twice that counts once.
* A number of a party that has strokes in it, as `2026/114`, is written into an address as it is, or
  with `%2F`.
* Amounts are decimals as text with a unit. Times are UTC; days and months are those of the
  municipality, from midnight to midnight there.
* Errors are problem details (RFC 9457) with a stable `code`, facts, and words in Arabic or
  English by `Accept-Language`. `invalid` (422, 404): fix the input. `refused` (409, 403): a rule
  says no. `unavailable` (503): nothing happened, try later. `unknown` (502): it may have
  happened, ask what became of it. `broken` (500): call for help.
"""


_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def _nothing_here(_request: Request) -> Response:
    """The framework would send who writes a stroke too many elsewhere, as it understands its own
    name: key and body of a sale would follow, perhaps over a line that anybody reads."""
    raise NoSuchAddress()


@asynccontextmanager
async def _closing_writer(app: FastAPI) -> AsyncIterator[None]:
    """At the end everybody who waits for a sale is answered."""
    yield
    await app.state.writer.close()


class _App(FastAPI):
    """The framework's, behind the quick lane."""

    lane: QuickLane

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        await self.lane(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """The description, made at the first call."""
        if self.openapi_schema is None:
            errors_as_they_come(super().openapi())
        return super().openapi()

    async def usual(self, scope: Scope, receive: Receive, send: Send) -> None:
        """All that is not quick."""
        answered = False

        async def watched(message: Message) -> None:
            nonlocal answered
            await send(message)
            last = message["type"] == "http.response.body" and not message.get("more_body", False)
            answered = answered or last

        try:
            await super().__call__(scope, receive, watched)
        except Exception:
            # The framework raises what it has answered. The server would write it into the log once
            # more, with whatever of a row it says, and hang up: who sells next over the same line
            # would not know whether it was sold.
            if not answered:
                raise


def create_app(services: Services, say: Say = say) -> FastAPI:
    """The API over these services, which stay the caller's to close. `say` takes the line about
    each request; else it goes to the log."""
    app = _App(
        title="Raseed",
        version=version("raseed"),
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{PREFIX}/openapi.json",
        lifespan=_closing_writer,
    )
    app.state.services = services
    service = services.service
    app.state.writer = Writer(
        service.vend_many, service.vend_at_once if service.is_embedded else None
    )
    app.state.sellers = Sellers(services.api_keys, time.monotonic)
    # Addresses are tried in this order, and sales are most of what is asked.
    parts = (sales, lists, parties, books, subledgers, bookkeeping, accounts, drawer)
    for part in (*parts, approvals, key_changes, outbox, tariffs, clock):
        # Not `include_router`: it works out every route anew, a sixth of a second per program, and
        # goes through a second router at each call.
        app.router.routes.extend(part.router.routes)
    app.add_route(f"{PREFIX}/{{rest:path}}/", _nothing_here, _METHODS, include_in_schema=False)
    add_description(app, f"{PREFIX}/docs")
    answer_errors(app)
    add_pages(app)
    # Over the line of a remote quarter a page takes a third of the time so, its styles and scripts
    # a quarter. Not what the quick lane answers: programs sell there, and it would cost each sale.
    app.add_middleware(
        GZipMiddleware,
        minimum_size=_WORTH_BYTES,
        compresslevel=6,
        exclude_content_types=_PACKED,
    )
    app.add_middleware(BodyLimit, most_bytes=MOST_BODY_BYTES, larger=LARGER_BODIES)
    app.add_middleware(AccessLog, say=say)
    app.lane = QuickLane(app.usual, app.router.routes, MOST_BODY_BYTES, say)
    return app


__all__ = ["Services", "create_app"]
