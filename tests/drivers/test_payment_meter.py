"""The Modbus driver when the wire misbehaves: one write, honest outcomes, no token told.

The other end is a scripted socket of the test's own, or the simulator with a fault.
"""

from __future__ import annotations

import logging
import socket
import struct
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.lines import Declined, NoReply
from drivers.maps.errors import RegisterContent
from drivers.maps.model import Table
from drivers.modbus import PaymentMeterGateway, open_payment_meter
from drivers.modbus.payment_meter import UnitInvalid
from drivers.modbus.pdu import EXCEPTIONS
from drivers.modbus.tcp import ModbusTcpLine
from meters.errors import RaseedError
from meters.gateway import (
    MeterUnreachable,
    PushAccepted,
    PushRefused,
    PushUnknown,
    token_fingerprint,
)
from meters.verdicts import TokenResult
from simulators.faults import fault_named
from tests import examples
from tests.simulators.support import (
    ELECTRICITY,
    WATER,
    Clock,
    Mint,
    Running,
    meter_row,
    running,
    world,
)

from .scripted import Raw, Script, ScriptedMeter, empty_log, reading

pytestmark = pytest.mark.system

TIMEOUT_S = 0.2
TOKEN = Mint().energy(500)
WRITE = 16


@contextmanager
def scripted(on_write: Script) -> Iterator[tuple[PaymentMeterGateway, ScriptedMeter]]:
    """Reads are answered from an empty meter; a write as `on_write` says."""
    meter = ScriptedMeter(
        lambda pdu: on_write(pdu) if pdu[0] == WRITE else reading(pdu, empty_log())
    )
    gateway = open_payment_meter("127.0.0.1", meter.port, 1, ELECTRICITY, Clock(), TIMEOUT_S)
    try:
        yield gateway, meter
    finally:
        gateway.close()
        meter.close()


@contextmanager
def simulated(
    fault: str = "none", number: str = ""
) -> Iterator[tuple[PaymentMeterGateway, Running]]:
    with running(world(meter_row(1, ELECTRICITY)), Clock()) as simulator:
        hosted = simulator.simulator.meters[ELECTRICITY]
        simulator.call(lambda: setattr(hosted, "fault", fault_named(fault, number)))
        gateway = open_payment_meter(
            "127.0.0.1", simulator.port, 1, ELECTRICITY, Clock(), TIMEOUT_S
        )
        try:
            yield gateway, simulator
        finally:
            gateway.close()


def frames(simulator: Running) -> dict[int, int]:
    return dict(simulator.simulator.meters[ELECTRICITY].frames)


def test_one_write_is_one_frame_also_when_no_answer_comes() -> None:
    with scripted(lambda _: None) as (gateway, meter):
        assert isinstance(gateway.push_token(TOKEN), PushUnknown)
        assert meter.functions == [4, WRITE]
        assert meter.frames[1][7:] == bytes.fromhex("10 0100 000a 14") + TOKEN.encode()


@pytest.mark.parametrize(
    ("fault", "in_log"), [("reply_lost", True), ("hang_up", True), ("write_lost", False)]
)
def test_the_simulator_sees_one_write_and_the_log_settles_it(fault: str, in_log: bool) -> None:
    with simulated(fault) as (gateway, simulator):
        outcome = gateway.push_token(TOKEN)
        assert isinstance(outcome, PushUnknown)
        assert frames(simulator) == {4: 1, WRITE: 1}
        assert bool(gateway.read_token_log()) == in_log
        assert gateway.read_account().tokens_accepted == in_log
        assert frames(simulator)[WRITE] == 1


def test_a_pushed_token_costs_three_requests_and_an_account_one() -> None:
    with simulated() as (gateway, simulator):
        assert gateway.push_token(TOKEN) == PushAccepted(TokenResult.ACCEPT)
        assert frames(simulator) == {4: 2, WRITE: 1}
        gateway.read_account()
        assert frames(simulator) == {4: 3, WRITE: 1}


def test_connection_refused_is_unreachable_and_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    gateway = open_payment_meter("127.0.0.1", port, 1, ELECTRICITY, Clock(), TIMEOUT_S)
    for operation in (gateway.read_account, gateway.read_token_log):
        with pytest.raises(MeterUnreachable):
            operation()
    with pytest.raises(MeterUnreachable):
        gateway.push_token(TOKEN)


def test_a_host_name_that_cannot_be_is_unreachable() -> None:
    gateway = open_payment_meter("no..such", 502, 1, ELECTRICITY, Clock(), TIMEOUT_S)
    with pytest.raises(MeterUnreachable):
        gateway.read_account()


