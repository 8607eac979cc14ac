"""Scenarios: what they may say, the town they make, and faults that come and go by the clock."""

from __future__ import annotations

import io
import json
import tomllib
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from drivers.maps.model import Protocol
from meters.readings import Value
from simulators.documents import WorldInvalid
from simulators.plans import FaultPlan, Scenario
from simulators.scenario import parse_scenario, read_scenario
from simulators.serving.bus import SerialBus
from simulators.serving.line import Line
from simulators.town import Town

from .meters import Seconds

ROOT = Path(__file__).parents[2]
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
TOWN = """
seed = 7
start = "2026-03-01T08:00:00+00:00"
[[site]]
name = "north"
[[site]]
name = "south"
[[line]]
name = "n1"
site = "north"
meter = [{model = "eastron-sdm120", count = 3, use = "flat", size = 3600}]
[[line]]
name = "s1"
site = "south"
carrier = "rtu-tcp"
meter = [{model = "xintai-valve", count = 2, use = "water", credit = 5000}]
[[line]]
name = "d1"
site = "south"
meter = [{model = "dlt645-2007", count = 2}]
[[share]]
model = "hiking-dds238"
weight = 3
per_line = 100
[[share]]
name = "pulses"
model = "eastron-sdm120"
per_line = 50
"""


def scenario(text: str = TOWN, **more: Any) -> Scenario:
    return parse_scenario(tomllib.loads(text) | more, START)


def town(*faults: dict[str, Any], meters: int = 0) -> tuple[Town, Seconds, io.StringIO]:
    clock, log = Seconds(START.timestamp()), io.StringIO()
    made = Town(scenario(fault=list(faults)), clock, meters=meters, log=log)
    made.advance()
    return made, clock, log


def test_lines_and_meters() -> None:
    made, _, _ = town()
    assert {name: len(line.meters) for name, line in made.lines.items()} == {
        "n1": 3, "s1": 2, "d1": 2,
    }  # fmt: skip
    carried = made.lines["n1"].carries
    assert isinstance(carried, Line)
    assert sorted(carried.units) == [1, 2, 3]
    assert isinstance(made.lines["d1"].carries, SerialBus)
    serials = [meter.serial for meter in made.everyone()]
    assert len(set(serials)) == len(serials)
    assert made.lines["s1"].meters[0].place.switch.travel_s == 20


def test_as_many_meters_as_wanted_by_the_shares() -> None:
    made, _, _ = town(meters=507)
    models = [meter.map.id for meter in made.everyone()]
    assert len(models) == 507
    assert models.count("hiking-dds238") == 375
    assert [line.plan.site for name, line in made.lines.items() if name.startswith("pulses")] == [
        "north", "south", "north",
    ]  # fmt: skip


def test_the_same_seed_makes_the_same_town() -> None:
    one, clock, _ = town(meters=50)
    two, other, _ = town(meters=50)
    clock.now += 86400
    other.now += 86400
    for a, b in zip(one.everyone(), two.everyone(), strict=True):
        assert [a.get(name) for name in a.map.registers] == [
            b.get(name) for name in b.map.registers
        ]


def test_a_fault_comes_and_goes_and_is_written_down() -> None:
    row = {"at": "08:10", "for": "5m", "target": "meter:n1/2", "name": "silent"}
    made, clock, log = town(row)
    second = made.lines["n1"].meters[1]
    clock.now += 599
    assert made.advance() == START.timestamp() + 600
    assert not second.faults
    clock.now += 1
    made.advance()
    assert [fault.name for fault in second.faults.all] == ["silent"]
    carried = made.lines["n1"].carries
    assert isinstance(carried, Line)
    pieces, _ = carried.ask(2, 4, bytes.fromhex("00000002"), lambda pdu: pdu, b"", tcp=False)
    assert list(pieces) == []
    clock.now += 300
    made.advance()
    assert not second.faults
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["what"] for line in lines] == ["begin", "silent", "end"]
    assert lines[0] == {
        "time": "2026-03-01T08:10:00+00:00",
        "target": "meter:n1/2",
        "fault": "silent",
        "what": "begin",
        "parameters": {},
    }
    assert lines[-1]["parameters"] == {"hits": 1}


def test_a_power_cut_takes_a_site_and_returns_meter_by_meter() -> None:
    row = {
        "at": "+1m",
        "for": "1m",
        "target": "site:south",
        "name": "power_cut",
        "stagger_s": "10s",
    }
    made, clock, _ = town(row)
    clock.now += 60
    made.advance()
    south = [m for line in ("s1", "d1") for m in made.lines[line].meters]
    assert [meter.place.dark for meter in south] == [True] * 4
    assert not any(meter.place.dark for meter in made.lines["n1"].meters)
    clock.now += 70
    made.advance()
    assert [meter.place.dark for meter in south] == [False, False, True, True]
    clock.now += 20
    assert made.advance() is None
    assert [meter.boots for meter in south] == [1] * 4


