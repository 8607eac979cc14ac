"""Token identifiers: base dates, the reserved minute, the ends of the range."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens.sts import (
    LAST_TID,
    BaseDate,
    TidOutOfRange,
    free_tid,
    is_expired,
    is_reserved,
    tid_at,
    tid_moment,
)


@pytest.mark.parametrize(
    ("base", "last"),
    [
        (BaseDate.BASE_1993, datetime(2024, 11, 24, 20, 15, 59, tzinfo=UTC)),
        (BaseDate.BASE_2014, datetime(2045, 11, 24, 20, 15, 59, tzinfo=UTC)),
        (BaseDate.BASE_2035, datetime(2066, 11, 24, 20, 15, 59, tzinfo=UTC)),
    ],
)
def test_last_minute_of_each_base_date(base: BaseDate, last: datetime) -> None:
    assert tid_at(base, last) == LAST_TID
    with pytest.raises(TidOutOfRange):
        tid_at(base, last + timedelta(minutes=1))
    with pytest.raises(TidOutOfRange):
        tid_at(base, base.start - timedelta(seconds=1))
    assert tid_at(base, base.start) == 0


def test_seconds_are_cut_off_and_zones_are_honoured() -> None:
    assert tid_at(BaseDate.BASE_1993, datetime(1996, 3, 25, 13, 55, 22, tzinfo=UTC)) == 1698595
    east = timezone(timedelta(hours=2))
    assert tid_at(BaseDate.BASE_1993, datetime(1996, 3, 25, 15, 55, tzinfo=east)) == 1698595


def test_naive_times_are_a_mistake() -> None:
    with pytest.raises(TypeError):
        tid_at(BaseDate.BASE_2014, datetime(2026, 1, 1))  # noqa: DTZ001


def test_reserved_minute_moves_on() -> None:
    minute = datetime(2026, 5, 4, 0, 1, 30, tzinfo=UTC)
    tid = tid_at(BaseDate.BASE_2014, minute)
    assert tid_moment(BaseDate.BASE_2014, tid) == datetime(2026, 5, 4, 0, 2, tzinfo=UTC)
    reserved = tid_at(BaseDate.BASE_2014, minute, special_reserved=True)
    assert is_reserved(reserved)
    assert tid == reserved + 1


@given(st.integers(0, LAST_TID))
def test_a_tid_stands_for_its_minute(tid: int) -> None:
    moment = tid_moment(BaseDate.BASE_2035, tid)
    assert tid_at(BaseDate.BASE_2035, moment, special_reserved=True) == tid


@given(st.integers(0, 10000), st.sets(st.integers(0, 10010)))
def test_free_tid_is_the_next_usable_one(candidate: int, used: set[int]) -> None:
    tid = free_tid(candidate, used)
    assert tid >= candidate
    assert tid not in used
    assert not is_reserved(tid)
    assert all(t in used or is_reserved(t) for t in range(candidate, tid))


def test_free_tid_stops_at_the_end() -> None:
    with pytest.raises(TidOutOfRange):
        free_tid(LAST_TID, {LAST_TID})


def test_expiry_compares_the_top_byte() -> None:
    assert not is_expired(0x55FFFF, 0x55)
    assert is_expired(0x560000, 0x55)
    assert not is_expired(LAST_TID, 255)
