"""The simulator on the network, read by peers that are not ours: raw sockets, pymodbus's own
client, and mbpoll (libmodbus) where it is installed."""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import suppress

import pytest
from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ModbusIOException

from simulators.faults import fault_named
from simulators.keypad import GREETING

from .support import ELECTRICITY, START, WATER, Clock, Mint, Running, meter_row, running, world

pytestmark = pytest.mark.system

CREDIT = 0x1122_3344


@pytest.fixture
def simulator() -> Iterator[Running]:
    document = world(
        meter_row(1, ELECTRICITY, credit=CREDIT),
        meter_row(2, WATER, commodity="water", ea="11", credit=500),
    )
    with running(document, Clock()) as served:
        yield served


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=5)


def ask(transaction: int, unit: int, function: int, addr: int, count: int) -> bytes:
    return struct.pack(">HHHBBHH", transaction, 0, 6, unit, function, addr, count)


def receive(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size and (more := connection.recv(size - len(data))):
        data += more
    return data


BALANCE_BYTES = struct.pack(">q", CREDIT)


def test_pipelined_requests_are_answered_in_order_each_under_its_own_number(
    simulator: Running,
) -> None:
    with connect(simulator.port) as line:
        line.sendall(ask(7, 1, 4, 16, 4) + ask(9, 2, 4, 16, 4) + ask(8, 1, 4, 0, 1))
        reply = receive(line, 17 + 17 + 11)
    assert reply[:17] == struct.pack(">HHHBBB", 7, 0, 11, 1, 4, 8) + BALANCE_BYTES
    assert reply[17:34] == struct.pack(">HHHBBBq", 9, 0, 11, 2, 4, 8, 500)
    assert reply[34:] == struct.pack(">HHHBBB", 8, 0, 5, 1, 4, 2) + b"60"


def test_a_request_in_pieces_is_answered(simulator: Running) -> None:
    with connect(simulator.port) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in ask(1, 1, 4, 16, 4):
            line.sendall(bytes([byte]))
        assert receive(line, 17)[9:] == BALANCE_BYTES


def test_a_unit_that_nobody_has_stays_silent(simulator: Running) -> None:
    with connect(simulator.port) as line:
        line.sendall(ask(1, 99, 4, 0, 1) + ask(2, 1, 4, 16, 4))
        assert receive(line, 17)[:2] == b"\0\2"
        line.settimeout(0.1)
        with pytest.raises(TimeoutError):
            line.recv(1)


@pytest.mark.parametrize(
    "wrong", [struct.pack(">HHHBB", 1, 1, 2, 1, 4), struct.pack(">HHHBB", 1, 0, 300, 1, 4)]
)
def test_what_is_not_modbus_is_hung_up_on_and_others_stay(simulator: Running, wrong: bytes) -> None:
    with connect(simulator.port) as line, connect(simulator.port) as other:
        line.sendall(ask(1, 1, 4, 16, 4) + wrong)
        assert len(receive(line, 100)) == 17
        other.sendall(ask(1, 1, 4, 16, 4))
        assert receive(other, 17)[9:] == BALANCE_BYTES


@pytest.mark.parametrize(
    ("request_pdu", "reply_pdu"),
    [
        ("2b 0e0100", "ab 01"),
        ("04 0000 0067", "84 02"),  # one register past the token log
        ("03 0100 000a", "83 02"),  # the mailbox cannot be read back
        ("03 0000 0001", "83 02"),
        ("06 0100 3132", "86 02"),
        ("10 0100 0002 04 31323334", "90 02"),  # half a token
        ("10 0101 000a 14" + "31" * 20, "90 02"),
        ("10 0100 000a 14" + "41" * 20, "90 03"),  # letters
        ("04 0000 0000", "84 03"),
    ],
)
def test_exceptions_and_nothing_is_judged(
    simulator: Running, request_pdu: str, reply_pdu: str
) -> None:
    pdu = bytes.fromhex(request_pdu)
    with connect(simulator.port) as line:
        line.sendall(struct.pack(">HHHB", 5, 0, len(pdu) + 1, 1) + pdu)
        assert receive(line, 9)[7:] == bytes.fromhex(reply_pdu)
    meter = simulator.simulator.meters[ELECTRICITY].meter
    assert simulator.call(lambda: meter.memory.sequence) == 0


def test_the_whole_map_in_one_read_by_a_raw_socket(simulator: Running) -> None:
    token = Mint().energy(1_000)
    write = struct.pack(">HHHBBHHB", 3, 0, 27, 1, 16, 0x100, 10, 20) + token.encode()
    with connect(simulator.port) as line:
        line.sendall(write)
        assert receive(line, 12) == struct.pack(">HHHBBHH", 3, 0, 6, 1, 16, 0x100, 10)
        line.sendall(ask(4, 1, 4, 0, 102))
        image = receive(line, 9 + 204)[9:]
    assert image[:14] == ELECTRICITY.number.encode().ljust(14, b"\0")
    assert image[14:32] == struct.pack(">H6sHHHHH", 0, b"123457", 1, 1, 255, 7, 2)
    assert struct.unpack(">qQHHHIHI", image[32:64]) == (
        CREDIT + 1_000,
        0,
        1,
        1,
        0,
        1,
        1,
        1772352000,
    )
    assert struct.unpack(">IH", image[64:70]) == (1, 1)
    assert image[78:] == bytes(126)


def test_a_clock_past_its_register_is_a_device_failure() -> None:
    late = Clock(START.replace(year=2107))
    with running(world(meter_row(1, ELECTRICITY)), late) as served, connect(served.port) as line:
        line.sendall(ask(1, 1, 4, 30, 2))
        assert receive(line, 9)[7:] == bytes([0x84, 4])


def test_pymodbus_own_client_reads_and_writes(simulator: Running) -> None:
    client = ModbusTcpClient("127.0.0.1", port=simulator.port, timeout=2, retries=0)
    try:
        balance = client.read_input_registers(16, count=4, device_id=1)
        assert client.convert_from_registers(balance.registers, client.DATATYPE.INT64) == CREDIT
        number = client.read_input_registers(0, count=7, device_id=2)
        text = client.convert_from_registers(number.registers, client.DATATYPE.STRING)
        assert text == WATER.number
        token = Mint().energy(100)
        words = list(struct.unpack(">10H", token.encode()))
        assert not client.write_registers(0x100, words, device_id=1).isError()
        assert client.read_input_registers(29, device_id=1).registers == [1]
        refused = client.read_holding_registers(0x100, count=10, device_id=1)
        assert refused.isError()
        assert refused.exception_code == 2
    finally:
        client.close()  # type: ignore[no-untyped-call]


def test_a_silent_meter_is_silent_and_heals(simulator: Running) -> None:
    hosted = simulator.simulator.meters[ELECTRICITY]
    simulator.call(lambda: setattr(hosted, "fault", fault_named("silent", "1")))
    client = ModbusTcpClient("127.0.0.1", port=simulator.port, timeout=0.1, retries=0)
    with pytest.raises(ModbusIOException):
        client.read_input_registers(16, count=4, device_id=1)
    assert client.read_input_registers(16, count=4, device_id=1).registers[3] == 0x3344
    client.close()  # type: ignore[no-untyped-call]


@pytest.mark.skipif(shutil.which("mbpoll") is None, reason="mbpoll (libmodbus) is not installed")
def test_mbpoll_reads_the_balance(simulator: Running) -> None:
    def poll(*options: str) -> str:
        command = ["mbpoll", "-m", "tcp", "-p", str(simulator.port), "-0", "-1", *options]
        return subprocess.run(
            [*command, "127.0.0.1"], capture_output=True, text=True, timeout=20, check=False
        ).stdout

    words = poll("-a", "1", "-t", "3:hex", "-r", "16", "-c", "4")
    assert [line.split()[-1] for line in words.splitlines() if line.startswith("[")] == [
        "0x0000",
        "0x0000",
        "0x1122",
        "0x3344",
    ]
    low = poll("-a", "2", "-t", "3:int", "-B", "-r", "18", "-c", "1")
    assert [line.split()[-1] for line in low.splitlines() if line.startswith("[")] == ["500"]


def test_the_keypad_over_tcp_one_line_for_one_line(simulator: Running) -> None:
    token = Mint().energy(12_300)
    with connect(simulator.simulator.keypad) as line, line.makefile("rw", newline="\n") as pad:
        assert pad.readline() == f"{GREETING}\n"
        for typed, shown in (
            (f"{ELECTRICITY} {token}", "ACCEPT 12.3 kWh"),
            (f"{ELECTRICITY} {token}", "USED"),
            ("\udcff", "DIGITS ONLY, OR HELP"),
        ):
            line.sendall(typed.encode("utf-8", "surrogateescape") + b"\n")
            assert pad.readline() == f"{shown}\n"
        line.sendall(b"QUIT\n")
        assert pad.readline() == ""


def test_a_line_without_end_is_hung_up_on(simulator: Running) -> None:
    with connect(simulator.simulator.keypad) as line:
        receive(line, len(GREETING) + 1)
        line.sendall(b"1" * 5_000)
        # Hung up with bytes unread: the kernel may say so with a reset.
        with suppress(ConnectionResetError):
            assert line.recv(100) == b""
