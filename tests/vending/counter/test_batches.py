"""Orders sold together in one transaction: each sees what those before it have done, and what fails
leaves nothing behind; on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from tests.vending.support import (
    ADMIN,
    OPERATOR,
    WATER,
    Town,
    chart,
    put_operator,
    put_point,
    request,
)
from vending.clock import ClockWentBack
from vending.operators import PointDayLimit, TillFull
from vending.requests import BasketRequest, Credit, DebtPayment
from vending.sale import SaleReceipt
from vending.store import RowUnreadable
from vending.tariff import MoreThanOwed
from vending.vend import entry_of

from .support import PERSON, P, W, ils, owe


def test_a_fault_in_the_middle_of_a_basket_leaves_nothing_of_it(
    here: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(receipt: Any, record: Any, chart: Any) -> Any:
        if record.vend_id == "b-1+2":
            raise RuntimeError("a fault of ours")
        return entry_of(receipt, record, chart)

    both = BasketRequest("b-1", (Credit(P, ils("50.00")), Credit(W, ils("20.00"))))
    with monkeypatch.context() as patch:
        patch.setattr("vending.counter.entry_of", broken)
        first, failed, last = here.service.vend_many(
            [(OPERATOR, request("v-1")), (OPERATOR, both), (OPERATOR, request("v-2"))]
        )
    assert isinstance(failed, RuntimeError)
    assert isinstance(first, SaleReceipt)
    assert isinstance(last, SaleReceipt)
    assert (first.number, last.number, last.journal_entry) == (1, 2, 2)
    assert {one.vend_id for one in here.service.sales(OPERATOR)} == {"v-1", "v-2"}
    assert here.service.vend_basket(OPERATOR, both).leading.number == 3
    assert here.service.verify(ADMIN).ok


def test_a_basket_sees_what_its_batch_has_sold_before(here: Town) -> None:
    """Also what an item before it in another basket of the same transaction has paid."""
    owe(here, old="30.00")
    first = BasketRequest("d-1", (DebtPayment(P, ils("25.00")),))
    second = BasketRequest("d-2", (DebtPayment(P, ils("5.00")), DebtPayment(P, ils("5.00"))))
    third = BasketRequest("d-3", (DebtPayment(P, ils("3.00")), DebtPayment(P, ils("2.00"))))
    paid, refused, rest = here.service.vend_many(
        [(OPERATOR, one) for one in (first, second, third)]
    )
    assert isinstance(refused, MoreThanOwed)
    assert not isinstance(paid, Exception)
    assert not isinstance(rest, Exception)
    assert here.service.verify(ADMIN).ok


def test_a_till_fills_up_within_one_batch(here: Town) -> None:
    put_point(here.store, most_in_till=9_000)
    answers = here.service.vend_many([(OPERATOR, request(f"v-{i}")) for i in (1, 2)])
    assert [type(a) for a in answers] == [SaleReceipt, TillFull]


def test_what_a_batch_sells_elsewhere_is_not_taken_at_a_point(here: Town) -> None:
    put_point(here.store, most_per_day=10_000)
    east = replace(OPERATOR, point="P2", terminal="T7")
    seats = (OPERATOR, east, OPERATOR, OPERATOR)
    answers = here.service.vend_many([(seat, request(f"v-{i}")) for i, seat in enumerate(seats)])
    assert [type(a) for a in answers] == [SaleReceipt, SaleReceipt, SaleReceipt, PointDayLimit]


UNREADABLE = [
    ("meters", "commodity", "number", P),
    ("meters", "ea", "number", P),
    ("meters", "base_date", "number", P),
    ("agreements", "commodity", "number", "A1"),
    ("operators", "settlement", "code", PERSON),
]


@pytest.mark.parametrize(("table", "column", "key", "of"), UNREADABLE)
def test_a_row_that_cannot_be_read_spoils_no_neighbour(
    here: Town, table: str, column: str, key: str, of: str
) -> None:
    """Who meets it is told which one it is, and the same sale is made once it is mended."""
    lina = replace(OPERATOR, name="Lina", terminal="T7")
    put_operator(here.store, PERSON)
    where = f"UPDATE {table} SET {column} = :value WHERE {key} = '{of}'"
    with here.store.engine.begin() as db:
        value = db.scalar(text(f"SELECT {column} FROM {table} WHERE {key} = '{of}'"))
        db.execute(text(where), {"value": "x" if isinstance(value, str) else 5})
    orders = [(OPERATOR, request("v-1")), (lina, request("v-2", WATER))]
    failed, sold = here.service.vend_many(orders)
    assert isinstance(sold, SaleReceipt)
    assert isinstance(failed, Exception)
    told = here.store.explained(failed, chart())
    assert isinstance(told, RowUnreadable)
    assert (told.table, told.key) == (table, f"{key}={of}")
    with here.store.engine.begin() as db:
        db.execute(text(where), {"value": value})
    again, replayed = here.service.vend_many(orders)
    assert isinstance(again, SaleReceipt)
    assert isinstance(replayed, SaleReceipt)
    assert (again.number, replayed.number, replayed.replayed) == (2, 1, True)
    assert here.service.verify(ADMIN).ok


def test_small_steps_back_do_not_add_up_on_either_database(here: Town) -> None:
    here.service.vend(OPERATOR, request("v1"))
    here.clock.forward(minutes=-4)
    here.service.vend(OPERATOR, request("v2", WATER))
    here.clock.forward(minutes=-4)
    with pytest.raises(ClockWentBack):
        here.service.vend(OPERATOR, request("v3"))
