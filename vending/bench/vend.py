"""`raseed bench vend`: durable sales per second, through the real API and inside one process.

The anchor is the bare transaction: the rows of a sale written once more, one sale per commit, into
a database with the same tables, indexes, triggers and durability. What lies between the two is
the price of checking, pricing, making the token and hashing; what the product wins back is that
many sales share one commit.

The databases lie in the current folder, because a temporary folder may be in memory, where
durability costs nothing.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from meters.quantities import Money
from tokens.sts import MemorySecurityModule

from ..ledger import read_chart
from ..sale import SaleReceipt, VendRequest
from ..service import VendingService
from ..store import SqlStore, open_store, upgrade
from ..tariff import read_tariffs
from ..wiring import CONFIG
from .runner import Case, Figure, Tell, figure, interleaved
from .vend_bare import BareSqlite
from .vend_http import measure_http
from .vend_town import ADMIN, CLERK, METERS, key_record, no_gateway, parties

_ROUNDS: Final = 3
_SALES: Final = 300
"""Per round, one by one."""
_TOGETHER: Final = 128
"""Sales in one transaction, as many as the writer takes at once."""
_BATCHES: Final = 8
_START: Final = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def measure(tell: Tell) -> list[Figure]:
    """Sales, and what else a till asks for, per second."""
    with TemporaryDirectory(prefix=".raseed-bench-", dir=Path.cwd()) as folder:
        # Others go through it to a database of theirs in it; its parts are closed by themselves.
        Path(folder).chmod(0o711)
        return [*measure_http(Path(folder), tell), *measure_inside(Path(folder), tell)]


def measure_inside(folder: Path, tell: Tell) -> list[Figure]:
    """In one process on SQLite, without HTTP."""
    town = _Town(folder / "sold.db")
    _new_store(folder / "bare.db").close()
    bare = BareSqlite(folder / "bare.db", town.path)
    try:
        return _measured(town, bare, tell)
    finally:
        bare.close()
        town.store.close()


def _measured(town: _Town, bare: BareSqlite, tell: Tell) -> list[Figure]:
    rates = interleaved(
        {
            "sales": Case(prepare=lambda _: town.requests(_SALES), run=town.sell),
            "bare": Case(prepare=lambda _: bare.read_new(), run=bare.write),
            "together": Case(
                prepare=lambda _: town.requests(_TOGETHER * _BATCHES), run=town.sell_together
            ),
            "replays": Case(prepare=lambda _: town.sold[-_SALES:], run=town.sell),
            "quotes": Case(prepare=lambda _: town.requests(_SALES), run=town.quote),
        },
        rounds=_ROUNDS,
        tell=tell,
    )
    tell("verifying the books")
    report = town.service.verify(CLERK)
    assert report.ok, report.problem
    assert report.entries == len(town.sold)
    rows = bare.rows / bare.transactions
    limit = f"bare transaction, the same {rows:.1f} rows inserted"
    sold = rates["sales"]
    return [
        figure("vend.sqlite.sales", sold, "sales/s", anchor=limit, anchor_value=rates["bare"]),
        figure(
            f"vend.sqlite.sales.together.{_TOGETHER}",
            rates["together"],
            "sales/s",
            anchor=limit,
            anchor_value=rates["bare"],
        ),
        figure(
            "vend.sqlite.replays",
            rates["replays"],
            "answers/s",
            anchor="new sales",
            anchor_value=sold,
            goal=sold,
        ),
        figure("vend.sqlite.quotes", rates["quotes"], "quotes/s"),
    ]


class _Town:
    """A service on a fresh database, and requests that are all different."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = _new_store(path)
        self.sold: list[VendRequest] = []
        self._numbers = count()
        self._moment = _START
        self.service = VendingService(
            store=self.store,
            security=MemorySecurityModule([key_record()]),
            tariffs=read_tariffs(CONFIG / "tariffs"),
            chart=read_chart(CONFIG / "chart-of-accounts.toml"),
            clock=self._clock,
            randomness=lambda: secrets.randbelow(16),
            gateway_for=no_gateway,
        )
        self.service.register(ADMIN, parties())

    def _clock(self) -> datetime:
        self._moment += timedelta(seconds=7)
        return self._moment

    def requests(self, number: int) -> list[VendRequest]:
        return [self._request(next(self._numbers)) for _ in range(number)]

    def _request(self, i: int) -> VendRequest:
        meter = METERS[i % len(METERS)].number
        return VendRequest(f"bench-{i}", meter, Money(2000 + i * 37 % 30_000))

    def sell(self, requests: list[VendRequest]) -> int:
        for request in requests:
            receipt = self.service.vend(CLERK, request)
            if not receipt.replayed:
                self.sold.append(request)
        return len(requests)

    def sell_together(self, requests: list[VendRequest]) -> int:
        for begin in range(0, len(requests), _TOGETHER):
            batch = requests[begin : begin + _TOGETHER]
            answers = self.service.vend_many([(CLERK, request) for request in batch])
            assert all(isinstance(answer, SaleReceipt) for answer in answers)
            self.sold += batch
        return len(requests)

    def quote(self, requests: list[VendRequest]) -> int:
        for request in requests:
            self.service.quote(CLERK, request.meter, request.amount)
        return len(requests)


def _new_store(path: Path) -> SqlStore:
    store = open_store(path, must_be_current=False)
    upgrade(store.engine)
    return store
