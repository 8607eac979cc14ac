"""The rules about the machine's clock, pure: what is believed, and how far one program can be led
astray by whoever sets it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.system.machines import Machine
from tests.vending.support import START
from vending.clock import (
    UNWATCHED,
    ClockConfirmation,
    ClockGuard,
    ClockLimits,
    ClockRanAhead,
    ClockWentBack,
    check_back,
)
from vending.ledger import ChainHead
from vending.surroundings import steady_ns

LEAP, CLOSED = timedelta(minutes=10), timedelta(days=5)
LIMITS = ClockLimits(leap=LEAP, closed=CLOSED)
MOMENT = timedelta(microseconds=1)


class Books:
    """What somebody has said of the clock, and how often that was asked for."""

    def __init__(self, said: ClockConfirmation | None = None) -> None:
        self.said = said
        self.asked = 0

    def clock_confirmed(self) -> ClockConfirmation | None:
        self.asked += 1
        return self.said


def head(at: datetime | None, number: int = 7) -> ChainHead:
    return ChainHead(number, "0" * 64, at)


def test_the_clock_against_the_last_entry() -> None:
    check_back(START, None, LIMITS)
    check_back(START - timedelta(minutes=5), START, LIMITS)
    with pytest.raises(ClockWentBack) as error:
        check_back(START - timedelta(minutes=5, microseconds=1), START, LIMITS)
    assert error.value.last == "2026-11-23T09:30:12.345678Z"


def test_a_program_that_has_booked_nothing_knows_the_last_entry_alone() -> None:
    guard, books = ClockGuard(LIMITS, lambda: 0), Books()
    guard.check(START, head(None, 0), books)
    guard.check(START + CLOSED, head(START), books)
    assert books.asked == 0
    with pytest.raises(ClockRanAhead) as error:
        guard.check(START + CLOSED + MOMENT, head(START), books)
    assert error.value.facts() == {
        "now": "2026-11-28T09:30:12.345679Z",
        "last": "2026-11-23T09:30:12.345678Z",
        "until": "2026-11-28T09:30:12.345678Z",
    }
    assert books.asked == 1


def test_what_it_has_booked_is_the_better_witness() -> None:
    machine, books = Machine(), Books()
    guard = ClockGuard(LIMITS, machine.steady)
    guard.booked(machine.now)
    machine.passes(hours=1)
    right = machine.now
    guard.check(right + LEAP, head(START), books)
    with pytest.raises(ClockRanAhead):
        guard.check(right + LEAP + MOMENT, head(START), books)
    # Another program has booked later than that: this one does not stand further ahead than it.
    guard.check(right + LEAP + MOMENT, head(right + MOMENT), books)
    with pytest.raises(ClockWentBack):
        guard.check(right, head(right + LEAP), books)


def test_a_clock_that_is_fine_is_not_asked_about() -> None:
    """Neither the books nor the steady clock, where no time has passed that would matter."""
    asked = []

    def steady() -> int:
        asked.append(1)
        return 0

    guard, books = ClockGuard(LIMITS, steady), Books()
    guard.booked(START)
    asked.clear()
    for seconds in (0, 1, 599):
        guard.check(START + timedelta(seconds=seconds), head(START), books)
    assert (books.asked, asked) == (0, [])


def test_without_limits_nobody_looks_ahead() -> None:
    far, books = START + timedelta(days=4000), Books()
    unlimited = ClockGuard(ClockLimits(), lambda: 0)
    for guard in (UNWATCHED, ClockGuard(), ClockGuard(ClockLimits(leap=LEAP)), unlimited):
        guard.booked(START)
        guard.check(far, head(START), books)
        assert guard.until(head(START)) is None
    assert books.asked == 0


@pytest.mark.parametrize(
    ("confirmed", "last", "passes"),
    [
        # The clock stands nine days ahead. Confirmed at that moment, nothing booked since:
        (timedelta(days=9), timedelta(0), True),
        # five days before, at most;
        (timedelta(days=4), timedelta(0), True),
        (timedelta(days=4) - MOMENT, timedelta(0), False),
        # by a clock that was not ahead of this one;
        (timedelta(days=9, minutes=5), timedelta(0), True),
        (timedelta(days=9, minutes=6), timedelta(0), False),
        # behind what was booked; and nothing has been booked by another clock since.
        (timedelta(0), timedelta(0), False),
        (timedelta(days=3), timedelta(days=3), False),
        (timedelta(days=8), timedelta(days=1), False),
    ],
)
def test_what_a_confirmation_covers(confirmed: timedelta, last: timedelta, passes: bool) -> None:
    guard = ClockGuard(LIMITS, lambda: 0)
    said = ClockConfirmation(START + confirmed, "Omar", "Eid", 7, START)
    now = START + timedelta(days=9)
    if passes:
        guard.check(now, head(START + last), Books(said))
        # An adjustment for a day long past has gone on behind it.
        guard.check(now, head(START + last, 8), Books(said))
    else:
        with pytest.raises(ClockRanAhead):
            guard.check(now, head(START + last), Books(said))


STEPS = st.lists(
    st.tuples(
        st.integers(0, 7200).map(lambda s: timedelta(seconds=s)),
        st.one_of(st.integers(-700, 700), st.integers(-90_000, 90_000)).map(
            lambda s: timedelta(seconds=s)
        ),
    ),
    max_size=30,
)
"""How long it takes until somebody sells, and how far somebody has set the clock before that."""


@given(STEPS)
def test_however_the_clock_is_set_the_books_run_ahead_by_no_more_than_time_and_a_leap(
    steps: list[tuple[timedelta, timedelta]],
) -> None:
    machine, books = Machine(), Books()
    guard = machine.starts()
    guard.booked(machine.now)
    end = machine.now
    since = timedelta(0)
    for gone, leap in steps:
        machine.passes(seconds=gone.total_seconds())
        machine.now += leap
        since += gone
        try:
            guard.check(machine.now, head(end), books)
        except (ClockRanAhead, ClockWentBack):
            continue
        guard.booked(machine.now)
        assert machine.now - end <= since + LEAP
        end, since = max(end, machine.now), timedelta(0)


@given(STEPS)
def test_whatever_happened_to_the_clock_the_right_time_passes(
    steps: list[tuple[timedelta, timedelta]],
) -> None:
    """As long as nothing was booked by the wrong one: every step is taken back before the sale."""
    machine, books = Machine(), Books()
    guard = machine.starts()
    guard.booked(machine.now)
    for gone, leap in steps:
        end = machine.now
        machine.passes(seconds=gone.total_seconds())
        for wrong in (machine.now + abs(leap) + LEAP + MOMENT, machine.now - abs(leap)):
            if not -timedelta(minutes=5) <= wrong - end <= LEAP + gone:
                with pytest.raises((ClockRanAhead, ClockWentBack)):
                    guard.check(wrong, head(end), books)
        guard.check(machine.now, head(end), books)
        guard.booked(machine.now)


def test_the_steady_clock_goes_on() -> None:
    first = steady_ns()
    assert steady_ns() >= first > 0
