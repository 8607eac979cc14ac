"""The writer: sells for all requests of this process.

It takes whatever is waiting, sells it in one transaction, and meanwhile the next requests gather:
no timer, one commit for all of them. Each is answered after that commit, or told what only it has
met. The more wait, the more share a commit, so the database's slowest step is paid by many.

From books that lie in this process, and that nobody else writes at the moment, the event loop
itself sells: to hand a batch to another thread and back costs a lone sale a tenth. Everything else
is sold by a thread of its own, and the loop stands still for a moment only: two threads that both
want the interpreter hand it to and fro at every statement of the transaction, and that costs both
more than the loop could do meanwhile. A database that takes longer than the moment, or a disk that
is slow, holds up nobody but those who buy.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Final, TypeVar

from meters.errors import Unavailable

from ..counter import Request
from ..parties import Actor
from ..requests import BasketRequest
from ..sale import BasketReceipt, SaleReceipt, VendRequest
from ..selling import Answer

MOST_AT_ONCE: Final = 128
"""Sales in one transaction: beyond it more sharing gains nothing, and the first waits longer."""
MOST_WAITING: Final = 1024
"""Sales taken in and not answered; behind them nobody would be served before giving up."""
STILL_S: Final = 0.02
"""How long the loop stands still for others: most are done by then, and nobody notices it."""
SLOW_S: Final = 0.1
"""A disk that takes longer is not waited for by the loop."""
APART_S: Final = 1.0
"""How long the loop then leaves everything to the thread, before it tries again."""

Orders = Sequence[tuple[Actor, Request]]
SellMany = Callable[[Orders], list[Answer]]
SellAtOnce = Callable[[Orders], list[Answer] | None]
_Told = TypeVar("_Told")
Sold = SaleReceipt | BasketReceipt


@dataclass(eq=False)
class StoreBusy(Unavailable, code="store.busy"):
    """More sales wait than can be served in good time; this one was not taken in."""

    waiting: int


@dataclass(frozen=True, slots=True)
class _Waiting:
    order: tuple[Actor, Request]
    answer: asyncio.Future[Sold]


def _locked() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(slots=True)
class _Batch:
    asked: list[_Waiting]
    answers: Sequence[Answer] = ()
    done: threading.Lock = field(default_factory=_locked)
    """Let go of once the answers are there."""
    is_late: bool = False
    """The loop has gone on without them, and is to be told."""


class Writer:
    """Sells through `sell_many` (`VendingService.vend_many`), and through `at_once`
    (`vend_at_once`) where nothing but the disk is waited for. Made for one event loop, whose
    thread calls everything but `sell_many`."""

    def __init__(
        self,
        sell_many: SellMany,
        at_once: SellAtOnce | None = None,
        *,
        most_at_once: int = MOST_AT_ONCE,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._sell_many = sell_many
        self._at_once = at_once
        self._apart_until = 0.0
        """By the loop's clock."""
        self._most_at_once = most_at_once
        self._most_waiting = most_waiting
        self._gathered: list[_Waiting] = []
        self._gathering = False
        self._batch: _Batch | None = None
        """The one that is being sold."""
        self._waiting = 0
        self._to_sell: SimpleQueue[_Batch | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._emptied: asyncio.Future[None] | None = None
        """Whoever closes waits for it."""

    async def vend(self, actor: Actor, request: VendRequest) -> SaleReceipt:
        """As `VendingService.vend`. Raises StoreBusy too: then nothing has happened."""
        sold = await self._ask(actor, request)
        assert isinstance(sold, SaleReceipt)
        return sold

    async def vend_basket(self, actor: Actor, request: BasketRequest) -> BasketReceipt:
        """As `VendingService.vend_basket`. Raises StoreBusy too."""
        sold = await self._ask(actor, request)
        assert isinstance(sold, BasketReceipt)
        return sold

    async def _ask(self, actor: Actor, request: Request) -> Sold:
        if self._closed or self._waiting >= self._most_waiting:
            raise StoreBusy(self._waiting)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Sold] = loop.create_future()
        self._waiting += 1
        self._gathered.append(_Waiting((actor, request), answer))
        self._gather(loop)
        return await answer

    async def close(self) -> None:
        """Takes nothing more in, and returns once everybody who waits has an answer."""
        self._closed = True
        if self._waiting:
            self._emptied = asyncio.get_running_loop().create_future()
            await self._emptied
        if self._thread is not None:
            self._to_sell.put(None)
            await asyncio.to_thread(self._thread.join)

    def _gather(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._gathering and self._batch is None:
            self._gathering = True
            loop.call_soon(self._turned, loop, 0)

    def _turned(self, loop: asyncio.AbstractEventLoop, before: int) -> None:
        """Once a turn of the loop has brought nobody more, all are sold together."""
        now = len(self._gathered)
        if before < now < self._most_at_once:
            loop.call_soon(self._turned, loop, now)
            return
        self._gathering = False
        asked = self._gathered[: self._most_at_once]
        del self._gathered[: self._most_at_once]
        self._batch = batch = _Batch(asked)
        if self._sold_here(loop, batch):
            self._deliver(loop, batch)
        else:
            self._hand_over(loop, batch)

    def _sold_here(self, loop: asyncio.AbstractEventLoop, batch: _Batch) -> bool:
        """Whether the loop has sold it itself."""
        if self._at_once is None or loop.time() < self._apart_until:
            return False
        began, worked = time.perf_counter(), time.thread_time()
        answers = self._sold(self._at_once, batch.asked)
        waited = (time.perf_counter() - began) - (time.thread_time() - worked)
        if waited > SLOW_S:
            self._apart_until = loop.time() + APART_S
        if answers is None:
            return False
        batch.answers = answers
        return True

    def _hand_over(self, loop: asyncio.AbstractEventLoop, batch: _Batch) -> None:
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._work, args=(loop,), name="writer", daemon=True
            )
            self._thread.start()
        self._to_sell.put(batch)
        if not batch.done.acquire(timeout=STILL_S):
            batch.is_late = True
            if not batch.done.acquire(blocking=False):
                return
        self._deliver(loop, batch)

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        while (batch := self._to_sell.get()) is not None:
            batch.answers = self._sold(self._sell_many, batch.asked)
            batch.done.release()
            if batch.is_late:
                loop.call_soon_threadsafe(self._deliver, loop, batch)

    @staticmethod
    def _sold(sell: Callable[[Orders], _Told], asked: list[_Waiting]) -> _Told | list[Answer]:
        try:
            return sell([waiting.order for waiting in asked])
        except Exception as error:
            # Whatever it is, nobody may wait for ever, and the next ones are to be served.
            return [error] * len(asked)

    def _deliver(self, loop: asyncio.AbstractEventLoop, batch: _Batch) -> None:
        # At the end of the moment both sides may think that it is for them to tell.
        if self._batch is not batch:
            return
        self._batch = None
        self._waiting -= len(batch.asked)
        for waiting, answer in zip(batch.asked, batch.answers, strict=True):
            if waiting.answer.done():
                # Its caller has gone; asking again with the same id gives what was sold.
                continue
            if isinstance(answer, Exception):
                waiting.answer.set_exception(answer)
            else:
                waiting.answer.set_result(answer)
        if self._gathered:
            self._gather(loop)
        if self._emptied is not None and not self._waiting:
            self._emptied.set_result(None)