def test_wire_faults_sit_on_a_line_or_on_a_meter_and_gateways_on_lines() -> None:
    made, _, _ = town(
        {"target": "line:n1", "name": "bit_noise"},
        {"target": "meter:n1/1", "name": "echo"},
        {"target": "*", "name": "max_clients"},
        {"target": "model:xintai-valve", "name": "valve_stuck"},
    )
    assert [one.name for one in made.lines["n1"].carries.faults.all] == ["bit_noise", "max_clients"]
    assert [one.name for one in made.lines["n1"].meters[0].faults.all] == ["echo"]
    assert all(meter.place.switch.stuck for meter in made.lines["s1"].meters)


def test_faults_of_one_meter_do_not_end_each_other() -> None:
    made, clock, _ = town(
        {"for": "10m", "target": "meter:n1/1", "name": "bypass"},
        {"at": "+1m", "for": "1m", "target": "meter:n1/1", "name": "cover_open"},
        {"at": "+3m", "for": "5m", "target": "site:north", "name": "power_cut"},
        {"at": "+4m", "for": "1m", "target": "meter:n1/1", "name": "brownout"},
    )
    meter = made.lines["n1"].meters[0]

    def after(minutes: int) -> tuple[Value | None, list[str]]:
        clock.now = START.timestamp() + 60 * minutes
        made.advance()
        return meter.get("power.active"), sorted(meter.place.flags)

    seen = Decimal(1440)
    assert after(0) == (seen, [])
    assert after(1) == (seen, ["cover"])
    assert after(2) == (seen, [])
    assert [after(minute)[0] for minute in (3, 4, 5, 6)] == [None] * 4
    assert after(8) == (seen, [])
    assert after(10) == (Decimal(3600), [])


def test_who_jabbers_jams_the_line_of_everybody() -> None:
    made, _, _ = town({"target": "meter:n1/2", "name": "jabber"})
    assert [one.name for one in made.lines["n1"].carries.faults.all] == ["jabber"]
    assert not any(meter.faults for meter in made.everyone())
    assert not made.lines["s1"].carries.faults


def test_somebody_is_told_when_a_fault_begins_and_when_it_is_over_everywhere() -> None:
    rows = [
        {"at": "+1m", "for": "1m", "target": "site:south", "name": "power_cut", "stagger_s": "10s"},
        {"at": "+2m", "target": "meter:n1/1", "name": "silent"},
    ]
    clock, told = Seconds(START.timestamp()), []
    made = Town(
        scenario(fault=rows),
        clock,
        tell=lambda when, plan, what: told.append(((when - START).seconds, plan.name, what)),
    )
    while (due := made.advance()) is not None:
        clock.now = due
    assert told == [
        (60, "power_cut", "begin"), (120, "silent", "begin"), (150, "power_cut", "end"),
    ]  # fmt: skip


def test_a_fault_can_be_begun_and_ended_by_hand() -> None:
    made, _, _ = town()
    end = made.inject(FaultPlan(0, None, "line:n1", "slow_fifo", {"delay_s": "1s"}))
    assert made.lines["n1"].carries.faults
    end()
    assert not made.lines["n1"].carries.faults
    assert [line.what for line in made.log.lines] == ["begin", "end"]


