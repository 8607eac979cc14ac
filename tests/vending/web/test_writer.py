"""The writer: what waits is sold together, everybody is answered, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.vending.support import ADMIN, OPERATOR, Town, request, town
from vending.counter import Request as SaleAsked
from vending.parties import Actor
from vending.sale import SaleReceipt
from vending.selling import Answer
from vending.tariff import AmountTooLow
from vending.web.writer import APART_S, SLOW_S, StoreBusy, Writer

from .support import api_over


@dataclass
class Gate:
    """`vend_many` of a real service; each call waits until the test lets it through."""

    here: Town
    open: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    sizes: list[int] = field(default_factory=list)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def __call__(self, orders: Sequence[tuple[Actor, SaleAsked]]) -> list[Answer]:
        self.sizes.append(len(orders))
        self.arrived.release()
        assert self.open.acquire(timeout=10)
        return self.here.service.vend_many(orders)

    async def wait(self) -> None:
        """Until the writer has taken a batch."""
        assert await asyncio.to_thread(self.arrived.acquire, True, 10)


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(Town(tmp_path / "books.db"))


def test_what_gathers_during_a_commit_is_sold_together(gate: Gate) -> None:
    async def run() -> list[SaleReceipt]:
        writer = Writer(gate, most_at_once=4)
        first = asyncio.create_task(writer.vend(OPERATOR, request("v0")))
        await gate.wait()
        more = [asyncio.create_task(writer.vend(OPERATOR, request(f"v{i}"))) for i in range(1, 7)]
        await asyncio.sleep(0)
        for _ in range(3):
            gate.open.release()
        receipts = await asyncio.gather(first, *more)
        await writer.close()
        return receipts

    receipts = asyncio.run(run())
    assert gate.sizes == [1, 4, 2]
    assert [r.number for r in receipts] == list(range(1, 8))
    assert gate.here.service.verify(ADMIN).entries == 7
    gate.here.store.close()


def test_one_that_is_refused_spoils_no_other(gate: Gate) -> None:
    async def run() -> list[SaleReceipt | BaseException]:
        writer = Writer(gate)
        first = asyncio.create_task(writer.vend(OPERATOR, request("v0")))
        await gate.wait()
        more = [
            asyncio.create_task(writer.vend(OPERATOR, request("v1", amount=amount)))
            for amount in ("50", "0.01", "50")
        ]
        await asyncio.sleep(0)
        gate.open.release(2)
        told = await asyncio.gather(first, *more, return_exceptions=True)
        await writer.close()
        return told

    first, second, refused, again = asyncio.run(run())
    assert gate.sizes == [1, 3]
    assert isinstance(first, SaleReceipt)
    assert isinstance(second, SaleReceipt)
    assert isinstance(again, SaleReceipt)
    assert (again, again.replayed) == (second, True)
    # The id was in use by then, which comes before the amount.
    assert getattr(refused, "code", "") == "vend.id_reused"
    gate.here.store.close()


def test_behind_a_full_queue_nothing_happens(gate: Gate) -> None:
    async def run() -> None:
        writer = Writer(gate, most_waiting=2)
        taken = [asyncio.create_task(writer.vend(OPERATOR, request(f"v{i}"))) for i in range(2)]
        await gate.wait()
        with pytest.raises(StoreBusy) as error:
            await writer.vend(OPERATOR, request("v2"))
        assert error.value.waiting == 2
        gate.open.release(2)
        await asyncio.gather(*taken)
        # There is room again.
        gate.open.release()
        assert not (await writer.vend(OPERATOR, request("v2"))).replayed
        await writer.close()

    asyncio.run(run())
    assert gate.here.service.verify(ADMIN).entries == 3
    gate.here.store.close()


def test_closing_answers_everybody_and_takes_nothing_in(gate: Gate) -> None:
    async def run() -> None:
        writer = Writer(gate)
        taken = [asyncio.create_task(writer.vend(OPERATOR, request(f"v{i}"))) for i in range(5)]
        await gate.wait()
        closing = asyncio.create_task(writer.close())
        await asyncio.sleep(0)
        with pytest.raises(StoreBusy):
            await writer.vend(OPERATOR, request("late"))
        gate.open.release(5)
        await closing
        assert all(task.done() for task in taken)
        assert sorted([(await task).number for task in taken]) == [1, 2, 3, 4, 5]

    asyncio.run(run())
    gate.here.store.close()


def test_a_writer_that_was_never_asked_closes() -> None:
    asyncio.run(Writer(lambda orders: []).close())


def test_a_caller_who_has_gone_spoils_no_other(gate: Gate) -> None:
    async def run() -> None:
        writer = Writer(gate)
        gone = asyncio.create_task(writer.vend(OPERATOR, request("v0")))
        stays = asyncio.create_task(writer.vend(OPERATOR, request("v1")))
        await gate.wait()
        gone.cancel()
        gate.open.release(2)
        assert not (await stays).replayed
        # What was sold is found by asking again with the same id.
        gate.open.release()
        assert (await writer.vend(OPERATOR, request("v0"))).replayed
        await writer.close()

    asyncio.run(run())
    gate.here.store.close()


def test_a_fault_of_ours_is_told_and_the_next_are_served(gate: Gate) -> None:
    calls: list[int] = []

    def breaks_once(orders: Sequence[tuple[Actor, SaleAsked]]) -> list[Answer]:
        calls.append(len(orders))
        if len(calls) == 1:
            raise ZeroDivisionError
        return gate.here.service.vend_many(orders)

    async def run() -> None:
        writer = Writer(breaks_once)
        with pytest.raises(ZeroDivisionError):
            await writer.vend(OPERATOR, request("v0"))
        with pytest.raises(AmountTooLow):
            await writer.vend(OPERATOR, request("v0", amount="0.01"))
        assert not (await writer.vend(OPERATOR, request("v0"))).replayed
        await writer.close()

    asyncio.run(run())
    gate.here.store.close()


@dataclass
class AtOnce:
    """`vend_at_once` of a real service, as long as nobody else writes."""

    here: Town
    is_busy: bool = False
    waits_s: float = 0
    """For the disk."""
    sizes: list[int] = field(default_factory=list)

    def __call__(self, orders: Sequence[tuple[Actor, SaleAsked]]) -> list[Answer] | None:
        if self.is_busy:
            return None
        self.sizes.append(len(orders))
        threading.Event().wait(self.waits_s)
        return self.here.service.vend_at_once(orders)


def writers() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "writer"]


def test_what_can_be_sold_at_once_needs_no_other_thread(gate: Gate) -> None:
    async def run() -> None:
        at_once = AtOnce(gate.here)
        writer = Writer(gate, at_once)
        receipts = await asyncio.gather(
            *(writer.vend(OPERATOR, request(f"v{i}")) for i in range(3))
        )
        assert [receipt.number for receipt in receipts] == [1, 2, 3]
        with pytest.raises(AmountTooLow):
            await writer.vend(OPERATOR, request("v3", amount="0.01"))
        assert (at_once.sizes, gate.sizes, writers()) == ([3, 1], [], [])
        await writer.close()

    asyncio.run(run())
    gate.here.store.close()


def test_a_batch_that_both_sides_tell_is_told_once(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        writer = Writer(gate)
        deliver = writer._deliver

        def by_both(loop: Any, batch: Any) -> None:
            deliver(loop, batch)
            deliver(loop, batch)

        monkeypatch.setattr(writer, "_deliver", by_both)
        gate.open.release(2)
        for vend_id in ("v1", "v2"):
            assert not (await writer.vend(OPERATOR, request(vend_id))).replayed
            assert writer._waiting == 0
        await writer.close()

    asyncio.run(run())
    gate.here.store.close()


def test_over_http_the_loop_itself_sells_from_books_in_this_process(tmp_path: Path) -> None:
    for attempt in ("first", "second", "third"):
        folder = tmp_path / attempt
        folder.mkdir()
        with api_over(folder, town()) as api:
            assert api.vend().status_code == 201
            # What is looked after beside the sales may be writing just then: that is waited for in
            # the thread.
            if not writers():
                return
    raise AssertionError("each sale went through the thread")


def test_while_another_writes_the_thread_waits_for_it(gate: Gate) -> None:
    async def run() -> None:
        at_once = AtOnce(gate.here, is_busy=True)
        writer = Writer(gate, at_once)
        gate.open.release(1)
        assert not (await writer.vend(OPERATOR, request("v0"))).replayed
        at_once.is_busy = False
        assert (await writer.vend(OPERATOR, request("v0"))).replayed
        assert (gate.sizes, at_once.sizes) == ([1], [1])
        await writer.close()

    asyncio.run(run())
    gate.here.store.close()


def test_after_a_slow_disk_the_loop_waits_for_it_no_more(gate: Gate) -> None:
    async def run() -> None:
        at_once = AtOnce(gate.here, waits_s=1.2 * SLOW_S)
        writer = Writer(gate, at_once)
        gate.open.release(1)
        for i in range(2):
            assert not (await writer.vend(OPERATOR, request(f"v{i}"))).replayed
        assert (at_once.sizes, gate.sizes) == ([1], [1])
        # A while later it tries again.
        loop = asyncio.get_running_loop()
        later = loop.time() + APART_S
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(loop, "time", lambda: later)
            assert not (await writer.vend(OPERATOR, request("v2"))).replayed
        assert (at_once.sizes, gate.sizes) == ([1, 1], [1])
        await writer.close()

    asyncio.run(run())
    gate.here.store.close()


def test_over_http_a_full_queue_is_503_with_a_time_to_come_back(tmp_path: Path) -> None:
    with api_over(tmp_path, town()) as api:
        app = api.client.app
        writer = app.state.writer  # type: ignore[attr-defined]
        app.state.writer = Writer(api.parts.service.vend_many, most_waiting=0)  # type: ignore[attr-defined]
        answer = api.vend()
        assert (answer.status_code, answer.json()["code"]) == (503, "store.busy")
        assert answer.headers["retry-after"] == "2"
        app.state.writer = writer  # type: ignore[attr-defined]
        assert api.vend().status_code == 201


@pytest.mark.parametrize(
    ("content", "media"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"\xff\xfe", "application/json"),
        (b'{"vend_id": "v", "meter": "1", "amount": 5.0}', "application/json"),
        (b'{"vend_id": "v", "meter": "1", "amount": "5"}', "text/plain"),
    ],
)
def test_bodies_that_are_none(tmp_path: Path, content: bytes, media: str) -> None:
    with api_over(tmp_path, town()) as api:
        answer = api.client.post("/api/v1/vends", content=content, headers={"Content-Type": media})
        assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")
