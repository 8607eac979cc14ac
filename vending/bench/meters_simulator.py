"""A town of stand-in meters in one process: how many requests a second it answers, to whom, and how
much memory ten thousand meters take.

Clients read every meter of a line in turn, each time from another register on, so that hardly an
answer can be given from a store of earlier ones.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from drivers.maps.model import Table
from drivers.modbus.tcp import ModbusTcpLine

from .meters_clients import HOST, WORDS, RegistersOf, pymodbus_client, pymodbustcp_client
from .meters_peers import Missing, compiled, is_installed, python, started
from .runner import Figure, Size, Tell, figure, peak_memory_mb

_METERS: Final = 10_000
PER_LINE: Final = 240
PLACES: Final = 16
"""Behind them lie addresses that the model does not keep."""
_AT_ONCE: Final = 4
_ROUNDS: Final = {Size.QUICK: 1, Size.USUAL: 3, Size.FULL: 5}
_READS: Final = {Size.QUICK: 2_000, Size.USUAL: 5_000, Size.FULL: 20_000}
_LEAST_RATE: Final = 5_000
_MOST_MB: Final = 500
_TOWN: Final = f"""
seed = 1
[[share]]
model = "eastron-sdm120"
per_line = {PER_LINE}
"""
Rate = Callable[[int], float]
"""Reads so many times; requests a second."""


@dataclass(frozen=True, slots=True)
class _Town:
    ports: list[int]
    process: int
    ready_s: float


def simulator_figures(tell: Tell, size: Size) -> list[Figure]:
    """Rates by client, the rate of several at once, memory and the time until it serves."""
    tell(f"{_METERS} stand-in meters start")
    with _town() as town, _readers(town.ports) as readers:
        rates: dict[str, list[float]] = {name: [] for name in readers}
        for round_ in range(_ROUNDS[size] + 1):
            for name, read in readers.items():
                tell(f"stand-in meters read by {name}, round {round_} of {_ROUNDS[size]}")
                rate = read(_READS[size])
                if round_:
                    rates[name].append(rate)
        tell("every stand-in meter is read")
        _sweep(town.ports)
        memory = peak_memory_mb(town.process)
    medians = {name: statistics.median(values) for name, values in rates.items()}
    # A client that waits for each answer measures itself; several of them keep the process busy.
    busiest = max(medians, key=lambda name: medians[name])
    return [
        *(
            figure(
                f"meters.simulator.{name}",
                rate,
                "requests/s",
                anchor="pymodbus, synchronous",
                anchor_value=medians["pymodbus"],
                goal=_LEAST_RATE if name == busiest else None,
            )
            for name, rate in medians.items()
        ),
        figure("meters.simulator.memory", memory, "MB", goal=_MOST_MB, at_most=True),
        figure("meters.simulator.ready", town.ready_s, "s"),
    ]


@contextmanager
def _town() -> Iterator[_Town]:
    with tempfile.TemporaryDirectory(prefix="raseed-bench-") as folder:
        file = Path(folder) / "town.toml"
        file.write_text(_TOWN, encoding="utf-8")
        command = python("simulators", "--scenario", str(file), "--meters", str(_METERS))
        begun = time.perf_counter()
        with started(*command) as line:
            ready = json.loads(line)
            ports = [int(row["address"].rpartition(":")[2]) for row in ready["lines"]]
            yield _Town(ports, line.process, time.perf_counter() - begun)


@contextmanager
def _readers(ports: list[int]) -> Iterator[dict[str, Rate]]:
    with ExitStack() as held:
        line = ModbusTcpLine(HOST, ports[0], 5.0)
        held.callback(line.close)
        others = {"pymodbus": held.enter_context(pymodbus_client(ports[0]))}
        if is_installed("pyModbusTCP"):
            others["pymodbustcp"] = held.enter_context(pymodbustcp_client(ports[0]))

        def ours(count: int) -> float:
            begun = time.perf_counter()
            for n in range(count):
                line.read(1 + n % PER_LINE, Table.INPUT, place(n), WORDS)
            return count / (time.perf_counter() - begun)

        found: dict[str, Rate] = {"ours": ours}
        found |= {name: partial(_library, read) for name, read in others.items()}
        try:
            compiled("client")
        except Missing:
            pass
        else:
            found["libmodbus"] = lambda count: _libmodbus(ports[:1], count)
            found[f"libmodbus.x{_AT_ONCE}"] = lambda count: _libmodbus(ports[:_AT_ONCE], count)
        yield found


def _library(read: RegistersOf, count: int) -> float:
    begun = time.perf_counter()
    for n in range(count):
        assert len(read(1 + n % PER_LINE, place(n))) == WORDS
    return count / (time.perf_counter() - begun)


def _sweep(ports: list[int]) -> None:
    """Nobody is left out: a meter that was never asked may take less memory."""
    for number, port in enumerate(ports):
        line = ModbusTcpLine(HOST, port, 5.0)
        for unit in range(1, 1 + min(PER_LINE, _METERS - number * PER_LINE)):
            line.read(unit, Table.INPUT, 0, WORDS)
        line.close()


def place(n: int) -> int:
    """As the C client chooses it."""
    return 2 * (n // PER_LINE % PLACES)


def _libmodbus(ports: list[int], count: int) -> float:
    """Of one C client for each port, all at once."""
    program = str(compiled("client"))
    running = [
        subprocess.Popen(  # noqa: S603 - our own program
            [program, "tcp", str(port), str(count), str(WORDS), str(PER_LINE)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for port in ports
    ]
    # The slowest one's own seconds: what starting a process takes is not the simulator's.
    seconds = max(float(one.communicate(timeout=120)[0]) for one in running)
    return len(ports) * count / seconds
