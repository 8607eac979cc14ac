"""Modbus TCP clients that read the same registers from one server: ours and those of others."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from pymodbus.client import ModbusTcpClient

from drivers.bus.timing import Manners
from drivers.link import Priority
from drivers.maps.model import Table
from drivers.modbus.shared import SharedLine, bus_of
from drivers.modbus.tcp import ModbusTcpLine

from .meters_peers import compiled, is_installed

HOST: Final = "127.0.0.1"
WORDS: Final = 10
_EXPECTED: Final = [1000 + n for n in range(WORDS)]
Read = Callable[[int], float | None]
"""Reads so many times; gives the seconds that took if it measures itself."""
RegistersOf = Callable[[int, int], list[int]]
"""Reads WORDS input registers of a unit from an address on."""


@contextmanager
def clients(
    port: int, clock: Callable[[], float], sleep: Callable[[float], None]
) -> Iterator[dict[str, Read]]:
    """By name, those that this machine has. Each checks what it reads."""
    logging.getLogger("pymodbus.logging").disabled = True
    with ExitStack() as held:
        line = ModbusTcpLine(HOST, port, 2.0)
        held.callback(line.close)
        shared_line = ModbusTcpLine(HOST, port, 2.0)
        held.callback(shared_line.close)
        shared = SharedLine(bus_of(shared_line, clock, sleep), Manners(), Priority.BILLING)
        theirs = held.enter_context(pymodbus_client(port))

        def ours_reads(count: int) -> None:
            for _ in range(count):
                assert line.read(1, Table.INPUT, 0, WORDS) == tuple(_EXPECTED)

        def shared_reads(count: int) -> None:
            for _ in range(count):
                assert shared.read(1, Table.INPUT, 0, WORDS) == tuple(_EXPECTED)

        def pymodbus_reads(count: int) -> None:
            for _ in range(count):
                assert theirs(1, 0) == _EXPECTED

        def libmodbus_reads(count: int) -> float:
            command = [str(compiled("client")), "tcp", str(port), str(count), str(WORDS)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
            return float(done.stdout)

        found: dict[str, Read] = {
            "ours": ours_reads,
            "ours.shared": shared_reads,
            "pymodbus": pymodbus_reads,
            "libmodbus": libmodbus_reads,
        }
        if is_installed("pyModbusTCP"):
            other = held.enter_context(pymodbustcp_client(port))

            def pymodbustcp_reads(count: int) -> None:
                for _ in range(count):
                    assert other(1, 0) == _EXPECTED

            found["pymodbustcp"] = pymodbustcp_reads
        yield found


@contextmanager
def pymodbus_client(port: int) -> Iterator[RegistersOf]:
    """One connection of the library."""
    client = ModbusTcpClient(HOST, port=port, retries=0)

    def read(unit: int, addr: int) -> list[int]:
        return list(client.read_input_registers(addr, count=WORDS, device_id=unit).registers)

    try:
        yield read
    finally:
        client.close()  # type: ignore[no-untyped-call]


@contextmanager
def pymodbustcp_client(port: int) -> Iterator[RegistersOf]:
    """As `pymodbus_client`, where pyModbusTCP is installed."""
    from pyModbusTCP.client import ModbusClient  # type: ignore[import-untyped]

    client = ModbusClient(HOST, port, 1, auto_open=True)

    def read(unit: int, addr: int) -> list[int]:
        client.unit_id = unit
        return list(client.read_input_registers(addr, WORDS))

    try:
        yield read
    finally:
        client.close()
