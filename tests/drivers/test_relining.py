"""A whole line goes over to another speed: everybody or, told exactly, how far it came."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from drivers.conversation import LineSettings
from drivers.device.mapped import MappedDevice
from drivers.device.settings import DeviceSettings
from drivers.maps.reading import shipped_map
from drivers.modbus.rtu_line import RtuLine
from drivers.opening import ModbusPlace
from drivers.relining import LineNotChangeable, Member, Now, change_line, roll_back
from drivers.scan import likely_settings
from drivers.transports.memory import MemoryLine, VirtualClock
from meters.device import Warrant
from meters.gateway import MeterUnreachable
from simulators.faults.registry import make
from simulators.loads import Draw, Use
from simulators.mapped import MappedMeter
from simulators.premises import Premises
from simulators.serving.line import Line
from simulators.serving.rtu import RtuEnd
from simulators.trouble import Trouble

START = 1_795_000_000
BOSS = Warrant("noor", "supervisor", "one speed for all")
OLD, NEW = LineSettings(9600), LineSettings(4800)


@dataclass
class Town:
    """A line whose meters hear only their own speed."""

    line: Line
    clock: VirtualClock
    meters: dict[str, MappedMeter]

    def members(self) -> list[Member]:
        return [Member(unit, meter.map) for unit, meter in self.meters.items()]

    @contextmanager
    def reach(self, one: Member, settings: LineSettings) -> Iterator[MappedDevice]:
        self.line.baud = settings.baud
        end = RtuEnd(self.line)

        def far(now: float, data: bytes) -> list[tuple[float, bytes]]:
            self.line.baud = settings.baud
            return [(piece.delay_s + 0.005, piece.data) for piece in end.feed(data, now)]

        memory = MemoryLine(far, self.clock, settings)
        place = ModbusPlace(RtuLine(memory, "memory"), 0.3, self.clock, self.clock.sleep)
        yield MappedDevice(
            one.map,
            place.link(one.map, one.station),
            lambda: datetime.fromtimestamp(self.clock(), UTC),
            self.clock.sleep,
            DeviceSettings(unit=one.station),
            ask=self._agree,
        )

    def _agree(self, code: str) -> bool:
        """Whoever is asked does it: off and on."""
        if code == "power_cycle":
            for meter in self.meters.values():
                meter.restart()
        return True

    def speeds(self) -> dict[str, str]:
        return {u: "new" if m.hears(NEW.baud) else "old" for u, m in self.meters.items()}


def town(*models: str) -> Town:
    clock = VirtualClock(START)
    line = Line("line", strict_baud=True, seconds=clock)
    meters = {}
    for unit, model in enumerate(models, start=1):
        place = Premises(Draw(unit, Use.FLAT, 500, START), START)
        meter = MappedMeter(shipped_map(model), place, clock, seed=unit, unit=unit, moved=line.move)
        meter.keep("line.baud", str(OLD.baud))
        line.place(unit, meter)
        meters[str(unit)] = meter
    return Town(line, clock, meters)


def test_everybody_changes_the_slowest_first() -> None:
    made = town("hiking-dds238", "eastron-sdm120", "hiking-dds238")
    turns = list(change_line(made.members(), OLD, NEW, BOSS, made.reach))
    assert [turn.now for turn in turns] == [Now.CHANGED] * 3
    slow = [turn.member.map.limits.turnaround_max_ms for turn in turns]
    assert slow == sorted(slow, reverse=True)
    assert set(made.speeds().values()) == {"new"}
    assert roll_back(turns) == []


def test_it_stops_at_one_that_does_not_follow_and_says_whom_to_bring_back() -> None:
    made = town("hiking-dds238", "hiking-dds238", "hiking-dds238")
    fault = make("write_ignored", {"number": 99})
    fault.bind("x", lambda _: None)
    made.meters["2"].faults = made.meters["2"].faults.plus(fault)
    turns = list(change_line(made.members(), OLD, NEW, BOSS, made.reach))
    assert [(turn.member.station, turn.now) for turn in turns] == [
        ("1", Now.CHANGED),
        ("2", Now.UNCHANGED),
        ("3", Now.UNTOUCHED),
    ]
    assert made.speeds() == {"1": "new", "2": "old", "3": "old"}
    assert [turn.member.station for turn in roll_back(turns)] == ["1"]


def test_a_lost_reply_is_no_lost_meter() -> None:
    made = town("hiking-dds238", "hiking-dds238")
    fault = make("reply_lost", {"number": 1})
    fault.bind("x", lambda _: None)
    made.meters["1"].faults = made.meters["1"].faults.plus(fault)
    turns = list(change_line(made.members(), OLD, NEW, BOSS, made.reach))
    assert [turn.now for turn in turns] == [Now.CHANGED] * 2


def test_nothing_is_changed_unless_everybody_is_there_and_can() -> None:
    made = town("hiking-dds238", "gavazzi-em340")
    with pytest.raises(LineNotChangeable, match="gavazzi-em340"):
        next(change_line(made.members(), OLD, NEW, BOSS, made.reach))
    made = town("hiking-dds238", "hiking-dds238")
    made.meters["2"].place.suffer("a cut", Trouble(dark=True), START)
    with pytest.raises(MeterUnreachable):
        next(change_line(made.members(), OLD, NEW, BOSS, made.reach))
    with pytest.raises(LineNotChangeable, match="38400"):
        next(change_line(made.members(), OLD, LineSettings(38_400), BOSS, made.reach))
    assert set(made.speeds().values()) == {"old"}


def test_likely_settings_begin_with_what_makers_deliver_and_repeat_nothing() -> None:
    maps = [shipped_map(one) for one in ("hiking-dds238", "chint-dtsu666", "eastron-sdm120")]
    found = likely_settings(maps)
    assert found[0] == LineSettings(9600, 8, "N", 1)
    assert found[1].baud == 2400
    assert len(found) == len(set(found))
    assert {one.baud for one in found} == {1200, 2400, 4800, 9600, 19200}
