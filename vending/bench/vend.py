"""`raseed bench vend`: durable sales per second on SQLite, one after the other, in one process.

The anchor is the bare transaction: the very rows that the sales of the round have written,
written once more into a database with the same tables, indexes, triggers and durability by
plain `sqlite3`, one transaction and one fsync per sale. What lies between the two is the price
of checking, pricing, making the token, hashing, and of going through SQLAlchemy.

The databases lie in the current folder, because a temporary folder may be in memory, where
durability costs nothing.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from meters.account import Commodity
from meters.gateway import Gateway, MeterUnreachable
from meters.identity import Drn
from meters.quantities import Money
from tokens.sts import (
    BaseDate,
    Dkga,
    EncryptionAlgorithm,
    KeyAttributes,
    KeyRecord,
    KeyRef,
    KeyType,
    MemorySecurityModule,
    VendingKey,
)

from ..ledger import read_chart
from ..parties import (
    Actor,
    Customer,
    Meter,
    Registration,
    Role,
    ServicePoint,
    SupplyAgreement,
    VendingPoint,
)
from ..sale import VendRequest
from ..service import VendingService
from ..store import SqlStore, open_store, upgrade
from ..tariff import read_tariffs
from ..wiring import CONFIG
from .runner import Case, Figure, Tell, figure, interleaved

_ROUNDS: Final = 5
_SALES: Final = 300
"""Per round."""
_METERS: Final = 100
_SGC: Final = "999962"
_START: Final = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
_CLERK: Final = Actor("bench", Role.OPERATOR, "B1", "1")
_BOOKED: Final = ("entries", "postings", "sales", "idempotency", "receipts", "tokens")

Row = tuple[Any, ...]


def measure(tell: Tell) -> list[Figure]:
    """Sales, and what else a till asks for, per second."""
    with TemporaryDirectory(prefix=".raseed-bench-", dir=Path.cwd()) as folder:
        town = _Town(Path(folder) / "sold.db")
        bare = _Bare(Path(folder) / "bare.db", town.path)
        try:
            return _measured(town, bare, tell)
        finally:
            bare.close()
            town.store.close()


def _measured(town: _Town, bare: _Bare, tell: Tell) -> list[Figure]:
    rates = interleaved(
        {
            "sales": Case(prepare=lambda _: town.requests(_SALES), run=town.sell),
            "bare": Case(prepare=lambda _: bare.read_new(), run=bare.write),
            "replays": Case(prepare=lambda _: town.sold[-_SALES:], run=town.sell),
            "quotes": Case(prepare=lambda _: town.requests(_SALES), run=town.quote),
        },
        rounds=_ROUNDS,
        tell=tell,
    )
    tell("verifying the books")
    start = time.perf_counter()
    report = town.service.verify(_CLERK)
    elapsed = time.perf_counter() - start
    assert report.ok, report.problem
    assert report.entries == len(town.sold)
    rows = bare.rows / bare.transactions
    sold = rates["sales"]
    return [
        figure(
            "vend.sqlite.sales",
            sold,
            "sales/s",
            anchor=f"bare transaction, the same {rows:.1f} rows inserted",
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
        figure("ledger.verify", report.entries / elapsed, "entries/s"),
    ]


class _Town:
    """A service on a fresh database, and requests that are all different."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = _new_store(path)
        self.sold: list[VendRequest] = []
        self._numbers = count()
        self._meters = [Drn.from_serial("01", 1000 + i) for i in range(_METERS)]
        self._moment = _START
        self.service = VendingService(
            store=self.store,
            security=_security(),
            tariffs=read_tariffs(CONFIG / "tariffs"),
            chart=read_chart(CONFIG / "chart-of-accounts.toml"),
            clock=self._clock,
            randomness=lambda: secrets.randbelow(16),
            gateway_for=_no_gateway,
        )
        self.service.register(Actor("bench", Role.ADMINISTRATOR), _parties(self._meters))

    def _clock(self) -> datetime:
        self._moment += timedelta(seconds=7)
        return self._moment

    def requests(self, number: int) -> list[VendRequest]:
        return [self._request(next(self._numbers)) for _ in range(number)]

    def _request(self, i: int) -> VendRequest:
        meter = self._meters[i % _METERS].number
        return VendRequest(f"bench-{i}", meter, Money(2000 + i * 37 % 30_000))

    def sell(self, requests: list[VendRequest]) -> int:
        done = 0
        for request in requests:
            receipt = self.service.vend(_CLERK, request)
            if not receipt.replayed:
                self.sold.append(request)
            done += 1
        return done

    def quote(self, requests: list[VendRequest]) -> int:
        for request in requests:
            self.service.quote(_CLERK, request.meter, request.amount)
        return len(requests)


