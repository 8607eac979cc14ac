"""The benchmarks by name, and the one way to run them.

A benchmark NAME is the module `vending/bench/NAME.py` with a function

    def measure(tell: Tell) -> list[Figure]

(with a second argument, a `Size`, if it is in `SIZED`) that calls `tell("what is being measured")`
now and then; `runner` has what it needs to measure. It is imported only when asked for, so a
benchmark may import what it likes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Final, TextIO

from rich.console import Console

from meters.errors import Invalid

from .runner import Figure, Size, table

NAMES: Final = ("tokens", "vend", "ledger", "meters")
SIZED: Final = ("vend", "ledger", "meters")
"""Those that can be run quickly, or in full."""
ALL: Final = "all"


@dataclass(eq=False)
class BenchUnknown(Invalid, code="bench.unknown"):
    """No benchmark has this name."""

    name: str
    known: str


def _chosen(names: Sequence[str]) -> list[str]:
    for name in names:
        if name != ALL and name not in NAMES:
            raise BenchUnknown(name[:40], ", ".join((*NAMES, ALL)))
    return [name for name in NAMES if name in names or ALL in names or not names]


def run_bench(names: Sequence[str], as_json: bool, out: TextIO, size: Size = Size.USUAL) -> int:
    """Measure the named benchmarks (`all` or no name: every one) and print their figures to
    `out`: a table for people, or one JSON list of objects `{name, value, unit, anchor,
    anchor_value, ratio, goal, met}` with null where there is none.

    What is being measured is shown on standard error while it takes its time. Returns the
    exit code, 0 once everything was measured: a missed goal is told by `met`, because a busy
    machine is no fault. Raises BenchUnknown.
    """
    figures: list[Figure] = []
    progress = Console(stderr=True, file=sys.stderr)
    # A display that redraws often would be measured with the rest.
    with progress.status("benchmarks", refresh_per_second=1) as status:
        for name in _chosen(names):

            def tell(what: str, name: str = name) -> None:
                status.update(f"{name}: {what}")

            more = (size,) if name in SIZED else ()
            figures += import_module(f".{name}", __package__).measure(tell, *more)
    print_figures(figures, as_json, out)
    return 0


def print_figures(figures: list[Figure], as_json: bool, out: TextIO) -> None:
    """The figures as `run_bench` prints them."""
    if as_json:
        json.dump([asdict(figure) for figure in figures], out, indent=1)
        out.write("\n")
    else:
        Console(file=out, width=None if out.isatty() else 140).print(table(figures))
