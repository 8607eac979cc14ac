"""Threads that sell through one service whatever happens, as tills do: who gets no answer, or is
told that the database cannot, asks again with the same vend id until it is sold."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

from meters.errors import Unavailable, Unknown
from tests.system.invariants import Witness, digits_of, order
from vending.sale import SaleReceipt
from vending.service import VendingService

MOST_SALES: Final = 2000
"""Per caller: more in one minute would run the TIDs of a meter too far ahead of its clock."""
_PATIENCE_S: Final = 60


class Load:
    """What the callers have met so far."""

    def __init__(self, service: VendingService, witness: Witness) -> None:
        self.errors: Counter[str] = Counter()
        """By code."""
        self.sold = 0
        self._service = service
        self._witness = witness
        self._stopping = threading.Event()
        self._changed = threading.Condition()

    def wait_for_more(self, sales: int) -> None:
        """Until so many more sales have been told: the service serves."""
        with self._changed:
            wanted = self.sold + sales
            assert self._changed.wait_for(lambda: self.sold >= wanted, _PATIENCE_S), self.errors

    def stop(self) -> None:
        self._stopping.set()

    def call(self, name: str) -> None:
        """One caller, until it is told to stop and its last sale is settled."""
        for number in range(MOST_SALES):
            if self._stopping.is_set():
                return
            self._sell(f"{name}-{number}")

    def _sell(self, vend_id: str) -> None:
        self._witness.ask([vend_id])
        may_have_happened = False
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            (answer,) = self._service.vend_many([order(vend_id)])
            if isinstance(answer, SaleReceipt):
                # "Nothing has happened" was true each time that it was said.
                assert may_have_happened or not answer.replayed, vend_id
                self._witness.tell(vend_id, digits_of(answer))
                with self._changed:
                    self.sold += 1
                    self._changed.notify_all()
                return
            # Anything else is no answer to a caller, and fails the test.
            assert isinstance(answer, Unavailable | Unknown), answer
            may_have_happened |= isinstance(answer, Unknown)
            with self._changed:
                self.errors[answer.code] += 1
            time.sleep(0.005)
        raise AssertionError(f"{vend_id} was never sold")


@contextmanager
def load(
    service: VendingService, witness: Witness, callers: int = 4, name: str = "c"
) -> Iterator[Load]:
    """Callers at work during the block. At its end none of them waits for anything."""
    made = Load(service, witness)
    with ThreadPoolExecutor(callers) as pool:
        calls = [pool.submit(made.call, f"{name}{caller}") for caller in range(callers)]
        try:
            yield made
        finally:
            made.stop()
            for call in calls:
                call.result(2 * _PATIENCE_S)
