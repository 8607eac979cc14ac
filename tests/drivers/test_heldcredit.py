"""What is remembered of meters whose credit the house holds, round by round, on stand-ins."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import ClassVar

import pytest

from drivers.device.settings import DeviceSettings
from drivers.follow import Following, MemoryUnreadable
from drivers.heldcredit import Counted, Holding, asked
from drivers.maps.model import Register
from drivers.maps.reading import shipped_map
from drivers.places import Place
from drivers.sweep import Member, Sweep
from meters.device import Outcome
from meters.heldcredit import Hold, Order, Standing, reached
from meters.readings import Value
from simulators.faults.base import Fault, Layer
from simulators.loads import Draw, Use
from simulators.trouble import Trouble
from tests.contracts.standins import BOSS, Standin, in_memory

RELAY = "hiking-dds238"
MUTE = "acrel-ddsy1352"
"""Its relay cannot be read back."""
METER = "07000090014"
HOUR = 3600.0


class House:
    """One meter, and what the house remembers of it."""

    def __init__(self, model: str = RELAY) -> None:
        self.standin: Standin = in_memory(model)
        settings = DeviceSettings(self.standin.station)
        place = Place("rtu-tcp", "north", 4001, station=self.standin.station)
        self.member = Member(METER, place, self.standin.map, settings)
        self.sweep = Sweep(
            [self.member],
            lambda *_: self.standin.place,
            self.standin.now,
            self.standin.pause,
            asked=asked,
        )
        self.following, self.holding = Following(), Holding()
        counter = asked(self.standin.map)[0]
        (reading,) = self.standin.device().read([counter])
        self.hold = Hold(METER, reading)

    def round(self) -> bool:
        (seen,) = self.sweep.round()
        moved = self.following.took(seen)
        return self.holding.took(self.hold, self.standin.map, seen, moved)

    def hours(self, hours: float, rounds: int = 1) -> bool:
        sure = False
        for _ in range(rounds):
            self.standin.pause(hours * HOUR / rounds)
            sure = self.round()
        return sure

    def order(self, order: Order) -> Outcome:
        self.holding.begun(self.hold, order)
        record = self.standin.device().command(order.value, {}, BOSS)
        if record.outcome is Outcome.DONE:
            self.holding.obeyed(self.hold, order)
        return record.outcome

    @property
    def known(self) -> Counted:
        return self.holding.known(self.hold)


def test_what_a_round_asks() -> None:
    assert asked(shipped_map(RELAY)) == ["energy.active.import", "supply.output"]
    assert asked(shipped_map(MUTE)) == ["energy.active.total"]
    assert "supply.output" in asked(shipped_map("xintai-valve"))


def test_it_is_counted_from_where_the_counter_stood() -> None:
    house = House()
    before = house.known
    assert before == Counted(house.hold.counter.read_at, Decimal(0), pace_since=before.at)
    assert house.hours(5, rounds=5)
    # 1000 W.
    assert abs(house.known.used - 5) <= Decimal("0.02")
    assert abs(house.known.per_hour - 1) <= Decimal("0.05")
    assert house.known.flows is True
    assert house.known.seen(Decimal(7)).left == 7 - house.known.used


def test_how_fast_it_draws_is_of_the_last_day() -> None:
    house = House()
    house.hours(30, rounds=30)
    house.standin.meter.place.flow = Draw(1, Use.FLAT, 0, int(house.standin.seconds()))
    house.hours(60, rounds=60)
    assert house.known.per_hour <= Decimal("0.05")


def test_a_silent_meter_stays_as_it_was_seen() -> None:
    house = House()
    house.hours(2, rounds=2)
    before = house.known
    house.standin.strike("link_down")
    assert not house.hours(8, rounds=4)
    assert house.known == before
    house.standin.heal()
    house.standin.pause(301)
    assert house.round()
    # It went on metering meanwhile, and all of it is counted.
    assert house.known.used - before.used >= 8


def test_a_counter_that_somebody_must_look_at_says_nothing() -> None:
    house = House()
    house.hours(2, rounds=2)
    before = house.known
    house.standin.strike("jump_back", register="energy.active.import", by="1.5")
    assert not house.hours(1)
    assert house.known == before


def test_another_model_in_its_place_says_nothing() -> None:
    house = House()
    house.hold = Hold(METER, replace(house.hold.counter, map="eastron-sdm120@1"))
    assert not house.hours(1)


def test_what_it_was_told_last() -> None:
    house = House()
    house.hours(1)
    assert house.order(Order.CUT) is Outcome.DONE
    assert (house.known.flows, house.known.cut) == (False, True)
    assert house.hours(3, rounds=3)
    assert house.known.seen(Decimal(0)).is_off
    assert house.order(Order.CONNECT) is Outcome.DONE
    assert house.hours(1)
    assert (house.known.flows, house.known.cut) == (True, False)


def test_a_relay_that_does_not_tell_is_on_if_it_counts() -> None:
    house = House(MUTE)
    house.hours(2, rounds=2)
    assert house.known.flows is None
    assert house.order(Order.CUT) is Outcome.DONE
    house.hours(3, rounds=3)
    assert house.known.seen(Decimal(0)).is_off
    # Somebody switches it on behind our back.
    house.standin.device().command("open_supply", {}, BOSS)
    house.hours(3, rounds=3)
    assert not house.known.seen(Decimal(0)).is_off


def test_what_it_counted_before_it_was_cut_does_not_say_that_it_is_on() -> None:
    house = House(MUTE)
    house.hours(2, rounds=2)
    # Others come first: the reading is some minutes old, and the counter went on.
    house.standin.pause(300)
    assert house.order(Order.CUT) is Outcome.DONE
    before = house.known.used
    house.hours(1)
    assert house.known.used > before
    assert house.known.seen(Decimal(0)).is_off
    house.hours(3, rounds=3)
    assert house.known.seen(Decimal(0)).is_off


def test_who_was_seen_on_again_is_cut_by_others_for_their_own_reasons() -> None:
    house = House()
    house.hours(1)
    assert house.order(Order.CUT) is Outcome.DONE
    # Paid in the dark, and switched on by hand.
    house.standin.device().command("open_supply", {}, BOSS)
    house.hours(1)
    assert (house.known.flows, house.known.cut) == (True, False)
    house.standin.device().command("close_supply", {}, BOSS)
    house.hours(1)
    found = reached(house.known.seen(Decimal(100)))
    assert (found.standing, found.order) == (Standing.OFF_OTHERWISE, None)


@dataclass(slots=True)
class SaysOff(Fault):
    """The register tells what was written there, and the contact is welded."""

    layer: ClassVar[Layer] = Layer.METER

    def value(self, register: Register, value: Value | None, now: int) -> Value | None:
        return "off" if register.name == "supply.output" else value

    def trouble(self) -> Trouble:
        return Trouble(stuck=True)


def test_what_says_that_it_is_off_and_counts_is_told() -> None:
    house = House()
    house.hours(1)
    # It may have counted before it was cut.
    house.standin.pause(300)
    assert house.order(Order.CUT) is Outcome.DONE
    house.hours(3, rounds=3)
    assert not house.known.leaks
    house.standin.device().command("open_supply", {}, BOSS)
    welded = SaysOff()
    welded.bind("a relay")
    house.standin.meter.faults = house.standin.meter.faults.plus(welded)
    welded.begin(house.standin.meter.place, int(house.standin.seconds()))
    house.hours(1)
    assert (house.known.flows, house.known.leaks) == (False, True)
    assert through_file(house.holding).known(house.hold).leaks
    house.standin.meter.place.flow = Draw(1, Use.FLAT, 0, int(house.standin.seconds()))
    house.hours(2, rounds=2)
    assert not house.known.leaks


@pytest.mark.parametrize("happened", [True, False])
def test_an_order_of_which_nobody_knows_the_end_is_settled_by_what_is_seen(happened: bool) -> None:
    house = House()
    house.hours(1)
    house.holding.begun(house.hold, Order.CUT)
    house.holding = through_file(house.holding)
    if happened:
        house.standin.device().command("close_supply", {}, BOSS)
    # Until then it flows, so far as anybody knows.
    assert not house.known.seen(Decimal(0)).is_off
    house.hours(1)
    assert (house.known.flows, house.known.cut, house.known.unsure) == (
        not happened,
        happened,
        False,
    )


def test_a_relay_that_does_not_tell_is_given_an_order_again_of_which_nobody_knows_the_end() -> None:
    house = House(MUTE)
    house.hours(1)
    house.holding.begun(house.hold, Order.CUT)
    house.standin.device().command("close_supply", {}, BOSS)
    house.hours(2, rounds=2)
    assert (house.known.flows, house.known.cut, house.known.unsure) == (None, True, True)
    assert reached(house.known.seen(Decimal(0))).order is Order.CUT
    assert reached(house.known.seen(Decimal(100))).order is Order.CONNECT
    # What counts is on.
    house.standin.device().command("open_supply", {}, BOSS)
    house.hours(1)
    assert (house.known.cut, house.known.unsure) == (False, False)


def test_an_order_that_has_changed_nothing_leaves_nothing_behind() -> None:
    house = House()
    house.hours(1)
    before = house.known
    house.holding.begun(house.hold, Order.CUT)
    assert house.known != before
    house.holding.undone(house.hold, before)
    assert house.known == before


def test_a_memory_of_before_these_were_kept_is_read() -> None:
    house = House()
    house.hours(1)
    kept = house.holding.kept()
    for name in ("unsure", "told", "leaks"):
        del kept["meters"][METER][name]
    assert Holding.recalled(kept).known(house.hold) == house.known


def through_file(holding: Holding) -> Holding:
    return Holding.recalled(json.loads(json.dumps(holding.kept())))


def test_the_memory_survives_its_file() -> None:
    house = House()
    house.hours(26, rounds=26)
    house.order(Order.CUT)
    again = through_file(house.holding)
    assert again.known(house.hold) == house.known
    house.holding.forget_others([])
    assert house.known == Holding().known(house.hold)


def test_a_lost_memory_gives_nobody_credit() -> None:
    house = House()
    house.hours(40, rounds=40)
    used = house.known.used
    house.holding, house.following = Holding(), Following()
    assert house.round()
    assert house.known.used >= used


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"format": 2, "meters": {}},
        {"format": 1, "meters": []},
        {"format": 1, "meters": {METER: {}}},
        {"format": 1, "meters": {METER: {"at": "yesterday"}}},
    ],
)
def test_what_it_has_not_written_is_refused(kept: dict[str, object]) -> None:
    with pytest.raises(MemoryUnreadable):
        Holding.recalled(kept)


def test_yes_and_no_are_nothing_else() -> None:
    house = House()
    house.round()
    for name in ("flows", "cut", "unsure", "told", "leaks"):
        kept = house.holding.kept()
        kept["meters"][METER][name] = "no"
        with pytest.raises(MemoryUnreadable):
            Holding.recalled(kept)


@pytest.mark.parametrize("model", [RELAY, MUTE])
def test_models_that_hold_no_credit_have_a_counter_in_units_that_are_sold(model: str) -> None:
    meter_map = shipped_map(model)
    assert meter_map.registers[asked(meter_map)[0]].unit == "kWh"
