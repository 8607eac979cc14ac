"""A batch of sales is what they are one by one, on both databases."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from meters.errors import RaseedError
from meters.identity import Drn
from meters.quantities import Money
from tests import examples
from tests.databases import Postgres, new_place
from tests.vending.support import (
    ADMIN,
    OPERATOR,
    POWER,
    TECHNICIAN,
    WATER,
    SetClock,
    Town,
    request,
)
from vending.parties import Actor, MeterUnknown
from vending.requests import basket_of
from vending.sale import SaleReceipt, VendRequest
from vending.selling import Answer
from vending.store import StoreFull
from vending.store.errors import StoreContradiction
from vending.tariff import AmountTooLow
from vending.vend import VendIdReused

EAST = replace(OPERATOR, name="Lina", point="P2", terminal="T9")
NOWHERE = replace(OPERATOR, point="P9")
STRANGE = Drn.from_serial("01", 9999).number

Order = tuple[Actor, VendRequest]
orders = st.tuples(
    st.sampled_from([OPERATOR, OPERATOR, EAST, NOWHERE, TECHNICIAN]),
    st.builds(
        VendRequest,
        # Few ids: the same comes twice in a batch, and again in a later one.
        vend_id=st.sampled_from([f"v{i}" for i in range(12)]),
        meter=st.sampled_from(
            [POWER.number, WATER.number, WATER.number, STRANGE, "12", " ".join(WATER.number)]
        ),
        amount=st.one_of(st.integers(-1, 3000), st.sampled_from([3000, 5000, 10_000, 500_001])).map(
            Money
        ),
    ),
)
batches = st.lists(
    st.tuples(st.sampled_from([0, 1, 61, -100, -400]), st.lists(orders, min_size=1, max_size=12)),
    min_size=1,
    max_size=4,
)


@pytest.fixture
def here(place: Path | str) -> Iterator[Town]:
    made = Town(place)
    yield made
    made.store.close()


def told(answer: Answer) -> object:
    if isinstance(answer, SaleReceipt):
        return answer, answer.replayed
    assert isinstance(answer, RaseedError)
    return answer.code, answer.facts()


def one_by_one(here: Town, orders: list[Order]) -> list[Answer]:
    answers: list[Answer] = []
    for actor, asked in orders:
        try:
            answers.append(here.service.vend(actor, asked))
        except RaseedError as error:
            answers.append(error)
    return answers


def same_books(one: Town, other: Town) -> None:
    with one.store.reading() as left, other.store.reading() as right:
        assert left.chain_head() == right.chain_head()
        assert left.sales(limit=1000) == right.sales(limit=1000)
        assert list(left.stored_entries()) == list(right.stored_entries())
    for here in (one, other):
        report = here.service.verify(ADMIN)
        assert report.ok, report.problem


def law(kind: str, server: Postgres | None, sold: list[tuple[int, list[Order]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        apart = Town(Path(folder) / "apart.db")
        together = Town(new_place(kind, Path(folder), server))
        try:
            for seconds, asked in sold:
                for here in (apart, together):
                    here.clock.forward(seconds=seconds)
                expected = one_by_one(apart, asked)
                answers = together.service.vend_many(asked)
                assert [told(a) for a in answers] == [told(a) for a in expected]
            same_books(apart, together)
        finally:
            apart.store.close()
            together.store.close()


@pytest.mark.system
def test_a_batch_is_its_sales_one_by_one(kind: str, server: Postgres | None) -> None:
    @settings(
        max_examples=examples(25 if kind == "sqlite" else 6),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(sold=batches)
    def holds(sold: list[tuple[int, list[Order]]]) -> None:
        law(kind, server, sold)

    holds()


def test_sales_of_one_batch_see_each_other(here: Town) -> None:
    answers = here.service.vend_many(
        [
            (OPERATOR, request("w1", WATER, "100")),
            (OPERATOR, request("w2", WATER, "100")),
            (EAST, request("w3", WATER, "100")),
            (OPERATOR, request("w1", WATER, "100")),
            (OPERATOR, request("w2", WATER, "101")),
        ]
    )
    first, second, third, again, other = answers
    assert isinstance(first, SaleReceipt)
    assert isinstance(second, SaleReceipt)
    assert isinstance(third, SaleReceipt)
    assert isinstance(again, SaleReceipt)
    assert isinstance(other, VendIdReused)
    assert second.quote.balance_before == first.quote.balance_after == Money(3)
    assert third.quote.balance_before == second.quote.balance_after
    tid = first.tokens[0].tid
    assert [r.tokens[0].tid for r in (second, third)] == [tid + 1, tid + 2]
    assert [r.receipt_code for r in (first, second, third)] == [
        "P1-000001",
        "P1-000002",
        "P2-000001",
    ]
    assert (again, again.replayed) == (first, True)
    assert here.service.verify(ADMIN).entries == 3


def test_what_is_booked_together_was_sold_at_one_moment(place: Path | str) -> None:
    class Running(SetClock):
        """Goes on while one looks at it."""

        def __call__(self) -> datetime:
            self.forward(seconds=1)
            return self.now

    here = Town(place, clock=Running())
    try:
        begun = here.clock.now
        answers = here.service.vend_many([(OPERATOR, request(f"m{n}")) for n in range(3)])
        moments = {answer.sold_at for answer in answers if isinstance(answer, SaleReceipt)}
        assert moments == {begun + timedelta(seconds=1)}
        assert here.service.vend(OPERATOR, request("m3")).sold_at > begun + timedelta(seconds=1)
    finally:
        here.store.close()


def test_sales_that_book_nothing_leave_no_trace(kind: str, here: Town) -> None:
    """Neither in the books, nor (on PostgreSQL, where planning them costs more than asking) in what
    the driver has prepared."""

    def prepared() -> int:
        if kind == "sqlite":
            return 0
        assert here.store._kept is not None
        raw: Any = here.store._kept.connection.dbapi_connection
        (count,) = raw.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()
        raw.commit()
        return int(count)

    for n in range(8):
        here.service.vend(OPERATOR, request(f"v{n}"))
    before = prepared()
    assert before > 5 or kind == "sqlite"
    assert here.service.vend(OPERATOR, request("v1")).replayed
    with pytest.raises(AmountTooLow):
        here.service.vend(OPERATOR, request("v9", amount="0.01"))
    here.service.rehearse(OPERATOR, basket_of(request("v9")))
    assert here.service.verify(ADMIN).entries == 8
    assert here.service.vend(OPERATOR, request("v9")).receipt_code == "P1-000009"
    assert prepared() >= before


def test_a_refused_sale_spoils_no_other(here: Town) -> None:
    answers = here.service.vend_many(
        [
            (OPERATOR, request("v1")),
            (OPERATOR, request("v2", amount="0.01")),
            (OPERATOR, VendRequest("v3", STRANGE, Money(5000))),
            (OPERATOR, request("v4")),
        ]
    )
    assert [type(a) for a in answers] == [SaleReceipt, AmountTooLow, MeterUnknown, SaleReceipt]
    assert here.service.verify(ADMIN).entries == 2
    assert here.service.vend_many([]) == []


def test_a_sale_that_the_database_contradicts_spoils_no_other(here: Town) -> None:
    here.service.vend(EAST, request("before"))
    with here.store.engine.connect() as db:
        # Somebody set the counter back: the next receipt number of P2 is taken.
        db.execute(text("UPDATE counters SET receipts = 0 WHERE point = 'P2'"))
        db.commit()
    answers = here.service.vend_many(
        [
            (OPERATOR, request("v1", WATER)),
            (EAST, request("v2", WATER)),
            (OPERATOR, request("v3", WATER)),
            (EAST, request("before")),
        ]
    )
    first, wrong, third, replay = answers
    assert isinstance(wrong, StoreContradiction)
    assert wrong.table == "receipts"
    assert isinstance(first, SaleReceipt)
    assert isinstance(third, SaleReceipt)
    assert isinstance(replay, SaleReceipt)
    assert (first.number, third.number, replay.replayed) == (1, 2, True)
    assert third.tokens[0].tid == first.tokens[0].tid + 1
    assert [r.vend_id for r in here.service.sales(OPERATOR)] == ["v3", "v1", "before"]
    with pytest.raises(StoreContradiction):
        here.service.vend(EAST, request("v2", WATER))


def test_a_fault_of_ours_in_one_sale_spoils_no_other(here: Town) -> None:
    nibbles = iter([1, 2])

    def randomness() -> int:
        return next(nibbles)

    asked = [(OPERATOR, request(f"v{i}")) for i in range(3)]
    first, second, third = here.with_(randomness=randomness).vend_many(asked)
    assert isinstance(first, SaleReceipt)
    assert isinstance(second, SaleReceipt)
    assert isinstance(third, StopIteration)
    assert here.service.verify(ADMIN).entries == 2


def test_if_the_database_fails_it_fails_for_all_of_them(here: Town) -> None:
    class Full:
        def __init__(self, **_: bool) -> None: ...

        def __enter__(self) -> None:
            raise StoreFull

        def __exit__(self, *_: object) -> None: ...

    answers = here.service.vend_many([(OPERATOR, request("v1"))])
    real, here.store.writing = here.store.writing, Full  # type: ignore[method-assign, assignment]
    failed = here.service.vend_many(
        [(OPERATOR, request("v1")), (TECHNICIAN, request("v2")), (OPERATOR, request("v3"))]
    )
    here.store.writing = real  # type: ignore[method-assign]
    codes = [a.code for a in failed if isinstance(a, RaseedError)]
    assert codes == ["store.full", "actor.not_allowed", "store.full"]
    assert here.service.sales(OPERATOR) == answers


@pytest.mark.system
def test_a_thousand_in_one_transaction(here: Town) -> None:
    made = here.service
    asked = [(OPERATOR, request(f"v{i}", WATER if i % 2 else POWER)) for i in range(1000)]
    answers = made.vend_many(asked)
    assert all(isinstance(a, SaleReceipt) for a in answers)
    report = made.verify(ADMIN)
    assert (report.ok, report.entries) == (True, 1000)
    assert [told(a)[0] for a in made.vend_many(asked)] == answers  # type: ignore[index]
