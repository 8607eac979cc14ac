"""Lines of the serial protocols are searched with their own wildcards."""

from __future__ import annotations

import pytest

from drivers.maps.reading import shipped_map
from drivers.opening import SerialPlace
from drivers.scan import Presence
from drivers.searching import search_line
from drivers.transports.memory import MemoryLine, VirtualClock
from simulators.loads import Draw, Use
from simulators.mapped import MappedMeter
from simulators.nodes import NODES
from simulators.premises import Premises
from simulators.serving.bus import SerialBus

START = 1_795_000_000


def line_of(map_id: str, serials: list[str]) -> tuple[SerialPlace, SerialBus, VirtualClock]:
    meter_map, clock = shipped_map(map_id), VirtualClock(START)
    bus = SerialBus("bus", seconds=clock)
    for unit, serial in enumerate(serials, start=1):
        place = Premises(Draw(unit, Use.FLAT, 500, START), START)
        meter = MappedMeter(meter_map, place, clock, seed=unit, unit=unit, serial=serial)
        bus.nodes.append(NODES[meter_map.protocol](meter))

    def far(now: float, data: bytes) -> list[tuple[float, bytes]]:
        return [(0.02 + piece.delay_s, piece.data) for piece in bus.feed(data, now)]

    from drivers.iec21.link import Manner
    from drivers.places import Place

    channel = MemoryLine(far, clock, Place("serial").settings(meter_map.line))
    return SerialPlace(channel, "memory", Manner(stays=True), None, clock, clock.sleep), bus, clock


@pytest.mark.parametrize(
    ("map_id", "serials"),
    [
        ("dlt645-2007", []),
        ("dlt645-2007", ["26000007"]),
        ("dlt645-2007", ["26000007", "26000107", "26000042", "31415926"]),
        ("mbus-water", []),
        ("mbus-water", ["26000007", "26000107", "26000042", "31415926"]),
        ("iec62056-21-generic", []),
        ("iec62056-21-generic", ["26000007"]),
    ],
)
def test_everybody_is_found_once(map_id: str, serials: list[str]) -> None:
    line, _, _ = line_of(map_id, serials)
    found = list(search_line(line, shipped_map(map_id)))
    assert all(one.presence is Presence.METER for one in found)
    assert all(one.models == (map_id,) for one in found)
    told = sorted(one.identity.serial for one in found if one.identity)
    if map_id == "iec62056-21-generic":
        assert len(told) == len(serials)
    else:
        assert [one.lstrip("0") for one in told] == sorted(serials)


def test_two_meters_of_one_address_are_told_as_a_conflict() -> None:
    line, _, _ = line_of("dlt645-2007", ["26000007", "26000007"])
    # The same address, the same clean answer: nothing on the line tells them apart.
    assert [one.presence for one in search_line(line, shipped_map("dlt645-2007"))] == [
        Presence.METER
    ]


def test_several_that_answer_a_call_without_an_address() -> None:
    line, bus, _ = line_of("iec62056-21-generic", ["26000007", "26000008"])
    assert len(bus.nodes) == 2
    found = list(search_line(line, shipped_map("iec62056-21-generic")))
    assert len(found) <= 1
