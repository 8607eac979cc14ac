"""Faults of gateways and of connections, on real sockets, and what the head-end makes of them. The
others are in tests/contracts, on a virtual clock."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Final

import pytest

from meters.device import Outcome
from meters.gateway import MeterUnreachable
from meters.readings import Quality, Reading
from simulators.faults.base import Layer
from simulators.faults.registry import FAULTS
from tests.contracts.reactions import TWINS, good_and_true, read_often, reasons
from tests.contracts.standins import BOSS, Standin, served

pytestmark = pytest.mark.system

ELECTRIC: Final = "eastron-sdm120"
RELAY: Final = "hiking-dds238"
REACTIONS: Final[dict[str, Callable[[], None]]] = {}


def reaction(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def register(function: Callable[[], None]) -> Callable[[], None]:
        REACTIONS[name] = function
        return function

    return register


def reads_all(standin: Standin, times: int = 3) -> None:
    readings = read_quickly(standin, times)
    assert good_and_true(standin, readings) == len(readings), reasons(readings)


def read_quickly(standin: Standin, times: int = 3, names: tuple[str, ...] = TWINS) -> list[Reading]:
    standin.pause = lambda seconds: None
    return read_often(standin, times, names)


def comes_back(standin: Standin) -> None:
    """Tried again less and less often, within half a minute at most."""
    device = standin.device()
    for _ in range(300):
        try:
            device.identify()
            return
        except MeterUnreachable:
            time.sleep(0.1)
    raise AssertionError("never came back")


@reaction("tcp_reset")
def _() -> None:
    with served(ELECTRIC, "tcp") as standin:
        reads_all(standin, 1)
        standin.strike("tcp_reset", number=1)
        # A kept connection that is dropped on a read is opened anew: reading twice changes nothing.
        reads_all(standin, 2)
    for executed in (True, False):
        with served(RELAY, "tcp") as standin:
            device = standin.device()
            device.identify()
            standin.strike("hang_up" if executed else "write_lost")
            record = device.command("close_supply", {}, BOSS)
            assert record.outcome is (Outcome.DONE if executed else Outcome.DECLINED)
            assert standin.meter.place.switch.closed is not executed


@reaction("half_open")
def _() -> None:
    with served(ELECTRIC, "tcp") as standin:
        reads_all(standin, 1)
        standin.strike("half_open")
        readings = read_quickly(standin, 4)
        assert good_and_true(standin, readings) == 0
        standin.heal()
        device = standin.device()
        assert device.identify().serial == standin.meter.serial


@reaction("max_clients")
def _() -> None:
    with served(ELECTRIC, "tcp") as standin:
        standin.strike("max_clients", most=1)
        assert standin.stand is not None
        with socket.create_connection(("127.0.0.1", standin.stand.port)):
            readings = read_quickly(standin, 1)
            assert good_and_true(standin, readings) == 0
        # The other one has left, and there is room again.
        comes_back(standin)
        reads_all(standin, 1)


@reaction("slow_fifo")
def _() -> None:
    with served(ELECTRIC, "tcp") as standin:
        standin.strike("slow_fifo", delay_s=0.2)
        reads_all(standin, 2)


@reaction("wrong_transaction")
def _() -> None:
    with served(ELECTRIC, "tcp") as standin:
        reads_all(standin, 1)
        standin.strike("wrong_transaction", number=1)
        readings = read_quickly(standin, 3)
        # Never taken for the right one; the others are.
        assert 0 < good_and_true(standin, readings) < len(readings)


@reaction("unit_habit")
def _() -> None:
    with served(ELECTRIC, "tcp") as standin:
        standin.strike("unit_habit", unit=255)
        readings = read_quickly(standin, 1)
        # Whoever does not say who he is, is not believed.
        assert good_and_true(standin, readings) == 0


@reaction("out_of_order")
def _() -> None:
    with served(ELECTRIC, "tcp") as standin:
        standin.strike("out_of_order", by_s=0.05)
        # One request at a time: nothing is there that could be overtaken.
        reads_all(standin, 3)


@reaction("reboot")
def _() -> None:
    with served(ELECTRIC, "tcp") as standin:
        reads_all(standin, 1)
        fault = standin.strike("reboot")
        readings = read_quickly(standin, 2)
        assert good_and_true(standin, readings) == 0
        assert fault.layer is Layer.GATEWAY
        standin.heal()
        comes_back(standin)


@reaction("segmented")
def _() -> None:
    for how in ("tcp", "rtu-tcp"):
        with served(ELECTRIC, how) as standin:
            standin.strike("segmented", size=2, pause_s=0.005)
            reads_all(standin, 2)


@reaction("coalesced")
def _() -> None:
    with served(ELECTRIC, "tcp") as standin:
        standin.strike("coalesced")
        # The number of the request tells which of the two is meant.
        reads_all(standin, 3)
    with served(ELECTRIC, "rtu-tcp") as standin:
        standin.strike("coalesced")
        # Blocks of other lengths tell themselves apart.
        reads_all(standin, 3)
    with served(ELECTRIC, "rtu-tcp") as standin:
        standin.strike("coalesced")
        readings = read_quickly(standin, 3, ("voltage.l1n",))
        # Of the same length it is not guessed which one is meant; the first has none before it.
        assert 0 < good_and_true(standin, readings) < len(readings)
        assert "conflict" in reasons(readings)


@reaction("repeated")
def _() -> None:
    with served(ELECTRIC, "tcp") as standin:
        standin.strike("repeated", after_s=0.02)
        reads_all(standin, 5)
    with served(ELECTRIC, "rtu-tcp") as standin:
        standin.strike("repeated", after_s=0.02)
        readings = read_quickly(standin, 5)
        # Some are lost to a reply that nobody expects; none is taken for another.
        assert good_and_true(standin, readings) > 0
        assert len(readings) == 5 * len(TWINS)


def test_every_fault_of_gateways_has_an_expected_reaction() -> None:
    assert {name for name, kind in FAULTS.items() if kind.layer is Layer.GATEWAY} == set(REACTIONS)


@pytest.mark.parametrize("name", sorted(REACTIONS))
def test_reaction(name: str) -> None:
    REACTIONS[name]()


@pytest.mark.parametrize("how", ["rtu-tcp", "pty"])
@pytest.mark.parametrize(
    ("fault", "parameters"),
    [("junk", {"before": "00ff"}), ("gap", {"size": 3, "pause_s": 0.05}), ("echo", {})],
)
def test_what_the_framer_outlives_on_a_real_line(
    how: str, fault: str, parameters: dict[str, object]
) -> None:
    with served(ELECTRIC, how) as standin:
        standin.strike(fault, **parameters)
        reads_all(standin, 2)


def test_a_late_reply_on_a_real_line_is_never_another_value() -> None:
    with served(ELECTRIC, "pty") as standin:
        reads_all(standin, 1)
        standin.strike("late", by_s=0.65, jitter_s=0.3, number=6)
        readings = read_quickly(standin, 6)
        good_and_true(standin, readings)
        assert any(one.quality is Quality.BAD for one in readings)
