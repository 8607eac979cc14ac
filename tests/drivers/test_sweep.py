"""Rounds of many meters: what flowed, who is silent, and whom somebody must look at."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

import pytest

from drivers.device.recognising import Expected
from drivers.device.settings import DeviceSettings
from drivers.follow import Following, MemoryUnreadable, Movement, doubtful, most_per_hour
from drivers.keeping import Lines
from drivers.maps.counters import Advance, Doubt, Suspicious
from drivers.maps.model import Kind, MeterMap
from drivers.maps.reading import shipped_map, shipped_maps
from drivers.opening import OpenLine
from drivers.places import Place, parse_place
from drivers.sweep import Member, Seen, Sweep, billed
from meters.gateway import MeterUnreachable
from meters.readings import Quality
from tests.contracts.standins import START, in_memory

POWER = "eastron-sdm120"
WATER = "xintai-valve"
COUNTER = {POWER: "energy.active.import", WATER: "volume.forward"}
QUARTER_S = 900.0


class Street:
    """Stand-ins, each on a wire of its own, and which line people say that it is on."""

    def __init__(self, *models: str, line: str = "north") -> None:
        self.meters = {f"{number}": in_memory(model) for number, model in enumerate(models)}
        self.opened: list[str] = []
        self.members = [
            Member(
                name,
                Place("rtu-tcp", line, 4001, station=standin.station),
                standin.map,
                DeviceSettings(unit=standin.station, confirmed=frozenset(standin.map.registers)),
            )
            for name, standin in self.meters.items()
        ]
        self.sweep = Sweep(self.members, self._line, self.now, lambda _: None)

    def _line(self, place: Place, meter_map: MeterMap) -> OpenLine:
        # Each wire is asked for in the order of its members.
        name = str(len(self.opened) % len(self.meters))
        self.opened.append(name)
        assert self.meters[name].map is meter_map
        return self.meters[name].place

    def now(self) -> datetime:
        return max(one.now() for one in self.meters.values())

    def pass_(self, seconds: float) -> None:
        for one in self.meters.values():
            one.pause(seconds)

    def round(self, following: Following, settle: frozenset[str] = frozenset()) -> list[Movement]:
        seen = list(self.sweep.round())
        return [
            movement
            for one in seen
            for movement in following.took(one, settle=one.member.name in settle)
        ]


def counted(movements: Iterable[Movement]) -> dict[str, Movement]:
    return {one.meter: one for one in movements if one.reading.name in COUNTER.values()}


def test_what_flowed_between_two_rounds() -> None:
    street, following = Street(POWER, WATER), Following()
    first = street.round(following)
    assert [(one.meter, one.reading.name) for one in first] == [
        ("0", "energy.active.import"),
        ("1", "volume.forward"),
        ("1", "account.balance"),
    ]
    assert {one.reading.quality for one in first} == {Quality.GOOD}
    assert {one.verdict for one in first} == {None}
    street.pass_(3600)
    for one in counted(street.round(following)).values():
        # A load of 1000 W, a flow of 1000 l/h.
        assert isinstance(one.verdict, Advance)
        assert abs(one.verdict.delta - 1) < Decimal("0.05")
    assert following.outages() == []


def test_the_silence_of_a_whole_line_is_one_outage_and_its_end_is_none() -> None:
    street, following = Street(*[POWER] * 5), Following()
    street.round(following)
    for standin in street.meters.values():
        standin.strike("power_cut")
    street.round(following)
    (outage,) = following.outages()
    assert (outage.whole, len(outage.meters), outage.place) == (True, 5, "north:4001")
    # They come back one after the other: still the same outage, with those that are left.
    for name, standin in list(street.meters.items())[:3]:
        standin.heal()
        street.pass_(QUARTER_S)
        street.round(following)
        (left,) = following.outages()
        assert (left.since, name in left.meters) == (outage.since, False)
    for standin in street.meters.values():
        standin.heal()
    street.pass_(QUARTER_S)
    street.round(following)
    assert following.outages() == []


def test_one_silent_meter_is_told_with_its_name() -> None:
    street, following = Street(POWER, POWER, POWER, POWER), Following()
    street.meters["2"].strike("silent", number=1000)
    street.round(following)
    (outage,) = following.outages()
    assert (outage.whole, outage.meters) == (False, ("2",))


def test_another_meter_at_the_address_is_no_silence() -> None:
    street, following = Street(POWER), Following()
    (member,) = street.members
    settings = DeviceSettings(unit=member.settings.unit, expected=Expected(serial="1"))
    other = Member(member.name, member.place, member.map, settings)
    (seen,) = Sweep([other], street._line, street.now).round()
    assert (seen.problem, seen.is_silent, seen.readings) == ("meter.mismatch", False, ())
    assert following.took(seen) == []
    assert following.outages() == []


def test_a_counter_that_went_back_is_held_until_somebody_has_looked() -> None:
    street, following = Street(POWER), Following()
    street.round(following)
    street.pass_(QUARTER_S)
    street.meters["0"].strike("jump_back", register=COUNTER[POWER], by="100")
    doubts = []
    for _ in range(3):
        following = recalled(following)
        (one,) = doubtful(street.round(following))
        assert isinstance(one.verdict, Suspicious)
        doubts.append(one.verdict.doubt)
        street.pass_(QUARTER_S)
    assert doubts == [Doubt.BACK, Doubt.UNCONFIRMED, Doubt.UNCONFIRMED]
    assert doubtful(street.round(following, frozenset({"0"}))) == []
    street.pass_(QUARTER_S)
    (one,) = counted(street.round(recalled(following))).values()
    assert isinstance(one.verdict, Advance)
    assert abs(one.verdict.delta - Decimal("0.25")) < Decimal("0.02")


def recalled(following: Following) -> Following:
    """As another process would, from a file."""
    return Following.recalled(json.loads(json.dumps(following.kept())))


def test_a_memory_that_was_written_down_says_the_same() -> None:
    kept, written = Street(POWER, WATER, POWER), Street(POWER, WATER, POWER)
    one, other = Following(), Following()
    for round_ in range(6):
        if round_ == 2:
            kept.meters["2"].strike("silent", number=2)
            written.meters["2"].strike("silent", number=2)
        other = recalled(other)
        told, again = kept.round(one), written.round(other)
        assert [(m.meter, verdict(m)) for m in told] == [(m.meter, verdict(m)) for m in again]
        assert one.outages() == other.outages()
        kept.pass_(QUARTER_S)
        written.pass_(QUARTER_S)
    assert one.kept() == other.kept()


def verdict(one: Movement) -> object:
    match one.verdict:
        case Advance() as moved:
            return moved.delta
        case Suspicious() as held:
            return held.doubt
    return None


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"format": 2},
        {"format": 1, "counters": [{}], "silent": {}, "outages": []},
        {"format": 1, "counters": [], "silent": [], "outages": []},
        {"format": 1, "counters": [], "silent": {"7": "yesterday"}, "outages": []},
    ],
)
def test_a_memory_of_somebody_else_is_refused(kept: dict[str, object]) -> None:
    with pytest.raises(MemoryUnreadable):
        Following.recalled(kept)


def test_a_meter_of_another_model_counts_from_its_own_beginning() -> None:
    street, following = Street(POWER), Following()
    street.round(following)
    kept = following.kept()
    kept["counters"][0] |= {"map": "hiking-dds238@1", "value": "99999"}
    (one,) = street.round(Following.recalled(kept))
    assert one.verdict is None


@pytest.mark.parametrize("one", shipped_maps(), ids=lambda one: one.id)
def test_every_model_has_something_to_bill(one: MeterMap) -> None:
    counter, *rest = billed(one)
    assert one.registers[counter].kind is Kind.COUNTER
    assert rest in ([], ["account.balance"])
    for unit in ("kWh", "Wh", "m3", "l", ""):
        assert 0 < most_per_hour(one, unit) <= 10_000_000


def test_what_can_flow_at_most() -> None:
    # 16.8 kW at most by its register of power; a pipe of 50 m3/h by that of flow.
    assert most_per_hour(shipped_map(POWER), "kWh") == Decimal("16.8")
    assert most_per_hour(shipped_map(WATER), "m3") == 50
    assert most_per_hour(shipped_map(WATER), "l") == 50_000


def test_a_line_is_the_same_for_all_who_are_spoken_to_alike() -> None:
    lines, sdm, em = Lines(), shipped_map(POWER), shipped_map("gavazzi-em340")
    tcp = parse_place("tcp://127.0.0.1:5020/1")
    assert lines.at(tcp, sdm) is lines.at(parse_place("tcp://127.0.0.1:5020/9"), em)
    port = parse_place("serial:///dev/ttyUSB0/1?baud=9600")
    assert lines.at(port, sdm) is lines.at(parse_place("serial:///dev/ttyUSB0/2?baud=9600"), sdm)
    # Without a rate each model is spoken to as it is delivered.
    usual = parse_place("serial:///dev/ttyUSB0/1")
    assert lines.at(usual, sdm) is not lines.at(usual, em)
    dlt = lines.at(usual, shipped_map("dlt645-2007"))
    assert dlt is not lines.at(usual, shipped_map("mbus-water"))


def test_silence_is_what_every_reading_says() -> None:
    street = Street(POWER)
    (seen,) = street.sweep.round()
    assert not seen.is_silent
    for reason, is_silent in (("timeout", True), ("line.resting", True), ("content", False)):
        assert Seen(seen.member, START, error=MeterUnreachable("7", reason)).is_silent is is_silent
