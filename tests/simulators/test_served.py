"""Stand-ins on real sockets and pseudo-terminals, read by masters that nobody here wrote."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from simulators.hosting import TownHall
from simulators.scenario import parse_scenario
from simulators.serving.rtu import frame
from simulators.town import Town

from .meters import Seconds

pytestmark = pytest.mark.system
ROOT = Path(__file__).parents[2]
PATIENCE_S = 30
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
READ = bytes.fromhex("0400000002")
TOWN = """
seed = 7
[[line]]
name = "tcp"
meter = [{model = "eastron-sdm120", count = 3, use = "flat", size = 3600}]
[[line]]
name = "rtu-tcp"
carrier = "rtu-tcp"
meter = [{model = "eastron-sdm120", count = 2, use = "flat", size = 3600}]
[[line]]
name = "pty"
carrier = "pty"
strict_baud = true
meter = [{model = "eastron-sdm120", count = 3, use = "flat", size = 3600}]
[[line]]
name = "mbus"
carrier = "pty"
meter = [{model = "mbus-water", count = 2}]
[[line]]
name = "dlt"
meter = [{model = "dlt645-2007", count = 2}]
"""


class Running:
    """A town in a thread of its own, on a clock that stands still."""

    def __init__(self, text: str = TOWN) -> None:
        self.clock = Seconds(START.timestamp() + 3600)
        self.town = Town(parse_scenario(tomllib.loads(text), START), self.clock)
        self.hall = TownHall(self.town)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> Running:
        self._thread.start()
        self._run(self.hall.start())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self.hall.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    def _run(self, what: Any) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(PATIENCE_S)

    def call(self, what: Any) -> None:
        """Do something in the loop's thread."""

        async def act() -> None:
            what()

        self._run(act())

    def address(self, line: str) -> str:
        return self.hall.stands[line].address

    def port(self, line: str) -> int:
        return self.hall.stands[line].port

    def value(self, line: str, place: int, name: str) -> Decimal:
        found = self.town.lines[line].meters[place].get(name)
        assert isinstance(found, Decimal)
        return found


@pytest.fixture(scope="module")
def town() -> Iterator[Running]:
    with Running() as running:
        yield running


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as line:
        yield line


def is_dropped(line: socket.socket) -> bool:
    try:
        return line.recv(1) == b""
    except ConnectionError:
        return True


