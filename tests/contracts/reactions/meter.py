"""Faults of how a meter answers: late, not at all, with exceptions, with what it does not keep."""

from __future__ import annotations

from meters.device import Outcome

from ..standins import BOSS, in_memory
from .table import (
    ELECTRIC,
    RELAY,
    TWINS,
    VALVE,
    everything,
    good_and_true,
    reaction,
    read_often,
    reasons,
    resting_over,
)


@reaction("late")
def _() -> None:
    late = 0
    for by_s in (0.45, 0.55, 0.7, 0.95, 1.1, 1.6, 2.4):
        standin = in_memory(ELECTRIC)
        read_often(standin, 3)
        standin.strike("late", by_s=by_s, jitter_s=0.3)
        readings = read_often(standin, 20)
        good_and_true(standin, readings)
        late += len(reasons(readings))
    assert late > 0


@reaction("silent", "restarting")
def _() -> None:
    for name in ("silent", "restarting"):
        standin = in_memory(ELECTRIC)
        standin.strike(name)
        readings = read_often(standin, 20)
        assert good_and_true(standin, readings) == 0
        # Left alone for longer and longer: it costs the others on the line nothing.
        assert "line.resting" in reasons(readings)
        assert standin.meter.requests < 10
        standin.heal()
        resting_over(standin)
        assert good_and_true(standin, read_often(standin, 1)) == len(TWINS)


@reaction("slow")
def _() -> None:
    standin = in_memory(ELECTRIC)
    standin.strike("slow", number=0.3)
    readings = read_often(standin, 5)
    assert good_and_true(standin, readings) == len(readings)
    assert all(one.latency_ms >= 300 for one in readings)
    (state,) = standin.place.bus.state()
    # Waited for as long as it takes, and not for ever.
    assert 0.3 < state.reply_s <= 0.5


@reaction("exception")
def _() -> None:
    standin = in_memory(ELECTRIC)
    standin.strike("exception", code=6, number=1)
    readings = read_often(standin, 1)
    assert good_and_true(standin, readings) == len(readings)
    for code in (2, 3):
        standin = in_memory(ELECTRIC)
        standin.strike("exception", code=code, first=6, last=7)
        device = standin.device()
        before = standin.meter.requests
        readings = device.read(TWINS)
        # The block is split: only what the meter refuses is missing.
        assert good_and_true(standin, readings) == len(readings) - 1
        assert reasons(readings) == {f"exception_{code}"}
        first = standin.meter.requests - before
        device.read(TWINS)
        assert standin.meter.requests - before - first < first, "the refusal was learnt"
    for code in (1, 4, 10, 11):
        standin = in_memory(ELECTRIC)
        standin.strike("exception", code=code)
        readings = read_often(standin, 1)
        assert reasons(readings) == {f"exception_{code}"}


@reaction("strict_block")
def _() -> None:
    standin = in_memory(ELECTRIC)
    standin.strike("strict_block", most=2)
    names = ("voltage.l1n", "current.l1", "power.active", "power.apparent", "frequency")
    readings = read_often(standin, 3, names)
    assert good_and_true(standin, readings) >= len(readings) - len(names)
    assert good_and_true(standin, readings[-len(names) :]) == len(names)


@reaction("ignores_function")
def _() -> None:
    standin = in_memory(RELAY)
    standin.strike("ignores_function", functions=[16])
    record = standin.device().command("close_supply", {}, BOSS)
    assert (record.outcome, record.detail) == (Outcome.DECLINED, "still:on")
    standin = in_memory(RELAY)
    standin.strike("ignores_function", functions=[16], says_so=True)
    record = standin.device().command("close_supply", {}, BOSS)
    assert (record.outcome, record.detail) == (Outcome.DECLINED, "exception_1")
    assert standin.meter.place.switch.closed


@reaction("write_ignored", "phantom_ack")
def _() -> None:
    for name in ("write_ignored", "phantom_ack"):
        standin = in_memory(RELAY)
        standin.strike(name)
        record = standin.device().command("close_supply", {}, BOSS)
        assert (record.outcome, record.detail) == (Outcome.DECLINED, "still:on")
        # A top-up that was acknowledged and lost shows in the balance.
        standin = in_memory(VALVE, credit=5000)
        standin.strike(name)
        device = standin.device(confirmed=everything(standin))
        record = device.command("set_credit", {"volume": "8"}, BOSS)
        assert record.outcome is Outcome.DECLINED
        assert record.detail.startswith("still:")


@reaction("two_byte_count")
def _() -> None:
    standin = in_memory(ELECTRIC)
    standin.strike("two_byte_count")
    readings = read_often(standin, 2)
    assert good_and_true(standin, readings) == 0
    assert "byte_count" in reasons(readings)


@reaction("wrong_id")
def _() -> None:
    standin = in_memory(ELECTRIC)
    standin.strike("wrong_id")
    readings = read_often(standin, 2)
    assert good_and_true(standin, readings) == 0
    assert "wrong_unit" in reasons(readings)
