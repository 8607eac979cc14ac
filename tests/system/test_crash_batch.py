"""The power goes at any instant of a batch, on both databases: all of its sales happened or none,
and whoever asks again with their vend id gets exactly one."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.databases import Postgres, counted, new_place
from tests.system.crashpoints import CrashPoints, in_child, start_child, wait_for
from tests.vending.support import (
    ADMIN,
    OPERATOR,
    START,
    TEST_KEY,
    WATER,
    SetClock,
    Town,
    request,
    service,
    town,
)
from tokens.sts import BaseDate, Dkga, KeyAttributes, KeyRecord, KeyRef, KeyType, VendingKey
from vending.api_keys import ApiScope, new_api_key
from vending.cli.server import run
from vending.keys import Cost, Passphrase, create_sealed
from vending.parties import Actor, Role
from vending.sale import SaleReceipt, VendRequest
from vending.service import VendingService
from vending.settings import DatabaseSettings, JobSettings, Settings
from vending.store import open_store
from vending.wiring import open_raseed

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

EAST = replace(OPERATOR, point="P2")
ROWS = {"entries": 3, "sales": 3, "idempotency": 3, "receipts": 3, "tokens": 3}


def orders(run: int) -> list[tuple[Actor, VendRequest]]:
    """Three sales and one that is refused."""
    return [
        (OPERATOR, request(f"v{run}-1", WATER, "30")),
        (EAST, request(f"v{run}-2")),
        (OPERATOR, request(f"v{run}-3", WATER, "0.01")),
        (OPERATOR, request(f"v{run}-4", WATER, "30")),
    ]


def opened(place: Path | str) -> VendingService:
    return service(open_store(place, busy_timeout_s=30), SetClock())


def child(place: Path | str, run: int, at: int | None) -> list[str]:
    points = CrashPoints(at)
    points.watch(VendingService, "vend_many")
    opened(place).vend_many(orders(run))
    return points.log


def test_killed_at_every_instant_of_a_batch(place: Path | str, tmp_path: Path) -> None:
    here = Town(place)
    # A forked child must not share our connections.
    here.store.close()
    output = tmp_path / "instants.txt"
    assert in_child(lambda: "\n".join(child(place, 0, None)), output) == 0
    names = output.read_text(encoding="utf-8").split("\n")
    assert names[-1] == "after COMMIT"
    assert len(names) > 20

    for at, name in enumerate(names, start=1):
        before = counted(tuple(ROWS), place)
        whole = {table: count + ROWS[table] for table, count in before.items()}
        assert in_child(lambda at=at: child(place, at, at)) == -signal.SIGKILL, name  # type: ignore[misc]
        happened = name == "after COMMIT"
        # A server may notice only now that its client is dead: until then it holds the chain.
        first, second, _, third = here.service.vend_many(orders(at))
        for receipt in (first, second, third):
            assert isinstance(receipt, SaleReceipt)
            assert receipt.replayed == happened, name
        assert counted(tuple(ROWS), place) == whole, name
        report = here.service.verify(ADMIN)
        assert report.ok, (name, report.problem)
        here.store.close()


PASSPHRASE = Passphrase("a passphrase for this test")
CALLERS = 6


class Installation:
    """A data folder, its database and an API key."""

    def __init__(self, folder: Path, place: Path | str) -> None:
        url = None if isinstance(place, Path) else place
        self.settings = Settings(
            data=folder,
            jobs=JobSettings(enabled=False),
            database=DatabaseSettings(url=url, busy_timeout_seconds=30),  # type: ignore[arg-type]
        )
        attributes = KeyAttributes(
            KeyRef("123457", 1), Dkga.DKGA04, KeyType.DUTK, BaseDate.BASE_2014
        )
        record = KeyRecord(attributes, VendingKey(TEST_KEY))
        create_sealed(self.settings.key_file, PASSPHRASE, [record], cost=Cost(n=2**10))
        with open_raseed(self.settings, PASSPHRASE, create=True) as raseed:
            raseed.service.register(ADMIN, town())
            key, self.text = new_api_key(
                "till", Role.OPERATOR, frozenset(ApiScope), START, os.urandom, point="P1"
            )
            raseed.api_keys.add(key)

    def serve(self, listener: socket.socket, at: int | None) -> None:
        points = CrashPoints(at)
        points.watch(VendingService, "vend_many")
        signal.signal(signal.SIGTERM, lambda *_: None)
        with open_raseed(self.settings, PASSPHRASE) as raseed:
            run(raseed, listener)

    @contextmanager
    def api(self, at: int | None) -> Iterator[tuple[str, int]]:
        """The address of a server that dies at instant `at` of its sales, and its pid."""
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            port = listener.getsockname()[1]
            pid = start_child(lambda: self.serve(listener, at))
            listener.close()
            yield f"http://127.0.0.1:{port}/api/v1", pid

    def vend(self, address: str, caller: int) -> httpx2.Response | None:
        """One caller's sale; None if there was no answer."""
        body = {"vend_id": f"v-{caller}", "meter": WATER.number, "amount": "30"}
        headers = {"Authorization": f"Bearer {self.text}"}
        try:
            return httpx2.post(f"{address}/vends", json=body, headers=headers, timeout=30)
        except httpx2.TransportError:
            return None


@pytest.mark.parametrize("at", [1, 9, 17, 25, 28])
def test_the_api_killed_while_many_callers_wait(
    kind: str, server: Postgres | None, tmp_path: Path, at: int
) -> None:
    place = tmp_path / "unused" if server is None else new_place(kind, tmp_path, server)
    here = Installation(tmp_path / "data", place)

    def ask(address: str) -> list[Any]:
        with ThreadPoolExecutor(CALLERS) as pool:
            return list(pool.map(lambda caller: here.vend(address, caller), range(CALLERS)))

    with here.api(at) as (address, pid):
        before = ask(address)
        assert wait_for(pid) == -signal.SIGKILL
    with here.api(None) as (address, pid):
        after = ask(address)
        again = ask(address)
        os.kill(pid, signal.SIGTERM)
        wait_for(pid)
    for first, second, third in zip(before, after, again, strict=True):
        assert second.status_code in (200, 201)
        assert third.status_code == 200
        assert third.json()["tokens"] == second.json()["tokens"]
        if first is not None:
            assert (first.status_code, second.status_code) == (201, 200)
            assert first.json()["tokens"] == second.json()["tokens"]
    with open_raseed(here.settings, PASSPHRASE) as raseed:
        report = raseed.service.verify(ADMIN)
        assert (report.ok, report.entries) == (True, CALLERS), report.problem
        numbers = sorted(receipt.number for receipt in raseed.service.sales(OPERATOR))
        assert numbers == list(range(1, CALLERS + 1))
