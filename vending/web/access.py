"""One log line per request: method, path, status, milliseconds. Never the query, a header or a
body, where keys, names and tokens travel. And a limit to what a request may weigh."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..masking import masked
from .answers import problem_response
from .errors import RequestTooLarge

log = logging.getLogger("raseed.access")

Say = Callable[[str], None]
"""Takes one line."""


def say(line: str) -> None:
    """To the log, as any other line."""
    log.info("%s", line)


class AccessLog:
    """ASGI middleware around everything."""

    def __init__(self, app: ASGIApp, say: Say) -> None:
        self._app = app
        self._say = say

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            self._say(access_line(scope, status, began))


def access_line(scope: Scope, status: int, began: float) -> str:
    """What is said of a request that was answered so; `began` by `time.perf_counter`."""
    taken = (time.perf_counter() - began) * 1000
    # repr escapes line breaks that a path may hold; a token or key may stand in it, too.
    return f"{scope['method']} {masked(scope['path'])!r} {status} {taken:.1f}ms"


async def whole_body(receive: Receive, most_bytes: int) -> bytes:
    """The body of a request, told length or not. Raises RequestTooLarge, and ClientDisconnect
    if the caller has gone."""
    parts: list[bytes] = []
    weight = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect()
        parts.append(message.get("body", b""))
        weight += len(parts[-1])
        more = bool(message.get("more_body", False))
        if weight > most_bytes:
            raise RequestTooLarge(most_bytes)
    return parts[0] if len(parts) == 1 else b"".join(parts)


class BodyLimit:
    """Refuses bodies above `most_bytes` (or what `larger` says for a path) before they are parsed,
    told length or not."""

    def __init__(
        self, app: ASGIApp, most_bytes: int, larger: Mapping[str, int] | None = None
    ) -> None:
        self._app = app
        self._default = most_bytes
        self._larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        messages: list[Message] = []
        weight, most = 0, self._larger.get(scope["path"], self._default)
        more = True
        while more:
            message = await receive()
            messages.append(message)
            weight += len(message.get("body", b""))
            more = bool(message.get("more_body", False))
            if weight > most:
                answer = problem_response(Request(scope), RequestTooLarge(most))
                await answer(scope, receive, send)
                return
        kept = iter(messages)

        async def replay() -> Message:
            return next(kept, None) or await receive()

        await self._app(scope, replay, send)