class _Bare:
    """The same rows without the product: plain sqlite3 on the same tables."""

    def __init__(self, path: Path, source: Path) -> None:
        _new_store(path).close()
        self.transactions = 0
        self.rows = 0
        self._seen = 0
        self._source = sqlite3.connect(source)
        self._db = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self._db.execute(f"PRAGMA {pragma}")
        for table in ("points", "counters", "customers", "service_points", "meters", "agreements"):
            rows = self._source.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608
            self._db.executemany(_insert(table, len(rows[0])), rows)
        self._inserts = {
            table: _insert(
                table, len(self._source.execute(f"PRAGMA table_info({table})").fetchall())
            )
            for table in _BOOKED
        }

    def close(self) -> None:
        self._source.close()
        self._db.close()

    def read_new(self) -> list[dict[str, list[Row]]]:
        """The rows of each sale since the last round, by table."""
        return list(self._new_sales())

    def _new_sales(self) -> Iterator[dict[str, list[Row]]]:
        entries = self._source.execute(
            "SELECT number, cause FROM entries WHERE number > ? ORDER BY number", (self._seen,)
        ).fetchall()
        for number, vend_id in entries:
            self._seen = number
            yield {
                table: self._source.execute(
                    f"SELECT * FROM {table} WHERE {column} = ?",  # noqa: S608
                    (number if column in ("number", "entry") else vend_id,),
                ).fetchall()
                for table, column in zip(
                    _BOOKED,
                    ("number", "entry", "vend_id", "vend_id", "vend_id", "vend_id"),
                    strict=True,
                )
            }

    def write(self, sales: list[dict[str, list[Row]]]) -> int:
        execute, executemany = self._db.execute, self._db.executemany
        for sale in sales:
            execute("BEGIN IMMEDIATE")
            for table, rows in sale.items():
                executemany(self._inserts[table], rows)
                self.rows += len(rows)
            execute("UPDATE counters SET receipts = receipts + 1")
            execute("UPDATE chain SET number = number + 1")
            for _, _, account, holder, unit, amount in sale["postings"]:
                if account == "2010":
                    execute(
                        "INSERT INTO balances VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE "
                        "SET amount = amount + excluded.amount",
                        (account, holder, unit, amount),
                    )
            execute("COMMIT")
            self.transactions += 1
        return len(sales)


def _insert(table: str, columns: int) -> str:
    return f"INSERT INTO {table} VALUES ({', '.join('?' * columns)})"  # noqa: S608


def _new_store(path: Path) -> SqlStore:
    store = open_store(path, must_be_current=False)
    upgrade(store.engine)
    return store


def _security() -> MemorySecurityModule:
    attributes = KeyAttributes(
        ref=KeyRef(_SGC, 1),
        dkga=Dkga.DKGA04,
        key_type=KeyType.DUTK,
        base_date=BaseDate.BASE_2014,
    )
    return MemorySecurityModule([KeyRecord(attributes, VendingKey(secrets.token_bytes(20)))])


def _parties(meters: list[Drn]) -> Registration:
    kind = Commodity.ELECTRICITY
    return Registration(
        points=(VendingPoint("B1", "قياس", "Bench"),),
        customers=(Customer("1", "زبون", "Customer"),),
        service_points=(ServicePoint("1", "الوسط", "شارع"),),
        meters=tuple(Meter(m, kind, EncryptionAlgorithm.EA07, _SGC, 1, 1) for m in meters),
        agreements=tuple(
            SupplyAgreement(f"A{i}", "1", "1", meter, kind, "electricity-domestic")
            for i, meter in enumerate(meters)
        ),
    )


def _no_gateway(meter: Meter) -> Gateway:
    raise MeterUnreachable(meter.number.number, "no address")
