"""The writer: one thread that sells for all requests of this process.

It takes whatever is waiting, sells it in one transaction, and meanwhile the next requests gather:
no timer, one commit for all of them. Each is answered after that commit, or told what only it has
met. The more wait, the more share a commit, so the database's slowest step is paid by many.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Final

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

SellMany = Callable[[Sequence[tuple[Actor, Request]]], list[Answer]]
Sold = SaleReceipt | BasketReceipt


@dataclass(eq=False)
class StoreBusy(Unavailable, code="store.busy"):
    """More sales wait than can be served in good time; this one was not taken in."""

    waiting: int


@dataclass(frozen=True, slots=True)
class _Waiting:
    order: tuple[Actor, Request]
    answer: asyncio.Future[Sold]


class Writer:
    """Sells through `sell_many` (`VendingService.vend_many`). Made for one event loop, whose
    thread calls everything but the selling."""

    def __init__(
        self,
        sell_many: SellMany,
        *,
        most_at_once: int = MOST_AT_ONCE,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._sell_many = sell_many
        self._most_at_once = most_at_once
        self._most_waiting = most_waiting
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._waiting = 0
        self._thread: threading.Thread | None = None
        self._closed = False

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
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
            self._thread.start()
        answer: asyncio.Future[Sold] = asyncio.get_running_loop().create_future()
        self._waiting += 1
        self._queue.put(_Waiting((actor, request), answer))
        return await answer

    async def close(self) -> None:
        """Takes nothing more in, and returns once everybody who waits has an answer."""
        self._closed = True
        if self._thread is not None:
            self._queue.put(None)
            await asyncio.to_thread(self._thread.join)
            # The last answers are on their way through the loop.
            await asyncio.sleep(0)

    def _work(self) -> None:
        while True:
            batch = [self._queue.get()]
            try:
                while len(batch) < self._most_at_once and batch[-1] is not None:
                    batch.append(self._queue.get_nowait())
            except Empty:
                pass
            asked = [waiting for waiting in batch if waiting is not None]
            if asked:
                answers = self._sold(asked)
                loop = asked[0].answer.get_loop()
                loop.call_soon_threadsafe(self._deliver, asked, answers)
            if batch[-1] is None:
                return

    def _sold(self, asked: list[_Waiting]) -> Sequence[Answer]:
        try:
            return self._sell_many([waiting.order for waiting in asked])
        except Exception as error:
            # Whatever it is, nobody may wait for ever, and the next ones are to be served.
            return [error] * len(asked)

    def _deliver(self, asked: list[_Waiting], answers: Sequence[Answer]) -> None:
        self._waiting -= len(asked)
        for waiting, answer in zip(asked, answers, strict=True):
            if waiting.answer.done():
                # Its caller has gone; asking again with the same id gives what was sold.
                continue
            if isinstance(answer, Exception):
                waiting.answer.set_exception(answer)
            else:
                waiting.answer.set_result(answer)
