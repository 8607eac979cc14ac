"""The fault catalogue against the driver, on a virtual clock: for every fault of the simulators
what the head-end must make of it. A row is a function; the name says which fault it is about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import pytest

from drivers.device.diagnosis import Trouble, troubles
from drivers.device.supply import SupplyResting
from drivers.maps.counters import Advance, Doubt, Suspicious, Trail
from drivers.opening import ModbusPlace
from drivers.outage import Silence, outages
from drivers.scan import Presence, scan
from meters.device import Outcome
from meters.gateway import MeterMismatch, MeterUnreachable, PushAccepted, PushRefused
from meters.readings import Quality, Reading
from meters.verdicts import TokenResult
from simulators.payment_meter import PaymentMeter
from tests.drivers.device.models import made_up
from tests.simulators.support import ALIEN_KEY, MADE, Mint
from vending.messages import Language, verdict_words

from .standins import BOSS, START, UNIT, Standin, in_memory
from .storms import Run, Storm

REACTIONS: Final[dict[str, Callable[[], None]]] = {}

ELECTRIC: Final = "eastron-sdm120"
RELAY: Final = "hiking-dds238"
VALVE: Final = "xintai-valve"
TWINS: Final = ("voltage.l1n", "current.l1", "power.active", "frequency")
"""Values that are far apart, so that one taken for another shows."""


def reaction(*faults: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """This is what the head-end makes of these faults."""

    def register(function: Callable[[], None]) -> Callable[[], None]:
        for name in faults:
            assert name not in REACTIONS, name
            REACTIONS[name] = function
        return function

    return register


def everything(standin: Standin) -> frozenset[str]:
    return frozenset(standin.map.registers) | frozenset(standin.map.commands)


def modbus(standin: Standin) -> ModbusPlace:
    assert isinstance(standin.place, ModbusPlace)
    return standin.place


def good_and_true(standin: Standin, readings: list[Reading]) -> int:
    """How many are GOOD; each of these must be the truth, within a meter's resolution."""
    good = [one for one in readings if one.quality is Quality.GOOD]
    for one in good:
        truth = standin.meter.get(one.name)
        assert isinstance(truth, Decimal)
        assert isinstance(one.value, Decimal)
        assert abs(one.value - truth) <= max(abs(truth) / 100, Decimal("0.6")), one
    return len(good)


def reasons(readings: list[Reading]) -> set[str]:
    return {one.reason for one in readings if one.quality is not Quality.GOOD}


def read_often(standin: Standin, times: int, names: tuple[str, ...] = TWINS) -> list[Reading]:
    device = standin.device(confirmed=everything(standin))
    found: list[Reading] = []
    for _ in range(times):
        try:
            found += device.read(names)
        except MeterUnreachable as error:
            found += [_unread(name, error.reason) for name in names]
        # The line itself rests as long as it says.
        standin.pause(1)
    return found


def _unread(name: str, reason: str) -> Reading:
    return Reading(name, None, "", "", Quality.BAD, reason, START, 0, "", "")


def resting_over(standin: Standin) -> None:
    standin.pause(301)


# --- Wire -------------------------------------------------------------------------------------


@reaction("bit_noise")
def _() -> None:
    standin = in_memory(ELECTRIC)
    standin.strike("bit_noise", rate=2e-3)
    readings = read_often(standin, 100)
    good = good_and_true(standin, readings)
    assert 0 < good < len(readings)
    assert reasons(readings) & {"crc", "truncated"}
    assert standin.place.bus.counts["crc"] > 5


@reaction("missing_termination")
def _() -> None:
    standin = in_memory(ELECTRIC)
    standin.line.baud = 38_400
    standin.strike("missing_termination", rate=1e-4)
    readings = read_often(standin, 60)
    assert good_and_true(standin, readings) > 0
    assert Trouble.SPOILT in troubles(standin.place.bus.counts)
    slower = in_memory(ELECTRIC)
    slower.line.baud = 2400
    slower.strike("missing_termination", rate=1e-4)
    read_often(slower, 60)
    assert troubles(slower.place.bus.counts) == []


@reaction("junk")
def _() -> None:
    for before, after in (("00", ""), ("ff", ""), ("", "00ff"), ("070300", "07")):
        standin = in_memory(ELECTRIC)
        standin.strike("junk", before=before, after=after)
        readings = read_often(standin, 10)
        assert good_and_true(standin, readings) == len(readings), (before, after)


@reaction("echo")
def _() -> None:
    standin = in_memory(RELAY)
    standin.strike("echo")
    readings = read_often(standin, 5)
    assert good_and_true(standin, readings) == len(readings)
    record = standin.device(confirmed=everything(standin)).command("close_supply", {}, BOSS)
    assert record.outcome is Outcome.DONE
    assert not standin.meter.place.switch.closed