def test_a_silent_meter_of_another_protocol_has_not_acted() -> None:
    made, _, _ = town({"target": "meter:d1/1", "name": "silent"})
    bus = made.lines["d1"].carries
    assert isinstance(bus, SerialBus)
    from drivers.dlt645.frames import Frame, encode

    def read(meter: int) -> bytes:
        address = made.lines["d1"].meters[meter].serial.zfill(12)
        data = bytes.fromhex("00010000")[::-1]
        return b"".join(one.data for one in bus.feed(encode(Frame(address, 0x11, data)), 1.0))

    assert read(0) == b""
    assert read(1) != b""
    assert made.log.hits["meter:d1/1", "silent"] == 1


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"colour": 1}, "scenario"),
        ({"seed": "x"}, "scenario"),
        ({"zone": "east"}, "zone"),
        ({"start": "2026-03-01"}, "start"),
        ({"start": "soon"}, "start"),
        ({"speed": "0"}, "scenario"),
        ({"speed": "fast"}, "scenario"),
        ({"weekend": ["caturday"]}, "weekend"),
        ({"ramadan": [["2026-02-18"]]}, "ramadan"),
        ({"site": [{"name": "north"}]}, "line 2"),
        ({"line": [{"name": "x", "meter": []}]}, "line 1"),
        ({"line": [{"name": "x", "meter": [{"model": "none-such"}]}]}, "line 1 meter 1"),
        ({"line": [{"name": "x", "carrier": "pigeon", "meter": []}]}, "line 1"),
        (
            {"line": [{"name": "x", "carrier": "rtu-tcp", "meter": [{"model": "dlt645-2007"}]}]},
            "line 1",
        ),
        (
            {"line": [{"name": "x", "meter": [{"model": "eastron-sdm120", "count": 248}]}]},
            "line 1",
        ),
        (
            {"line": [{"name": "x", "meter": [{"model": "eastron-sdm120", "use": "moon"}]}]},
            "line 1 meter 1",
        ),
        (
            {"line": [{"name": "x", "meter": [{"model": "eastron-sdm120", "size": [5, 1]}]}]},
            "line 1 meter 1",
        ),
        (
            {"line": [{"name": "x", "paced": True, "meter": [{"model": "eastron-sdm120"}]}]},
            "line 1",
        ),
        (
            {
                "line": [
                    {
                        "name": "x",
                        "carrier": "pty",
                        "port": 4001,
                        "meter": [{"model": "eastron-sdm120"}],
                    }
                ]
            },
            "line 1",
        ),
        (
            {"line": [{"name": "x", "meter": [{"model": "xintai-valve", "feeder": True}]}]},
            "line 1 meter 1",
        ),
        (
            {
                "line": [
                    {
                        "name": "x",
                        "meter": [{"model": "eastron-sdm120", "feeder": True, "losses": 1001}],
                    }
                ]
            },
            "line 1 meter 1",
        ),
        (
            {
                "line": [
                    {
                        "name": "x",
                        "meter": [{"model": "eastron-sdm120", "feeder": True, "use": "home"}],
                    }
                ]
            },
            "line 1 meter 1",
        ),
        (
            {
                "line": [
                    {
                        "name": "x",
                        "meter": [{"model": "eastron-sdm120", "feeder": True, "count": 2}],
                    }
                ]
            },
            "line 1 meter 1",
        ),
        ({"share": [{"model": "eastron-sdm120", "per_line": 300}]}, "share 1"),
        ({"fault": [{"name": "gremlins"}]}, "fault 1"),
        ({"fault": [{"name": "late", "at": "noon"}]}, "fault 1"),
        ({"fault": [{"name": "late", "for": "long"}]}, "fault 1"),
        ({"fault": [{"name": "late", "by_s": "x"}]}, "fault 1"),
    ],
)
def test_scenarios_that_make_no_sense(more: dict[str, Any], place: str) -> None:
    with pytest.raises(WorldInvalid) as told:
        scenario(**more)
    assert told.value.place == place


@pytest.mark.parametrize(
    "row",
    [
        {"name": "late", "target": "meter:n1/9"},
        {"name": "late", "target": "site:west"},
        {"name": "tcp_reset", "target": "meter:n1/1"},
    ],
)
def test_targets_that_are_not_there(row: dict[str, Any]) -> None:
    with pytest.raises(WorldInvalid):
        town(row)


def test_more_meters_than_lines_need_shares() -> None:
    with pytest.raises(WorldInvalid):
        scenario(share=[]).lines_for(100)


def test_files(tmp_path: Path) -> None:
    shipped = read_scenario(ROOT / "config" / "examples" / "simulation.toml", START)
    assert {line.protocol for line in shipped.lines} == set(Protocol)
    assert sum(plan.count for line in shipped.lines_for(2000) for plan in line.meters) == 2000
    with pytest.raises(WorldInvalid):
        read_scenario(tmp_path / "absent.toml", START)
    (tmp_path / "bad.toml").write_text("seed = ")
    with pytest.raises(WorldInvalid):
        read_scenario(tmp_path / "bad.toml", START)


def test_a_map_beside_the_scenario_is_known(tmp_path: Path) -> None:
    own = (ROOT / "config" / "meters" / "hiking-dds238.toml").read_text(encoding="utf-8")
    (tmp_path / "meters").mkdir()
    (tmp_path / "meters" / "my-own.toml").write_text(own.replace("hiking-dds238", "my-own"))
    (tmp_path / "s.toml").write_text(
        '[[line]]\nname = "l"\nmeter = [{model = "my-own", count = 1}]\n'
    )
    read = read_scenario(tmp_path / "s.toml", START)
    assert read.lines[0].meters[0].map.id == "my-own"
