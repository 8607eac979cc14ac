"""Batches so long that a database beside this program writes the first sales while the next are
reckoned: nobody can tell, whatever goes wrong in the middle; on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from meters.errors import Unavailable
from tests.databases import plain
from tests.vending.support import (
    ADMIN,
    OPERATOR,
    POWER,
    WATER,
    Town,
    new_store,
    put_operator,
    put_point,
    request,
    service,
)
from vending.counter import Counter
from vending.operators import PointDayLimit
from vending.outbox import OutboxPlan
from vending.requests import BasketRequest, Credit
from vending.sale import BasketReceipt, SaleReceipt, VendRequest
from vending.selling import _AHEAD, _BEHIND
from vending.store.errors import StoreContradiction
from vending.store.pipeline import Pipeline
from vending.vend import VendIdReused

from .support import T, ils

EAST = replace(OPERATOR, point="P2", terminal="T7")
RANA = replace(OPERATOR, name="rana", terminal="T8")
MANY = 3 * _AHEAD + _BEHIND


def orders(count: int = MANY) -> list[tuple[Any, VendRequest]]:
    meters = (POWER, WATER)
    return [
        (OPERATOR, request(f"v-{i}", meters[i % 2], f"{20 + i}.00")) for i in range(1, count + 1)
    ]


def begun(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many statements have been begun and not waited for, so far."""
    seen: list[int] = []
    begin = Pipeline.begin

    def counted(self: Pipeline, calls: Any) -> None:
        seen.append(len(calls))
        begin(self, calls)

    monkeypatch.setattr(Pipeline, "begin", counted)
    return seen


def rows(town: Town) -> dict[str, list[Any]]:
    """All that was booked, and what is kept beside it."""
    with town.store.reading() as books:
        return {
            name: [tuple(row) for row in books._db.execute(T[name].select().order_by(*key))]
            for name, key in (
                (name, list(T[name].primary_key.columns))
                for name in (
                    *("entries", "postings", "sales", "idempotency", "receipts", "tokens"),
                    *("accounts", "balances", "counters", "chain"),
                )
            )
        }


def sold(answers: Sequence[object]) -> list[int]:
    """Receipt numbers of what was sold."""
    return [one.number for one in answers if isinstance(one, SaleReceipt)]


def test_the_books_are_the_same_as_one_by_one(
    here: Town, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, kind: str
) -> None:
    seen = begun(monkeypatch)
    answers = here.service.vend_many(orders())
    assert sold(answers) == list(range(1, MANY + 1))
    assert seen == ([] if kind == "sqlite" else [1] * 3)
    apart = Town(tmp_path / "apart.db")
    assert [apart.service.vend(*order) for order in orders()] == answers
    assert rows(apart) == rows(here)
    apart.store.close()
    assert here.service.verify(ADMIN).ok


def test_baskets_of_many_sales_are_written_ahead_as_they_are(here: Town) -> None:
    both = (Credit(POWER.number, ils("20.00")), Credit(WATER.number, ils("20.00")))
    paying = (*both, *(Credit(POWER.number, ils("5.00")) for _ in range(_AHEAD)))
    baskets = [(OPERATOR, BasketRequest(f"b-{i}", paying)) for i in range(MANY)]
    answers = here.service.vend_many(baskets)
    assert [one.leading.number for one in answers if isinstance(one, BasketReceipt)] == list(
        range(1, MANY + 1)
    )
    assert here.service.verify(ADMIN).entries == MANY * len(paying)


def test_each_sale_has_its_messages_once(here: Town) -> None:
    told = here.with_(outbox=OutboxPlan(webhooks=("erp",)))
    told.vend_many(orders())
    with here.store.reading() as books:
        queued = list(books._db.execute(T["outbox"].select()))
    assert len(queued) == MANY
    assert {row.subject for row in queued} == {f"v-{i}" for i in range(1, MANY + 1)}


def set_back(here: Town) -> None:
    """The next receipt number of P2 is taken."""
    assert isinstance(here.service.vend(EAST, request("east")), SaleReceipt)
    with here.store.engine.connect() as db:
        db.execute(text("UPDATE counters SET receipts = 0 WHERE point = 'P2'"))
        db.commit()


@pytest.mark.parametrize("wrong", [1, _AHEAD, _AHEAD + 1, MANY])
def test_one_that_the_database_contradicts_spoils_no_neighbour(here: Town, wrong: int) -> None:
    set_back(here)
    asked = orders()
    asked[wrong - 1] = (EAST, request("wrong"))
    answers = here.service.vend_many(asked)
    assert isinstance(answers[wrong - 1], StoreContradiction)
    assert sold(answers) == list(range(1, MANY))
    again = here.service.vend_many(asked)
    assert isinstance(again[wrong - 1], StoreContradiction)
    assert sold(again) == list(range(1, MANY))


def test_a_look_into_the_books_in_the_middle_is_right(here: Town) -> None:
    """What a point has taken today is read when it first sells in a batch; by then others are on
    their way."""
    put_point(here.store, "P2", most_per_day=5_000)
    looks = [(EAST, request(f"e-{i}", WATER, "20.00")) for i in range(4)]
    answers = here.service.vend_many([*orders(2 * _AHEAD), *looks, *orders(MANY)[2 * _AHEAD :]])
    east = answers[2 * _AHEAD : 2 * _AHEAD + 4]
    assert [type(one) for one in east] == [SaleReceipt, SaleReceipt, PointDayLimit, PointDayLimit]
    assert len(sold(answers)) == MANY + 2
    assert here.service.verify(ADMIN).ok


def test_a_look_behind_what_is_contradicted_is_not_what_is_told(here: Town) -> None:
    """It finds the transaction of no more use, and that is not why."""
    set_back(here)
    put_operator(here.store, RANA.name, most_per_day=100_000)
    looks = [(RANA, request(f"r-{i}", WATER, "20.00")) for i in range(2)]
    asked = [(EAST, request("wrong")), *orders(_AHEAD), *looks, *orders()[_AHEAD:]]
    answers = here.service.vend_many(asked)
    assert isinstance(answers[0], StoreContradiction)
    assert sold(answers) == list(range(1, MANY + 3))
    assert [type(one) for one in answers[1:]] == [SaleReceipt] * (MANY + 2)


def test_refused_ones_and_known_ones_in_between(here: Town) -> None:
    here.service.vend_many(orders(4))
    mixed = [*orders(MANY), (OPERATOR, request("v-1", WATER, "99.00")), *orders(3)]
    answers = here.service.vend_many(mixed)
    assert sold(answers) == [*range(1, MANY + 1), 1, 2, 3]
    assert isinstance(answers[MANY], VendIdReused)
    assert here.service.verify(ADMIN).entries == MANY


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_server_that_goes_in_the_middle_leaves_nothing(
    here: Town, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell, calls = Counter.sell, []

    def cut(self: Counter, *given: Any) -> Any:
        calls.append(1)
        if len(calls) == _AHEAD + 2:
            with plain(str(here.place)) as other:
                other.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        return sell(self, *given)

    monkeypatch.setattr(Counter, "sell", cut)
    answers = here.service.vend_many(orders())
    assert {isinstance(one, Unavailable) for one in answers} == {True}
    with closing(new_store(here.place)) as apart, apart.reading() as books:
        assert books.chain_head().number == 0
    assert sold(here.service.vend_many(orders())) == list(range(1, MANY + 1))
    assert service(here.store, here.clock).verify(ADMIN).ok
