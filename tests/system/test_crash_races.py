"""Many ask at once: one payment is one sale, one TID is one token, whoever comes first."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from tests.databases import counted
from tests.system.crashpoints import books_of, start_child, wait_for
from tests.vending.support import (
    ADMIN,
    OPERATOR,
    POWER,
    WATER,
    SetClock,
    Town,
    request,
    service,
)
from vending.sale import SaleReceipt
from vending.service import VendingService
from vending.store import StoreFull, StoreLocked, open_store
from vending.store.schema import BOOKS

pytestmark = pytest.mark.system


@pytest.fixture
def here(place: Path | str) -> Iterator[Town]:
    made = Town(place, more_meters=4, busy_timeout_s=30)
    yield made
    made.store.close()


def opened(place: Path | str) -> VendingService:
    return service(open_store(place, busy_timeout_s=30), SetClock())


def test_threads_race_the_same_vend_id(here: Town) -> None:
    threads = 8
    barrier = threading.Barrier(threads)

    def ask(_: int) -> SaleReceipt:
        barrier.wait(10)
        return here.service.vend(OPERATOR, request())

    with ThreadPoolExecutor(threads) as pool:
        receipts = list(pool.map(ask, range(threads)))
    assert all(receipt == receipts[0] for receipt in receipts)
    assert sorted(receipt.replayed for receipt in receipts) == [False] + [True] * (threads - 1)
    assert counted(BOOKS, here.place)["sales"] == 1
    assert here.service.verify(ADMIN).ok


def test_threads_sell_to_one_meter_in_one_minute(here: Town) -> None:
    with ThreadPoolExecutor(8) as pool:
        receipts = list(
            pool.map(lambda i: here.service.vend(OPERATOR, request(f"v{i}")), range(40))
        )
    tids = sorted(receipt.tokens[0].tid for receipt in receipts)
    assert tids == list(range(tids[0], tids[0] + 40))
    assert sorted(receipt.number for receipt in receipts) == list(range(1, 41))
    report = here.service.verify(ADMIN)
    assert (report.ok, report.entries) == (True, 40)


def _in_processes(here: Town, folder: Path, processes: int, vends: list[list[str]]) -> list[str]:
    """Each process waits for the start signal, vends its ids and tells the digits it was given."""
    start = folder / "start"
    pids = []
    for number in range(processes):

        def work(number: int = number) -> str:
            made = opened(here.place)
            while not start.exists():
                time.sleep(0.001)
            return "\n".join(
                f"{vend_id} {made.vend(OPERATOR, request(vend_id)).tokens[0].digits}"
                for vend_id in vends[number]
            )

        pids.append(start_child(work, folder / f"{number}.txt"))
    start.touch()
    assert [wait_for(pid) for pid in pids] == [0] * processes, [
        (folder / f"{number}.txt").read_text(encoding="utf-8") for number in range(processes)
    ]
    return [
        line
        for number in range(processes)
        for line in (folder / f"{number}.txt").read_text(encoding="utf-8").splitlines()
    ]


def test_processes_race_the_same_vend_ids(here: Town, tmp_path: Path) -> None:
    here.store.close()
    ids = [f"v{i}" for i in range(10)]
    told = _in_processes(here, tmp_path, 3, [ids, ids[::-1], ids])
    assert len(told) == 30
    assert len(set(told)) == 10, "the same id was answered with different digits"
    assert counted(BOOKS, here.place)["sales"] == 10
    assert here.service.verify(ADMIN).ok


def test_two_identical_sales_race_from_two_processes(here: Town, tmp_path: Path) -> None:
    here.store.close()
    told = _in_processes(here, tmp_path, 2, [["v-1"], ["v-1"]])
    assert len(told) == 2
    assert len(set(told)) == 1
    assert counted(BOOKS, here.place)["sales"] == 1
    assert here.service.verify(ADMIN).ok


def test_locked_by_another_program(tmp_path: Path) -> None:
    here = Town(tmp_path / "books.db", busy_timeout_s=0.05)
    before = books_of(BOOKS, here.path)
    holding, done = tmp_path / "holding", tmp_path / "done"

    def hold() -> None:
        db = sqlite3.connect(here.path, isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        holding.touch()
        while not done.exists():
            time.sleep(0.002)
        db.execute("ROLLBACK")

    pid = start_child(hold)
    while not holding.exists():
        time.sleep(0.001)
    with pytest.raises(StoreLocked) as error:
        here.service.vend(OPERATOR, request())
    assert error.value.waited_s == 0.05
    # Reading goes on.
    assert here.service.meter(OPERATOR, POWER.number).meter.number == POWER
    done.touch()
    assert wait_for(pid) == 0
    assert books_of(BOOKS, here.path) == before
    assert not here.service.vend(OPERATOR, request()).replayed
    here.store.close()


def test_a_writer_that_hangs_in_this_process(tmp_path: Path) -> None:
    here = Town(tmp_path / "books.db", busy_timeout_s=0.05)
    with (
        here.store.writing(),
        ThreadPoolExecutor(1) as pool,
        pytest.raises(StoreLocked),
    ):
        pool.submit(here.service.vend, OPERATOR, request()).result(10)
    assert not here.service.vend(OPERATOR, request()).replayed
    here.store.close()


def _sell_until_full(here: Town) -> int:
    """How many sales went well."""
    for sold in range(1000):
        here.clock.forward(minutes=1)
        try:
            here.service.vend(OPERATOR, request(f"v{sold}", WATER))
        except StoreFull:
            return sold
    pytest.fail("never full")


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_no_space_left(here: Town) -> None:
    """SQLite's own limit of pages stands for the full disk: the error is the same."""
    pages: list[int] = []

    # At each beginning, for the writer keeps its connection.
    @event.listens_for(here.store.engine, "begin")
    def limit(connection: Connection) -> None:
        most = pages[0] if pages else 2**30
        raw: Any = connection.connection.dbapi_connection
        raw.execute(f"PRAGMA max_page_count = {most}")

    with here.store.engine.connect() as db:
        used = db.exec_driver_sql("PRAGMA page_count").scalar_one()
    pages.append(int(used) + 4)
    sold = _sell_until_full(here)
    assert books_of(BOOKS, here.path)["sales"] == sold
    assert here.service.verify(ADMIN).ok
    with pytest.raises(StoreFull):
        here.service.vend(OPERATOR, request("one-more", WATER))
    pages.clear()
    # There is space again: the sale that failed is sold under its own id.
    assert not here.service.vend(OPERATOR, request(f"v{sold}", WATER)).replayed
    assert here.service.verify(ADMIN).entries == sold + 1