@reaction("truncated")
def _() -> None:
    standin = in_memory(ELECTRIC)
    standin.strike("truncated", at=4)
    readings = read_often(standin, 3)
    assert good_and_true(standin, readings) == 0
    assert "truncated" in reasons(readings)
    standin.heal()
    resting_over(standin)
    assert good_and_true(standin, read_often(standin, 1)) == len(TWINS)


@reaction("gap")
def _() -> None:
    for pause_s in (0.03, 0.09):
        standin = in_memory(ELECTRIC)
        standin.strike("gap", at=3, pause_s=pause_s)
        readings = read_often(standin, 10)
        assert good_and_true(standin, readings) == len(readings), pause_s


@reaction("jabber")
def _() -> None:
    standin = in_memory(ELECTRIC)
    standin.strike("jabber")
    assert standin.memory is not None
    for tick in range(1500):
        standin.memory.inject(bytes(16), tick * 0.02)
    readings = read_often(standin, 8)
    assert good_and_true(standin, readings) == 0
    assert "line.busy" in reasons(readings)
    assert Trouble.JABBER in troubles(standin.place.bus.counts)
    standin.heal()
    standin.pause(60)
    assert good_and_true(standin, read_often(standin, 1)) == len(TWINS)


@reaction("wrong_baud")
def _() -> None:
    standin = in_memory(ELECTRIC)
    standin.strike("wrong_baud")
    readings = read_often(standin, 30)
    assert good_and_true(standin, readings) == 0
    place = modbus(standin)
    knocked = [place.knock(str(UNIT)) for _ in range(10)]
    assert "" not in knocked
    assert Trouble.SETTINGS in troubles(standin.place.bus.counts)


@reaction("collision")
def _() -> None:
    for how in ("merge", "append"):
        standin = in_memory(ELECTRIC)
        standin.strike("collision", how=how)
        readings = read_often(standin, 5)
        assert good_and_true(standin, readings) == 0
        assert reasons(readings) & {"conflict", "crc"}
        (found,) = scan(modbus(standin), [str(UNIT)], [standin.map], standin.now)
        assert found.presence is Presence.CONFLICT, how


# --- Meter ------------------------------------------------------------------------------------


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


@reaction("silent", "link_down", "restarting")
def _() -> None:
    for name in ("silent", "link_down", "restarting"):
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


# --- Data -------------------------------------------------------------------------------------


@reaction("word_order")
def _() -> None:
    standin = in_memory(ELECTRIC)
    standin.strike("word_order", order="CDAB")
    readings = read_often(standin, 1, ("voltage.l1n", "frequency"))
    assert not any(one.quality is Quality.GOOD for one in readings)
    assert not all(check.holds for check in standin.device().wiring())


@reaction("scaled")
def _() -> None:
    standin = in_memory(ELECTRIC)
    standin.strike("scaled", factor="0.001", register="power.*")
    checks = {check.name: check.holds for check in standin.device().wiring()}
    assert False in checks.values()


@reaction("not_available")
def _() -> None:
    standin = in_memory(ELECTRIC)
    standin.strike("not_available", register="voltage.l1n", mark="nan")
    voltage, current, *_ = read_often(standin, 1)
    assert (voltage.quality, voltage.value) == (Quality.BAD, None)
    assert current.quality is Quality.GOOD
    standin = in_memory(ELECTRIC)
    standin.strike("not_available", register="voltage.l1n", mark="zero")
    voltage, *_ = read_often(standin, 1)
    assert (voltage.quality, voltage.reason) == (Quality.SUSPECT, "out_of_range")


def trail(standin: Standin, name: str, most_per_hour: int = 3) -> Trail:
    return Trail(standin.map.registers[name], Decimal(most_per_hour))


def one_reading(standin: Standin, name: str) -> Reading:
    return standin.device(confirmed=everything(standin)).read([name])[0]


@reaction("rollover")
def _() -> None:
    # Of a model whose counter has six digits and two decimals.
    standin = in_memory("", meter_map=made_up())
    name = "energy.active.import"
    register = standin.map.registers[name]
    assert register.rollover is not None
    standin.strike("rollover", register=name, at=str(register.rollover), margin="0.5")
    counted, seen = Decimal(0), trail(standin, name)
    rolled = False
    for _ in range(5):
        seen, verdict = seen.take(one_reading(standin, name))
        if verdict is not None:
            assert isinstance(verdict, Advance)
            assert 0 <= verdict.delta < 1
            counted += verdict.delta
            rolled = rolled or verdict.rolled
        standin.pause(900)
    assert rolled
    assert abs(counted - 1) < Decimal("0.05")


