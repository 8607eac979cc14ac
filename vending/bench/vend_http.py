"""Sales through the real API, a server process of its own, on both databases.

Interleaved in rounds with the database's own limit (the bare transaction, `vend_bare.py`) and with
the textbook endpoint (`textbook.py`), on SQLite also with what a lone sale takes where nothing is
reckoned (`vend_floor.py`), so that a machine that slows down slows all of them. The ratios count;
the absolute numbers are this machine's, which also runs callers and database.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx2

from . import postgres
from .runner import Figure, Size, Tell, figure
from .vend_load import Result
from .vend_places import Place, on_postgresql, on_sqlite, prove
from .vend_town import Callers, cpu_seconds, memory_mb

CLIENTS: Final = (1, 4, 16, 64, 128)
_ROUNDS: Final[Mapping[Size, int]] = {Size.QUICK: 1, Size.USUAL: 3, Size.FULL: 7}
_SECONDS: Final = 1.0
"""Of each measurement."""


@dataclass
class _Seen:
    """What was measured, a value per round."""

    values: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, name: str, value: float) -> None:
        self.values[name].append(value)

    def median(self, name: str) -> float:
        return statistics.median(self.values[name])


def measure_http(folder: Path, size: Size, tell: Tell) -> list[Figure]:
    """Figures of both databases; of SQLite alone where no PostgreSQL can be started."""
    with ExitStack() as held:
        callers = held.enter_context(Callers())
        places = [held.enter_context(on_sqlite(folder))]
        try:
            server = held.enter_context(postgres.beside(folder))
        except postgres.ServerNotStarted as error:
            tell(f"without PostgreSQL: {error.reason}")
        else:
            places.append(held.enter_context(on_postgresql(folder, server)))
        seen = {place.kind: _Seen() for place in places}
        rounds = _ROUNDS[size]
        for round_ in range(rounds + 1):
            for place in places:
                tell(f"{place.kind} over HTTP, round {round_} of {rounds}")
                # Round 0 warms up.
                _round(place, callers, seen[place.kind] if round_ else _Seen(), round_)
        return [row for place in places for row in _figures(place, seen[place.kind])]


def _round(place: Place, callers: Callers, seen: _Seen, round_: int) -> None:
    selling = place.selling
    for clients in CLIENTS:
        cpu = cpu_seconds(selling.pid), cpu_seconds(place.database_pid, children=True)
        result = callers.sell(selling, clients, _SECONDS, f"r{round_}c{clients}")
        _checked(result, "sales")
        place.told.append(result.sold)
        seen.add(f"sales.{clients}", result.rate)
        seen.add(f"p50.{clients}", result.p50_ms)
        seen.add(f"p99.{clients}", result.p99_ms)
        own = cpu_seconds(selling.pid) - cpu[0]
        database = cpu_seconds(place.database_pid, children=True) - cpu[1]
        seen.add(f"cpu.{clients}", own / result.sold * 1e6)
        seen.add(f"database_cpu.{clients}", database / result.sold * 1e6)
        if clients == 16:
            again = callers.sell(selling, clients, _SECONDS, f"r{round_}c{clients}", result.sold)
            _checked(again, "replays")
            seen.add("replays", again.rate)
    for clients, bare in place.bare.items():
        seen.add(f"bare.{clients}", bare())
    result = callers.sell(place.textbook, 16, _SECONDS, f"t{round_}")
    _checked(result, "the textbook")
    seen.add("textbook", result.rate)
    if place.floor is not None:
        for clients in (1, 16):
            ready = int(httpx2.get(f"http://127.0.0.1:{place.floor.port}/", timeout=30).text)
            result = callers.sell(place.floor, clients, _SECONDS, f"f{round_}c{clients}", ready)
            _checked(result, "the floor")
            seen.add(f"floor.p50.{clients}", result.p50_ms)
            seen.add(f"floor.{clients}", result.rate)


def _checked(result: Result, what: str) -> None:
    assert result.failed == 0, f"{result.failed} of {what} failed"
    assert result.answers, f"no answers to {what}"


def _figures(place: Place, seen: _Seen) -> list[Figure]:
    name = f"vend.http.{place.kind}"
    best = max(CLIENTS, key=lambda clients: seen.median(f"sales.{clients}"))
    bare = max(place.bare, key=lambda clients: seen.median(f"bare.{clients}"))
    limit = seen.median(f"bare.{bare}")
    alone_ms = 1000 / seen.median("bare.1")
    textbook, at_16 = seen.median("textbook"), seen.median("sales.16")
    prove(place)
    figures = [
        figure(
            f"{name}.sales",
            seen.median(f"sales.{best}"),
            "sales/s",
            anchor=f"bare transaction, {bare} client(s); sales by {best}",
            anchor_value=limit,
            goal=limit,
        ),
        figure(
            f"{name}.sales.over_textbook",
            at_16,
            "sales/s",
            anchor="textbook ORM endpoint, both by 16",
            anchor_value=textbook,
            goal=20 * textbook,
        ),
        figure(
            f"{name}.alone",
            seen.median("p50.1"),
            "ms",
            anchor="bare transaction of one client",
            anchor_value=alone_ms,
            goal=2 * alone_ms,
            at_most=True,
        ),
        figure(f"{name}.slowest.16", seen.median("p99.16"), "ms", goal=60, at_most=True),
        figure(
            f"{name}.replays",
            seen.median("replays"),
            "answers/s",
            anchor="new sales, both by 16",
            anchor_value=at_16,
            goal=1.5 * at_16,
        ),
    ]
    if place.floor is not None:
        figures += [
            figure(
                f"{name}.alone.floor",
                seen.median("floor.p50.1"),
                "ms",
                anchor="bare transaction of one client; nothing reckoned",
                anchor_value=alone_ms,
            ),
            figure(
                f"{name}.sales.over_textbook.floor",
                seen.median("floor.16"),
                "sales/s",
                anchor="textbook ORM endpoint, both by 16; nothing reckoned",
                anchor_value=textbook,
            ),
        ]
    for clients in CLIENTS:
        figures.append(
            figure(
                f"{name}.sales.{clients}",
                seen.median(f"sales.{clients}"),
                "sales/s",
                anchor="bare transaction at its best",
                anchor_value=limit,
            )
        )
        for what in ("p50", "p99"):
            median = seen.median(f"{what}.{clients}")
            figures.append(figure(f"{name}.{what}.{clients}", median, "ms"))
        figures.append(figure(f"{name}.cpu.{clients}", seen.median(f"cpu.{clients}"), "us/sale"))
        if place.database_pid is not None:
            database = seen.median(f"database_cpu.{clients}")
            figures.append(figure(f"{name}.database_cpu.{clients}", database, "us/sale"))
    figures.append(figure(f"{name}.memory", memory_mb(place.selling.pid), "MB"))
    return figures
