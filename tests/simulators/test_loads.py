"""What is drawn: exact, monotone, the same however it is asked."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.loads import DAY_S, PER_UNIT, STEP_S, Draw, Seasons, Use, mix

pytestmark = pytest.mark.system

START = int(datetime(2026, 2, 16, 0, 0, tzinfo=UTC).timestamp())
SEASONS = Seasons(
    ramadan=((date(2026, 2, 18), date(2026, 3, 19)),),
    heat=((date(2026, 7, 10), date(2026, 7, 24)),),
    offset_s=0,
)
seeds = st.integers(0, 2**32 - 1)
moments = st.integers(START - DAY_S, START + 40 * DAY_S)
uses = st.sampled_from(list(Use))


def day(year: int, month: int, of_month: int) -> int:
    return int(datetime(year, month, of_month, tzinfo=UTC).timestamp())


def drawn(draw: Draw, begin: int) -> int:
    return draw.until(begin + DAY_S) - draw.until(begin)


@given(seeds, uses, moments, moments)
def test_what_is_drawn_never_falls_and_is_the_same_in_any_order(
    seed: int, use: Use, one: int, two: int
) -> None:
    draw, other = Draw(seed, use, 3000, START, SEASONS), Draw(seed, use, 3000, START, SEASONS)
    first, second = draw.until(one), draw.until(two)
    assert (other.until(two), other.until(one)) == (second, first)
    assert (first <= second) if one <= two else (first >= second)


@given(seeds, uses, moments, st.integers(1, 3 * STEP_S))
def test_it_is_the_sum_of_its_seconds(seed: int, use: Use, begin: int, length: int) -> None:
    draw = Draw(seed, use, 2000, START, SEASONS)
    summed = sum(draw.rate(second) for second in range(begin, begin + length))
    assert draw.until(begin + length) - draw.until(begin) == summed


@settings(max_examples=50)
@given(seeds, st.integers(0, 10 * 2000 * PER_UNIT))
def test_when_a_sum_is_reached_is_the_first_such_second(seed: int, total: int) -> None:
    draw = Draw(seed, Use.HOME, 2000, START, SEASONS)
    at = draw.reached(total, START + 30 * DAY_S)
    assert at is not None
    assert draw.until(at) >= total
    assert at == START or draw.until(at - 1) < total
    assert draw.reached(10**30, START + DAY_S) is None


def test_a_flat_draw_is_what_everybody_can_work_out() -> None:
    draw = Draw(1, Use.FLAT, 1000, START, SEASONS)
    assert draw.rate(START + 5) == 1000 * 10**6
    assert draw.until(START + 3 * 3600) == 3 * 1000 * PER_UNIT


def test_days_differ_by_their_kind() -> None:
    many = [Draw(seed, Use.HOME, 2000, START, SEASONS) for seed in range(200)]

    def hour(begin: int, at: int) -> int:
        return sum(one.rate(begin + at * 3600) for one in many)

    workday, heat, ramadan = day(2026, 4, 13), day(2026, 7, 13), day(2026, 3, 2)
    assert sum(drawn(one, heat) for one in many) > 1.5 * sum(drawn(one, workday) for one in many)
    assert hour(ramadan, 3) > 3 * hour(workday, 3)
    assert hour(workday, 20) > 3 * hour(workday, 3)
    assert SEASONS.kind(day(2026, 4, 17) // DAY_S).value == "weekend"
    water = [Draw(seed, Use.WATER, 300, START, SEASONS) for seed in range(50)]
    assert any(one.rate(workday + 7 * 3600) == 0 for one in water)


def test_a_year_and_back_costs_no_more_than_it_should() -> None:
    draw = Draw(7, Use.SHOP, 5000, START, SEASONS)
    chance = random.Random(7)
    asked = [START + chance.randrange(365 * DAY_S) for _ in range(60)]
    told = [draw.until(at) for at in asked]
    assert [draw.until(at) for at in reversed(asked)] == told[::-1]


@pytest.mark.parametrize("numbers", [(0,), (1,), (1, 2), (2, 1), (2**64,)])
def test_mixed_numbers_are_64_bits_and_differ(numbers: tuple[int, ...]) -> None:
    assert 0 <= mix(*numbers) < 2**64
    assert mix(*numbers) != mix(*numbers, 0)
