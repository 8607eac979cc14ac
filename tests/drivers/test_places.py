"""Places as people write them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.bus import Manners
from drivers.conversation import LineSettings
from drivers.iec21.link import Iec21Link
from drivers.link import Priority
from drivers.maps.reading import shipped_map
from drivers.opening import SerialPlace, StationInvalid, open_line
from drivers.places import TRANSPORTS, Place, PlaceInvalid, is_place, parse_place
from drivers.transports.serial_port import SerialChannel


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("tcp://127.0.0.1/7", Place("tcp", "127.0.0.1", station="7")),
        ("tcp://example.invalid:1502/7", Place("tcp", "example.invalid", 1502, station="7")),
        ("tcp://[::1]:502/247", Place("tcp", "::1", 502, station="247")),
        ("tcp://127.0.0.1", Place("tcp", "127.0.0.1")),
        (
            "rtu-tcp://127.0.0.1:4001/7?baud=2400&echo=yes",
            Place("rtu-tcp", "127.0.0.1", 4001, station="7", baud=2400, echo=True),
        ),
        (
            "serial:///dev/ttyS1?rs485=yes&wake=YES",
            Place("serial", path="/dev/ttyS1", rs485=True, wake=True),
        ),
        (
            "serial:///dev/ttyUSB0/7?baud=9600&parity=e&bits=7&stop=1&echo=no",
            Place(
                "serial",
                path="/dev/ttyUSB0",
                station="7",
                baud=9600,
                parity="E",
                bits=7,
                stop=1,
                echo=False,
            ),
        ),
        ("serial:///dev/ttyUSB0", Place("serial", path="/dev/ttyUSB0")),
        ("serial:///dev/pts/3", Place("serial", path="/dev/pts/3")),
        ("serial:///dev/pts/3/7", Place("serial", path="/dev/pts/3", station="7")),
        (
            "serial:///dev/ttyS1/260305510012",
            Place("serial", path="/dev/ttyS1", station="260305510012"),
        ),
    ],
)
def test_places(text: str, place: Place) -> None:
    assert parse_place(text) == place
    assert is_place(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "127.0.0.1/7",
        "http://127.0.0.1/7",
        "tcp:///7",
        "tcp://127.0.0.1:99999/7",
        "tcp://127.0.0.1/7/8",
        "tcp://a@127.0.0.1/7",
        "tcp://127.0.0.1/7#x",
        "rtu-tcp://127.0.0.1/7",
        "serial://ttyUSB0/7",
        "serial:///dev/ttyUSB0/7?baud=fast",
        "serial:///dev/ttyUSB0/7?baud=9",
        "serial:///dev/ttyUSB0/7?parity=M",
        "serial:///dev/ttyUSB0/7?colour=red",
        "serial:///dev/ttyUSB0/7?baud",
        "serial:///dev/ttyUSB0/7?baud=٩٦٠٠",
    ],
)
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(PlaceInvalid):
        parse_place(text)


def test_a_meter_number_is_no_place() -> None:
    assert not is_place("07000010047")


def test_settings_are_as_said_else_as_usual() -> None:
    place = parse_place("serial:///dev/ttyUSB0/7?parity=E")
    assert place.settings() == LineSettings(9600, 8, "E", 1)


@given(st.text(max_size=60) | st.text(max_size=40).map(lambda rest: f"serial://{rest}"))
def test_any_text_is_a_place_or_refused(text: str) -> None:
    with suppress(PlaceInvalid):
        assert parse_place(text).transport in TRANSPORTS


@pytest.mark.parametrize(
    ("model", "station", "password"),
    [
        # Two frames of one line cannot carry them, or another message would come of it.
        ("mbus-water", "251", ""),
        ("mbus-water", "999", ""),
        ("mbus-water", "ABC", ""),
        ("dlt645-2007", "", "12345"),
        ("dlt645-2007", "", "\u0661\u0662\u0663\u0664\u0665\u0666"),
        ("iec62056-21-generic", "", "1)(2"),
        ("iec62056-21-generic", "", "\u0661\u0662"),
    ],
)
def test_stations_and_passwords_that_no_frame_can_carry(
    model: str, station: str, password: str
) -> None:
    meter_map = shipped_map(model)
    place = Place("rtu-tcp", "127.0.0.1", 1)
    with pytest.raises(StationInvalid):
        open_line(place, meter_map, password).link(meter_map, station)


def test_what_is_between_port_and_wires_and_a_battery_meter() -> None:
    meter_map = shipped_map("iec62056-21-generic")
    for said, is_so in (("yes", True), ("no", False)):
        place = parse_place(f"serial:///dev/ttyS1?rs485={said}&wake={said}")
        line = open_line(place, meter_map)
        assert isinstance(line, SerialPlace)
        manners = Manners.of(meter_map.limits)
        channel = line.bus.ask("", manners, Priority.REST, lambda channel, *_: channel)
        assert isinstance(channel, SerialChannel)
        assert channel._wiring.rs485 is is_so
        link = line.link(meter_map)
        assert isinstance(link, Iec21Link)
        assert link._manner.wake is is_so


@pytest.mark.parametrize("station", ["", "0", "250", "254", "12345678", "12345678FFFFFFFF"])
def test_stations_of_a_bus(station: str) -> None:
    meter_map = shipped_map("mbus-water")
    link = open_line(Place("rtu-tcp", "127.0.0.1", 1), meter_map).link(meter_map, station)
    assert link.address.endswith(station or "254")
