"""What a device does when it is told to, and above all what it does not."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from drivers.device.recognising import Expected
from drivers.device.supply import SupplyResting
from drivers.link import Fetched
from drivers.maps.codec import encode
from meters.device import (
    CommandNotAllowed,
    CommandParameter,
    CommandUnknown,
    NotVerified,
    Outcome,
    Warrant,
)
from meters.gateway import MeterMismatch, MeterUnreachable
from meters.readings import Value

from .fake import FakeMeter
from .rig import BOSS, Rig

TOKEN = "12345678901234567890"


def obeys(meter: FakeMeter, value: Value) -> None:
    meter.values["supply.output"] = value
    if value == "off":
        meter.values["power.active"] = Decimal(0)
        meter.values["current.l1"] = Decimal(0)


def counts(meter: FakeMeter, value: Value) -> None:
    count = meter.values["account.purchase_count"]
    assert isinstance(count, Decimal)
    meter.values["account.purchase_count"] = count + 1


def test_closing_is_done_when_it_is_read_back() -> None:
    rig = Rig()
    rig.meter.reactions["supply.command"] = obeys
    record = rig.device().command("close_supply", {}, BOSS)
    assert (record.outcome, record.detail) == (Outcome.DONE, "read_back")
    assert rig.meter.writes == [("supply.command", "off")]
    assert rig.records == [record]
    assert (record.warrant, record.at, record.params) == (BOSS, rig.clock(), {})
    assert [frame.sent for frame in record.frames][:2] == [True, False]


def test_a_valve_takes_its_time() -> None:
    rig = Rig()

    def starts(meter: FakeMeter, value: Value) -> None:
        meter.values["supply.output"] = "closing"

    rig.meter.reactions["supply.command"] = starts
    device = rig.device()
    record = device.command("close_supply", {}, BOSS)
    assert (record.outcome, record.detail) == (Outcome.UNKNOWN, "stuck:closing")
    assert rig.clock.pauses == [5.0] * 6
    assert len(rig.meter.writes) == 1


@pytest.mark.parametrize(
    ("output", "power", "outcome", "detail"),
    [
        ("on", 1000, Outcome.DECLINED, "still:on"),
        ("off", 1000, Outcome.UNKNOWN, "still_drawn"),
    ],
)
def test_a_welded_relay_is_told_and_left_alone(
    output: str, power: int, outcome: Outcome, detail: str
) -> None:
    rig = Rig()

    def welded(meter: FakeMeter, value: Value) -> None:
        meter.values["supply.output"] = output
        meter.values["power.active"] = Decimal(power)

    rig.meter.reactions["supply.command"] = welded
    device = rig.device()
    record = device.command("close_supply", {}, BOSS)
    assert (record.outcome, record.detail) == (outcome, detail)
    for _ in range(100):
        with pytest.raises(SupplyResting):
            device.command("close_supply", {}, BOSS)
    assert len(rig.meter.writes) == 1
    rig.clock.pause(61)
    device.command("close_supply", {}, BOSS)
    assert len(rig.meter.writes) == 2


def test_a_balance_around_zero_does_not_make_the_relay_chatter() -> None:
    rig = Rig()
    rig.meter.reactions["supply.command"] = obeys
    device = rig.device()
    for command in ["close_supply", "open_supply"] * 300:
        try:
            device.command(command, {}, BOSS)
        except SupplyResting:
            rig.clock.pause(0.1)
    assert len(rig.meter.writes) <= 7


@pytest.mark.parametrize("lost", ["lost_replies", "lost_writes"])
def test_a_lost_answer_is_settled_by_reading_and_never_by_sending_again(lost: str) -> None:
    rig = Rig()
    rig.meter.reactions["supply.command"] = obeys
    setattr(rig.trouble, lost, 1)
    record = rig.device().command("close_supply", {}, BOSS)
    arrived = lost == "lost_replies"
    assert record.outcome is (Outcome.DONE if arrived else Outcome.DECLINED)
    assert record.detail == ("read_back" if arrived else "still:on")
    assert len(rig.meter.writes) == int(arrived)


def test_nothing_is_sent_to_another_meter() -> None:
    rig = Rig()
    rig.meter.values["meter.serial"] = Decimal(99)
    with pytest.raises(MeterMismatch):
        rig.device().command("close_supply", {}, BOSS)
    assert rig.meter.writes == []
    assert rig.records == []


def test_what_cannot_be_reached_is_said_so() -> None:
    rig = Rig()
    rig.trouble.down = True
    with pytest.raises(MeterUnreachable):
        rig.device(expected=Expected()).command("close_supply", {}, BOSS)


@pytest.mark.parametrize(
    ("command", "params", "role", "error"),
    [
        ("make_coffee", {}, "administrator", CommandUnknown),
        ("open_supply", {}, "technician", CommandNotAllowed),
        ("close_supply", {}, "operator", CommandNotAllowed),
        ("close_supply", {}, "nobody", CommandNotAllowed),
        ("clear_energy", {}, "supervisor", CommandNotAllowed),
        ("set_unit_id", {}, "technician", CommandParameter),
        ("set_unit_id", {"new": "256"}, "technician", CommandParameter),
        ("set_unit_id", {"new": "8", "old": "7"}, "technician", CommandParameter),
        ("set_line", {"baud": "19200"}, "technician", CommandParameter),
        ("add_credit", {"amount": "1e9"}, "billing", CommandParameter),
        ("set_clock", {"time": "2026-03-01T08:00:00+01:00"}, "technician", CommandParameter),
        ("push_token", {"token": "123"}, "operator", CommandParameter),
        ("test_unverified", {}, "technician", NotVerified),
    ],
)
def test_what_may_not_be_is_refused_before_anything_is_sent(
    command: str, params: dict[str, str], role: str, error: type[Exception]
) -> None:
    rig = Rig()
    with pytest.raises(error):
        rig.device().command(command, params, Warrant("ali", role, "test"))
    with pytest.raises(error):
        rig.device().rehearse(command, params, Warrant("ali", role, "test"))
    assert rig.link.fetches == []
    assert rig.meter.writes == []


def test_a_command_needs_a_reason() -> None:
    with pytest.raises(CommandParameter):
        Rig().device().command("close_supply", {}, Warrant("ali", "administrator", " "))


def test_an_unverified_command_once_confirmed() -> None:
    rig = Rig()
    device = rig.device(confirmed=frozenset({"test_unverified"}))
    assert device.command("test_unverified", {}, BOSS).outcome is Outcome.DONE


@pytest.mark.parametrize(
    ("lost", "outcome", "detail", "arrived"),
    [
        ("", Outcome.DONE, "increment", 1),
        ("lost_replies", Outcome.DONE, "increment", 1),
        # Nobody knows whether it is still under way.
        ("lost_writes", Outcome.UNKNOWN, "not_counted:4", 0),
    ],
)
def test_a_top_up_is_settled_by_its_count(
    lost: str, outcome: Outcome, detail: str, arrived: int
) -> None:
    rig = Rig()
    rig.meter.reactions["account.top_up"] = counts
    if lost:
        setattr(rig.trouble, lost, 1)
    record = rig.device().command("add_credit", {"amount": "12.50"}, BOSS)
    assert (record.outcome, record.detail) == (outcome, detail)
    assert rig.meter.writes == [("account.top_up", Decimal("12.50"))] * arrived


def test_a_top_up_that_was_acknowledged_and_is_never_counted_is_declined() -> None:
    rig = Rig()
    rig.meter.reactions["account.top_up"] = lambda meter, value: None
    record = rig.device().command("add_credit", {"amount": "1"}, BOSS)
    assert (record.outcome, record.detail) == (Outcome.DECLINED, "no_increment")


def test_an_old_count_is_not_believed() -> None:
    """A late answer to the question before shows the count as it was: it is asked for again."""
    rig = Rig()
    rig.meter.reactions["account.top_up"] = counts
    link, late = rig.link, [Decimal(4)]
    fetch = link.fetch

    def stale(registers: Any, *more: Any, **named: Any) -> Any:
        found = dict(fetch(registers, *more, **named))
        if rig.meter.writes and late and "account.purchase_count" in found:
            raw = encode(rig.map.registers["account.purchase_count"], late.pop())
            found["account.purchase_count"] = Fetched(raw, "", 0.02)
        return found

    link.fetch = stale  # type: ignore[method-assign]
    record = rig.device().command("add_credit", {"amount": "1"}, BOSS)
    assert (record.outcome, record.detail) == (Outcome.DONE, "increment")


def test_a_top_up_whose_count_cannot_be_read_is_unknown_or_not_begun() -> None:
    rig = Rig()

    def dies(meter: FakeMeter, value: Value) -> None:
        meter.problems["account.purchase_count"] = "timeout"

    rig.meter.reactions["account.top_up"] = dies
    device = rig.device()
    record = device.command("add_credit", {"amount": "1"}, BOSS)
    assert (record.outcome, record.detail) == (Outcome.UNKNOWN, "not_counted:4")
    record = device.command("add_credit", {"amount": "1"}, BOSS)
    assert (record.outcome, record.detail) == (Outcome.DECLINED, "counter_unread")
    assert len(rig.meter.writes) == 1


def test_somebody_else_topping_up_at_the_same_moment_is_not_taken_for_us() -> None:
    rig = Rig()

    def twice(meter: FakeMeter, value: Value) -> None:
        counts(meter, value)
        counts(meter, value)

    rig.meter.reactions["account.top_up"] = twice
    record = rig.device().command("add_credit", {"amount": "1"}, BOSS)
    assert (record.outcome, record.detail) == (Outcome.UNKNOWN, "counter_jumped")


def test_the_records_hold_no_secret() -> None:
    rig = Rig()
    record = rig.device().command("push_token", {"token": TOKEN}, BOSS)
    told = repr(record) + repr(rig.device().rehearse("push_token", {"token": TOKEN}, BOSS))
    assert TOKEN not in told
    assert TOKEN.encode().hex() not in told.replace(" ", "")
    assert record.params == {"token": "***"}
    assert any("**" in frame.hex for frame in record.frames)


def test_an_unlock_that_is_not_answered_leaves_nothing_in_doubt() -> None:
    rig = Rig()
    rig.trouble.lost_replies = 1
    params = {"minutes": "30", "password": "1000"}
    record = rig.device().command("set_demand_period", params, BOSS)
    assert (record.outcome, record.detail) == (Outcome.DECLINED, "unlock_timeout")
    assert rig.written() == ["meter.password"]
    assert record.params == {"minutes": "30", "password": "***"}


def test_a_write_that_is_acknowledged_and_not_applied_is_declined() -> None:
    rig = Rig()
    rig.meter.reactions["demand.period"] = lambda meter, value: None
    params = {"minutes": "30", "password": "1000"}
    record = rig.device().command("set_demand_period", params, BOSS)
    assert (record.outcome, record.detail) == (Outcome.DECLINED, "still:15")


@pytest.mark.parametrize(
    ("refusal", "outcome", "detail"),
    [
        (("exception_3", True), Outcome.DECLINED, "exception_3"),
        (("exception_4", False), Outcome.DECLINED, "still:9600"),
    ],
)
def test_a_refusal(refusal: tuple[str, bool], outcome: Outcome, detail: str) -> None:
    rig = Rig()
    rig.trouble.refusal = refusal
    record = rig.device().command("set_line", {"baud": "2400"}, BOSS)
    assert (record.outcome, record.detail) == (outcome, detail)
    assert rig.meter.writes == []


def test_a_setting_that_waits_for_a_restart_says_so() -> None:
    rig = Rig()
    rig.meter.reactions["line.baud"] = lambda meter, value: None
    record = rig.device().command("set_line", {"baud": "2400"}, BOSS)
    assert (record.outcome, record.detail) == (Outcome.DONE, "needs_restart")


def test_an_order_that_waited_too_long_is_void() -> None:
    rig = Rig()
    rig.meter.reactions["supply.command"] = obeys
    device = rig.device()
    fetch = rig.link.fetch

    def slow(*args: object, **more: object) -> object:
        rig.clock.pause(61)
        return fetch(*args, **more)  # type: ignore[arg-type]

    rig.link.fetch = slow  # type: ignore[method-assign, assignment]
    record = device.command("close_supply", {}, BOSS)
    assert (record.outcome, record.detail) == (Outcome.DECLINED, "expired")
    assert rig.meter.writes == []


# --- The clock --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("meter", "wanted", "outcome", "detail", "writes"),
    [
        ("08:00:03", "08:00:00", Outcome.DONE, "drift_small", 0),
        ("08:01:00", "08:00:00", Outcome.DONE, "read_back", 1),
        ("07:59:30", "08:00:10", Outcome.DECLINED, "profile_boundary", 0),
        ("03:00:00", "08:00:00", Outcome.DONE, "read_back", 1),
    ],
)
def test_the_clock_is_set_with_care(
    meter: str, wanted: str, outcome: Outcome, detail: str, writes: int
) -> None:
    rig = Rig()
    rig.meter.values["clock"] = datetime.fromisoformat(f"2026-03-01 {meter}")
    record = rig.device().command("set_clock", {"time": f"2026-03-01 {wanted}"}, BOSS)
    assert (record.outcome, record.detail, len(rig.meter.writes)) == (outcome, detail, writes)


def test_the_right_time_is_meant_when_none_is_given() -> None:
    rig = Rig()
    rig.meter.values["clock"] = datetime.fromisoformat("1970-01-01 00:00:00")
    rig.clock.pause(61)
    rig.device().command("set_clock", {}, BOSS)
    assert rig.meter.values["clock"] == rig.clock().replace(tzinfo=None) - timedelta(0)


# --- Ids --------------------------------------------------------------------------------------


def moves(rig: Rig, *, answers_at: tuple[int, ...]) -> None:
    def move(meter: FakeMeter, value: Value) -> None:
        meter.values["meter.unit_id"] = value
        rig.units.pop(7)
        rig.units.update(dict.fromkeys(answers_at, meter))

    rig.meter.reactions["meter.unit_id"] = move


@pytest.mark.parametrize(
    ("answers_at", "outcome", "detail"),
    [
        ((8,), Outcome.DONE, "answers_at:8"),
        ((7,), Outcome.UNKNOWN, "still_at:7"),
        ((7, 8), Outcome.UNKNOWN, "conflict"),
        ((), Outcome.UNKNOWN, "no_answer"),
    ],
)
def test_after_a_new_id_the_meter_is_looked_for_at_both(
    answers_at: tuple[int, ...], outcome: Outcome, detail: str
) -> None:
    rig = Rig()
    moves(rig, answers_at=answers_at)
    record = rig.device().command("set_unit_id", {"new": "8"}, BOSS)
    assert (record.outcome, record.detail) == (outcome, detail)
    assert rig.meter.writes == [("meter.unit_id", Decimal(8))]


def test_an_id_that_somebody_has_is_not_given_again() -> None:
    rig = Rig()
    other = FakeMeter(rig.map, dict(rig.meter.values))
    rig.units[8] = other
    record = rig.device().command("set_unit_id", {"new": "8"}, BOSS)
    assert (record.outcome, record.detail) == (Outcome.DECLINED, "unit_taken")
    assert rig.meter.writes == []


def test_another_model_or_noise_at_the_new_id_is_not_silence() -> None:
    rig = Rig()
    rig.units[8] = FakeMeter(rig.map, {"meter.code": Decimal(1), "meter.serial": Decimal(1)})
    assert rig.device().command("set_unit_id", {"new": "8"}, BOSS).detail == "unit_taken"
    rig.units[8].problems = {"meter.code": "crc"}
    assert rig.device().command("set_unit_id", {"new": "8"}, BOSS).detail == "unit_taken"


def test_a_lost_answer_to_a_new_id_is_settled_by_who_answers_where() -> None:
    rig = Rig()
    moves(rig, answers_at=(8,))
    rig.trouble.lost_replies = 1
    record = rig.device().command("set_unit_id", {"new": "8"}, BOSS)
    assert (record.outcome, record.detail) == (Outcome.DONE, "answers_at:8")
    rig = Rig()
    rig.trouble.lost_writes = 1
    record = rig.device().command("set_unit_id", {"new": "8"}, BOSS)
    assert (record.outcome, record.detail) == (Outcome.DECLINED, "still_at:7")


# --- Asking first -----------------------------------------------------------------------------


def test_what_must_hold_before_is_asked_and_expected() -> None:
    rig = Rig(answers=[False])
    device = rig.device()
    assert device.command("clear_energy", {}, BOSS).detail == "not_agreed"
    assert device.command("clear_energy", {}, BOSS).detail == "supply.output:on"
    rig.meter.values["supply.output"] = "off"
    record = device.command("clear_energy", {}, BOSS)
    assert (record.outcome, record.detail) == (Outcome.DONE, "acknowledged")
    assert rig.asked == ["clear_energy"] * 3
    assert rig.meter.writes == [("demand.period", Decimal(10))]


def test_a_rehearsal_sends_nothing_and_shows_the_bytes() -> None:
    rig = Rig()
    told = rig.device().rehearse("set_unit_id", {"new": "8"}, BOSS)
    assert told == [
        "assert_silent unit=$new",
        "write register=meter.unit_id value=$new -> 00 08",
        "identify_at units=$new, $old",
    ]
    assert rig.link.fetches == []
