"""Faults of the meter: whether, when and how it answers."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.serving.crc import crc
from simulators.serving.rtu import frame
from tests.simulators.meters import on_line

from .rig import HONEST, READ, ask, broken, fault, rtu, tcp

WRITE = bytes.fromhex("10001400020440400000")  # unit id 3


def test_late_replies_do_not_hold_up_the_line(struck: list[str]) -> None:
    made = broken(fault("late", by_s="600ms", number=1), struck)
    (piece,) = rtu(made)
    assert (piece.data, piece.delay_s) == (HONEST, 0.6)
    assert rtu(made)[0].delay_s == 0.0
    assert struck == ["late"]


def test_slow_replies_hold_it_up(struck: list[str]) -> None:
    made = broken(fault("slow", number="0.2", jitter_s="100ms"), struck)
    _, effect = tcp(made)
    assert effect.hold
    assert 0.2 <= effect.delay_s <= 0.3


@pytest.mark.parametrize("name", ["silent", "link_down", "half_open", "restarting", "power_cut"])
def test_silence_has_not_acted(name: str, struck: list[str]) -> None:
    made = broken(fault(name), struck)
    assert rtu(made, WRITE) == []
    assert made.meter.unit == 1
    assert struck


def test_exceptions_by_range_and_number(struck: list[str]) -> None:
    made = broken(fault("exception", code=6, first=0x48, last=0x49, number=2), struck)
    assert on_line(made, 1, READ) == HONEST
    for _ in range(2):
        assert on_line(made, 1, bytes.fromhex("0400460004"))[:3] == bytes.fromhex("018406")
    assert on_line(made, 1, bytes.fromhex("0400460004"))[:2] == bytes.fromhex("0104")
    gateway = broken(fault("exception", code=0x0B, functions=[4]), struck)
    assert tcp(gateway)[0][0].data[-2:] == bytes.fromhex("840b")


@pytest.mark.parametrize(
    ("parameters", "count", "refused"),
    [
        ({"most": 10}, 10, False),
        ({"most": 10}, 12, True),
        ({"even": True, "most": 60}, 11, True),
        ({"edge": 4}, 6, True),
        ({"edge": 4}, 4, False),
    ],
)
def test_strict_blocks(
    parameters: dict[str, Any], count: int, refused: bool, struck: list[str]
) -> None:
    made = broken(fault("strict_block", **parameters), struck)
    effect = made.meter.faults.effect(ask(4, 0, count))
    assert bool(effect.exception) is refused


def test_functions_that_it_does_not_know(struck: list[str]) -> None:
    made = broken(fault("ignores_function", functions=[16]), struck)
    assert rtu(made, WRITE) == []
    assert on_line(made, 1, READ) == HONEST
    says = broken(fault("ignores_function", functions=[16], says_so=True), struck)
    assert on_line(says, 1, WRITE)[:3] == bytes.fromhex("019001")


@pytest.mark.parametrize("name", ["write_ignored", "phantom_ack"])
def test_an_acknowledgement_that_lies(name: str, struck: list[str]) -> None:
    made = broken(fault(name), struck)
    assert on_line(made, 1, WRITE) == frame(1, WRITE[:5])
    assert made.meter.unit == 1
    assert struck


def test_replies_lost_hung_up_and_writes_lost(struck: list[str]) -> None:
    for name, acted, closed in (
        ("reply_lost", True, False),
        ("hang_up", True, True),
        ("write_lost", False, False),
    ):
        made = broken(fault(name), struck)
        pieces, effect = tcp(made, WRITE)
        assert (pieces, effect.hang_up) == ([], closed)
        assert (made.meter.unit == 3) is acted
        assert tcp(made, bytes.fromhex("10001400020440800000"))[0]


def test_two_bytes_of_count_with_a_right_sum(struck: list[str]) -> None:
    got = on_line(broken(fault("two_byte_count"), struck), 1, READ)
    assert got[:4] == bytes.fromhex("01040004")
    assert crc(got[:-2]) == got[-2:]


def test_an_answer_in_another_name(struck: list[str]) -> None:
    got = on_line(broken(fault("wrong_id", unit=9), struck), 1, READ)
    assert got[0] == 9
    assert crc(got[:-2]) == got[-2:]
    assert tcp(broken(fault("wrong_id", unit=9), struck))[0][0].data[6] == 9
