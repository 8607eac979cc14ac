"""The quick way through the API for the one call that is made all day: sell.

`QuickRoute` is documented like every other route, and asks for the same key and body. `QuickLane`
stands before the framework and serves these routes itself, with the same limits, errors and log
line: it only leaves out what the framework does between socket and endpoint for the general case
(a search through all routes, stacks of what is to be closed, dependencies in threads, a copy of the
answer checked field by field), which costs more than the sale itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final

from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ..api_keys import ApiKeys, ApiScope, caller
from ..parties import Actor
from .access import Say, access_line, whole_body
from .answers import error_response, explained
from .errors import RequestInvalid
from .exact import ExactRoute, read_body

KEEP_S: Final = 1.0
"""How long a seller's key is believed without asking the database: a key that is revoked stops
selling within this time."""

Answer = tuple[int, bytes]
"""The status, and JSON that nobody on the way may keep."""
Endpoint = Callable[[Request, Actor, Any], Coroutine[Any, Any, Answer]]


class Sellers:
    """Who may sell, by API key, remembered for a moment. `clock` counts seconds and never goes
    back."""

    def __init__(self, keys: ApiKeys, clock: Callable[[], float], keep_s: float = KEEP_S) -> None:
        self._keys = keys
        self._clock = clock
        self._keep_s = keep_s
        self._known: dict[str, tuple[float, Actor]] = {}
        self._asking: dict[str, tuple[float, asyncio.Task[Actor]]] = {}
        """By key: since when it is asked about."""

    async def actor(self, request: Request) -> Actor:
        """Raises CallerUnknown, ScopeMissing."""
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        known = self._known.get(text)
        now = self._clock()
        if known is not None and now < known[0] and scheme == "Bearer":
            return known[1]
        if scheme.lower() != "bearer":
            return (await run_in_threadpool(caller, self._keys, None, ApiScope.VEND)).actor
        # One asks for all who come with the same key meanwhile: else, once a second, every one of
        # a busy counter's requests would go through a thread of its own. But a database that takes
        # its time answers what was so when it was asked: who comes later than that asks anew.
        since, asking = self._asking.get(text, (now, None))
        if asking is None or now >= since + self._keep_s:
            asking = asyncio.create_task(self._ask(text, now))
            self._asking[text] = now, asking
            asking.add_done_callback(lambda asked: self._answered(text, asked))
        # Who hangs up does not take the answer from the others.
        return await asyncio.shield(asking)

    def _answered(self, text: str, asked: asyncio.Task[Actor]) -> None:
        _, asking = self._asking.get(text, (0, None))
        if asking is asked:
            del self._asking[text]
        if not asked.cancelled():
            # An error that nobody waits for any more is no news.
            asked.exception()

    async def _ask(self, text: str, now: float) -> Actor:
        key = await run_in_threadpool(caller, self._keys, text.strip(), ApiScope.VEND)
        # Only keys that exist come here, so there are never many.
        self._known[text] = (now + self._keep_s, key.actor)
        return key.actor


class QuickRoute(ExactRoute):
    """A route to `async def endpoint(request, actor, body) -> Answer`, for sellers."""

    async def answered(self, request: Request, body: bytes) -> Answer:
        """Raises what the endpoint raises, CallerUnknown, ScopeMissing, RequestInvalid,
        FieldRepeated, RequestValidationError and what `check_parameters` raises."""
        self.check_parameters(request)
        sellers: Sellers = request.app.state.sellers
        actor = await sellers.actor(request)
        endpoint: Endpoint = self.endpoint
        return await endpoint(request, actor, self._read(request, body))

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        async def handler(request: Request) -> Response:
            status, told = await self.answered(request, await request.body())
            return Response(told, status, {"Cache-Control": "no-store"}, "application/json")

        return handler

    def _read(self, request: Request, body: bytes) -> BaseModel:
        """Raises RequestInvalid, FieldRepeated, RequestValidationError."""
        field = self.body_field
        assert field is not None
        kind: type[BaseModel] = field.field_info.annotation  # type: ignore[assignment]
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media != "application/json":
            raise RequestInvalid(["body"])
        return read_body(kind, body)


class QuickLane:
    """The ASGI app before everything else: serves the quick routes, and leaves the rest to
    `app`."""

    def __init__(self, app: ASGIApp, routes: Iterable[object], most_bytes: int, say: Say) -> None:
        self._app = app
        self._most = most_bytes
        self._say = say
        self._quick = {
            (method, route.path): route
            for route in routes
            if isinstance(route, QuickRoute)
            for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        route = self._quick.get((scope["method"], scope["path"]))
        if route is None:
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500
        try:
            request = Request(scope, receive)
            try:
                body = await whole_body(receive, self._most)
                status, told = await route.answered(request, body)
            except ClientDisconnect:
                # Nobody is there to be answered; who asks again with the same id is.
                status = _GONE
            except Exception as error:
                problem = error_response(request, await explained(request, error))
                status = problem.status_code
                await problem(scope, receive, send)
            else:
                await _send(send, status, told)
        finally:
            self._say(access_line(scope, status, began))


async def _send(send: Send, status: int, body: bytes) -> None:
    length = str(len(body)).encode("ascii")
    headers = [(b"content-length", length), *_HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


_GONE: Final = 499
"""In the log, as web servers write it: the caller hung up."""
_HEADERS: Final = ((b"content-type", b"application/json"), (b"cache-control", b"no-store"))