@reaction("plateau")
def _() -> None:
    standin = in_memory(ELECTRIC)
    name = "energy.active.import"
    standin.strike("plateau", register=name, step="0.125")
    seen = trail(standin, name)
    deltas = []
    for _ in range(30):
        seen, verdict = seen.take(one_reading(standin, name))
        if verdict is not None:
            # Standing still is no doubt, and no stopped meter: it steps, and loses nothing.
            assert isinstance(verdict, Advance)
            deltas.append(verdict.delta)
        standin.pause(240)
    assert 0 in deltas
    assert abs(sum(deltas) - Decimal("1.93")) < Decimal("0.2")


@reaction("jump_back")
def _() -> None:
    standin = in_memory(ELECTRIC)
    name = "energy.active.import"
    seen, _ = trail(standin, name).take(one_reading(standin, name))
    standin.pause(900)
    standin.strike("jump_back", register=name, by="100")
    seen, verdict = seen.take(one_reading(standin, name))
    assert isinstance(verdict, Suspicious)
    assert verdict.doubt is Doubt.BACK
    # Nothing is billed until somebody has looked, not even when the count goes on.
    standin.pause(900)
    _, verdict = seen.take(one_reading(standin, name))
    assert isinstance(verdict, Suspicious)
    assert verdict.doubt is Doubt.UNCONFIRMED


@reaction("torn")
def _() -> None:
    standin = in_memory(RELAY)
    name = "energy.active.import"
    standin.meter.place.forward = 655 * 1000 * 3600 * 10**6
    seen, _ = trail(standin, name).take(one_reading(standin, name))
    standin.strike("torn", register=name)
    doubts = []
    for _ in range(8):
        standin.pause(900)
        seen, verdict = seen.take(one_reading(standin, name))
        doubts.append(isinstance(verdict, Suspicious))
    # 655.36 is where the upper half should have moved and has not.
    assert any(doubts)


@reaction("frozen")
def _() -> None:
    standin = in_memory(VALVE)
    standin.strike("frozen")
    device = standin.device(confirmed=everything(standin))
    assert device.read(["volume.forward"])[0].quality is Quality.GOOD
    standin.pause(60)
    (reading,) = device.read(["volume.forward"])
    assert (reading.quality, reading.reason) == (Quality.SUSPECT, "stale")


@reaction("meter_swapped")
def _() -> None:
    standin = in_memory(ELECTRIC)
    expected = standin.expected()
    device = standin.device(expected=expected, identity_every=timedelta(minutes=15))
    device.read(["energy.active.import"])
    standin.strike("meter_swapped")
    standin.pause(900)
    with pytest.raises(MeterMismatch):
        device.read(["energy.active.import"])
    with pytest.raises(MeterMismatch):
        device.command("set_pulse_width", {"ms": "60"}, BOSS)


@reaction("ct_ratio")
def _() -> None:
    standin = in_memory(ELECTRIC)
    name = "energy.active.import"
    seen, _ = trail(standin, name).take(one_reading(standin, name))
    standin.strike("ct_ratio", factor="4")
    one_reading(standin, name)
    standin.pause(7200)
    _, verdict = seen.take(one_reading(standin, name))
    assert isinstance(verdict, Suspicious)
    assert verdict.doubt is Doubt.TOO_MUCH


# --- Time -------------------------------------------------------------------------------------


@reaction("drift")
def _() -> None:
    standin = in_memory(VALVE)
    standin.strike("drift", ppm=200)
    device = standin.device(confirmed=everything(standin))
    device.read_clock()
    standin.pause(86_400)
    drift = device.read_clock().drift.total_seconds()
    assert 16 < drift < 18.5


@reaction("clock_jump", "clock_reset", "double_hour", "year_kept")
def _() -> None:
    wrong: dict[str, dict[str, object]] = {
        "clock_jump": {"by_s": 3600.0},
        "clock_reset": {"to": "1970-01-01T00:00:00"},
        "double_hour": {"at": "2026-03-01T08:00:00"},
        "year_kept": {"year": 2025},
    }
    for name, parameters in wrong.items():
        standin = in_memory(VALVE)
        standin.strike(name, **parameters)
        device = standin.device(confirmed=everything(standin))
        drift = device.read_clock().drift
        assert abs(drift) > timedelta(minutes=59), name
        # Far off is set at once; this meter does not keep it, and that is told.
        record = device.command("set_clock", {}, BOSS)
        assert record.outcome is Outcome.DECLINED, name
        assert record.detail.startswith("still:"), name
        standin.heal()
        assert isinstance(device.read(["clock"])[0].value, datetime)


# --- Prepayment -------------------------------------------------------------------------------


