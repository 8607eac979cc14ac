"""The floor under sales over HTTP on SQLite: the same kind of web server, what sales ask of their
database and the rows that they write, in one transaction for all who wait that is on disk before
the answer; and nothing reckoned in between: no key, no check, no price, no token, no hash, no
receipt.

What the product takes beyond it is its own reckoning. A program of its own:
`python -m vending.bench.vend_floor DATABASE_FILE SOURCE_FILE PORT`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from pathlib import Path
from typing import Any, Final

import uvicorn

from ..ledger import read_chart
from ..store import ground_statements as asked
from ..store.prepared import Prepared
from ..surroundings import CONFIG
from .vend_bare import Ask, BareSqlite, SaleRows
from .vend_town import CLERK

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
"""ASGI's, as the server hands them over."""

MOST_READY: Final = 20_000
"""Sales that are read ahead of a measurement, more than callers ask for in a second."""
_ANSWER: Final = b"{" + b" " * 1598 + b"}"
"""As long as the product's answer."""
_HEADERS: Final = [
    (b"content-length", str(len(_ANSWER)).encode("ascii")),
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
]


class Questions:
    """What `GroundLoader` asks for plain sales at one point, in its order."""

    def __init__(self) -> None:
        kind = "sqlite"
        self._chain = asked.chain(kind)
        self._sold, self._meters = asked.sold(kind), asked.meters(kind)
        self._points, self._operators = asked.points(kind), asked.operators(kind)
        self._blocks, self._shifts = asked.blocks(kind), asked.shifts(kind)
        chart = read_chart(CONFIG / "chart-of-accounts.toml")
        roles = ("customer_balance", "till", "operator_deposit")
        self._balance, self._till, self._deposit = (chart.role(role).code for role in roles)

    def of(self, vend_ids: Sequence[str], meters: Sequence[str]) -> list[Ask]:
        """As the driver takes them."""
        point, person, terminal = CLERK.point, CLERK.name, CLERK.terminal
        codes, numbers = json.dumps([point]), json.dumps(meters)
        subjects = json.dumps([person, point, terminal, *meters])
        return [
            _ask(self._chain),
            _ask(self._sold, json.dumps(vend_ids)),
            _ask(self._meters, *asked.BASE_DATES, self._balance, numbers),
            _ask(self._points, self._till, codes),
            _ask(self._operators, self._deposit, json.dumps([person])),
            _ask(self._blocks, subjects, numbers),
            _ask(self._shifts, codes),
        ]


def _ask(statement: Prepared, *values: str) -> Ask:
    (ready,) = statement.all_ready([values])
    return statement.sql, ready


class Floor:
    """The ASGI app. `GET` reads rows of new sales ahead and answers how many there are; each `POST`
    asks, and writes those of the next one, together with all who wait."""

    def __init__(self, bare: BareSqlite) -> None:
        self._bare = bare
        self._questions = Questions()
        self._next: deque[SaleRows] = deque()
        self._gathered: list[tuple[Message, asyncio.Future[None]]] = []

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lived(receive, send)
        elif scope["method"] == "GET":
            self._next += self._bare.read_new(MOST_READY - len(self._next))
            await _answer(send, 200, str(len(self._next)).encode("ascii"))
        else:
            loop = asyncio.get_running_loop()
            written: asyncio.Future[None] = loop.create_future()
            self._gathered.append((json.loads((await receive())["body"]), written))
            if len(self._gathered) == 1:
                loop.call_soon(self._turned, loop, 0)
            await written
            await _answer(send, 201, _ANSWER)

    def _turned(self, loop: asyncio.AbstractEventLoop, before: int) -> None:
        """As the product's writer takes whoever is waiting."""
        if before < len(self._gathered):
            loop.call_soon(self._turned, loop, len(self._gathered))
            return
        gathered, self._gathered = self._gathered, []
        asks = self._questions.of(
            [asked_for["vend_id"] for asked_for, _ in gathered],
            [asked_for["meter"] for asked_for, _ in gathered],
        )
        self._bare.write_together([self._next.popleft() for _ in gathered], asks)
        for _, written in gathered:
            written.set_result(None)


async def _lived(receive: Receive, send: Send) -> None:
    for told in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{told}.complete"})


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers: Sequence[Any] = _HEADERS if body is _ANSWER else []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    uvicorn.run(
        Floor(BareSqlite(Path(sys.argv[1]), Path(sys.argv[2]))),
        port=int(sys.argv[3]),
        loop="uvloop",
        http="httptools",
        proxy_headers=False,
        access_log=False,
        log_level="warning",
    )
