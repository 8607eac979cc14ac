"""Our Modbus clients against servers that others wrote, over TCP and over a serial line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.bus.timing import Pace
from drivers.conversation import LineSettings
from drivers.crc import crc
from drivers.lines import Declined, NoReply
from drivers.maps.model import Table
from drivers.modbus.line import ModbusLine
from drivers.modbus.rtu_line import RtuLine
from drivers.modbus.tcp import ModbusTcpLine
from drivers.transports.serial_port import SerialChannel
from tests.peers.wires import serial_pair
from vending.bench.meters_peers import Missing, compiled, needed, python, started

PACE = Pace(reply_s=1.0, worst_s=1.0)
FAST = LineSettings(baud=115_200)


@contextmanager
def over_tcp(command: Callable[[], tuple[str, ...]]) -> Iterator[ModbusLine]:
    with started(*command()) as port:
        line = ModbusTcpLine("127.0.0.1", int(port), 2.0)
        yield line
        line.close()


@contextmanager
def over_serial(command: Callable[[str], tuple[str, ...]]) -> Iterator[ModbusLine]:
    with serial_pair() as (ours, theirs), started(*command(theirs)) as told:
        assert told == "ready"
        line = RtuLine(SerialChannel(ours, FAST), "pty", pace=PACE)
        yield line
        line.close()


def _pymodbustcp() -> tuple[str, ...]:
    needed("pyModbusTCP")
    return python("tests.peers.pymodbustcp_server")


_PYMODBUS = "tests.peers.pymodbus_server"
SERVERS = {
    "libmodbus-tcp": lambda: over_tcp(lambda: (str(compiled("server")), "tcp")),
    "libmodbus-rtu": lambda: over_serial(lambda at: (str(compiled("server")), "rtu", at, "1")),
    "pymodbus-tcp": lambda: over_tcp(lambda: python(_PYMODBUS, "tcp")),
    "pymodbus-rtu": lambda: over_serial(
        lambda at: python("tests.peers.pymodbus_server", "rtu", at)
    ),
    "pymodbustcp": lambda: over_tcp(_pymodbustcp),
}


@pytest.fixture(params=SERVERS)
def line(request: pytest.FixtureRequest) -> Iterator[ModbusLine]:
    with ExitStack() as held:
        try:
            line = held.enter_context(SERVERS[request.param]())
        except Missing as missing:
            pytest.skip(str(missing))
        yield line


@pytest.mark.system
def test_reads_writes_and_refusals(line: ModbusLine) -> None:
    for count in (1, 2, 60, 125):
        for table in (Table.HOLDING, Table.INPUT):
            assert line.read(1, table, 3, count) == tuple(1003 + n for n in range(count))
    line.write(1, 10, [1, 0xFFFF, 3])
    line.write(1, 13, [4], 6)
    assert line.read(1, Table.HOLDING, 9, 6) == (1009, 1, 0xFFFF, 3, 4, 1014)
    with pytest.raises(Declined) as told:
        line.read(1, Table.HOLDING, 60_000, 10)
    assert told.value.reason == "exception_2"


@pytest.mark.system
@pytest.mark.parametrize("name", ["libmodbus-tcp", "libmodbus-rtu"])
def test_coils_and_a_unit_that_is_not_there(name: str) -> None:
    with ExitStack() as held:
        try:
            line = held.enter_context(SERVERS[name]())
        except Missing as missing:
            pytest.skip(str(missing))
        assert line.read(1, Table.DISCRETE, 0, 10) == (1, 0, 0, 1, 0, 0, 1, 0, 0, 1)
        line.write_coils(1, 1, [True, True], pace=PACE)
        line.write_coils(1, 3, [False], 5, PACE)
        assert line.read(1, Table.COIL, 0, 5) == (1, 1, 1, 0, 0)
        if name.endswith("rtu"):
            with pytest.raises(NoReply) as told:
                line.read(2, Table.HOLDING, 0, 1, Pace(reply_s=0.1, worst_s=0.1))
            assert told.value.reason == "timeout"


@given(st.binary(max_size=80))
def test_the_check_sum_is_that_of_minimalmodbus(data: bytes) -> None:
    minimalmodbus = pytest.importorskip("minimalmodbus", reason="minimalmodbus is not installed")
    assert crc(data).to_bytes(2, "little") == minimalmodbus._calculate_crc(data)