@reaction("reply_lost", "hang_up", "write_lost")
def _() -> None:
    for name, arrives in (("reply_lost", True), ("hang_up", True), ("write_lost", False)):
        standin = in_memory(RELAY)
        standin.strike(name)
        record = standin.device().command("close_supply", {}, BOSS)
        assert record.outcome is (Outcome.DONE if arrives else Outcome.DECLINED), name
        assert standin.meter.place.switch.closed is not arrives
        writes = [one for one in record.frames if one.sent and one.hex[3:5] == "10"]
        assert len(writes) == 1, name


def sunny() -> Run:
    """A payment meter on a line without a cloud."""
    run = Run(1)
    run.storm = Storm(run.storm.chance, 0, 0, 0, 0, 0, 0)
    return run


@reaction("token_result")
def _() -> None:
    run, mint = sunny(), Mint()
    token = mint.energy(500)
    assert isinstance(run.gateway.push_token(token), PushAccepted)
    wrong = {
        token: TokenResult.USED_ERROR,
        mint.energy(100, tid=MADE - 1): TokenResult.OLD_ERROR,
        Mint(ALIEN_KEY).energy(100): TokenResult.CRC_ERROR,
        "9" * 20: TokenResult.FORMAT_ERROR,
    }
    for digits, result in wrong.items():
        assert run.gateway.push_token(digits) == PushRefused(result)
        assert verdict_words(result, Language.ARABIC)
        assert verdict_words(result, Language.ENGLISH)
    meter: PaymentMeter = run.meter
    assert meter.memory.tokens_accepted == 1


@reaction("relay_welded", "valve_stuck", "valve_half")
def _() -> None:
    for name, model in (
        ("relay_welded", RELAY),
        ("valve_stuck", VALVE),
        ("valve_half", VALVE),
    ):
        standin = in_memory(model)
        standin.strike(name)
        device = standin.device(confirmed=everything(standin))
        record = device.command("close_supply", {}, BOSS)
        assert record.outcome is not Outcome.DONE, name
        # A valve that knows that it is faulty says so: `still:on,valve`.
        assert record.detail.startswith(("still:on", "still_drawn", "stuck:moving")), record.detail
        writes = standin.meter.requests
        for _ in range(50):
            with pytest.raises(SupplyResting):
                device.command("close_supply", {}, BOSS)
        assert standin.meter.requests == writes, "no storm of orders"


@reaction("relay_chatter")
def _() -> None:
    standin = in_memory(RELAY)
    standin.strike("relay_chatter")
    device = standin.device()
    orders = 0
    for number in range(600):
        try:
            device.command(("close_supply", "open_supply")[number % 2], {}, BOSS)
            orders += 1
        except SupplyResting:
            standin.pause(0.5)
    assert orders < 32


# --- Sites and tampering ----------------------------------------------------------------------


@reaction("power_cut", "brownout")
def _() -> None:
    for name in ("power_cut", "brownout"):
        silences = []
        for number in range(5):
            standin = in_memory(ELECTRIC)
            standin.strike(name)
            (reading,) = read_often(standin, 1, ("voltage.l1n",))
            silent = reading.reason in ("no_reply", "timeout")
            since = START + timedelta(seconds=number) if silent else None
            silences.append(Silence(str(number), "feeder north", since))
        (event,) = outages(silences)
        assert event.whole
        assert len(event.meters) == 5


FLAGGED: Final = {
    "cover_open": "cover",
    "terminal_open": "terminal",
    "magnet": "magnet",
    "reverse_current": "reverse",
    "reverse_flow": "reverse",
    "neutral_missing": "neutral",
    "phase_missing": "phase_loss",
    "phases_swapped": "reverse_phase",
    "empty_pipe": "empty",
    "leak": "leak",
    "battery_low": "battery",
}


@reaction(*FLAGGED)
def _() -> None:
    for name, flag in FLAGGED.items():
        standin = in_memory("", meter_map=made_up())
        device = standin.device()
        assert device.flags() == frozenset(), name
        standin.strike(name)
        assert flag in device.flags(), name
        standin.heal()
        assert device.flags() == frozenset(), name
    # A model without flags shows it in its readings.
    standin = in_memory(RELAY)
    standin.strike("reverse_current")
    checks = {check.name: check.holds for check in standin.device().wiring()}
    assert checks["direction"] is False


@reaction("bypass")
def _() -> None:
    # No flag: the meter sees less than its feeder. What is seen is true, and less than before.
    standin = in_memory(ELECTRIC)
    (before,) = read_often(standin, 1, ("power.active",))
    standin.strike("bypass", passing=400)
    (after,) = read_often(standin, 1, ("power.active",))
    assert isinstance(before.value, Decimal)
    assert isinstance(after.value, Decimal)
    assert after.value < before.value / 2
