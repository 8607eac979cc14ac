"""Faults of the wire: what becomes of the bytes of a reply."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulators.faults import FAULTS
from simulators.faults.base import Layer, Piece
from simulators.serving.crc import crc
from simulators.serving.rtu import frame

from .rig import HONEST, READ, broken, fault, fresh, rtu, tcp

WIRE: list[tuple[str, dict[str, Any], Callable[[bytes], bool]]] = [
    ("bit_noise", {"rate": "0.05"}, lambda got: len(got) == len(HONEST) and got != HONEST),
    ("missing_termination", {"rate": "0.05"}, lambda got: got != HONEST),
    ("junk", {"before": "00ff", "after": "aa"}, lambda got: got == b"\0\xff" + HONEST + b"\xaa"),
    ("echo", {}, lambda got: got == frame(1, READ) + HONEST),
    ("truncated", {"size": 4}, lambda got: got == HONEST[:4]),
    ("gap", {"size": 3, "pause_s": "40ms"}, lambda got: got == HONEST),
    ("jabber", {}, lambda got: len(got) == len(HONEST) and got != HONEST),
    ("wrong_baud", {"ratio": "0.5"}, lambda got: len(got) == 2 * len(HONEST)),
    ("collision", {"how": "append"}, lambda got: got[:9] == HONEST and crc(got[9:-2]) == got[-2:]),
    ("collision", {"how": "merge"}, lambda got: len(got) == 9 and crc(got[:-2]) != got[-2:]),
]


@pytest.mark.parametrize(("name", "parameters", "as_it_should"), WIRE)
def test_wire(
    name: str, parameters: dict[str, Any], as_it_should: Callable[[bytes], bool], struck: list[str]
) -> None:
    made = broken(fault(name, **parameters), struck)
    got = b"".join(piece.data for piece in rtu(made))
    assert as_it_should(got), got.hex()
    assert struck
    assert [FAULTS[name].layer] == [Layer.WIRE]


@pytest.mark.parametrize("name", ["bit_noise", "truncated", "jabber", "wrong_baud", "collision"])
def test_a_gateway_hides_a_spoiled_frame_behind_an_exception(name: str, struck: list[str]) -> None:
    parameters = {"rate": "0.05"} if name == "bit_noise" else {}
    made = broken(fault(name, **parameters), struck)
    pieces, _ = tcp(made)
    assert [piece.data for piece in pieces] == [bytes.fromhex("1234 0000 0003 01 84 0b")]


def test_noise_is_the_same_for_a_seed_and_rare_when_told_so(struck: list[str]) -> None:
    runs = []
    for _ in range(2):
        made = broken(fault("bit_noise", rate="0.01"), struck)
        runs.append([b"".join(p.data for p in rtu(made)) for _ in range(50)])
    assert runs[0] == runs[1]
    assert any(one != HONEST for one in runs[0])
    assert any(one == HONEST for one in runs[0])


def test_a_missing_terminator_is_worse_at_speed() -> None:
    one = fault("missing_termination", rate="1e-4")
    assert one.rate_at(19200) == 4 * one.rate_at(9600)  # type: ignore[attr-defined]


def test_a_gap_is_a_pause(struck: list[str]) -> None:
    pieces = rtu(broken(fault("gap", size=3, pause_s="40ms"), struck))
    assert [(len(one.data), one.delay_s) for one in pieces] == [(3, 0.0), (6, 0.04)]


def test_jabber_comes_unasked() -> None:
    one = fresh("jabber", byte="00", size=5, every_s="10ms")
    piece = one.chatter()
    assert piece == Piece(bytes(5), 0.01)
