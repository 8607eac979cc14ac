"""A municipality that sells inside this process, on a database of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Final, Self

from meters.quantities import Money
from tokens.sts import MemorySecurityModule

from ..ledger import read_chart
from ..sale import SaleReceipt, VendRequest
from ..service import VendingService
from ..store import SqlStore, open_store, upgrade
from ..surroundings import CONFIG, random_nibbles
from ..tariff import read_tariffs
from .vend_town import ADMIN, CLERK, METERS, key_record, no_gateway, parties

TOGETHER: Final = 128
"""Sales in one transaction, as many as the writer takes at once."""
_START: Final = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


class Inside:
    """A service on a fresh database, and requests that are all different."""

    def __init__(self, where: Path | str) -> None:
        self.where = where
        self.store = new_store(where)
        self.sold: list[VendRequest] = []
        self._numbers = count()
        self._moment = _START
        self.service = VendingService(
            store=self.store,
            security=MemorySecurityModule([key_record()]),
            tariffs=read_tariffs(CONFIG / "tariffs"),
            chart=read_chart(CONFIG / "chart-of-accounts.toml"),
            clock=self._clock,
            randomness=random_nibbles(),
            gateway_for=no_gateway,
        )
        self.service.register(ADMIN, parties())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    def _clock(self) -> datetime:
        self._moment += timedelta(seconds=7)
        return self._moment

    def requests(self, number: int) -> list[VendRequest]:
        """That many new ones."""
        return [self._request(next(self._numbers)) for _ in range(number)]

    def _request(self, i: int) -> VendRequest:
        meter = METERS[i % len(METERS)].number
        return VendRequest(f"bench-{i}", meter, Money(2000 + i * 37 % 30_000))

    def sell(self, requests: list[VendRequest]) -> int:
        """One by one; returns how many."""
        for request in requests:
            receipt = self.service.vend(CLERK, request)
            if not receipt.replayed:
                self.sold.append(request)
        return len(requests)

    def sell_together(self, requests: list[VendRequest]) -> int:
        """In batches; returns how many."""
        for begin in range(0, len(requests), TOGETHER):
            batch = requests[begin : begin + TOGETHER]
            answers = self.service.vend_many([(CLERK, request) for request in batch])
            assert all(isinstance(answer, SaleReceipt) for answer in answers)
            self.sold += batch
        return len(requests)

    def quote(self, requests: list[VendRequest]) -> int:
        """Prices them; returns how many."""
        for request in requests:
            self.service.quote(CLERK, request.meter, request.amount)
        return len(requests)


def new_store(where: Path | str) -> SqlStore:
    """Empty books."""
    store = open_store(where, must_be_current=False)
    upgrade(store.engine)
    return store