def test_a_connection_dropped_after_sending_is_unknown() -> None:
    with scripted(lambda _: b"") as (gateway, meter):
        assert isinstance(gateway.push_token(TOKEN), PushUnknown)
        assert meter.functions == [4, WRITE]


@pytest.mark.parametrize("code", sorted({*EXCEPTIONS, 77}))
def test_modbus_exceptions_to_the_write(code: int) -> None:
    with scripted(lambda _: bytes([WRITE | 0x80, code])) as (gateway, meter):
        if code in (1, 2, 3):
            with pytest.raises(Declined) as told:
                gateway.push_token(TOKEN)
            assert (told.value.reason, told.value.nothing_happened) == (f"exception_{code}", True)
        elif code in (6, 10):
            with pytest.raises(MeterUnreachable):
                gateway.push_token(TOKEN)
        else:
            assert isinstance(gateway.push_token(TOKEN), PushUnknown)
        assert meter.functions.count(WRITE) == 1


@pytest.mark.parametrize("code", sorted({*EXCEPTIONS, 77}))
def test_modbus_exceptions_to_a_read(code: int) -> None:
    meter = ScriptedMeter(lambda pdu: bytes([pdu[0] | 0x80, code]))
    gateway = open_payment_meter("127.0.0.1", meter.port, 1, ELECTRICITY, Clock(), TIMEOUT_S)
    expected = Declined if code in (1, 2, 3) else MeterUnreachable
    with pytest.raises(expected):
        gateway.push_token(TOKEN)
    assert meter.functions == [4]
    gateway.close()
    meter.close()


@pytest.mark.parametrize(
    "answer",
    [
        bytes.fromhex("10 0100 0009"),
        bytes.fromhex("10 0000 000a"),
        bytes.fromhex("03 02 0000"),
        bytes.fromhex("10 01"),
    ],
    ids=["count", "address", "function", "short"],
)
def test_an_answer_that_does_not_fit_the_write_is_unknown(answer: bytes) -> None:
    with scripted(lambda _: answer) as (gateway, meter):
        assert isinstance(gateway.push_token(TOKEN), PushUnknown)
        assert meter.functions.count(WRITE) == 1


def test_a_write_confirmed_but_not_in_the_log_is_unknown() -> None:
    with scripted(lambda _: bytes.fromhex("10 0100 000a")) as (gateway, _):
        assert gateway.push_token(TOKEN) == PushUnknown("sent, not in the token log")


def test_a_log_that_cannot_be_read_after_the_write_is_unknown() -> None:
    answers = iter([empty_log(), b""])

    def script(pdu: bytes) -> bytes:
        if pdu[0] == WRITE:
            return bytes.fromhex("10 0100 000a")
        image = next(answers, b"")
        return reading(pdu, image) if image else b""

    meter = ScriptedMeter(script)
    gateway = open_payment_meter("127.0.0.1", meter.port, 1, ELECTRICITY, Clock(), TIMEOUT_S)
    outcome = gateway.push_token(TOKEN)
    assert outcome == PushUnknown("sent, verdict not read (meter.unreachable)")
    assert meter.functions.count(WRITE) == 1
    gateway.close()
    meter.close()


def test_another_meter_is_never_written_to() -> None:
    meter = ScriptedMeter(lambda pdu: reading(pdu, empty_log(WATER)))
    gateway = open_payment_meter("127.0.0.1", meter.port, 1, ELECTRICITY, Clock(), TIMEOUT_S)
    with pytest.raises(RaseedError) as told:
        gateway.push_token(TOKEN)
    assert told.value.code == "meter.mismatch"
    assert meter.functions == [4]
    gateway.close()
    meter.close()


def test_a_late_reply_is_not_taken_for_the_next_one() -> None:
    with simulated("slow", str(TIMEOUT_S * 2)) as (gateway, simulator):
        with pytest.raises(MeterUnreachable):
            gateway.read_account()
        simulator.call(lambda: setattr(simulator.simulator.meters[ELECTRICITY], "fault", None))
        assert gateway.read_token_log() == []


def test_a_reading_survives_a_connection_that_was_closed_meanwhile() -> None:
    answered = []

    def script(pdu: bytes) -> bytes:
        answered.append(pdu)
        # The second request finds the connection gone, as after a gateway's idle time-out.
        return b"" if len(answered) == 2 else reading(pdu, empty_log())

    meter = ScriptedMeter(script)
    gateway = open_payment_meter("127.0.0.1", meter.port, 1, ELECTRICITY, Clock(), TIMEOUT_S)
    assert gateway.read_token_log() == []
    assert gateway.read_token_log() == []
    assert meter.functions == [4, 4, 4]
    gateway.close()
    meter.close()


