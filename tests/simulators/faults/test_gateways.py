"""Faults of gateways: connections, and how frames travel in them."""

from __future__ import annotations

from tests.simulators.meters import bench

from .rig import ask, broken, fault, fresh, tcp


def test_a_reset_connection(struck: list[str]) -> None:
    made = broken(fault("tcp_reset", number=1), struck)
    pieces, effect = tcp(made)
    assert (pieces, effect.hang_up) == ([], True)
    assert tcp(made)[0]


def test_few_clients_and_none_while_it_boots() -> None:
    assert fresh("max_clients", most=2).admits(1)
    assert not fresh("max_clients", most=2).admits(2)
    assert not fresh("reboot").admits(0)
    assert fresh("reboot").effect(ask(4, 0, 2)).hang_up


def test_one_behind_the_other(struck: list[str]) -> None:
    _, effect = tcp(broken(fault("slow_fifo", delay_s="250ms"), struck))
    assert (effect.delay_s, effect.hold) == (0.25, True)


def test_frames_in_another_name(struck: list[str]) -> None:
    assert tcp(broken(fault("wrong_transaction"), struck))[0][0].data[:2] == b"\x12\x35"
    assert tcp(broken(fault("unit_habit", unit=0), struck))[0][0].data[6] == 0


def test_out_of_order(struck: list[str]) -> None:
    made = broken(fault("out_of_order", by_s="50ms"), struck)
    assert [tcp(made)[0][0].delay_s for _ in range(4)] == [0.05, 0, 0.05, 0]


def test_cut_and_glued_and_repeated(struck: list[str]) -> None:
    whole = tcp(bench())[0][0].data
    cut = tcp(broken(fault("segmented", size=4), struck))[0]
    assert b"".join(piece.data for piece in cut) == whole
    assert {len(piece.data) for piece in cut[:-1]} == {4}
    glued = broken(fault("coalesced"), struck)
    assert tcp(glued)[0][0].data == whole
    assert tcp(glued)[0][0].data == whole + whole
    twice = tcp(broken(fault("repeated"), struck))[0]
    assert [piece.data for piece in twice] == [whole, whole]
