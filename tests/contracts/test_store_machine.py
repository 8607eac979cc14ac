"""Any order of sales, repeats, copies, clock steps and restarts, against a model of numbers."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
)

from meters.identity import Drn
from meters.quantities import Money
from tests.databases import Postgres, new_place
from tests.vending.support import ADMIN, OPERATOR, POWER, WATER, Town, service
from vending.clock import ClockWentBack
from vending.parties import Actor
from vending.sale import SaleReceipt, VendRequest
from vending.store import open_store
from vending.tariff import AmountNotPositive, AmountTooHigh, AmountTooLow
from vending.vend import VendIdReused

from .any_order import run_machine

POINTS = {"P1": OPERATOR, "P2": Actor("Lina", OPERATOR.role, "P2", "T9")}


class Selling(RuleBasedStateMachine):
    """The model: money taken, money given back as units and tax, receipts and copies."""

    sold = Bundle("sold")

    def __init__(self, kind: str, server: Postgres | None) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.town = Town(new_place(kind, self.folder, server))
        self.service = self.town.service
        self.balances = {POWER: 0, WATER: 0}
        self.units = {POWER: 0, WATER: 0}
        self.taken = dict.fromkeys(POINTS, 0)
        self.receipts = dict.fromkeys(POINTS, 0)
        self.tids: dict[Drn, set[int]] = {POWER: set(), WATER: set()}
        self.copies: dict[str, int] = {}
        self.latest = self.town.clock.now
        self.ids = 0

    @rule(
        target=sold,
        meter=st.sampled_from([POWER, WATER]),
        amount=st.one_of(st.integers(1, 20_000), st.sampled_from([-1, 0, 500_001])),
        point=st.sampled_from(sorted(POINTS)),
    )
    def vend(self, meter: Drn, amount: int, point: str) -> object:
        self.ids += 1
        request = VendRequest(f"v{self.ids}", meter.number, Money(amount))
        try:
            receipt = self.service.vend(POINTS[point], request)
        except (AmountNotPositive, AmountTooHigh, AmountTooLow):
            return multiple()
        except ClockWentBack:
            assert (self.latest - self.town.clock.now).total_seconds() > 300
            return multiple()
        assert receipt.quote.balance_before.minor == self.balances[meter]
        self.balances[meter] += amount - receipt.quote.total.minor
        self.units[meter] += receipt.quote.quantity.value
        self.taken[point] += amount
        self.receipts[point] += 1
        assert receipt.number == self.receipts[point]
        (token,) = receipt.tokens
        assert token.tid not in self.tids[meter]
        self.tids[meter].add(token.tid)
        self.copies[request.vend_id] = 0
        # Small steps back do not add up: the books remember the latest moment, not the last.
        self.latest = max(self.latest, receipt.sold_at)
        return (request, point, receipt)

    @rule(sale=sold)
    def again(self, sale: tuple[VendRequest, str, SaleReceipt]) -> None:
        request, point, receipt = sale
        answer = self.service.vend(POINTS[point], request)
        assert answer == receipt
        assert answer.replayed

    @rule(sale=sold, more=st.integers(1, 5))
    def other_amount(self, sale: tuple[VendRequest, str, SaleReceipt], more: int) -> None:
        request, point, _ = sale
        other = VendRequest(request.vend_id, request.meter, request.amount + Money(more))
        with pytest.raises(VendIdReused):
            self.service.vend(POINTS[point], other)

    @rule(sale=sold)
    def copy(self, sale: tuple[VendRequest, str, SaleReceipt]) -> None:
        request, point, receipt = sale
        self.copies[request.vend_id] += 1
        copied = self.service.reprint(POINTS[point], request.vend_id)
        assert copied.copy == self.copies[request.vend_id]
        assert copied.tokens == receipt.tokens

    @rule(sale=consumes(sold))
    def look(self, sale: tuple[VendRequest, str, SaleReceipt]) -> None:
        request, _, receipt = sale
        status = self.service.what_became(ADMIN, request.vend_id)
        assert (status.receipt, status.copies) == (receipt, self.copies[request.vend_id])

    @rule(seconds=st.sampled_from([-600, -200, 1, 59, 3600]))
    def move_clock(self, seconds: int) -> None:
        self.town.clock.forward(seconds=seconds)

    @rule()
    def restart(self) -> None:
        self.town.store.close()
        self.town.store = open_store(self.town.place)
        self.service = service(self.town.store, self.town.clock)

    @invariant()
    def money_is_where_the_model_says(self) -> None:
        with self.town.store.reading() as books:
            for meter, agreement in ((POWER, "A1"), (WATER, "A2")):
                assert -books.balance("2010", agreement, "ILS") == self.balances[meter]

    def teardown(self) -> None:
        try:
            report = self.service.verify(ADMIN)
            assert report.ok, report.problem
            assert report.entries == sum(self.receipts.values())
            with self.town.store.reading() as books:
                totals: dict[tuple[str, str], int] = {}
                for entry in books.stored_entries():
                    for account, holder, _, amount in entry.postings:
                        key = (account, holder)
                        totals[key] = totals.get(key, 0) + amount
            for point, taken in self.taken.items():
                assert totals.get(("1010", point), 0) == taken
            assert totals.get(("6110", POWER.number), 0) == self.units[POWER]
            assert totals.get(("6120", WATER.number), 0) == self.units[WATER]
        finally:
            self.town.store.close()
            shutil.rmtree(self.folder)


@pytest.mark.system
@pytest.mark.hypothesis
def test_selling_in_any_order(kind: str, server: Postgres | None) -> None:
    run_machine(Selling, kind, server, sqlite=15, postgresql=5, steps=25)