def test_the_same_token_typed_at_the_meter_meanwhile_counts_as_taken() -> None:
    print_ = bytes.fromhex(token_fingerprint(TOKEN))
    lines = b"".join(
        struct.pack(">IH", sequence, result) + print_
        for sequence, result in ((6, TokenResult.USED_ERROR), (5, TokenResult.ACCEPT))
    )
    logs = [empty_log(), empty_log()[:64] + lines + bytes(8 * 14)]

    def script(pdu: bytes) -> bytes:
        if pdu[0] == WRITE:
            return bytes.fromhex("10 0100 000a")
        return reading(pdu, logs.pop(0))

    meter = ScriptedMeter(script)
    gateway = open_payment_meter("127.0.0.1", meter.port, 1, ELECTRICITY, Clock(), TIMEOUT_S)
    assert gateway.push_token(TOKEN) == PushAccepted(TokenResult.ACCEPT)
    gateway.close()
    meter.close()


def test_nonsense_in_the_registers_is_a_typed_error() -> None:
    for at, value in ((0x07, 9), (0x19, 7), (0x1A, 0x8000), (0x1D, 99)):
        image = bytearray(empty_log())
        image[2 * at : 2 * at + 2] = struct.pack(">H", value)
        whole = bytes(image)
        meter = ScriptedMeter(lambda pdu, whole=whole: reading(pdu, whole))  # type: ignore[misc]
        gateway = open_payment_meter("127.0.0.1", meter.port, 1, ELECTRICITY, Clock(), TIMEOUT_S)
        with pytest.raises(RegisterContent):
            gateway.read_account()
        gateway.close()
        meter.close()


@given(
    noise=st.binary(min_size=1, max_size=60),
    function=st.sampled_from([4, WRITE]),
    framed=st.booleans(),
)
@settings(max_examples=examples(30), deadline=None)
def test_noise_for_an_answer_never_escapes_as_another_error(
    noise: bytes, function: int, framed: bool
) -> None:
    """Replies that are noise, with and without a header that fits the request."""

    def script(pdu: bytes) -> bytes:
        if pdu[0] != function:
            return reading(pdu, empty_log())
        return noise if framed else Raw(noise)

    meter = ScriptedMeter(script)
    gateway = open_payment_meter("127.0.0.1", meter.port, 1, ELECTRICITY, Clock(), 0.05)
    outcome: object = None
    try:
        outcome = gateway.push_token(TOKEN)
    except RaseedError as error:
        outcome = error
    finally:
        gateway.close()
        meter.close()
    assert not isinstance(outcome, PushAccepted | PushRefused)
    assert meter.functions.count(WRITE) <= 1


def test_tokens_are_in_no_error_log_or_repr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("pymodbus", "pymodbus.logging"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    told = []
    digits_hex = TOKEN.encode().hex()
    for on_write in (
        lambda _: None,
        lambda _: b"",
        lambda _: bytes([WRITE | 0x80, 3]),
        lambda _: bytes([WRITE | 0x80, 4]),
        lambda _: bytes.fromhex("10 0100 000a"),
        lambda _: bytes.fromhex("10 01"),
    ):
        with scripted(on_write) as (gateway, _):
            try:
                told.append(repr(gateway.push_token(TOKEN)))
            except RaseedError as error:
                told.append("".join(traceback.format_exception(error, limit=0)))
                told.append(repr(error) + repr(error.facts()))
            told.append(repr(gateway))
    everything = "\n".join(told) + caplog.text
    assert TOKEN not in everything
    assert digits_hex not in everything.replace(" ", "").replace("0x", "")
    assert TOKEN[:8] not in everything
    assert "pymodbus" not in caplog.text


def test_the_meters_sts_data_can_be_compared_with_the_records() -> None:
    with simulated() as (gateway, _):
        sts = gateway.read_sts()
    assert (sts.supply_group, sts.key_revision, sts.tariff_index) == ("123457", 1, 1)
    assert (sts.key_expiry, sts.key_type, sts.algorithm) == (255, 2, 7)


@pytest.mark.parametrize("unit", [0, 248, -1])
def test_a_unit_id_that_cannot_be(unit: int) -> None:
    with pytest.raises(UnitInvalid):
        open_payment_meter("127.0.0.1", 502, unit, ELECTRICITY, Clock())


def test_a_line_tells_sent_from_not_sent() -> None:
    with scripted(lambda _: None) as (_, meter):
        line = ModbusTcpLine("127.0.0.1", meter.port, TIMEOUT_S)
        assert len(line.read(1, Table.INPUT, 0, 7)) == 7
        with pytest.raises(NoReply) as told:
            line.write(1, 0x100, [0] * 10)
        assert told.value.facts()["unit"] == "1"
        line.close()
