"""A metered place: what flows is counted, what is credited is supplied or left."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simulators.loads import MICRO, PER_UNIT, Draw, Use
from simulators.premises import EVENT_LINES, Premises, Switch

START = 1_772_352_000


def place(size: int = 3600, *, credit: int | None = None, travel_s: int = 0) -> Premises:
    draw = Draw(1, Use.FLAT, size, START - START % 86400)
    made = Premises(draw, START, Switch(travel_s=travel_s))
    made.balance = None if credit is None else credit * PER_UNIT
    return made


steps = st.lists(
    st.tuples(
        st.sampled_from(["wait", "off", "on", "credit", "leak", "bypass", "backwards", "stuck"]),
        st.integers(1, 5000),
    ),
    max_size=25,
)


@given(steps, st.sampled_from([0, 20]))
def test_credit_is_supplied_or_left(acts: list[tuple[str, int]], travel_s: int) -> None:
    here, now, credited = place(credit=3, travel_s=travel_s), START, 3
    for act, number in acts:
        now += number
        match act:
            case "off" | "on":
                here.connect(act == "on", now)
            case "credit":
                here.credit(number % 7, now)
                credited += number % 7
            case "leak":
                here.settle(now)
                here.extra = number * MICRO
            case "bypass":
                here.settle(now)
                here.passing = number % 1001
            case "backwards":
                here.settle(now)
                here.backwards = not here.backwards
            case "stuck":
                here.settle(now)
                here.switch.stuck = not here.switch.stuck
            case _:
                here.advance(now)
        assert here.balance is not None
        assert here.forward + here.balance == credited * PER_UNIT
        assert here.forward >= 0 <= here.reverse
        assert len(here.events) <= EVENT_LINES


def test_the_relay_opens_when_the_credit_is_used_up_and_closes_with_new_credit() -> None:
    here = place(credit=10)  # one Wh a second
    here.advance(START + 4)
    assert here.balance == 6 * PER_UNIT
    here.advance(START + 3600)
    assert (here.balance, here.forward) == (0, 10 * PER_UNIT)
    assert here.reasons == {"credit"}
    assert here.rate(START + 3600) == 0
    assert here.events == ((START + 10, "supply_off"),)
    here.credit(5, START + 4000)
    assert here.rate(START + 4001) == 3600 * MICRO
    assert here.purchases == 1


def test_a_valve_takes_its_time_and_water_flows_until_it_is_there() -> None:
    here = place(travel_s=20)
    here.connect(False, START + 10)
    here.advance(START + 15)
    assert here.switch.state == "opening"
    assert here.rate(START + 15) > 0
    here.advance(START + 100)
    assert here.switch.state == "open"
    assert here.forward == 30 * PER_UNIT
    assert here.events[-1] == (START + 30, "supply_off")


def test_all_reasons_must_be_gone() -> None:
    here = place()
    here.connect(False, START, "tamper")
    here.connect(False, START, "remote")
    here.connect(True, START, "tamper")
    assert here.rate(START + 1) == 0
    here.connect(True, START + 1, "remote")
    assert here.rate(START + 2) > 0


def test_a_welded_relay_and_a_half_closed_valve_let_it_flow() -> None:
    here = place()
    here.switch.stuck = True
    here.connect(False, START)
    assert here.rate(START + 100) == 3600 * MICRO
    half = place()
    half.switch.half = True
    half.connect(False, START)
    assert half.rate(START + 100) == 1800 * MICRO


def test_a_time_before_the_last_is_no_time() -> None:
    here = place()
    here.advance(START + 100)
    here.advance(START + 50)
    assert here.forward == 100 * PER_UNIT
