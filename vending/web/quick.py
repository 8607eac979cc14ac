"""The quick way through the API for the one call that is made all day: sell.

`QuickRoute` is documented like every other route, and asks for the same key and body. It only
leaves out what the framework does between socket and endpoint for the general case (dependencies
in threads, a copy of the answer checked field by field), which costs more than the sale itself.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from ..api_keys import ApiKeys, ApiScope, caller
from ..parties import Actor
from .errors import RequestInvalid

KEEP_S: Final = 1.0
"""How long a seller's key is believed without asking the database: a key that is revoked stops
selling within this time."""

Endpoint = Callable[[Request, Actor, Any], Coroutine[Any, Any, Response]]


class Sellers:
    """Who may sell, by API key, remembered for a moment. `clock` counts seconds and never goes
    back."""

    def __init__(self, keys: ApiKeys, clock: Callable[[], float], keep_s: float = KEEP_S) -> None:
        self._keys = keys
        self._clock = clock
        self._keep_s = keep_s
        self._known: dict[str, tuple[float, Actor]] = {}

    async def actor(self, request: Request) -> Actor:
        """Raises CallerUnknown, ScopeMissing."""
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        known = self._known.get(text)
        now = self._clock()
        if known is not None and now < known[0] and scheme == "Bearer":
            return known[1]
        given = text.strip() if scheme.lower() == "bearer" else None
        key = await run_in_threadpool(caller, self._keys, given, ApiScope.VEND)
        # Only keys that exist come here, so there are never many.
        self._known[text] = (now + self._keep_s, key.actor)
        return key.actor


class QuickRoute(APIRoute):
    """A route to `async def endpoint(request, actor, body) -> Response`, for sellers."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint: Endpoint = self.endpoint
        field = self.body_field
        assert field is not None
        body_type: type[BaseModel] = field.field_info.annotation  # type: ignore[assignment]

        async def handler(request: Request) -> Response:
            sellers: Sellers = request.app.state.sellers
            actor = await sellers.actor(request)
            return await endpoint(request, actor, await _body(request, body_type))

        return handler


async def _body(request: Request, kind: type[BaseModel]) -> BaseModel:
    """Raises RequestInvalid, RequestValidationError."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise RequestInvalid(["body"])
    try:
        return kind.model_validate_json(await request.body())
    except ValidationError as error:
        told = error.errors(include_url=False, include_input=False, include_context=False)
        raise RequestValidationError(
            [{**found, "loc": ("body", *found["loc"])} for found in told]
        ) from None
