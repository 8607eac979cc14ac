"""`raseed bench ledger`: how fast the books can be proved, and in how much memory.

A hundred thousand sales (a million with `--full`, ten thousand with `--quick`) are written into
a database of their own, whole and rightly chained, in large batches through the store. Then a
process of its own verifies them: every sum, hash and link. Vend ids are random, as callers make
them, so that no lookup is kinder than in real life.

The anchor is the plain work that no verification can leave out: SHA-256 over the same bytes and
reading the same rows, without looking at them.
"""

from __future__ import annotations

import os
import random
import resource
import secrets
import sqlite3
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import UUID

from meters.account import Commodity
from meters.gateway import Gateway, MeterUnreachable
from meters.identity import Drn
from meters.quantities import Money
from meters.values import replace
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

from ..ground import BookedSale
from ..ledger import ChainHead, JournalEntry, Posting, chained, read_chart
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
from ..record import SaleRecord, TokenRecord, content_hash
from ..sale import VendRequest
from ..service import VendingService
from ..store import SqlStore, open_store, upgrade
from ..store.books import SqlBooks
from ..surroundings import CONFIG
from ..tariff import read_tariffs
from ..vend import sale_entry
from .runner import Figure, Size, Tell, figure, in_child, peak_memory_mb

ENTRIES: Final[Mapping[Size, int]] = {
    Size.QUICK: 10_000,
    Size.USUAL: 100_000,
    Size.FULL: 1_000_000,
}
_BATCH: Final = 10_000
_SGC: Final = "999962"
_START: Final = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
_CLERK: Final = Actor("بائع القياس", Role.OPERATOR, "B1", "1")
_CHART: Final = read_chart(CONFIG / "chart-of-accounts.toml")


def measure(tell: Tell, size: Size = Size.USUAL) -> list[Figure]:
    """Entries proved per second, seconds and peak memory."""
    entries = ENTRIES[size]
    with TemporaryDirectory(prefix=".raseed-bench-", dir=Path.cwd()) as folder:
        path = Path(folder) / "books.db"
        tell(f"writing {entries:,} entries")
        start = time.perf_counter()
        build(path, entries)
        built = time.perf_counter() - start
        tell("reading and hashing")
        plain = float(in_child(__name__, "plain", str(path)))
        tell("verifying the books")
        seconds, empty, peak = map(float, in_child(__name__, "verify", str(path)).split())
    return [
        figure(
            "ledger.verify",
            entries / seconds,
            "entries/s",
            anchor="the same rows read and bytes hashed, nothing else",
            anchor_value=entries / plain,
            goal=50_000,
        ),
        figure(f"ledger.verify.seconds.{entries}", seconds, "s"),
        figure(
            "ledger.verify.memory",
            peak,
            "MB",
            anchor="the process before",
            anchor_value=empty,
            goal=250,
            at_most=True,
        ),
        figure("ledger.book", entries / built, "entries/s"),
    ]


def build(path: Path, entries: int, town: Registration | None = None) -> None:
    """A database with this many sales, each like the first, which was really sold; with a `town`,
    to all its meters in turn."""
    store = open_store(path, must_be_current=False)
    upgrade(store.engine)
    try:
        like, head = _first_sale(store)
        homes: tuple[SupplyAgreement, ...] = ()
        if town is not None:
            homes = town.agreements
            with store.writing() as books:
                books.register(town)
        _hasten(store)
        sales = _more_sales(like, head, entries, homes)
        while batch := list(islice(sales, _BATCH)):
            with store.writing() as books:
                books.book(batch)
    finally:
        store.close()
    with sqlite3.connect(path) as db:
        # Numbers are drawn one by one when selling; here they were counted.
        db.execute("UPDATE counters SET receipts = ? WHERE point = 'B1'", (entries,))
    db.close()


def _hasten(store: SqlStore) -> None:
    """What is built here may be lost with the machine, and is right by construction: the pages of
    large indexes stay in memory, and nothing is looked up or waited for that a real sale must."""
    raw = store.engine.raw_connection()
    for pragma in ("cache_size=-600000", "synchronous=OFF", "foreign_keys=OFF"):
        raw.cursor().execute(f"PRAGMA {pragma}")
    raw.close()


