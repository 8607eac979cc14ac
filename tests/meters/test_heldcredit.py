"""Credit that the house holds: who is to be supplied, and what a silent meter is granted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.heldcredit import Grace, LastSeen, Order, Standing, Then, reached, unreached

READ = datetime(2026, 11, 26, 8, tzinfo=UTC)
HOME = Grace(Decimal(24), Decimal(6), Then.OFF)
CLINIC = Grace(Decimal(72), Decimal(100), Then.ON)
NONE = Grace(Decimal(0), Decimal(0), Then.OFF)


def seen(
    left: str = "10", per_hour: str = "0.5", flows: bool | None = True, cut: bool = False
) -> LastSeen:
    return LastSeen(READ, Decimal(left), Decimal(per_hour), flows, cut)


def after(hours: float) -> datetime:
    return READ + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("left", "flows", "cut", "standing", "order"),
    [
        ("10", True, False, Standing.SUPPLIED, None),
        ("0.001", True, False, Standing.SUPPLIED, None),
        ("0", True, False, Standing.USED_UP, Order.CUT),
        ("-3", True, False, Standing.USED_UP, Order.CUT),
        # Welded, or switched on by somebody: what it says counts, not what it was told.
        ("-3", True, True, Standing.USED_UP, Order.CUT),
        ("-3", False, True, Standing.USED_UP, None),
        ("5", False, True, Standing.SUPPLIED, Order.CONNECT),
        # Cut for another reason: credit alone does not switch it on.
        ("5", False, False, Standing.OFF_OTHERWISE, None),
        # A model that does not tell is what it was told last.
        ("-3", None, False, Standing.USED_UP, Order.CUT),
        ("-3", None, True, Standing.USED_UP, None),
        ("5", None, True, Standing.SUPPLIED, Order.CONNECT),
        ("5", None, False, Standing.SUPPLIED, None),
    ],
)
def test_a_meter_that_is_reached_is_switched_by_its_credit(
    left: str, flows: bool | None, cut: bool, standing: Standing, order: Order | None
) -> None:
    found = reached(seen(left, flows=flows, cut=cut))
    assert (found.standing, found.order, found.left) == (standing, order, Decimal(left))
    assert not found.needs_visit


@pytest.mark.parametrize(
    ("grace", "hours", "standing"),
    [
        # 10 kWh at 0.5 kW last 20 hours; 6 kWh more are drawn 12 hours later.
        (HOME, 19.9, Standing.SUPPLIED),
        (HOME, 20, Standing.GRACE),
        (HOME, 31.9, Standing.GRACE),
        (HOME, 32, Standing.OVERDUE),
        (CLINIC, 91.9, Standing.GRACE),
        (CLINIC, 92, Standing.GRANTED),
        (NONE, 20, Standing.OVERDUE),
    ],
)
def test_a_silent_meter_has_its_grace_and_then_its_class_decides(
    grace: Grace, hours: float, standing: Standing
) -> None:
    found = unreached(seen(), grace, after(hours))
    assert found.standing is standing
    assert found.left == Decimal(10) - Decimal(str(hours)) * Decimal("0.5")
    assert found.needs_visit is (standing is Standing.OVERDUE)
    assert found.ended == (None if standing is Standing.SUPPLIED else after(20))


def test_whichever_limit_comes_first() -> None:
    by_hours = Grace(Decimal(2), Decimal(1000), Then.OFF)
    by_units = Grace(Decimal(1000), Decimal(1), Then.OFF)
    for grace in (by_hours, by_units):
        assert unreached(seen(), grace, after(21.9)).standing is Standing.GRACE
        assert unreached(seen(), grace, after(22)).standing is Standing.OVERDUE


def test_a_meter_that_draws_nothing_is_not_out_of_credit_by_waiting() -> None:
    assert unreached(seen(per_hour="0"), HOME, after(10_000)).standing is Standing.SUPPLIED


def test_credit_that_was_gone_when_the_link_broke_has_its_hours_from_there() -> None:
    gone = seen("-1", per_hour="0")
    assert unreached(gone, HOME, after(23)).standing is Standing.GRACE
    found = unreached(gone, HOME, after(24))
    assert (found.standing, found.ended) == (Standing.OVERDUE, READ)


def test_who_paid_in_the_dark_is_not_forgotten() -> None:
    assert unreached(seen("-2", flows=False, cut=True), HOME, after(5)).standing is Standing.USED_UP
    found = unreached(seen("8", flows=False, cut=True), HOME, after(5))
    assert (found.standing, found.needs_visit) == (Standing.STRANDED, True)
    # Nothing flows where it is off: waiting uses nothing up.
    assert found.left == 8
    otherwise = unreached(seen("8", flows=False), HOME, after(5))
    assert (otherwise.standing, otherwise.needs_visit) == (Standing.OFF_OTHERWISE, False)


amounts = st.decimals(-100, 100, places=3)
rates = st.decimals(0, 10, places=3)
limits = st.decimals(0, 100, places=2)
lasts = st.builds(
    LastSeen, st.just(READ), amounts, rates, st.sampled_from([True, False, None]), st.booleans()
)
unsure = st.builds(
    LastSeen, st.just(READ), amounts, rates, st.none(), st.just(value=True), st.just(value=True)
)
graces = st.builds(Grace, limits, limits, st.sampled_from(Then))
hours = st.integers(0, 2000)
WORSE = {Standing.SUPPLIED: 0, Standing.GRACE: 1, Standing.GRANTED: 2, Standing.OVERDUE: 2}


@given(last=unsure)
def test_a_relay_that_does_not_tell_and_may_be_off_is_told_what_its_credit_says(
    last: LastSeen,
) -> None:
    assert reached(last).order is (Order.CUT if last.left <= 0 else Order.CONNECT)
    assert not last.is_off


@given(last=unsure, grace=graces, at=hours)
def test_one_that_may_be_off_and_is_paid_for_is_somebodys_work_in_the_dark(
    last: LastSeen, grace: Grace, at: int
) -> None:
    found = unreached(last, grace, after(at))
    assert (found.standing is Standing.STRANDED) is (last.left > 0)


@given(last=lasts | unsure, grace=graces, at=hours)
def test_no_order_is_ever_made_of_a_guess(last: LastSeen, grace: Grace, at: int) -> None:
    assert unreached(last, grace, after(at)).order is None


@given(last=lasts, grace=graces, at=hours, later=hours)
def test_time_alone_makes_nothing_better(last: LastSeen, grace: Grace, at: int, later: int) -> None:
    first = unreached(last, grace, after(at))
    second = unreached(last, grace, after(at + later))
    assert second.left <= first.left
    if last.is_off:
        assert first == second
    else:
        assert WORSE[first.standing] <= WORSE[second.standing]


@given(last=lasts, grace=graces, at=hours)
def test_a_class_that_stays_on_is_never_to_be_cut_in_the_dark(
    last: LastSeen, grace: Grace, at: int
) -> None:
    found = unreached(last, grace, after(at))
    if grace.then is Then.ON:
        assert found.standing is not Standing.OVERDUE
    else:
        assert found.standing is not Standing.GRANTED
    if not (grace.hours and grace.units):
        assert found.standing is not Standing.GRACE


@given(last=lasts, grace=graces, at=hours, bought=st.decimals("0.1", 100, places=1))
def test_buying_never_brings_anybody_nearer_to_being_cut(
    last: LastSeen, grace: Grace, at: int, bought: Decimal
) -> None:
    more = LastSeen(last.at, last.left + bought, last.per_hour, last.flows, last.cut)
    before, now = unreached(last, grace, after(at)), unreached(more, grace, after(at))
    assert now.left == before.left + bought
    if not last.is_off:
        assert WORSE[now.standing] <= WORSE[before.standing]
