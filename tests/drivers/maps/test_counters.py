"""Differences of counters: never negative, never huge, nothing billed on a doubt."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from drivers.link import Fetched
from drivers.maps.codec import encode
from drivers.maps.counters import Advance, Doubt, Suspicious, Trail, difference
from drivers.maps.decoding import reading_of
from drivers.maps.model import Register
from drivers.maps.reading import shipped_map
from meters.readings import Quality, Reading

from .probes import one, probe

START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
METER = probe()
COUNTER = one(type="u32", scale="0.01", rollover="1000000")
FLOAT = one(type="f32")
MOST = Decimal("23")  # 100 A at 230 V for an hour, in kWh


def at(count: str, hours: float = 0.0, register: Register = COUNTER, **changes: object) -> Reading:
    raw = encode(register, Decimal(count))
    made = reading_of(register, Fetched(raw, "", 0.01), {}, START + timedelta(hours=hours), METER)
    return replace(made, **changes)  # type: ignore[arg-type]


def test_what_flowed() -> None:
    assert difference(COUNTER, at("100"), at("104.25", 1), MOST) == Advance(
        Decimal("4.25"), Decimal(0)
    )


def test_past_the_end_and_on_from_zero() -> None:
    found = difference(COUNTER, at("999999.5"), at("1.25", 1), MOST)
    assert found == Advance(Decimal("1.75"), Decimal(0), rolled=True)


@pytest.mark.parametrize(
    ("earlier", "later", "doubt"),
    [
        (at("500"), at("0", 1), Doubt.BACK),  # cleared, or a new meter
        (at("500"), at("499.99", 1), Doubt.BACK),
        (at("500"), at("600", 1), Doubt.TOO_MUCH),
        (at("500", 1), at("501", 0), Doubt.NOT_LATER),
        (at("500"), at("501", 0), Doubt.NOT_LATER),
        (at("500"), at("501", 1, unit="l"), Doubt.OTHER_UNIT),
        (at("500"), at("501", 1, quality=Quality.SUSPECT), Doubt.NOT_GOOD),
        (at("500", quality=Quality.BAD, value=None), at("501", 1), Doubt.NOT_GOOD),
        (at("500"), at("501", 1, value="text"), Doubt.NOT_GOOD),
    ],
)
def test_doubts(earlier: Reading, later: Reading, doubt: Doubt) -> None:
    found = difference(COUNTER, earlier, later, MOST)
    assert isinstance(found, Suspicious)
    assert found.doubt is doubt


def test_a_jump_back_is_no_roll_over_of_a_counter_that_tells_none() -> None:
    found = difference(one(scale="0.01"), at("999999.5"), at("1.25", 1), MOST)
    assert isinstance(found, Suspicious)
    assert found.doubt is Doubt.BACK


def test_a_float_that_stands_still_may_be_running() -> None:
    """Above 1 048 576 kWh a single-precision counter moves in steps of 0.125 kWh."""
    high = at("1048576", register=FLOAT)
    found = difference(FLOAT, high, at("1048576", 0.05, FLOAT), MOST)
    assert found == Advance(Decimal(0), Decimal("0.25"))
    # One step in ten seconds is no 45 kW: most of it was used before.
    step = difference(FLOAT, high, at("1048576.1", 10 / 3600, FLOAT), MOST)
    assert isinstance(step, Advance)
    assert step.uncertainty == Decimal("0.25")


counts = st.integers(0, 10**8 - 1)


@given(before=counts, after=counts, seconds=st.integers(1, 10**7))
def test_an_advance_is_never_negative_and_never_more_than_can_flow(
    before: int, after: int, seconds: int
) -> None:
    hours = seconds / 3600
    found = difference(
        COUNTER,
        at(f"{Decimal(before).scaleb(-2):f}"),
        at(f"{Decimal(after).scaleb(-2):f}", hours),
        MOST,
    )
    if isinstance(found, Advance):
        assert 0 <= found.delta <= MOST * (seconds + 1) / 3600 + Decimal("0.01")
        assert (before + int(found.delta * 100)) % 10**8 == after


@given(start=counts, flow=st.integers(0, 2300), seconds=st.integers(3600, 10**6))
def test_what_really_flowed_is_found_across_the_end(start: int, flow: int, seconds: int) -> None:
    after = (start + flow) % 10**8
    found = difference(
        COUNTER,
        at(f"{Decimal(start).scaleb(-2):f}"),
        at(f"{Decimal(after).scaleb(-2):f}", seconds / 3600),
        MOST,
    )
    assert found == Advance(Decimal(flow).scaleb(-2), Decimal(0), after < start)


@given(
    true=st.decimals("0", "9000000", places=3),
    flow=st.decimals("0", "20", places=3),
)
def test_the_true_flow_lies_within_the_uncertainty_of_a_float(true: Decimal, flow: Decimal) -> None:
    assume(true + flow > 0)
    found = difference(
        FLOAT, at(f"{true:f}", register=FLOAT), at(f"{true + flow:f}", 1, FLOAT), MOST
    )
    assert isinstance(found, Advance)
    assert abs(found.delta - flow) <= found.uncertainty


def test_nothing_is_billed_after_a_doubt_until_it_is_confirmed() -> None:
    trail, first = Trail(COUNTER, MOST).take(at("500"))
    assert first is None
    trail, swapped = trail.take(at("3", 1))
    assert isinstance(swapped, Suspicious)
    assert swapped.doubt is Doubt.BACK
    trail, waiting = trail.take(at("4", 2))
    assert isinstance(waiting, Suspicious)
    assert waiting.doubt is Doubt.UNCONFIRMED
    # Not even a reading that would fit the old count settles it: two meters may share an id.
    trail, again = trail.take(at("501", 3))
    assert isinstance(again, Suspicious)
    trail, on = trail.confirm(at("4", 3)).take(at("6.5", 4))
    assert on == Advance(Decimal("2.5"), Decimal(0))
    with pytest.raises(ValueError, match="bad"):
        trail.confirm(at("4", 5, quality=Quality.BAD, value=None))


def test_a_reading_that_tells_nothing_changes_nothing() -> None:
    trail, _ = Trail(COUNTER, MOST).take(at("500", quality=Quality.BAD, value=None))
    assert trail.last is None
    trail, _ = trail.take(at("500"))
    trail, bad = trail.take(at("0", 1, quality=Quality.BAD, value=None))
    assert isinstance(bad, Suspicious)
    assert trail.held is None
    trail, on = trail.take(at("502", 2))
    assert on == Advance(Decimal(2), Decimal(0))


def test_a_shipped_counter() -> None:
    energy = shipped_map("gavazzi-em340").registers["energy.active.import"]
    found = difference(energy, at("10", 0, energy), at("12.5", 1, energy), MOST)
    assert found == Advance(Decimal("2.5"), Decimal(0))


@pytest.mark.parametrize(
    ("later", "doubt"),
    [
        ("131072.02", None),  # one step of the float, at once
        ("131072.9", Doubt.TOO_MUCH),  # less than the unit, and no step
    ],
)
def test_a_float_has_its_own_step_for_slack_and_not_a_whole_unit(
    later: str, doubt: Doubt | None
) -> None:
    second = 1 / 3600
    found = difference(FLOAT, at("131072", 0, FLOAT), at(later, second, FLOAT), MOST)
    assert (found.doubt if isinstance(found, Suspicious) else None) is doubt