def _more_sales(
    like: SaleRecord, head: ChainHead, entries: int, homes: Sequence[SupplyAgreement] = ()
) -> Iterator[BookedSale]:
    ids = random.Random(entries)  # noqa: S311
    kinds = [_Home.of(record) for record in _at_homes(like, homes)]
    for number in range(2, entries + 1):
        home = kinds[number % len(kinds)]
        record = replace(
            home.like,
            vend_id=str(UUID(int=ids.getrandbits(128), version=4)),
            entry=number,
            sold_at=like.sold_at + timedelta(seconds=7 * number),
            receipt_number=number,
            tokens=(replace(home.token, tid=(home.token.tid or 0) + number),),
        )
        entry = replace(
            home.entry,
            at=record.sold_at,
            cause=record.vend_id,
            content_hash=content_hash(record),
        )
        posted = chained(entry, head)
        head = posted.head
        yield BookedSale(record, posted, home.cached)


def _at_homes(like: SaleRecord, homes: Sequence[SupplyAgreement]) -> Iterator[SaleRecord]:
    for home in homes:
        yield replace(
            like,
            customer=home.customer,
            agreement=home.number,
            meter=home.meter.number,
            pan=home.meter.pan.number,
        )
    if not homes:
        yield like


@dataclass(frozen=True, slots=True)
class _Home:
    """What all sales to one meter have in common, worked out once: a sale costs its own hashes."""

    like: SaleRecord
    token: TokenRecord
    entry: JournalEntry
    cached: tuple[Posting, ...]

    @classmethod
    def of(cls, like: SaleRecord) -> _Home:
        (token,), entry = like.tokens, sale_entry(like, _CHART)
        kept = _CHART.cached()
        return cls(like, token, entry, tuple(p for p in entry.postings if p.account in kept))


def _first_sale(store: SqlStore) -> tuple[SaleRecord, ChainHead]:
    attributes = KeyAttributes(
        ref=KeyRef(_SGC, 1),
        dkga=Dkga.DKGA04,
        key_type=KeyType.DUTK,
        base_date=BaseDate.BASE_2014,
    )
    meter = Drn.from_serial("01", 1001)
    kind = Commodity.ELECTRICITY
    service = VendingService(
        store=store,
        security=MemorySecurityModule([KeyRecord(attributes, VendingKey(secrets.token_bytes(20)))]),
        tariffs=read_tariffs(CONFIG / "tariffs"),
        chart=_CHART,
        clock=lambda: _START,
        randomness=lambda: 5,
        gateway_for=_no_gateway,
    )
    service.register(
        Actor("bench", Role.ADMINISTRATOR),
        Registration(
            points=(VendingPoint("B1", "قياس", "Bench"),),
            customers=(Customer("1", "زبون القياس", "Customer"),),
            service_points=(ServicePoint("1", "الوسط", "شارع المدرسة"),),
            meters=(Meter(meter, kind, EncryptionAlgorithm.EA07, _SGC, 1, 1),),
            agreements=(SupplyAgreement("A1", "1", "1", meter, kind, "electricity-domestic"),),
        ),
    )
    service.vend(_CLERK, VendRequest("bench-1", meter.number, Money(5050)))
    with store.reading() as books:
        record = books.sale("bench-1")
        assert record is not None
        return record, books.chain_head()


def _no_gateway(meter: Meter) -> Gateway:
    raise MeterUnreachable(meter.number.number, "no address")


def _plain(path: Path) -> str:
    """Seconds for reading the rows of the books and hashing about as many bytes."""
    start = time.perf_counter()
    db = sqlite3.connect(path)
    for table in ("entries", "postings", "sales", "idempotency", "receipts", "tokens"):
        for row in db.execute(f"SELECT * FROM {table}"):  # noqa: S608
            if table in ("entries", "sales"):
                sha256(str(row).encode()).hexdigest()
    db.close()
    return f"{time.perf_counter() - start}"


def _verify(path: Path) -> str:
    """Seconds, megabytes before and at the peak."""
    store = open_store(path)
    books = SqlBooks(store, os.cpu_count() or 1)
    before = peak_memory_mb()
    start = time.perf_counter()
    report = books.proved(_CHART)
    seconds = time.perf_counter() - start
    store.close()
    assert report.ok, report.problem
    return f"{seconds} {before} {max(peak_memory_mb(), _children_mb())}"


def _children_mb() -> float:
    """The largest of the processes that helped."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1_000_000


if __name__ == "__main__":
    print({"plain": _plain, "verify": _verify}[sys.argv[1]](Path(sys.argv[2])))
