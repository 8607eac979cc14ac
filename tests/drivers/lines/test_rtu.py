"""Modbus RTU in memory, on a clock of its own: the right values or an error, never others."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.bus.timing import Pace
from drivers.conversation import LineSettings
from drivers.crc import crc, with_crc
from drivers.lines import Declined, LineBusy, LineDown, NoReply
from drivers.maps.model import Table
from drivers.modbus.finder import ReplyFinder
from drivers.modbus.pdu import Request, read_request, write_request
from drivers.modbus.rtu import silence_s
from tests import examples

from .slaves import LINE, PACE, Slave, bus, memory, rtu, spoilt

HOLDING = Table.HOLDING


def test_the_check_sum_of_known_frames() -> None:
    # Modbus over Serial Line 1.02 gives no frame; these are from the Eastron SDM120 protocol V2.5.
    assert with_crc(bytes.fromhex("010400000002")) == bytes.fromhex("010400000002 71cb")
    assert with_crc(bytes.fromhex("01030000000a")).hex() == "01030000000ac5cd"
    assert crc(bytes.fromhex("01030000000ac5cd")) == 0


def test_every_function() -> None:
    slave = Slave(7)
    line = rtu(slave)
    assert line.read(7, HOLDING, 3, 4, PACE) == (1003, 1004, 1005, 1006)
    assert line.read(7, Table.INPUT, 250, 6, PACE) == tuple(range(1250, 1256))
    assert line.read(7, Table.COIL, 0, 10, PACE) == (1, 0, 0, 1, 0, 0, 1, 0, 0, 1)
    assert line.read(7, Table.DISCRETE, 3, 1, PACE) == (1,)
    line.write(7, 9, [1, 2, 3], pace=PACE)
    line.write(7, 12, [4], 6, PACE)
    assert slave.words[9:13] == [1, 2, 3, 4]
    line.write_coils(7, 100, [True, False, True] * 3, pace=PACE)
    line.write_coils(7, 109, [True], 5, PACE)
    assert slave.coils[100:110] == [True, False, True] * 3 + [True]
    assert line.device_id(7, pace=PACE) == {0: "ABC", 1: "D"}


@pytest.mark.parametrize("echo", [False, True])
def test_an_adapter_that_echoes_is_found_out(echo: bool) -> None:
    slave = Slave()
    line = rtu(slave, echo=echo)
    # Functions 5 and 6 are answered by their own echo: the habit is asked for with a read first.
    line.write(1, 5, [77], 6, PACE)
    assert slave.words[5] == 77
    assert [frame[1] for frame in memory(line).sent] == [3, 6]
    line.write(1, 6, [78, 79], pace=PACE)
    line.write_coils(1, 6, [True], 5, PACE)
    assert line.read(1, HOLDING, 5, 3, PACE) == (77, 78, 79)


@pytest.mark.parametrize("function", [6, 16])
def test_on_an_echoing_line_the_echo_is_no_answer(function: int) -> None:
    line = rtu(lambda now, frame: [], echo=True)
    with pytest.raises(NoReply):
        line.write(1, 5, [77], function, PACE)


def test_a_broadcast_waits_and_expects_nothing() -> None:
    slave = Slave()
    line = rtu(slave)
    line.write(0, 5, [77, 78], pace=PACE)
    assert slave.words[5] == 77
    assert memory(line).monotonic() >= PACE.worst_s


@pytest.mark.parametrize("code", [1, 2, 3, 4, 6, 10, 11])
def test_exceptions_say_whether_anything_happened(code: int) -> None:
    line = rtu(lambda now, frame: [(0.02, with_crc(bytes([1, frame[1] | 0x80, code])))])
    with pytest.raises(Declined) as told:
        line.write(1, 0, [1], pace=PACE)
    assert told.value.reason == f"exception_{code}"
    assert told.value.nothing_happened == (code in (1, 2, 3, 6, 10))
    assert told.value.is_misfit == (code in (1, 2, 3))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "timeout"),
        (with_crc(bytes.fromhex("0203020001")), "wrong_unit"),
        (with_crc(bytes.fromhex("0104020001")), "wrong_function"),
        (with_crc(bytes.fromhex("01030400010002")), "byte_count"),
        (with_crc(bytes.fromhex("0103010001")), "byte_count"),
        (bytes.fromhex("01030200010000"), "crc"),
        (bytes.fromhex("010302"), "truncated"),
        (bytes.fromhex("fe"), "noise"),
        (2 * with_crc(bytes.fromhex("0103020001")), "conflict"),
        (bytes.fromhex("01030200 01030200 01797901"), "conflict"),
    ],
)
def test_what_came_instead_is_told(answer: bytes, reason: str) -> None:
    line = rtu(lambda now, frame: [(0.02, answer)] if answer else [])
    with pytest.raises(NoReply) as told:
        line.read(1, HOLDING, 0, 1, PACE)
    assert told.value.reason == reason


def test_a_write_answered_for_another_place_is_told() -> None:
    line = rtu(lambda now, frame: [(0.02, with_crc(bytes.fromhex("011000090001")))])
    with pytest.raises(NoReply) as told:
        line.write(1, 0, [1], pace=PACE)
    assert told.value.reason == "other_write"


def test_two_meters_at_one_id_are_told_also_when_the_second_is_slow() -> None:
    first, second = Slave(base=1000), Slave(base=2000, turnaround_s=0.2)
    with pytest.raises(NoReply) as told:
        rtu(bus(first, second)).read(1, HOLDING, 0, 2, Pace(0, 0.3, 0.5, listen_s=0.5))
    assert told.value.reason == "conflict"


def test_a_reply_that_comes_late_answers_its_own_request_or_none() -> None:
    slave = Slave(turnaround_s=0.4)
    line = rtu(slave)
    assert line.read(1, HOLDING, 10, 2, PACE) == (1010, 1011)
    # Behind the worst reply time it is too late; it is thrown away before the next request.
    slave.turnaround_s = 0.9
    with pytest.raises(NoReply):
        line.read(1, HOLDING, 20, 2, PACE)
    slave.turnaround_s = 0.02
    memory(line).monotonic()
    memory(line).receive(1)
    assert line.read(1, HOLDING, 30, 2, PACE) == (1030, 1031)


REPLIES = {
    read_request(7, HOLDING, 0, 20): bytes([7, 3, 40, *range(40)]),
    read_request(7, Table.COIL, 0, 9): bytes([7, 1, 2, 7, 1]),
    write_request(7, 3, (1, 2), 16): bytes.fromhex("0710 0003 0002"),
    write_request(7, 7, (7,), 6): bytes.fromhex("0706 0007 0007"),
}


@given(st.sampled_from(list(REPLIES)), st.booleans(), st.data())
def test_never_more_is_waited_for_than_still_comes(
    request_: Request, fails: bool, data: st.DataObject
) -> None:
    reply = with_crc(bytes([7, request_.function | 0x80, 2]) if fails else REPLIES[request_])
    finder = ReplyFinder(request_, echo=False)
    asked = at = 0
    while at < len(reply):
        missing = finder.missing
        assert 1 <= missing <= len(reply) - at
        step = data.draw(st.integers(1, missing))
        finder.feed(reply[at : at + step])
        at, asked = at + step, asked + (step == missing)
    assert finder.find(final=False) is not None


@pytest.mark.parametrize("baud", [1200, 9600, 19200, 115200])
def test_the_silence_of_the_standard_is_kept(baud: int) -> None:
    line = LineSettings(baud=baud, parity="E")
    gap = silence_s(line)
    assert gap == pytest.approx(3.5 * 11 / baud if baud <= 19200 else 0.00175)
    begun: list[float] = []
    ended: list[float] = []
    slave = Slave(turnaround_s=0.01)

    def far(now: float, frame: bytes) -> list[tuple[float, bytes]]:
        begun.append(now - len(frame) * line.character_s)
        answer = slave(now, frame)
        ended.append(now + answer[0][0] + len(answer[0][1]) * line.character_s)
        return answer

    bus_ = rtu(far, line)
    for _ in range(5):
        bus_.read(1, HOLDING, 0, 20, Pace())
    for end, next_ in zip(ended, begun[1:], strict=False):
        assert end + gap == pytest.approx(next_, abs=1e-6)
    bus_.read(1, HOLDING, 0, 20, Pace(gap_s=0.05))
    assert begun[-1] - ended[-2] >= 0.05 - 1e-6


def test_a_stuck_line_is_told_and_nothing_is_sent() -> None:
    line = rtu(Slave())
    for n in range(4000):
        memory(line).inject(b"\xff", n * 0.001)
    with pytest.raises(LineBusy):
        line.read(1, HOLDING, 0, 1, PACE)
    assert memory(line).sent == []


def test_a_node_that_never_stops_talking_ends_the_wait() -> None:
    jabber = [(n * 0.05, b"\x01\x03\x02") for n in range(4000)]
    line = rtu(lambda now, frame: jabber)
    with pytest.raises(NoReply):
        line.read(1, HOLDING, 0, 1, PACE)
    assert memory(line).monotonic() < 5


def test_a_line_that_is_cut_tells_sent_from_not_sent() -> None:
    def cut(now: float, frame: bytes) -> list[tuple[float, bytes]]:
        memory(line).cut = True
        return []

    line = rtu(cut)
    with pytest.raises(NoReply) as told:
        line.write(1, 0, [1, 2], pace=PACE)
    assert told.value.reason == "dropped"
    with pytest.raises(LineDown):
        line.read(1, HOLDING, 0, 1, PACE)
    assert len(memory(line).sent) == 1


delays = st.floats(0, 0.099)
noises = st.binary(max_size=12)


@settings(max_examples=examples(300), deadline=None)
@given(
    before=noises,
    after=noises,
    count=st.integers(1, 60),
    unit=st.integers(1, 247),
    addr=st.integers(0, 190),
    cuts=st.lists(st.tuples(st.integers(0, 125), delays), max_size=4),
    first=st.floats(0, 0.3),
    echo=st.booleans(),
)
def test_noise_around_cuts_and_delays_do_no_harm(
    before: bytes,
    after: bytes,
    count: int,
    unit: int,
    addr: int,
    cuts: list[tuple[int, float]],
    first: float,
    echo: bool,
) -> None:
    """Noise touches the reply, pieces come up to 100 ms apart: the values are right."""

    def change(reply: bytes) -> list[tuple[float, bytes]]:
        stream, pieces, at, when = before + reply + after, [], 0, first
        for cut, delay in sorted(cuts):
            if at < cut < len(stream):
                pieces.append((when, stream[at:cut]))
                when += (cut - at) * LINE.character_s + delay
                at = cut
        return [*pieces, (when, stream[at:])]

    line = rtu(spoilt(Slave(unit), change), echo=echo)
    got = line.read(unit, HOLDING, addr, count, Pace(reply_s=0.4, worst_s=0.5))
    assert got == tuple(1000 + addr + n for n in range(count))


@settings(max_examples=examples(300), deadline=None)
@given(data=st.data(), count=st.integers(1, 20), echo=st.booleans())
def test_whatever_comes_the_values_are_right_or_there_are_none(
    data: st.DataObject, count: int, echo: bool
) -> None:
    """Replies lost, spoilt, cut short, repeated and late within the worst reply time, over many
    reads: each gives its own values or an error, and the line comes back."""
    kinds = st.sampled_from(["good", "lost", "flip", "cut", "late", "twice", "noise"])

    def change(reply: bytes) -> list[tuple[float, bytes]]:
        kind = data.draw(kinds)
        if kind == "flip":
            at = data.draw(st.integers(0, len(reply) * 8 - 1))
            spoiled = bytearray(reply)
            spoiled[at // 8] ^= 1 << at % 8
            return [(0.02, bytes(spoiled))]
        if kind == "cut":
            return [(0.02, reply[: data.draw(st.integers(1, len(reply) - 1))])]
        return {
            "good": [(0.02, reply)],
            "lost": [],
            "late": [(data.draw(st.floats(0.3, 0.75)), reply)],
            "twice": [(0.02, reply), (0.02 + len(reply) * LINE.character_s, reply)],
            "noise": [(0.02, data.draw(st.binary(max_size=100)))],
        }[kind]

    slave = Slave()
    line = rtu(spoilt(slave, change), echo=echo)
    for addr in range(0, 60, 20):
        try:
            got = line.read(1, HOLDING, addr, count, PACE)
        except NoReply:
            continue
        else:
            assert got == tuple(1000 + addr + n for n in range(count))
    healthy = rtu(slave)
    assert healthy.read(1, HOLDING, 0, count, PACE) == tuple(1000 + n for n in range(count))


def test_words_of_a_reply_never_show() -> None:
    slave = Slave()
    line = rtu(lambda now, frame: [])
    with pytest.raises(NoReply) as told:
        line.write(1, 0, [0x3132] * 10, pace=PACE)
    assert "3132" not in repr(told.value) + str(told.value.facts())
    assert slave.requests == []
