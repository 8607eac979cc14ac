"""Sockets and serial ports as lines: real ones where this machine has them, 8N1 on ptys."""

from __future__ import annotations

import os
import pty
import socket
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

import pytest
import serial
from hypothesis import given
from hypothesis import strategies as st

from drivers.bus.timing import Pace
from drivers.conversation import LineSettings
from drivers.lines import LineDown, NoReply
from drivers.maps.model import Table
from drivers.modbus.rtu_line import RtuLine
from drivers.transports.memory import VirtualClock
from drivers.transports.parity import with_parity, without_parity
from drivers.transports.serial_port import SerialChannel, Wiring
from drivers.transports.silence import Silence
from drivers.transports.tcp import TcpChannel

from .slaves import Slave

FAST = LineSettings(baud=115_200)
PACE = Pace(reply_s=1.0, worst_s=1.0)


@contextmanager
def gateway(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A transparent gateway: `serve` gets one connection after the other."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                serve(connection)

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
        assert not thread.is_alive()


def answering(slave: Slave, cut: int, most: int = 1_000_000) -> Callable[[socket.socket], None]:
    """Sends each reply in pieces of `cut` bytes; hangs up after `most` replies."""

    def serve(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(most):
            frame = connection.recv(300)
            if not frame:
                return
            reply = slave.reply(frame)
            for at in range(0, len(reply), cut):
                connection.sendall(reply[at : at + cut])

    return serve


@pytest.mark.parametrize("cut", [1, 7, 300])
def test_rtu_over_a_socket_however_the_segments_are_cut(cut: int) -> None:
    with gateway(answering(Slave(), cut)) as port:
        channel = TcpChannel("127.0.0.1", port, FAST)
        line = RtuLine(channel, channel.address)
        assert line.read(1, Table.HOLDING, 5, 60) == tuple(1005 + n for n in range(60))
        assert line.device_id(1) == {0: "ABC", 1: "D"}
        line.close()


def test_a_gateway_that_hangs_up_while_nobody_asks_is_called_again() -> None:
    slave = Slave()
    with gateway(answering(slave, 300, most=1)) as port:
        channel = TcpChannel("127.0.0.1", port, FAST)
        line = RtuLine(channel, channel.address)
        for word in range(3):
            line.write(1, 0, [word, word])
        assert len(slave.requests) == 3
        line.close()


def test_a_gateway_that_hangs_up_after_the_request_leaves_it_unknown() -> None:
    frames: list[bytes] = []
    with gateway(lambda connection: frames.append(connection.recv(300))) as port:
        channel = TcpChannel("127.0.0.1", port, FAST)
        line = RtuLine(channel, channel.address, echo=False)
        with pytest.raises(NoReply) as told:
            line.write(1, 0, [1])
        assert told.value.reason == "dropped"
        line.close()
    assert len(frames) == 1


def test_a_port_that_refuses_is_tried_at_once_again_and_then_less_often() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    clock = VirtualClock()
    channel = TcpChannel("127.0.0.1", port, FAST, 1.0, clock, Random(1))
    reasons = []
    for _ in range(3):
        with pytest.raises(LineDown) as told:
            channel.quiet(0.001, 1)
        reasons.append(told.value.reason)
    assert reasons[:2] == ["ConnectionRefusedError"] * 2
    assert reasons[2].startswith("next try in")
    clock.sleep(1)
    with pytest.raises(LineDown, match="ConnectionRefusedError"):
        channel.send(b"x")


def test_no_such_host_is_down() -> None:
    with pytest.raises(LineDown):
        TcpChannel("no..such", 502).quiet(0.001, 1)


@contextmanager
def port_of(serve: Callable[[bytes], bytes]) -> Iterator[str]:
    """A pty whose far end answers with `serve`."""
    master, ours = pty.openpty()
    tty.setraw(master)
    tty.setraw(ours)

    def run() -> None:
        while True:
            data = os.read(master, 300)
            if data == b"stop":
                return
            os.write(master, serve(data))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield os.ttyname(ours)
    finally:
        os.write(ours, b"stop")
        thread.join(5)
        os.close(ours)
        os.close(master)
        assert not thread.is_alive()


def test_rtu_over_a_serial_port() -> None:
    with port_of(Slave().reply) as path:
        channel = SerialChannel(path, FAST)
        line = RtuLine(channel, path, pace=PACE)
        assert line.read(1, Table.HOLDING, 5, 60) == tuple(1005 + n for n in range(60))
        line.write(1, 5, [7], 6)
        assert line.read(1, Table.HOLDING, 5, 1) == (7,)
        channel.switch(LineSettings(baud=9600))
        assert channel._open().baudrate == 9600
        assert line.read(1, Table.HOLDING, 5, 1) == (7,)
        line.close()
        assert line.read(1, Table.HOLDING, 5, 1) == (7,)
        line.close()


def test_characters_gather_for_as_long_as_they_take_and_no_longer() -> None:
    with port_of(lambda data: data) as path:
        channel = SerialChannel(path, LineSettings(baud=1200))
        channel.send(b"abc")
        begun = channel.monotonic()
        assert channel.receive(5.0, missing=12) == b"abc"
        assert 9 * channel.settings.character_s <= channel.monotonic() - begun < 5.0
        channel.send(b"abc")
        assert channel.receive(5.0, missing=2) == b"abc"
        assert channel.receive(0.0, missing=2) == b""
        channel.close()


def test_a_serial_port_has_one_owner() -> None:
    with port_of(lambda data: b"") as path:
        first, second = SerialChannel(path, FAST), SerialChannel(path, FAST)
        first.quiet(0.001, 1)
        with pytest.raises(LineDown):
            second.quiet(0.001, 1)
        first.close()
        second.quiet(0.001, 1)
        second.close()


def test_a_port_that_is_not_there_and_settings_that_it_refuses_are_told() -> None:
    with pytest.raises(LineDown) as told:
        SerialChannel("/dev/no-such-port").send(b"x")
    assert told.value.reason == "No such file or directory"

    def refused(path: str, **settings: object) -> serial.Serial:
        # As some ptys do with parity and seven bits.
        raise termios.error(22, "Invalid argument")

    with pytest.raises(LineDown, match="Invalid argument"):
        SerialChannel("port", LineSettings(300, 7, "E"), opened=refused).send(b"x")


class Port:
    """What SerialChannel needs of a serial port, on a socket: it takes every setting."""

    def __init__(self, path: str, **settings: object) -> None:
        self.settings = settings
        self.ours, self.theirs = socket.socketpair()
        self.rs485_mode: object = None

    def fileno(self) -> int:
        return self.ours.fileno()

    def write(self, data: bytes) -> None:
        self.ours.sendall(data)

    def flush(self) -> None:
        """Gone already."""

    def apply_settings(self, settings: dict[str, object]) -> None:
        self.settings |= settings

    def close(self) -> None:
        self.ours.close()
        self.theirs.close()


def opened(settings: LineSettings, wiring: Wiring) -> tuple[SerialChannel, Port]:
    ports: list[Port] = []

    def open_(path: str, **given: object) -> Port:
        ports.append(Port(path, **given))
        return ports[-1]

    channel = SerialChannel("port", settings, wiring, opened=open_)  # type: ignore[arg-type]
    channel.quiet(0, 0)
    return channel, ports[0]


@pytest.mark.parametrize("parity", ["N", "E", "O"])
@pytest.mark.parametrize("bits", [7, 8])
@pytest.mark.parametrize("stop", [1, 2])
def test_every_setting_reaches_the_port(parity: str, bits: int, stop: int) -> None:
    settings = LineSettings(1200, bits, parity, stop)
    channel, port = opened(settings, Wiring(rs485=True))
    assert port.settings["baudrate"] == settings.baud
    assert (port.settings["bytesize"], port.settings["parity"]) == (bits, parity)
    assert (port.settings["stopbits"], port.settings["exclusive"]) == (stop, True)
    assert isinstance(port.rs485_mode, serial.rs485.RS485Settings)
    settings = LineSettings(9600)
    channel.switch(settings)
    assert port.settings["baudrate"] == settings.baud
    channel.close()


def test_bytes_go_and_come_as_they_are_and_a_port_that_ends_is_down() -> None:
    channel, port = opened(LineSettings(300, 7, "E"), Wiring())
    channel.send(b"/?!\r\n")
    assert port.theirs.recv(99) == b"/?!\r\n"
    port.theirs.sendall(b"/?")
    assert channel.receive(1) == b"/?"
    port.theirs.close()
    with pytest.raises(LineDown):
        channel.receive(1)


@given(st.binary(), st.sampled_from("EO"), st.integers(0, 7))
def test_parity_is_its_own_inverse_and_one_spoilt_bit_shows(
    data: bytes, parity: str, bit: int
) -> None:
    seven = bytes(byte & 0x7F for byte in data)
    sent = with_parity(seven, parity)
    assert without_parity(sent, parity) == seven
    assert all(byte.bit_count() % 2 == (parity == "O") for byte in sent)
    spoilt = bytes(byte ^ 1 << bit for byte in sent)
    assert all(byte & 0x80 for byte in without_parity(spoilt, parity))


def test_silence_that_has_passed_counts_and_talk_breaks_it() -> None:
    clock = VirtualClock()
    coming = [(0.3, b"a"), (0.4, b"b")]

    def receive(within: float) -> bytes:
        if coming and coming[0][0] <= clock() + within:
            moment, data = coming.pop(0)
            clock.reach(moment)
            silence.heard()
            return data
        clock.sleep(within)
        return b""

    silence = Silence(clock)
    clock.sleep(0.2)
    assert silence.wait(receive, 0.2, 1.0) == b""
    assert clock() == pytest.approx(0.2)
    assert silence.wait(receive, 0.25, 1.0) == b""
    assert clock() == pytest.approx(0.25)
    assert silence.wait(receive, 0.5, 0.16) != b""
    silence.sent(clock(), 2.0)
    before = clock()
    assert silence.wait(receive, 0.1, 3.0) == b""
    assert clock() - before == pytest.approx(2.1)
