"""Lines of the serial protocols are searched with their own wildcards."""

from __future__ import annotations

import re

import pytest

from drivers.iec21.frames import STX, bcc
from drivers.iec21.link import Manner
from drivers.maps.reading import shipped_map
from drivers.mbus.frames import ACK, LONG, RSP_UD, SND_NKE, VARIABLE, Long
from drivers.mbus.station import fits
from drivers.opening import SerialPlace
from drivers.places import Place
from drivers.scan import Presence
from drivers.searching import MOST_CALLED, addresses_of, search_line
from drivers.transports.memory import MemoryLine, VirtualClock
from simulators.loads import Draw, Use
from simulators.mapped import MappedMeter
from simulators.nodes import NODES
from simulators.premises import Premises
from simulators.protocols.iec21 import Iec21End
from simulators.serving.bus import SerialBus

START = 1_795_000_000
ADDRESS = "00004711" + "2423" + "01" + "07"
IEC = "iec62056-21-generic"
CALLED = re.compile(rb"/\?[0-9A-Z]*!")


def line_of(map_id: str, serials: list[str]) -> tuple[SerialPlace, SerialBus, VirtualClock]:
    meter_map, clock = shipped_map(map_id), VirtualClock(START)
    bus = SerialBus("bus", seconds=clock)
    for unit, serial in enumerate(serials, start=1):
        place = Premises(Draw(unit, Use.FLAT, 500, START), START)
        meter = MappedMeter(meter_map, place, clock, seed=unit, unit=unit, serial=serial)
        bus.nodes.append(NODES[meter_map.protocol](meter))

    def far(now: float, data: bytes) -> list[tuple[float, bytes]]:
        return [(0.02 + piece.delay_s, piece.data) for piece in bus.feed(data, now)]

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


def test_a_meter_whose_records_are_sealed_is_found_all_the_same() -> None:
    header = bytes.fromhex("11470000 2423 01 07 55 00 00 05")
    sealed = Long(RSP_UD, 9, VARIABLE, header + bytes(16)).encode()
    selected = False

    def meter(_: float, data: bytes) -> list[tuple[float, bytes]]:
        nonlocal selected
        if data[0] == LONG:
            selected = fits(data[10:6:-1].hex().upper() + data[11:15].hex().upper(), ADDRESS)
            return [(0.02, ACK)] if selected else []
        if data[1] == SND_NKE:
            selected = False
            return []
        return [(0.02, sealed)] if selected else []

    clock = VirtualClock(START)
    channel = MemoryLine(meter, clock, Place("serial").settings(shipped_map("mbus-water").line))
    line = SerialPlace(channel, "memory", Manner(), None, clock, clock.sleep)
    (found,) = search_line(line, shipped_map("mbus-water"))
    assert (found.station, found.presence) == (ADDRESS, Presence.METER)
    assert found.identity is not None
    assert found.identity.serial == "00004711"


def test_two_meters_of_one_address_that_answer_in_step_sound_like_one() -> None:
    line, _, _ = line_of("dlt645-2007", ["26000007", "26000007"])
    # The same address, the same clean answer: nothing on the line tells them apart.
    assert [one.presence for one in search_line(line, shipped_map("dlt645-2007"))] == [
        Presence.METER
    ]


def test_several_that_answer_a_call_without_an_address() -> None:
    """In step they sound like one, out of step like noise: nobody can tell who is there."""
    line, bus, _ = line_of(IEC, ["26000007", "26000008"])
    assert len(bus.nodes) == 2
    found = list(search_line(line, shipped_map(IEC)))
    assert len(found) <= 1


@pytest.mark.parametrize(
    "addresses", ["26000001-26000012,31415926", "31415926,26000042,26000007,26000107,26000007"]
)
def test_several_are_found_by_their_addresses(addresses: str) -> None:
    line, _, _ = line_of(IEC, ["26000007", "26000010", "31415926"])
    calls: list[str] = []
    listed = addresses_of(addresses)
    found = list(search_line(line, shipped_map(IEC), lambda at, _: calls.append(at), listed))
    there = [one for one in listed if one in {"26000007", "26000010", "31415926"}]
    assert [one.station for one in found] == there
    assert [one.identity.serial for one in found if one.identity] == there
    assert {(one.presence, one.models) for one in found} == {(Presence.METER, (IEC,))}
    assert calls == listed


@pytest.mark.parametrize("addresses", [["26000007"], ["1", "2", "26000007"]])
def test_one_that_answers_to_every_address_is_told_once_and_without_one(
    addresses: list[str],
) -> None:
    """Many meters do not look at the address at all."""
    line, bus, _ = line_of(IEC, ["26000007"])
    end = bus.nodes[0].end
    assert isinstance(end, Iec21End)

    class Deaf:
        def feed(self, data: bytes) -> bytes:
            return end.feed(CALLED.sub(b"/?!", data))

    bus.nodes[0].end = Deaf()
    (found,) = search_line(line, shipped_map(IEC), addresses=addresses)
    assert (found.station, found.presence) == ("", Presence.METER)
    assert found.identity is not None
    assert found.identity.serial == "26000007"


def test_two_meters_of_one_serial_are_both_told() -> None:
    """Makers count each for themselves, and one number may stand on two fronts."""
    line, bus, _ = line_of(IEC, ["26000007", "26000008"])
    second = bus.nodes[1].end

    class Namesake:
        def feed(self, data: bytes) -> bytes:
            return _renamed(second.feed(data), b"26000008", b"26000007")

    bus.nodes[1].end = Namesake()
    found = list(search_line(line, shipped_map(IEC), addresses=["26000007", "26000008"]))
    assert [one.station for one in found] == ["26000007", "26000008"]
    assert [one.identity.serial for one in found if one.identity] == ["26000007"] * 2


def _renamed(answer: bytes, old: bytes, new: bytes) -> bytes:
    """The same message with another number in it, and its check sum."""
    if old not in answer or answer[0] != STX:
        return answer.replace(old, new)
    body = answer[1:-1].replace(old, new)
    return bytes([STX]) + body + bytes([bcc(body)])


def test_two_meters_of_one_address_are_heard_at_it() -> None:
    line, bus, _ = line_of(IEC, ["26000007", "26000007", "26000008"])
    late = bus.nodes[1].end

    class Late:
        """A little later than the other one: their bytes lie over each other."""

        def feed(self, data: bytes) -> bytes:
            answer = late.feed(data)
            return b"\xff" + answer if answer else answer

    bus.nodes[1].end = Late()
    found = list(search_line(line, shipped_map(IEC), addresses=["26000007", "26000008"]))
    assert [(one.station, one.presence) for one in found] == [
        ("26000007", Presence.CONFLICT),
        ("26000008", Presence.METER),
    ]


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("7", ["7"]),
        ("007-010, A1 ,7", ["007", "008", "009", "010", "A1", "7"]),
        ("99-101", ["99", "100", "101"]),
        ("5-5,5", ["5"]),
    ],
)
def test_addresses_as_people_write_them(text: str, addresses: list[str]) -> None:
    assert addresses_of(text) == addresses


@pytest.mark.parametrize("text", ["", "1,", "2-1", "a-b", "1-2-3", "é", f"1-{MOST_CALLED + 1}"])
def test_addresses_that_nobody_can_call(text: str) -> None:
    with pytest.raises(ValueError, match=r"^.{0,40}$"):
        addresses_of(text)
