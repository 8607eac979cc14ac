"""The databases that sales are measured on: each with the product's server, the limit that its bare
transaction is, and the programs that the product is compared with."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2

from meters.quantities import Money

from ..ledger import read_chart, verify
from ..sale import VendRequest
from ..settings import Settings
from ..store import open_store, upgrade
from ..surroundings import CONFIG, open_books
from . import postgres
from .vend_bare import BareSqlite, pgbench, pgbench_script, sample
from .vend_town import CLERK, METERS, Installed, Selling, free_port, install, product

_BARE_CLIENTS: Final = (1, 4, 8, 16)
_BARE_SALES: Final = 400


@dataclass(frozen=True, slots=True)
class Place:
    """One database: the product on it, its limit by number of clients, the textbook's server."""

    kind: str
    selling: Selling
    settings: Settings
    bare: dict[int, Callable[[], float]]
    textbook: Selling
    floor: Selling | None
    """What sales take with nothing reckoned (`vend_floor.py`)."""
    database_pid: int | None
    told: list[int]
    """How many sales callers were told of, job by job."""


@contextmanager
def on_sqlite(folder: Path) -> Iterator[Place]:
    """Everything on database files in `folder`, until the block ends."""
    here = folder / "sqlite"
    installed = _installed(here, None)
    file, bare_file, floor_file = here / "raseed.db", here / "bare.db", here / "floor.db"
    shutil.copy(file, here / "textbook.db")
    for empty in (bare_file, floor_file):
        store = open_store(empty, must_be_current=False)
        upgrade(store.engine)
        store.close()
    with (
        _peer("textbook", installed, f"sqlite:///{here / 'textbook.db'}") as textbook,
        _peer("vend_floor", installed, floor_file, file) as floor,
        product(installed) as selling,
    ):
        bare = BareSqlite(bare_file, file)
        try:
            yield Place(
                "sqlite",
                selling,
                installed.settings,
                {1: lambda: bare.rate(_BARE_SALES)},
                textbook,
                floor,
                None,
                [1],
            )
        finally:
            bare.close()


@contextmanager
def on_postgresql(folder: Path, server: postgres.PostgresServer) -> Iterator[Place]:
    """Everything on databases of this server, until the block ends."""
    server.run("createdb", "raseed")
    installed = _installed(folder / "postgresql", server.url("raseed"))
    for name in ("bare", "textbook"):
        server.run("createdb", "-T", "raseed", name)
    store = open_store(server.url("bare"))
    with store.engine.connect() as connection:
        script = pgbench_script(sample(connection.connection.dbapi_connection))
    store.close()

    def limit(clients: int) -> Callable[[], float]:
        return lambda: pgbench(server, "bare", script, clients)

    with (
        _peer("textbook", installed, server.url("textbook")) as textbook,
        product(installed) as selling,
    ):
        bare = {clients: limit(clients) for clients in _BARE_CLIENTS}
        yield Place(
            "postgresql", selling, installed.settings, bare, textbook, None, server.pid, [1]
        )


def _installed(folder: Path, url: str | None) -> Installed:
    """With one sale, whose rows are the sample of the bare transaction."""
    folder.mkdir()
    first = VendRequest("first", METERS[0].number, Money(5050))
    return install(folder, url, lambda service: service.vend(CLERK, first))


@contextmanager
def _peer(module: str, installed: Installed, *where: str | Path) -> Iterator[Selling]:
    """A program of the bench that serves beside the product."""
    port = free_port()
    command = [sys.executable, "-m", f"vending.bench.{module}", *map(str, where), str(port)]
    process = subprocess.Popen(command)  # noqa: S603 - our own interpreter and module
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until and process.poll() is None:
            try:
                httpx2.get(f"http://127.0.0.1:{port}/", timeout=10)
                break
            except httpx2.HTTPError:
                time.sleep(0.05)
        yield Selling(process.pid, port, "/vends", installed.key)
    finally:
        process.terminate()
        process.wait()


def prove(place: Place) -> None:
    """After everything each sum, hash, number and link must be right, and the books hold just the
    sales that callers were told of. Raises AssertionError."""
    store = open_books(place.settings)
    chart = read_chart(CONFIG / "chart-of-accounts.toml")
    with store.reading() as books:
        report = verify(books.stored_entries(), books.loose_ends(chart.cached()), chart)
    store.close()
    assert report.ok, report.problem
    assert report.entries == sum(place.told), (report.entries, sum(place.told))
