"""The floor under a lone sale over HTTP on SQLite: the same kind of web server, what a sale asks of
its database and the rows that it writes, in one transaction that is on disk before the answer; and
nothing reckoned in between: no key, no check, no price, no token, no hash, no receipt.

What the product takes beyond it is its own reckoning. A program of its own:
`python -m vending.bench.vend_floor DATABASE_FILE SOURCE_FILE PORT`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
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

MOST_READY: Final = 4000
"""Sales that are read ahead of a measurement, more than one caller asks for in a second."""
_ANSWER: Final = b"{" + b" " * 1598 + b"}"
"""As long as the product's answer."""
_HEADERS: Final = [
    (b"content-length", str(len(_ANSWER)).encode("ascii")),
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
]


class Questions:
    """What `GroundLoader` asks for one plain sale, in its order."""

    def __init__(self) -> None:
        kind = "sqlite"
        self._chain = asked.chain(kind)
        self._sold, self._meters = asked.sold(kind), asked.meters(kind)
        self._points, self._operators = asked.points(kind), asked.operators(kind)
        self._blocks, self._shifts = asked.blocks(kind), asked.shifts(kind)
        chart = read_chart(CONFIG / "chart-of-accounts.toml")
        roles = ("customer_balance", "till", "operator_deposit")
        self._balance, self._till, self._deposit = (chart.role(role).code for role in roles)

    def of(self, vend_id: str, meter: str) -> list[Ask]:
        """As the driver takes them."""
        point, person, terminal = CLERK.point, CLERK.name, CLERK.terminal
        codes, numbers = json.dumps([point]), json.dumps([meter])
        subjects = json.dumps([person, point, terminal, meter])
        return [
            _ask(self._chain),
            _ask(self._sold, json.dumps([vend_id])),
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
    asks, and writes those of the next one."""

    def __init__(self, bare: BareSqlite) -> None:
        self._bare = bare
        self._questions = Questions()
        self._next: Iterator[SaleRows] = iter(())

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lived(receive, send)
        elif scope["method"] == "GET":
            ready = self._bare.read_new(MOST_READY)
            self._next = iter(ready)
            await _answer(send, 200, str(len(ready)).encode("ascii"))
        else:
            asked_for = json.loads((await receive())["body"])
            asks = self._questions.of(asked_for["vend_id"], asked_for["meter"])
            self._bare.write([next(self._next)], asks)
            await _answer(send, 201, _ANSWER)


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
