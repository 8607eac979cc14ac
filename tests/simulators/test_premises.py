"""A metered place: what flows is counted, what is credited is supplied or left."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simulators.loads import MICRO, PER_UNIT, Draw, Use
from simulators.premises import EVENT_LINES, Premises, Switch
from simulators.trouble import NO_TROUBLE, Trouble, together

START = 1_772_352_000


def place(size: int = 3600, *, credit: int | None = None, travel_s: int = 0) -> Premises:
    draw = Draw(1, Use.FLAT, size, START - START % 86400)
    made = Premises(draw, START, Switch(travel_s=travel_s))
    made.balance = None if credit is None else credit * PER_UNIT
    return made


steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["wait", "off", "on", "credit", "leak", "bypass", "backwards", "stuck", "healed"]
        ),
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
                here.suffer(act, Trouble(extra=number * MICRO), now)
            case "bypass":
                here.recover(act, now)
                passing = number % 1001
                here.suffer(act, Trouble(passing=passing, around=1000 - passing), now)
            case "backwards":
                here.suffer(act, Trouble(backwards=True), now)
            case "stuck":
                here.suffer(act, Trouble(stuck=True), now)
            case "healed":
                for one in ("leak", "bypass", "backwards", "stuck"):
                    here.recover(one, now)
            case _:
                here.advance(now)
        assert here.balance is not None
        assert here.forward + here.balance == credited * PER_UNIT
        assert here.forward >= 0 <= here.reverse
        assert here.drawn >= here.forward + here.reverse
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
    here.suffer("weld", Trouble(stuck=True), START)
    here.connect(False, START)
    assert here.rate(START + 100) == 3600 * MICRO
    half = place()
    half.suffer("grit", Trouble(half=True), START)
    half.connect(False, START)
    assert half.rate(START + 100) == 1800 * MICRO


def test_a_time_before_the_last_is_no_time() -> None:
    here = place()
    here.advance(START + 100)
    here.advance(START + 50)
    assert here.forward == 100 * PER_UNIT


HARMFUL = (
    Trouble(passing=400, around=600),
    Trouble(passing=300, flags=frozenset({"magnet"})),
    Trouble(flags=frozenset({"cover"})),
    Trouble(backwards=True, flags=frozenset({"reverse"})),
    Trouble(extra=40 * MICRO, flags=frozenset({"leak"})),
    Trouble(dark=True),
    Trouble(stuck=True, flags=frozenset({"valve"})),
    Trouble(half=True),
    Trouble(flowing=667, flags=frozenset({"phase_loss"})),
)


@given(st.permutations(range(len(HARMFUL))), st.integers(0, len(HARMFUL)))
def test_troubles_come_and_go_in_any_order_and_leave_those_of_others(
    order: list[int], healed: int
) -> None:
    here = place()
    for number in order:
        here.suffer(number, HARMFUL[number], START)
    for number in order[:healed]:
        here.recover(number, START)
    left = [HARMFUL[number] for number in order[healed:]]
    assert here.trouble == together(left)
    assert here.flags == frozenset().union(*(one.flags for one in left))
    assert here.dark is any(one.dark for one in left)
    assert here.switch.stuck is any(one.stuck for one in left)
    for number in order[healed:]:
        here.recover(number, START)
    assert here.trouble == NO_TROUBLE
    assert here.rate(START + 1) == 3600 * MICRO


def test_the_same_trouble_twice_is_over_when_both_are() -> None:
    here, first, second = place(), object(), object()
    for one in (first, second):
        here.suffer(one, Trouble(flags=frozenset({"cover"})), START)
    here.recover(first, START + 1)
    assert here.flags == {"cover"}
    here.recover(second, START + 2)
    assert here.events == ((START, "cover"), (START + 2, "cover_over"))


def test_what_goes_around_the_meter_flows_when_the_supply_is_off_too() -> None:
    here = place()
    here.suffer("wire", Trouble(passing=400, around=600), START)
    here.advance(START + 100)
    assert (here.forward, here.drawn) == (40 * PER_UNIT, 100 * PER_UNIT)
    here.connect(False, START + 100)
    assert (here.rate(START + 200), here.real_rate(START + 200)) == (0, 2160 * MICRO)
    assert (here.forward, here.drawn) == (40 * PER_UNIT, 160 * PER_UNIT)
