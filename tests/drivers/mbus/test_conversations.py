"""The master against slaves, over a line in memory on a virtual clock."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.conversation import LineSettings, converse
from drivers.lines import NoReply
from drivers.mbus import core
from drivers.mbus.frames import SELECTED, Short
from drivers.mbus.station import Station, fits
from drivers.mbus.telegram import Telegram
from drivers.transports.memory import MemoryLine, VirtualClock
from simulators.protocols.mbus import MbusEnd, Nameplate, collide
from tests.drivers.rough import FINE, STORM, RoughLine, Weather
from tests.simulators.protocols.household import WRITABLE, Household, record

LINE = LineSettings(2400, 8, "E", 1)
STATION = Station("memory", 5)
REGISTERS = (
    record("volume.forward", "04 13", "s32", unit="m3"),
    record("flow", "02 3B", "s16", unit="m3/h"),
    record("flag", "02 FD 17", "bits", bits={2: "battery"}),
    record("clock", "04 6D", "datetime(mbus-f)"),
    record("volume.reverse", "0C 93 3C", "bcd(8)", unit="m3"),
    record("valve", "01 FD 1F", "u8", access=WRITABLE),
)


def slave(
    address: int = 5, identification: str = "12345678", **more: object
) -> tuple[MbusEnd, Household]:
    house = Household(
        {
            "volume.forward": Decimal("123.456"),
            "flow": Decimal("1.5"),
            "flag": frozenset({"battery"}),
            "volume.reverse": Decimal("0.1239"),
            "valve": Decimal(1),
        }
    )
    plate = Nameplate(identification)
    return MbusEnd(address, REGISTERS, house, nameplate=plate, **more), house  # type: ignore[arg-type]


def line_to(
    *ends: MbusEnd, seed: int = 1, weather: Weather = FINE, echo: bool = False
) -> MemoryLine:
    def feed(data: bytes) -> bytes:
        return collide([end.feed(data) for end in ends])

    return MemoryLine(RoughLine(feed, Random(seed), weather), VirtualClock(), LINE, echo=echo)


def values(telegrams: Sequence[Telegram]) -> dict[str, object]:
    return {r.key: r.value for one in telegrams for r in one.records}


def test_a_second_register_of_the_clock_is_there() -> None:
    end, house = slave()
    house.values["volume.forward"] = Decimal("0.0009")
    told = values(converse(core.read(STATION), line_to(end)))
    assert told["04 13"] == 0, "a litre is the least"


@pytest.mark.parametrize("echo", [False, True])
@pytest.mark.parametrize("per_telegram", [1, 2, 16])
def test_all_telegrams_by_the_frame_count_bit(per_telegram: int, echo: bool) -> None:
    end, house = slave(per_telegram=per_telegram)
    line = line_to(end, echo=echo)
    for _ in range(2):
        told = converse(core.read(STATION), line)
        assert len(told) == -(-len(REGISTERS) // per_telegram)
        assert values(told) == {
            "04 13": Decimal("123.456"),
            "02 3B": Decimal("1.500"),
            "02 FD 17": Decimal(4),
            "04 6D": house.clock,
            "0C 93 3C": Decimal("0.123"),
            "01 FD 1F": Decimal(1),
        }
    assert line.sent[0] == Short(0x40, 5).encode()
    assert line.sent[1] == Short(0x7B, 5).encode()


def test_a_lost_telegram_is_asked_for_again_and_none_is_doubled() -> None:
    end, _ = slave(per_telegram=1)
    lost = iter([False, True, False, True, True, False, False, False, True, *[False] * 20])

    def feed(data: bytes) -> bytes:
        reply = end.feed(data)
        return b"" if next(lost) else reply

    line = MemoryLine(RoughLine(feed, Random(1)), VirtualClock(), LINE)
    told = converse(core.read(STATION, tries=3), line)
    assert [r.key for one in told for r in one.records] == [str(r.addr) for r in REGISTERS]


def test_selected_by_secondary_address() -> None:
    first, _ = slave(5, "12345678")
    second, house = slave(5, "12345679")
    house.values["volume.forward"] = Decimal(7)
    line = line_to(first, second)
    by_number = Station("memory", secondary="12345679FFFFFFFF")
    assert values(converse(core.read(by_number), line))["04 13"] == Decimal("7.000")
    whole = replace(by_number, secondary=second.nameplate.secondary)
    (told,) = converse(core.read(whole), line)
    assert told.secondary == second.nameplate.secondary
    with pytest.raises(NoReply):
        converse(core.read(STATION, tries=1), line)


def test_addresses_rates_and_data() -> None:
    end, house = slave()
    line = line_to(end)
    converse(core.set_primary(Station("memory", secondary="1234567" + "F" * 9), 9), line)
    assert end.address == 9
    station = Station("memory", 9)
    converse(core.send(station, bytes.fromhex("01FD1F02")), line)
    assert house.puts == [("valve", Decimal(2))]
    converse(core.set_baud(station, 9600, LINE), line)
    assert end.baud == line.settings.baud == 9600

    with pytest.raises(NoReply):
        converse(core.send(replace(station, address=8), b"\x01\xfd\x1f\x00"), line)
    assert sum(b"\xfd\x1f\x00" in sent for sent in line.sent) == 0, "it could not be reached"


def test_data_is_sent_once() -> None:
    end, house = slave()
    line = MemoryLine(
        RoughLine(
            lambda data: b"" if data[:1] == b"h" and end.feed(data) else end.feed(data), Random(1)
        ),
        VirtualClock(),
        LINE,
    )
    with pytest.raises(NoReply):
        converse(core.send(STATION, bytes.fromhex("01FD1F02")), line)
    assert house.puts == [("valve", Decimal(2))]


@pytest.mark.parametrize(
    "numbers",
    [
        [],
        ["12345678"],
        ["12345678", "12345679"],
        ["12345678", "92345678", "12945678", "12345608", "00000000", "99999999"],
    ],
)
def test_search_finds_everybody_by_splitting(numbers: list[str]) -> None:
    line = line_to(*(slave(0, number)[0] for number in numbers))
    found = converse(core.search(Station("memory")), line)
    assert sorted(one.identification for one in found.meters) == sorted(numbers)
    assert found.conflicts == ()


def test_search_tells_of_twins() -> None:
    first, second = slave(1)[0], slave(2)[0]
    found = converse(core.search(Station("memory")), line_to(first, second))
    assert found.meters == ()
    assert found.conflicts == ("12345678FFFFFFFF",)


def test_wildcards() -> None:
    plate = Nameplate("12345678", "RSD", 1, 7).secondary
    assert fits("F" * 16, plate)
    assert fits("1F34567F" + plate[8:], plate)
    assert not fits("12345679" + "F" * 8, plate)
    assert not fits("FFFFFFFF" + "FFFF" + "02" + "FF", plate)


def test_a_slave_that_was_let_go_does_not_answer() -> None:
    end, _ = slave()
    line = line_to(end)
    converse(core.read(Station("memory", secondary="F" * 16)), line)
    assert end.feed(Short(0x5B, SELECTED).encode())
    assert end.feed(Short(0x40, SELECTED).encode()) == b"\xe5"
    assert end.feed(Short(0x5B, SELECTED).encode()) == b""


# --- Laws -------------------------------------------------------------------------------------

RIGHT = {"04 13": Decimal("123.456"), "02 3B": Decimal("1.5"), "01 FD 1F": Decimal(1)}


def right(told: Sequence[Telegram]) -> bool:
    found = values(told)
    return all(found.get(key, value) == value for key, value in RIGHT.items())


@settings(deadline=None)
@given(st.integers(0, 10**9), st.sampled_from([1, 2, 16]))
def test_in_a_storm_a_reading_is_right_or_an_error(seed: int, per_telegram: int) -> None:
    """Right, though not all of it: a repetition of the last telegram of an earlier reading looks
    like a whole answer."""
    end, _ = slave(per_telegram=per_telegram)
    other, house = slave(6, "99999999", per_telegram=per_telegram)
    house.values["volume.forward"] = Decimal(5)
    line = line_to(end, other, seed=seed, weather=STORM)
    for _ in range(3):
        with suppress(NoReply):
            assert right(converse(core.read(STATION), line))
        with suppress(NoReply):
            told = values(converse(core.read(replace(STATION, address=6)), line))
            assert told.get("04 13", 5) == 5


@settings(deadline=None)
@given(st.binary(max_size=20), st.binary(max_size=20), st.lists(st.integers(1, 30), max_size=4))
def test_noise_and_cuts_give_the_values_or_an_error(
    before: bytes, after: bytes, cuts: list[int]
) -> None:
    end, _ = slave()

    def far(now: float, data: bytes) -> list[tuple[float, bytes]]:
        rest = end.feed(data)
        if not rest:
            return []
        rest = before + rest + after if len(rest) > 1 else rest
        pieces = []
        delay = 0.05
        for cut in cuts:
            pieces.append((delay, rest[:cut]))
            rest = rest[cut:]
            delay += cut * 11 / 2400 + 0.1
        return [*pieces, (delay, rest)]

    line = MemoryLine(far, VirtualClock(), LINE)
    with suppress(NoReply):
        told = converse(core.read(STATION), line)
        assert right(told)
        assert len(values(told)) == len(REGISTERS)


@pytest.mark.parametrize("reply", [b"\xe5\xe5", b"\x00\xe5", b"\xe4"])
def test_only_one_clear_character_is_a_yes(reply: bytes) -> None:
    end, _ = slave()
    line = MemoryLine(
        RoughLine(lambda data: reply if data[:1] == b"h" else end.feed(data), Random(1)),
        VirtualClock(),
        LINE,
    )
    with pytest.raises(NoReply):
        converse(core.send(STATION, bytes.fromhex("01FD1F02")), line)
