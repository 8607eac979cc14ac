"""The table of states, vend ids, TIDs and the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.quantities import Money
from tests.vending.support import POWER, START
from tokens.sts import LAST_TID, BaseDate, TidOutOfRange, is_reserved, tid_at
from vending.aftersale import SaleState
from vending.clock import ClockLimits, ClockWentBack
from vending.requests import basket_of
from vending.sale import Tender, VendIdMalformed, VendRequest
from vending.samerequest import input_hash
from vending.vend import (
    TRANSITIONS,
    StateImpossible,
    follow,
    next_tid,
)

BASE = BaseDate.BASE_2014
LIMITS = ClockLimits()
S = SaleState


def test_every_state_is_in_the_table_and_reachable() -> None:
    assert set(TRANSITIONS) == set(S)
    reached, todo = {S.QUOTED}, [S.QUOTED]
    while todo:
        for following in TRANSITIONS[todo.pop()] - reached:
            reached.add(following)
            todo.append(following)
    assert reached == set(S)


@pytest.mark.parametrize(
    ("state", "following"),
    [
        (S.QUOTED, {S.PAID}),
        (S.PAID, {S.ISSUED}),
        (S.ISSUED, {S.DELIVERING, S.RECONCILED}),
        (S.DELIVERING, {S.DELIVERED, S.REFUSED, S.UNKNOWN, S.ISSUED, S.RECONCILED}),
        (S.UNKNOWN, {S.RECONCILED}),
        (S.REFUSED, {S.DELIVERING, S.RECONCILED}),
        (S.RECONCILED, {S.DELIVERED, S.REFUSED, S.UNKNOWN, S.ISSUED}),
        (S.DELIVERED, set()),
    ],
)
def test_the_table(state: S, following: set[S]) -> None:
    for candidate in S:
        if candidate in following:
            assert follow("v", state, candidate) is candidate
        else:
            with pytest.raises(StateImpossible):
                follow("v", state, candidate)


@pytest.mark.parametrize(
    "vend_id", ["a", "7f1f9f0e-0b6c-4b3c-9d6e-2d9f8a7b6c5d", "till-1:2026.11_23", "x" * 64]
)
def test_vend_ids(vend_id: str) -> None:
    assert VendRequest(vend_id, POWER.number, Money(1)).vend_id == vend_id


@pytest.mark.parametrize("vend_id", ["", "x" * 65, "a b", "a\n", "بيع", "٤٢", "a/b", "'; --"])
def test_malformed_vend_ids(vend_id: str) -> None:
    with pytest.raises(VendIdMalformed):
        VendRequest(vend_id, POWER.number, Money(1))


def test_what_makes_two_requests_the_same() -> None:
    def of(
        minor: int = 5000, currency: str = "ILS", tender: Tender = Tender.CASH, meter: str = "1"
    ) -> str:
        amount = Money(minor, currency)
        return input_hash(basket_of(VendRequest("v", "as typed", amount, tender)), [meter], "P1")

    assert of() == of()
    others = {of(5001), of(currency="JOD"), of(tender=Tender.CARD), of(meter="2")}
    assert of() not in others
    assert len(others) == 4
    assert input_hash(basket_of(VendRequest("v", "", Money(5000))), ["1"], "P2") != of()


@given(
    now=st.integers(0, 31 * 365 * 1440 * 60).map(lambda s: BASE.start + timedelta(seconds=s)),
    behind=st.one_of(st.none(), st.integers(-5000, 1439)),
)
def test_a_tid_is_new_and_not_reserved(now: datetime, behind: int | None) -> None:
    minute = tid_at(BASE, now)
    last = None if behind is None else max(0, minute + behind)
    try:
        tid = next_tid(BASE, now, last, LIMITS)
    except ClockWentBack:
        # The next minute is a whole day ahead, or would be but for the seconds of now.
        assert behind is not None
        assert behind >= 1438
        return
    assert tid >= minute
    assert not is_reserved(tid)
    if last is None or last < minute:
        assert tid == minute
    else:
        assert tid in (last + 1, last + 2)


def test_many_sales_in_one_minute_run_ahead_and_come_back() -> None:
    now = START.replace(hour=23, minute=55)
    last: int | None = None
    given_out = []
    for _ in range(20):
        last = next_tid(BASE, now, last, LIMITS)
        given_out.append(last)
    assert len(set(given_out)) == 20
    # 00:01 of the next day is reserved and left out.
    assert given_out == [t for t in range(given_out[0], given_out[0] + 21) if t % 1440 != 1]
    later = now + timedelta(hours=1)
    assert next_tid(BASE, later, last, LIMITS) == tid_at(BASE, later)


def test_a_tid_too_far_ahead_means_that_the_clock_went_back() -> None:
    last = tid_at(BASE, START)
    next_tid(BASE, START - timedelta(hours=23), last, LIMITS)
    with pytest.raises(ClockWentBack) as error:
        next_tid(BASE, START - timedelta(days=1, minutes=1), last, LIMITS)
    assert error.value.limit_s == 86_400


def test_no_tid_after_the_last_minute() -> None:
    end = datetime(2045, 11, 24, 20, 15, tzinfo=UTC)
    assert next_tid(BASE, end, None, LIMITS) == LAST_TID
    with pytest.raises(TidOutOfRange):
        next_tid(BASE, end, LAST_TID, LIMITS)
    with pytest.raises(TidOutOfRange):
        next_tid(BaseDate.BASE_1993, START, None, LIMITS)
