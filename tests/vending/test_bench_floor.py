"""What the floor under a lone sale does is what a sale asks of its database, and writes to it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import event

from vending.bench.vend_bare import BOOKED, BareSqlite
from vending.bench.vend_floor import Floor, Questions
from vending.bench.vend_inside import Inside, new_store
from vending.sale import VendRequest

pytestmark = pytest.mark.system


def test_it_asks_what_a_sale_asks(tmp_path: Path) -> None:
    with Inside(tmp_path / "sold.db") as town:
        town.sell(town.requests(1))
        heard: list[str] = []

        def listen(connection: Any, _: object) -> None:
            connection.set_trace_callback(heard.append)

        event.listen(town.store.engine, "connect", listen)
        # The next sale opens a connection of its own, whose statements are heard.
        town.store.close()
        (request,) = town.requests(1)
        town.sell([request])
        asks = Questions().of([request.vend_id], [request.meter])
    begun, written = heard.index("BEGIN IMMEDIATE"), _first_insert(heard)
    told = heard[begun + 1 : written]
    assert len(told) == len(asks)
    for said, (question, _) in zip(told, asks, strict=True):
        # What is heard has its values in it.
        assert said.startswith(question.partition("?")[0])


def _first_insert(heard: list[str]) -> int:
    return next(at for at, said in enumerate(heard) if said.startswith("INSERT"))


@pytest.mark.parametrize(("together", "transactions"), [(1, 6), (3, 2), (6, 1)])
def test_it_writes_what_sales_wrote(tmp_path: Path, together: int, transactions: int) -> None:
    sold, floor = tmp_path / "sold.db", tmp_path / "floor.db"
    with Inside(sold) as town:
        requests = town.requests(6)
        town.sell(requests)
    new_store(floor).close()
    bare = BareSqlite(floor, sold)
    asyncio.run(_asked(Floor(bare), requests, together))
    bare.close()
    assert bare.transactions == transactions
    for table in BOOKED:
        assert _rows(floor, table) == _rows(sold, table) != []


async def _asked(floor: Floor, requests: list[VendRequest], together: int) -> None:
    transport = httpx2.ASGITransport(app=floor)
    async with httpx2.AsyncClient(transport=transport, base_url="http://floor") as client:
        assert (await client.get("/")).text == str(len(requests))
        bodies = [{"vend_id": r.vend_id, "meter": r.meter, "amount": "20"} for r in requests]
        for begin in range(0, len(bodies), together):
            asking = [client.post("/vends", json=b) for b in bodies[begin : begin + together]]
            for answer in await asyncio.gather(*asking):
                assert (answer.status_code, len(answer.content)) == (201, 1600)
        assert (await client.get("/")).text == "0"


def _rows(file: Path, table: str) -> list[Any]:
    with closing(sqlite3.connect(file)) as db:
        return db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
