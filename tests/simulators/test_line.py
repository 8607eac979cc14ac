"""A line as a wire: who answers, who is silent, and what two at one address sound like."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simulators.faults.base import Piece
from simulators.faults.counted import Silent
from simulators.faults.sets import FaultSet
from simulators.serving.crc import crc
from simulators.serving.line import Line, overlapped
from simulators.serving.rtu import GAP_S, RtuEnd, frame

from .meters import bench, on_line

READ = bytes.fromhex("0400000002")  # voltage of an SDM120


def test_a_known_frame() -> None:
    assert frame(1, READ) == bytes.fromhex("01 04 00 00 00 02 71 CB")


def test_only_who_is_meant_answers() -> None:
    made = bench(unit=7)
    answer = on_line(made, 7, READ)
    assert answer[:3] == bytes.fromhex("070404")
    assert crc(answer[:-2]) == answer[-2:]
    assert on_line(made, 8, READ) == b""


def test_a_broadcast_is_done_where_the_model_has_it_and_never_answered() -> None:
    made = bench()
    assert on_line(made, 0, READ) == b""
    assert made.line.answers == 0


@given(st.binary(max_size=20), st.data())
def test_a_request_is_found_behind_noise_and_in_pieces(noise: bytes, data: st.DataObject) -> None:
    made = bench()
    request = frame(1, READ)
    end = RtuEnd(made.line)
    stream = noise + request
    cut = data.draw(st.integers(0, len(stream)))
    pieces = end.feed(stream[:cut], 1.0) + end.feed(stream[cut:], 1.0 + GAP_S / 2)
    assert [piece.data[:3] for piece in pieces][-1:] == [bytes.fromhex("010404")]


def test_half_a_request_is_forgotten_after_a_gap() -> None:
    made = bench()
    end = RtuEnd(made.line)
    request = frame(1, READ)
    assert end.feed(request[:5], 1.0) == []
    assert len(end.feed(request, 1.0 + 2 * GAP_S)) == 1
    assert end.feed(request[:5], 2.0) == []
    assert len(end.feed(request[5:], 2.0 + GAP_S / 2)) == 1


def test_a_wrong_check_sum_is_no_request() -> None:
    made = bench()
    spoiled = bytearray(frame(1, READ))
    spoiled[-1] ^= 1
    assert RtuEnd(made.line).feed(bytes(spoiled), 1.0) == []


def test_two_at_one_id_talk_over_each_other() -> None:
    one, two = bench(), bench()
    two.meter.seed = 99
    one.line.place(1, two.meter)
    alone, other = frame(1, one.ask(4, 0, 2)), frame(1, two.ask(4, 0, 2))
    both = on_line(one, 1, READ)
    assert both == bytes(a & b for a, b in zip(alone, other, strict=True))
    assert crc(both[:-2]) != both[-2:]
    two.meter.faults = FaultSet()
    one.line.move(two.meter, 2)
    assert on_line(one, 1, READ) == alone
    assert on_line(one, 2, READ)[:1] == b"\x02"


def test_moving_onto_a_taken_id_and_away_again() -> None:
    line = Line("l")
    one, two = bench().meter, bench().meter
    line.place(1, one)
    line.place(2, two)
    line.move(one, 2)
    assert line.units == {2: two}
    assert line.twins == {2: [one]}
    line.move(two, 3)
    assert (line.units, line.twins) == ({2: one, 3: two}, {2: []})
    assert list(line.everyone()) == [one, two]


def test_a_longer_answer_stands_alone_at_its_end() -> None:
    mixed = overlapped([Piece(b"\xff\x0f")], [Piece(b"\xf0\xff\x77")])
    assert [piece.data for piece in mixed] == [b"\xf0\x0f\x77"]
    assert overlapped([], [Piece(b"a")]) == [Piece(b"a")]


def test_a_meter_at_another_speed_hears_only_noise() -> None:
    made = bench()
    made.line.strict_baud, made.line.baud = True, 9600
    assert on_line(made, 1, READ) == b""
    made.line.baud = 2400
    assert on_line(made, 1, READ) != b""
    silent = Silent(number=0)
    silent.bind("x")
    made.meter.faults = FaultSet((silent,))
    made.line.baud = 9600
    assert on_line(made, 1, READ) == b""
