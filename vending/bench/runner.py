"""The common frame of all benchmarks: figures, interleaved rounds, peak memory.

A benchmark returns `Figure`s:

    figure("vend.sqlite.sales", rate, "sales/s", anchor="the bare transaction", anchor_value=bare)

The anchor is a limit measured in the same run (a cipher alone, a bare transaction), so that a
figure can be judged on any machine by its ratio. Rates are taken with `interleaved`:

    rates = interleaved({
        "sale": Case(prepare=lambda n: requests(n), run=sell_all),
        "bare": Case(prepare=lambda n: rows(n), run=insert_all),
    }, rounds=5, tell=tell)

`prepare(round)` makes the input of one round outside the clock (different each round, so
nothing is cached that a real caller could not cache), `run(input)` works under the clock and
returns how many things it did. Each round runs every case once, so that a machine that slows
down slows all of them; the median round counts. Round 0 warms up and is thrown away.
"""

from __future__ import annotations

import gc
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from rich.table import Table

Tell = Callable[[str], None]
Input = TypeVar("Input")

_MEGABYTE: Final = 1_000_000


class Size(Enum):
    """How long a benchmark may take."""

    QUICK = "quick"
    """To see that it runs, and roughly what it says."""
    USUAL = "usual"
    FULL = "full"
    """As large as real life."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number; the field names are those of the JSON output."""

    name: str
    value: float
    unit: str
    anchor: str | None = None
    """What limits it, measured in the same run."""
    anchor_value: float | None = None
    """In the unit of the figure."""
    ratio: float | None = None
    """`value / anchor_value`."""
    goal: float | None = None
    met: bool | None = None


def _rounded(value: float) -> float:
    """Four significant digits: more would be noise."""
    return float(f"{value:.4g}")


def figure(
    name: str,
    value: float,
    unit: str,
    *,
    anchor: str | None = None,
    anchor_value: float | None = None,
    goal: float | None = None,
    at_most: bool = False,
) -> Figure:
    """A figure with its ratio and verdict; `at_most`: the goal is not to be exceeded."""
    return Figure(
        name=name,
        value=_rounded(value),
        unit=unit,
        anchor=anchor,
        anchor_value=None if anchor_value is None else _rounded(anchor_value),
        ratio=_rounded(value / anchor_value) if anchor_value else None,
        goal=goal,
        met=None if goal is None else (value <= goal if at_most else value >= goal),
    )


@dataclass(frozen=True, slots=True)
class Case(Generic[Input]):
    """Something whose rate is measured."""

    prepare: Callable[[int], Input]
    """Makes the input of a round, counted from 0 (the warm-up), outside the clock."""
    run: Callable[[Input], int]
    """Does the work and returns how many things were done."""


def interleaved(
    cases: Mapping[str, Case[Any]],
    *,
    rounds: int = 5,
    tell: Tell | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Things done per second by each case: the median over `rounds`, cases taking turns.

    The collector is off under the clock and runs between cases.
    """
    rates: dict[str, list[float]] = {name: [] for name in cases}
    collecting = gc.isenabled()
    try:
        for round_ in range(rounds + 1):
            for name, case in cases.items():
                if tell is not None:
                    tell(f"{name}, round {round_} of {rounds}")
                given = case.prepare(round_)
                gc.collect()
                gc.disable()
                start = clock()
                done = case.run(given)
                elapsed = clock() - start
                if collecting:
                    gc.enable()
                if round_:
                    rates[name].append(done / elapsed)
    finally:
        if collecting:
            gc.enable()
    return {name: statistics.median(values) for name, values in rates.items()}


def peak_memory_mb(process: int | None = None) -> float:
    """Most memory this process ever had in RAM, in megabytes (10^6 bytes); or another one that
    runs, where there is /proc.

    From /proc where there is one: `getrusage` also counts what the process was before it
    became this program, which in a child is its parent's size.
    """
    status = Path(f"/proc/{process or 'self'}/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / _MEGABYTE
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / _MEGABYTE


def in_child(module: str, *arguments: str) -> str:
    """What `python -m module arguments` prints, in a process of its own.

    For peak memory, which never goes down again within a process. Raises CalledProcessError.
    """
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return done.stdout


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"


def table(figures: list[Figure]) -> Table:
    """The figures for people; a missed goal stands out."""
    shown = Table(title="Benchmarks", title_justify="left")
    shown.add_column("figure", no_wrap=True)
    for heading in ("value", "goal"):
        shown.add_column(heading, justify="right", no_wrap=True)
    shown.add_column("")
    shown.add_column("times", justify="right")
    shown.add_column("what limits it", justify="right", no_wrap=True)
    shown.add_column("that is")
    verdicts = {None: "", True: "[green]met[/]", False: "[bold red]missed[/]"}
    for row in figures:
        shown.add_row(
            row.name,
            f"{_number(row.value)} {row.unit}",
            _number(row.goal),
            verdicts[row.met],
            "" if row.ratio is None else f"{row.ratio:.3g}",
            _number(row.anchor_value),
            row.anchor or "",
        )
    return shown
