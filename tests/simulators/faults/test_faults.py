"""Every fault at its hook: what it does to a meter, a line, a value or a clock.

One row or test for each name in the registry; `test_none_is_forgotten` counts them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from simulators.faults import FAULTS, Fault, FaultInvalid, FaultSet, fault_named, make
from simulators.faults.base import Layer, Piece, matches, seconds
from simulators.loads import MICRO
from simulators.serving.crc import crc
from simulators.serving.rtu import RtuEnd, frame
from tests.simulators.meters import Bench, bench, on_line

READ = bytes.fromhex("0400000002")
HONEST = on_line(bench(), 1, READ)


def fresh(name: str, **parameters: Any) -> Fault:
    """A fault that sits nowhere."""
    made = make(name, parameters)
    made.bind("7")
    return made


@pytest.fixture
def struck() -> list[str]:
    return []


def broken(fault: Fault, struck: list[str], *, model: str = "eastron-sdm120", **more: Any) -> Bench:
    """A bench with the fault on its meter, or on its line where it belongs there."""
    fault.bind("7", struck.append)
    made = bench(model, **more)
    if fault.layer is Layer.GATEWAY:
        made.line.faults = FaultSet((fault,))
    else:
        made.meter.faults = FaultSet((fault,))
    fault.begin(made.meter.place, int(made.clock()))
    return made


def fault(name: str, **parameters: Any) -> Fault:
    return make(name, parameters)


def rtu(made: Bench, pdu: bytes = READ) -> list[Piece]:
    return RtuEnd(made.line).feed(frame(1, pdu), 100.0)


def tcp(made: Bench, pdu: bytes = READ) -> tuple[list[Piece], Any]:
    header = bytes.fromhex("1234 0000") + (len(pdu) + 1).to_bytes(2, "big") + b"\x01"

    def framed(reply: bytes) -> bytes:
        return header[:4] + (len(reply) + 1).to_bytes(2, "big") + b"\x01" + reply

    pieces, effect = made.line.ask(1, pdu[0], pdu[1:], framed, header + pdu, tcp=True)
    return list(pieces), effect


# --- The wire ---------------------------------------------------------------------------------

WIRE: list[tuple[str, dict[str, Any], Callable[[bytes], bool]]] = [
    ("bit_noise", {"rate": "0.05"}, lambda got: len(got) == len(HONEST) and got != HONEST),
    ("missing_termination", {"rate": "0.05"}, lambda got: got != HONEST),
    ("junk", {"before": "00ff", "after": "aa"}, lambda got: got == b"\0\xff" + HONEST + b"\xaa"),
    ("echo", {}, lambda got: got == frame(1, READ) + HONEST),
    ("truncated", {"at": 4}, lambda got: got == HONEST[:4]),
    ("gap", {"at": 3, "pause_s": "40ms"}, lambda got: got == HONEST),
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
    pieces = rtu(broken(fault("gap", at=3, pause_s="40ms"), struck))
    assert [(len(one.data), one.delay_s) for one in pieces] == [(3, 0.0), (6, 0.04)]


def test_jabber_comes_unasked() -> None:
    one = fresh("jabber", byte="00", size=5, every_s="10ms")
    piece = one.chatter()
    assert piece == Piece(bytes(5), 0.01)


# --- The meter --------------------------------------------------------------------------------

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
    effect = made.meter.faults.effect(_ask(4, 0, count))
    assert bool(effect.exception) is refused


def _ask(function: int, addr: int, count: int) -> Any:
    from simulators.faults.base import Ask

    return Ask(1, function, addr, count)


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


# --- The data ---------------------------------------------------------------------------------


def test_words_in_another_order(struck: list[str]) -> None:
    made = broken(fault("word_order", order="CDAB"), struck)
    honest = HONEST[3:7]
    assert on_line(made, 1, READ)[3:7] == honest[2:] + honest[:2]


def test_a_wrong_prefix(struck: list[str]) -> None:
    made = broken(fault("scaled", factor="0.001", register="energy.*"), struck)
    assert made.number("energy.active.import") < 2
    assert made.number("voltage.l1n") > 200


@pytest.mark.parametrize(
    ("mark", "raw"), [("nan", "7fc00000"), ("ffff", "ffffffff"), ("zero", "00000000")]
)
def test_no_value(mark: str, raw: str, struck: list[str]) -> None:
    made = broken(fault("not_available", register="voltage.l1n", mark=mark), struck)
    assert on_line(made, 1, READ)[3:7].hex() == raw


def test_a_counter_rolls_over(struck: list[str]) -> None:
    made = broken(fault("rollover", at="100000", margin="0.5"), struck)
    assert made.number("energy.active.import") == Decimal("99999.5")
    made.clock.now += 600  # 0.6 kWh
    assert made.number("energy.active.import") == Decimal("0.1")


def test_a_counter_stands_and_steps(struck: list[str]) -> None:
    made = broken(fault("plateau", step="1"), struck)
    first = made.number("energy.active.import")
    made.clock.now += 100
    assert made.number("energy.active.import") == first == int(first)
    made.clock.now += 1000
    assert made.number("energy.active.import") == first + 1


def test_a_counter_jumps_back(struck: list[str]) -> None:
    honest = bench().number("energy.active.import")
    made = broken(fault("jump_back", by="100"), struck)
    assert made.number("energy.active.import") == honest - 100


def test_a_value_torn_between_two_moments(struck: list[str]) -> None:
    made = broken(fault("torn", register="energy.*"), struck, model="schneider-iem3155")
    made.meter.place.forward = 65_535_999 * 3600 * MICRO
    made.read("energy.active.import")
    made.clock.now += 3600
    made.meter.place.forward = 2 * 65_536_000 * 65_536 * 3600 * MICRO
    torn = made.meter.raw("energy.active.import")
    made.meter.faults = FaultSet()
    assert torn[:4] == bytes(4)
    assert torn != made.meter.raw("energy.active.import")


def test_values_that_stand_still(struck: list[str]) -> None:
    made = broken(fault("frozen"), struck)
    first = made.number("energy.active.import")
    made.clock.now += 3600
    assert made.number("energy.active.import") == first


def test_another_meter_behind_the_same_id(struck: list[str]) -> None:
    made = broken(fault("meter_swapped", serial="77000001"), struck)
    assert made.number("meter.serial") == 77000001
    assert made.number("energy.active.import") < 100


def test_another_ratio(struck: list[str]) -> None:
    made = broken(fault("ct_ratio", factor="4"), struck)
    first = made.number("energy.active.import")
    assert made.number("power.active") == 4 * 3600
    made.clock.now += 3600
    assert abs(made.number("energy.active.import") - first - Decimal("14.4")) < Decimal("0.001")


# --- Clocks -----------------------------------------------------------------------------------


def shown(fault_: Fault, *moments: str) -> list[str]:
    return [fault_.clock(datetime.fromisoformat(one)).isoformat() for one in moments]


CLOCKS = [
    ("drift", {"ppm": 1000}, ["2026-03-01T00:00:00", "2026-03-02T00:00:00"],
     ["2026-03-01T00:00:00", "2026-03-02T00:01:26.400000"]),
    ("clock_jump", {"by_s": "-1h30m"}, ["2026-03-01T00:00:00"], ["2026-02-28T22:30:00"]),
    ("clock_reset", {"to": "1970-01-01T00:00:00"}, ["2026-03-01T00:00:00", "2026-03-01T01:00:00"],
     ["1970-01-01T00:00:00", "1970-01-01T01:00:00"]),
    ("double_hour", {"at": "2026-10-25T03:00:00"}, ["2026-10-25T02:59:59", "2026-10-25T03:00:00"],
     ["2026-10-25T02:59:59", "2026-10-25T02:00:00"]),
    ("year_kept", {"year": 2026}, ["2026-12-31T23:59:59", "2027-01-01T00:00:00",
     "2028-02-29T00:00:00"], ["2026-12-31T23:59:59", "2026-01-01T00:00:00", "2026-02-28T00:00:00"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "parameters", "moments", "expected"), CLOCKS)
def test_clocks(
    name: str, parameters: dict[str, Any], moments: list[str], expected: list[str]
) -> None:
    assert shown(fresh(name, **parameters), *moments) == expected


def test_the_meter_shows_its_wrong_clock(struck: list[str]) -> None:
    made = broken(fault("clock_jump", by_s="1h"), struck, model="xintai-valve", credit=1000)
    assert made.read("clock") == datetime(2026, 3, 1, 12, 30)  # noqa: DTZ001


# --- Prepayment -------------------------------------------------------------------------------


def test_tokens_judged_as_told() -> None:
    one = fresh("token_result", result="old_error", number=1)
    assert one.judged("0" * 20) == 9
    assert one.judged("0" * 20) is None


def test_a_welded_relay_and_stuck_valves(struck: list[str]) -> None:
    made = broken(fault("relay_welded"), struck, model="hiking-dds238")
    made.write("supply.output", "off")
    made.clock.now += 5
    assert made.number("power.active") == 3600
    stuck = broken(fault("valve_stuck"), struck, model="xintai-valve", credit=10**6, size=600)
    stuck.meter.pdu(6, bytes.fromhex("001c0200"))
    stuck.clock.now += 60
    assert stuck.number("flow") > 0
    assert stuck.read("supply.output") == frozenset({"on", "valve"})
    half = broken(fault("valve_half"), struck, model="xintai-valve", credit=10**6, size=600)
    half.meter.pdu(6, bytes.fromhex("001c0200"))
    half.clock.now += 60
    assert half.number("flow") == Decimal("0.3")


def test_a_welded_relay_that_comes_loose_follows(struck: list[str]) -> None:
    one = fault("relay_welded")
    made = broken(one, struck, model="hiking-dds238")
    made.write("supply.output", "off")
    made.meter.faults = FaultSet()
    one.end(made.meter.place, int(made.clock()))
    made.clock.now += 5
    assert made.number("power.active") == 0


def test_a_relay_that_chatters(struck: list[str]) -> None:
    made = broken(fault("relay_chatter", every_s="2s"), struck, model="hiking-dds238")
    words = set()
    for _ in range(8):
        words.add(made.read("supply.output"))
        made.clock.now += 1
    assert words == {"on", "off"}


# --- Gateways ---------------------------------------------------------------------------------


def test_a_reset_connection(struck: list[str]) -> None:
    made = broken(fault("tcp_reset", number=1), struck)
    pieces, effect = tcp(made)
    assert (pieces, effect.hang_up) == ([], True)
    assert tcp(made)[0]


def test_few_clients_and_none_while_it_boots() -> None:
    assert fresh("max_clients", most=2).admits(1)
    assert not fresh("max_clients", most=2).admits(2)
    assert not fresh("reboot").admits(0)
    assert fresh("reboot").effect(_ask(4, 0, 2)).hang_up


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


# --- Sites and tampering ----------------------------------------------------------------------


def test_a_power_cut_is_staggered_and_nothing_flows(struck: list[str]) -> None:
    one = fault("power_cut", stagger_s="500ms")
    made = broken(one, struck)
    assert made.meter.place.rate(int(made.clock()) + 60) == 0
    one.end(made.meter.place, int(made.clock()) + 60)
    assert made.meter.place.rate(int(made.clock()) + 61) > 0
    assert [one.lingers(order) for order in range(3)] == [0, 0.5, 1.0]
    assert fault("brownout").lingers(5) == 0


TAMPERED: list[tuple[str, str, str, int]] = [
    # name, model, flag, what the meter still sees of 3600 W or l/h
    ("cover_open", "hiking-dds238", "cover", 3600),
    ("terminal_open", "hiking-dds238", "terminal", 3600),
    ("magnet", "hiking-dds238", "magnet", 1080),
    ("reverse_current", "hiking-dds238", "reverse", -3600),
    ("neutral_missing", "hiking-dds238", "neutral", 0),
    ("phase_missing", "schneider-iem3155", "phase_loss", 2401),
    ("phases_swapped", "gavazzi-em340", "reverse_phase", 3600),
    ("bypass", "hiking-dds238", "", 1440),
    ("reverse_flow", "xintai-valve", "reverse", -3600),
    ("empty_pipe", "xintai-valve", "empty", 0),
    ("leak", "xintai-valve", "leak", 3640),
    ("battery_low", "xintai-valve", "battery", 3600),
]


@pytest.mark.parametrize(("name", "model", "flag", "seen"), TAMPERED)
def test_tampering(name: str, model: str, flag: str, seen: int, struck: list[str]) -> None:
    one = fault(name)
    made = broken(one, struck, model=model, credit=10**7)
    place, now = made.meter.place, int(made.clock()) + 10
    assert place.rate(now) == pytest.approx(seen * MICRO, rel=0.001)
    assert (flag in place.flags) is bool(flag)
    one.end(place, now)
    assert place.rate(now + 10) == 3600 * MICRO
    assert not place.flags


def test_tampering_shows_in_registers(struck: list[str]) -> None:
    swapped = broken(fault("phases_swapped"), struck, model="gavazzi-em340")
    assert swapped.read("phase.sequence") != bench("gavazzi-em340").read("phase.sequence")
    lost = broken(fault("phase_missing"), struck, model="schneider-iem3155")
    assert lost.number("voltage.l2n") == 0
    assert lost.number("current.l2") == 0
    empty = broken(fault("empty_pipe"), struck, model="xintai-valve", credit=1000)
    assert empty.read("pipe.state") == "empty"
    battery = broken(fault("battery_low"), struck, model="xintai-valve", credit=1000)
    assert battery.read("supply.output") == frozenset({"on", "battery"})
    backwards = broken(fault("reverse_current"), struck)
    backwards.clock.now += 3600
    assert backwards.number("energy.active.export") == Decimal("3.6")


# --- The registry -----------------------------------------------------------------------------


def test_none_is_forgotten() -> None:
    """Every registered fault stands in a test of this file."""
    told = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in FAULTS if f'"{name}"' not in told] == []


def test_faults_that_make_no_sense() -> None:
    for name, parameters in (
        ("gremlins", {}),
        ("late", {"colour": "red"}),
        ("late", {"by_s": "soon"}),
        ("late", {"by_s": True}),
        ("bit_noise", {"rate": "2"}),
        ("junk", {"before": "xyz"}),
        ("collision", {"how": "sideways"}),
        ("word_order", {"order": "ACBD"}),
        ("not_available", {"mark": "none"}),
        ("rollover", {"at": "1", "margin": "2"}),
        ("plateau", {"step": "0"}),
        ("clock_reset", {"to": "2000-01-01T00:00:00+00:00"}),
        ("token_result", {"result": "fine"}),
        ("segmented", {"size": 0}),
        ("silent", {"number": "-1"}),
        ("ignores_function", {"functions": "six"}),
    ):
        with pytest.raises(FaultInvalid):
            make(name, parameters)
    with pytest.raises(FaultInvalid):
        fault_named("drift")


def test_times_and_patterns() -> None:
    assert [seconds(one) for one in ("350ms", "2s", "1h30m", "1d", "-5m")] == [
        0.35, 2, 5400, 86400, -300,
    ]  # fmt: skip
    for text in ("5", "m", "5 m", "1e3s"):
        with pytest.raises(ValueError, match=text):
            seconds(text)
    register = bench().map.registers["voltage.l1n"]
    assert [matches(one, register) for one in ("*", "voltage.*", "voltage.l1n", "volt")] == [
        True, True, True, False,
    ]  # fmt: skip


def test_the_guide_tells_every_fault_and_its_parameters() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "simulators.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1]: line for line in guide.splitlines() if line.startswith("| `")}
    for name, kind in FAULTS.items():
        told = rows[name].rpartition(" | ")[2]
        for parameter in dataclasses.fields(kind):
            assert f"`{parameter.name}`" in told or not parameter.init, (name, parameter.name)