def mbpoll(*arguments: str) -> dict[int, str]:
    program = shutil.which("mbpoll")
    if program is None:
        pytest.skip("mbpoll is not installed")
    done = subprocess.run(
        [program, "-B", "-0", "-1", "-o", "1", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return {int(a): b for a, b in re.findall(r"^\[(\d+)\]:\s+(\S+)", done.stdout, re.MULTILINE)}


def test_mbpoll_over_tcp(town: Running) -> None:
    port = str(town.port("tcp"))
    got = mbpoll(
        "-m", "tcp", "-p", port, "-a", "2", "-t", "3:float", "-r", "0", "-c", "1", "127.0.0.1"
    )
    assert abs(Decimal(got[0]) - town.value("tcp", 1, "voltage.l1n")) < Decimal("0.01")
    serial = mbpoll(
        "-m", "tcp", "-p", port, "-a", "2", "-t", "4:int", "-r", "64512", "-c", "1", "127.0.0.1"
    )
    assert int(serial[64512]) == town.value("tcp", 1, "meter.serial")


def test_mbpoll_on_a_pty_where_speed_matters_and_absent_ones_are_silent(town: Running) -> None:
    path = town.address("pty")

    def poll(unit: int, baud: int) -> dict[int, str]:
        line = ("-m", "rtu", "-b", str(baud), "-P", "none", "-a", str(unit))
        return mbpoll(*line, "-t", "3:float", "-r", "72", "-c", "1", path)

    got = poll(3, 2400)
    assert abs(Decimal(got[72]) - town.value("pty", 2, "energy.active.import")) < Decimal("0.1")
    assert poll(3, 9600) == {}
    assert poll(9, 2400) == {}


def test_mbpoll_writes_and_reads_back() -> None:
    with Running() as own:
        line = ("-m", "tcp", "-p", str(own.port("tcp")), "-a", "1", "-t", "4:float", "-r", "12")
        mbpoll(*line, "127.0.0.1", "100")
        assert own.value("tcp", 0, "pulse.width") == 100
        assert mbpoll(*line, "-c", "1", "127.0.0.1") == {12: "100"}


def test_minimalmodbus_on_a_pty(town: Running) -> None:
    minimalmodbus = pytest.importorskip("minimalmodbus", reason="minimalmodbus is not installed")
    meter = minimalmodbus.Instrument(town.address("pty"), 2)
    try:
        meter.serial.baudrate = 2400
        meter.serial.timeout = 2
        volts = meter.read_float(0, functioncode=4)
        assert abs(Decimal(volts) - town.value("pty", 1, "voltage.l1n")) < Decimal("0.01")
        meter.address = 9
        meter.serial.timeout = 0.2
        with pytest.raises(minimalmodbus.NoResponseError):
            meter.read_float(0, functioncode=4)
    finally:
        meter.serial.close()


def test_pymodbustcp_over_tcp(town: Running) -> None:
    client_module = pytest.importorskip("pyModbusTCP.client", reason="pyModbusTCP is missing")
    client = client_module.ModbusClient("127.0.0.1", town.port("tcp"), unit_id=1, timeout=5)
    try:
        words = client.read_input_registers(0x0C, 2)
        (watts,) = struct.unpack(">f", struct.pack(">2H", *words))
        assert watts == 3600
        assert client.read_input_registers(1, 2) is None
        assert client.last_except == 2
    finally:
        client.close()


def test_sdm_modbus_in_an_environment_of_its_own(town: Running) -> None:
    """It wants pymodbus 3.6, so it cannot live beside us."""
    found = os.environ.get("PEER_SDM_PYTHON", "")
    if not found:
        pytest.skip("PEER_SDM_PYTHON names no interpreter that has sdm-modbus")
    program = (
        "import sys, sdm_modbus;"
        "m = sdm_modbus.SDM120(host='127.0.0.1', port=int(sys.argv[1]), unit=1);"
        "print(m.read('voltage'))"
    )
    done = subprocess.run(
        [found, "-c", program, str(town.port("tcp"))],
        capture_output=True, text=True, timeout=PATIENCE_S, check=True,
    )  # fmt: skip
    volts = town.value("tcp", 0, "voltage.l1n")
    assert abs(Decimal(done.stdout.split()[-1]) - volts) < Decimal("0.01")


def test_pipelined_requests_are_answered_in_order_each_under_its_own_number(town: Running) -> None:
    with connected(town.port("tcp")) as line:
        requests = [
            struct.pack(">HHHBBHH", number, 0, 6, 1 + number % 3, 4, 0, 2) for number in range(60)
        ]
        line.sendall(b"".join(requests))
        answers = b""
        while len(answers) < 60 * 13:
            answers += line.recv(65536)
        heads = [struct.unpack_from(">HHHB", answers, 13 * number) for number in range(60)]
        assert heads == [(number, 0, 7, 1 + number % 3) for number in range(60)]


def test_rtu_frames_over_tcp_however_they_are_cut(town: Running) -> None:
    with connected(town.port("rtu-tcp")) as line:
        line.sendall(frame(1, READ)[:3])
        line.sendall(frame(1, READ)[3:] + frame(2, READ))
        got = b""
        while len(got) < 18:
            got += line.recv(100)
        assert (got[0], got[9]) == (1, 2)


def test_a_stream_that_is_no_modbus_is_dropped(town: Running) -> None:
    with connected(town.port("tcp")) as line:
        line.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert line.recv(100) == b""


def test_pymeterbus_on_a_pty(town: Running) -> None:
    meterbus = pytest.importorskip("meterbus", reason="pymeterbus is not installed")
    import serial

    with serial.Serial(town.address("mbus"), 2400, timeout=2) as line:
        meterbus.send_ping_frame(line, 2)
        assert isinstance(meterbus.load(meterbus.recv_frame(line, 1)), meterbus.TelegramACK)
        meterbus.send_request_frame(line, 2)
        telegram = meterbus.load(meterbus.recv_frame(line, meterbus.FRAME_DATA_LENGTH))
        told = json.loads(telegram.to_JSON())
    volume = town.value("mbus", 1, "volume.forward")
    values = [Decimal(str(record["value"])) for record in told["body"]["records"]
              if isinstance(record["value"], int | float)]  # fmt: skip
    assert any(abs(value - volume) < Decimal("0.01") for value in values)


def test_faults_on_the_line_reach_whoever_is_connected() -> None:
    faults = """
[[fault]]
target = "line:rtu-tcp"
name = "jabber"
every_s = "5ms"
byte = "55"
[[fault]]
target = "line:tcp"
name = "max_clients"
most = 1
"""
    with Running(TOWN + faults) as own:
        with connected(own.port("rtu-tcp")) as line:
            assert set(line.recv(16)) == {0x55}
        with connected(own.port("tcp")) as first, connected(own.port("tcp")) as second:
            first.sendall(struct.pack(">HHHBBHH", 1, 0, 6, 1, 4, 0, 2))
            assert len(first.recv(100)) == 13
            assert is_dropped(second)


def test_late_replies_do_not_hold_up_others_and_slow_ones_do() -> None:
    faults = """
[[fault]]
target = "meter:tcp/1"
name = "late"
by_s = "150ms"
"""
    with Running(TOWN + faults) as own, connected(own.port("tcp")) as line:
        for number, unit in ((1, 1), (2, 2)):
            line.sendall(struct.pack(">HHHBBHH", number, 0, 6, unit, 4, 0, 2))
        got = b""
        while len(got) < 26:
            got += line.recv(100)
        assert (got[1], got[14]) == (2, 1)


@pytest.mark.parametrize("how", ["stdin", "SIGTERM"])
def test_raseed_simulate_serves_until_it_is_told_to_end(tmp_path: Path, how: str) -> None:
    (tmp_path / "town.toml").write_text(TOWN + '[[fault]]\ntarget = "line:mbus"\nname = "silent"\n')
    arguments = ["--scenario", str(tmp_path / "town.toml"), "--log", str(tmp_path / "log.jsonl")]
    program = ["simulators"] if how == "stdin" else ["vending.cli", "simulate", "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", *program, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    ) as process:  # fmt: skip
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            text = process.stdout.readline()
            while "\n}" not in text and how != "stdin":
                text += process.stdout.readline()
            ready = json.loads(text)
            assert ready["meters"] == 12
            rows = {row["line"]: row for row in ready["lines"]}
            assert rows["pty"]["units"] == ["1", "2", "3"]
            assert rows["pty"]["address"].startswith("/dev/pts/")
            with connected(int(rows["tcp"]["address"].rpartition(":")[2])) as line:
                line.sendall(struct.pack(">HHHBBHH", 1, 0, 6, 1, 4, 0, 2))
                assert len(line.recv(100)) == 13
                if how == "stdin":
                    process.stdin.close()
                else:
                    process.send_signal(signal.SIGTERM)
                assert line.recv(1) == b""
            process.wait(PATIENCE_S)
        finally:
            process.kill()
    entries = [json.loads(one) for one in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert {entry["fault"] for entry in entries} == {"silent"}
    assert len(entries) == 2


def test_raseed_simulate_shows_people_where_everything_is_and_what_breaks(tmp_path: Path) -> None:
    fault = (
        '[[fault]]\nat = "+10s"\nfor = "1m"\ntarget = "meter:tcp/1"\nname = "late"\nby_s = "1s"\n'
    )
    head = 'start = "2026-03-01T08:00:00+03:00"\nzone = "+03:00"\n'
    (tmp_path / "town.toml").write_text(head + TOWN + fault)
    arguments = ["--scenario", str(tmp_path / "town.toml"), "--meters", "12", "--speed", "100"]
    with subprocess.Popen(
        [sys.executable, "-m", "vending.cli", "simulate", *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "RASEED_LANG": "en"},
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            told: list[str] = []
            while not told or not told[-1].startswith("Fault is over"):
                told.append(process.stdout.readline().rstrip("\n"))
                assert told[-1], told
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE_S) == 0
        finally:
            process.kill()
    assert told[0].split() == [
        "Line",
        "Protocol",
        "Line",
        "address",
        "Unit",
        "ids",
        "Meters",
        "Models",
    ]
    assert [line.split()[0] for line in told[1:6]] == ["tcp", "rtu-tcp", "pty", "mbus", "dlt"]
    assert "127.0.0.1:" in told[1]
    assert told[6] == "Meters: 12"
    begin, end = told[7:]
    assert begin.startswith("Fault begins: 2026-03-01T08:")
    assert begin.endswith("+03:00 late meter:tcp/1 by_s=1s")
    # On a busy machine a bit later than planned, never earlier.
    assert begin.split()[2] >= "2026-03-01T08:00:10+03:00"
    assert end.split()[3] >= "2026-03-01T08:01:10+03:00"


def test_a_scenario_that_makes_no_sense_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "town.toml").write_text("colour = 1\n")
    done = subprocess.run(
        [sys.executable, "-m", "simulators", "--scenario", str(tmp_path / "town.toml")],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 2
    assert "simulator.world_invalid" in done.stderr
    assert len(done.stderr.splitlines()) == 1
