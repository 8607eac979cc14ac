"""The client against the meter's end, over a line in memory on a virtual clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.conversation import Conversation, LineSettings, Send, Switch, T, converse
from drivers.iec21 import core
from drivers.iec21.core import Key, Station, plain_key
from drivers.iec21.frames import DataSet, answer, command
from drivers.iec21.parity import seven_even
from drivers.lines import Declined, NoReply
from drivers.transports.memory import MemoryLine, VirtualClock
from drivers.transports.parity import without_parity
from simulators.protocols.iec21 import Iec21End
from tests.drivers.rough import FINE, STORM, RoughLine, Weather
from tests.simulators.protocols.household import WRITABLE, Household, obis

STATION = Station("memory")
REGISTERS = (
    obis("meter.serial", "0.0.0", "text"),
    obis("energy.active.import", "1.8.0", "number", unit="kWh"),
    obis("energy.active.export", "2.8.0", "number", unit="kWh"),
    obis("clock.time", "0.9.1", "text", access=WRITABLE),
)
PROFILE = [f"P.01(26112300{minute:02d})(1.{minute:02d}*kW)" for minute in range(0, 60, 5)]
RIGHT = DataSet("1.8.0", (("1234.56", "kWh"),))


def _profile(id: str, begin: str, end: str) -> Sequence[str]:
    return PROFILE if id == "P.01" else ()


def meter(**more: object) -> tuple[Iec21End, Household]:
    house = Household(
        {
            "meter.serial": "00047110",
            "energy.active.import": Decimal("1234.56"),
            "energy.active.export": Decimal(7),
            "clock.time": "090000",
        }
    )
    return Iec21End(REGISTERS, house, profile=_profile, **more), house  # type: ignore[arg-type]


def line_to(
    feed: Callable[[bytes], bytes], seed: int = 1, weather: Weather = FINE, echo: bool = False
) -> MemoryLine:
    far = RoughLine(feed, Random(seed), weather)
    return MemoryLine(far, VirtualClock(), STATION.settings, echo=echo)


def opened(
    work: Callable[[Station], Conversation[T]], password: str = "00000000"
) -> Conversation[T]:
    return core.programming(STATION, plain_key(password), work)


def reads(id: str) -> Callable[[Station], Conversation[DataSet]]:
    return lambda station: core.read(station, id)


def writes(id: str, value: str) -> Callable[[Station], Conversation[None]]:
    return lambda station: core.write(station, id, value)


@pytest.mark.parametrize("echo", [False, True])
def test_readout_at_the_rate_that_the_meter_offers(echo: bool) -> None:
    end, _ = meter()
    line = line_to(end.feed, echo=echo)
    told = converse(core.readout(STATION), line)
    assert told.identification.text == "ME162-0033"
    assert [found.id for found in told.data] == ["0.0.0", "1.8.0", "2.8.0", "0.9.1"]
    assert RIGHT in told.data
    assert line.sent == [b"/?!\r\n", b"\x06050\r\n"]
    assert end.baud == 9600
    assert line.settings == STATION.settings, "the next conversation begins at 300 again"


def test_rates_change_between_the_acknowledgement_and_the_answer() -> None:
    end, _ = meter()
    steps = []
    conversation = core.readout(STATION)
    answer_to = b""
    with suppress(StopIteration):
        step = next(conversation)
        while True:
            steps.append(step)
            if isinstance(step, Send):
                answer_to = end.feed(step.data)
                step = conversation.send(b"")
            else:
                given, answer_to = (
                    (answer_to, b"") if type(step).__name__ == "Receive" else (b"", answer_to)
                )
                step = conversation.send(given)
    told = [
        step.settings.baud if isinstance(step, Switch) else step.data
        for step in steps
        if isinstance(step, Switch | Send)
    ]
    assert told == [300, b"/?!\r\n", b"\x06050\r\n", 9600, 300]


def test_stays_at_the_rate_of_the_line_when_told() -> None:
    end, _ = meter()
    line = line_to(end.feed)
    converse(core.readout(replace(STATION, fastest=300)), line)
    assert line.sent[-1] == b"\x06000\r\n"
    assert end.baud == 300


def test_one_meter_among_several_and_a_wake_up() -> None:
    end, _ = meter(address="47110")
    line = line_to(end.feed)
    station = replace(STATION, address="47110", wake=True)
    assert RIGHT in converse(core.readout(station), line).data
    nuls = b"".join(line.sent).count(0)
    assert 2.1 <= nuls * STATION.settings.character_s <= 2.3
    with pytest.raises(NoReply) as caught:
        converse(core.readout(replace(station, address="1")), line)
    assert caught.value.reason == "timeout"


@pytest.mark.parametrize("by_name", [False, True])
@pytest.mark.parametrize("echo", [False, True])
def test_programming_mode(by_name: bool, echo: bool) -> None:
    end, house = meter(answers_by_name=by_name)
    line = line_to(end.feed, echo=echo)
    assert converse(opened(reads("1.8.0")), line) == RIGHT
    assert not end.is_open, "it was broken off"
    converse(opened(writes("0.9.1", "135500")), line)
    assert house.puts == [("clock.time", "135500")]
    assert line.sent[-2:] == [command("W1", "0.9.1(135500)"), command("B0")]


def test_what_the_meter_refuses() -> None:
    end, house = meter()
    with pytest.raises(Declined) as caught:
        converse(opened(reads("1.8.0"), "12345678"), line_to(end.feed))
    assert caught.value.reason == "password"
    with pytest.raises(Declined) as caught:
        converse(opened(reads("9.9.9")), line_to(end.feed))
    assert (caught.value.reason, caught.value.is_misfit) == ("ERR1", True)
    with pytest.raises(Declined) as caught:
        converse(opened(writes("1.8.0", "0")), line_to(end.feed))
    assert caught.value.reason == "ERR2"
    locked = core.programming(STATION, None, writes("0.9.1", "1"))
    with pytest.raises(Declined) as caught:
        converse(locked, line_to(end.feed))
    assert caught.value.reason == "nak"
    assert house.puts == []


def test_a_password_can_be_made_from_the_operand() -> None:
    end, _ = meter(operand="1234", password="4321")
    key = Key(lambda operand: operand[::-1])
    assert converse(core.programming(STATION, key, reads("1.8.0")), line_to(end.feed)) == RIGHT


def test_password_and_value_are_marked_as_secret() -> None:
    end, _ = meter()
    secrets: list[bytes] = []

    class Witness:
        def sent(self, step: Send) -> None:
            secrets.extend(step.data[slice(*stretch)] for stretch in step.secret)

        def received(self, data: bytes) -> None:
            pass

    converse(opened(writes("0.9.1", "135500")), line_to(end.feed), Witness())
    assert secrets == [b"00000000", b"135500"]
    assert "0000" not in repr(plain_key("00000000"))


def test_profile_in_partial_blocks() -> None:
    end, _ = meter()
    line = line_to(end.feed)
    work: Callable[[Station], Conversation[tuple[DataSet, ...]]] = lambda s: core.profile(  # noqa: E731
        s, "P.01", "2611230000", "2611230100"
    )
    told = converse(opened(work), line)
    assert len(told) == len(PROFILE)
    assert told[1].values == (("2611230005", ""), ("1.05", "kW"))
    assert line.sent.count(b"\x06") == 2


class Spoils:
    """The first `times` messages with a check sum come spoilt."""

    def __init__(self, end: Iec21End, times: int, begin: int = 2) -> None:
        self.end, self.times, self.begin = end, times, begin

    def __call__(self, data: bytes) -> bytes:
        reply = self.end.feed(data)
        if reply[:1] != bytes([self.begin]) or not self.times:
            return reply
        self.times -= 1
        return reply[:-3] + bytes([reply[-3] ^ 4]) + reply[-2:]


@pytest.mark.parametrize("times", [1, 2])
def test_a_spoilt_readout_is_asked_for_again(times: int) -> None:
    end, _ = meter()
    line = line_to(Spoils(end, times))
    assert RIGHT in converse(core.readout(STATION), line).data
    assert line.sent.count(b"\x15") == times


def test_at_most_twice() -> None:
    end, _ = meter()
    line = line_to(Spoils(end, 9))
    with pytest.raises(NoReply) as caught:
        converse(core.readout(STATION), line)
    assert caught.value.reason == "check_sum"
    assert line.sent.count(b"\x15") == 2


@pytest.mark.parametrize("reply", [b"", b"\x06\x06", b"\x00\x06", b"\x06\x15", b"\x17"])
def test_a_write_is_never_repeated_and_believes_only_one_clear_character(reply: bytes) -> None:
    end, house = meter()

    def feed(data: bytes) -> bytes:
        told = end.feed(data)
        return reply if b"W1" in data else told

    line = line_to(feed)
    with pytest.raises(NoReply):
        converse(opened(writes("0.9.1", "135500")), line)
    assert sum(b"W1" in sent for sent in line.sent) == 1
    assert b"\x15" not in line.sent
    assert house.puts == [("clock.time", "135500")]


def test_the_echo_of_a_write_is_no_yes() -> None:
    """A check sum can be 06 itself."""
    end, _ = meter()
    value = next(
        v for v in map("{:04x}".format, range(1 << 16)) if command("W1", f"0.9.1({v})")[-1] == 6
    )
    line = line_to(lambda data: b"" if b"W1" in data else end.feed(data), echo=True)
    with pytest.raises(NoReply):
        converse(opened(writes("0.9.1", value)), line)


def test_seven_bits_on_a_line_of_eight() -> None:
    end, house = meter(software_parity=True)
    line = MemoryLine(
        RoughLine(end.feed, Random(1)), VirtualClock(), LineSettings(9600, 8, "N", 1), echo=True
    )
    station = replace(STATION, settings=line.settings, fastest=300)
    work = writes("0.9.1", "135500")
    converse(seven_even(core.programming(station, plain_key("00000000"), work)), line)
    assert house.puts == [("clock.time", "135500")]
    assert without_parity(line.sent[0], "E") == b"/?!\r\n" != line.sent[0]


# --- Laws -------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.binary(max_size=20), st.binary(max_size=20), st.lists(st.integers(1, 30), max_size=4))
def test_noise_and_cuts_give_the_values_or_an_error(
    before: bytes, after: bytes, cuts: list[int]
) -> None:
    end, _ = meter()

    def far(now: float, data: bytes) -> list[tuple[float, bytes]]:
        rest = end.feed(data)
        if not rest:
            return []
        rest = before + rest + after
        pieces = []
        delay = 0.05
        for cut in cuts:
            pieces.append((delay, rest[:cut]))
            rest = rest[cut:]
            delay += cut * 10 / 300 + 0.4
        return [*pieces, (delay, rest)]

    line = MemoryLine(far, VirtualClock(), STATION.settings)
    with suppress(NoReply, Declined):
        told = converse(core.readout(STATION), line)
        assert RIGHT in told.data
        assert len(told.data) == len(REGISTERS)


@settings(deadline=None)
@given(st.integers(0, 10**9))
def test_in_a_storm_a_reading_is_right_or_an_error(seed: int) -> None:
    """Answers that do not say what they answer: the worst case for late ones."""
    end, _ = meter(answers_by_name=False)
    line = line_to(end.feed, seed, STORM)
    for id, right in (("1.8.0", RIGHT), ("2.8.0", DataSet("2.8.0", (("7", "kWh"),)))) * 3:
        with suppress(NoReply, Declined):
            assert converse(opened(reads(id)), line) == right


def test_an_answer_to_another_question_is_none() -> None:
    end, _ = meter()

    def feed(data: bytes) -> bytes:
        told = end.feed(data)
        return answer("2.8.0(7*kWh)") if b"R1" in data else told

    with pytest.raises(NoReply) as caught:
        converse(opened(reads("1.8.0")), line_to(feed))
    assert caught.value.reason == "wrong_reply"
