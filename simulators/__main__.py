"""`python -m simulators WORLD.json [--speed N]`: run the stand-in meters of a world file;
`python -m simulators --scenario FILE [--meters N] [--log FILE]`: those of a scenario.

When all ports listen it prints one JSON line and serves until SIGTERM, SIGINT or the end of its
standard input: whoever started it holds the other end, so the meters never outlive their parent.
The line is {"ready": true, "gateways": {name: port}, "keypad": port} for a world
(`simulators.world`), {"ready": true, "meters": N, "lines": [...]} for a scenario
(`simulators.scenario`, rows as in `simulators.hosting`; with "keypad" where it has payment meters).
With `--tell` more follow: {"time", "fault", "target", "what": "begin" or "end", "parameters"}.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from meters.errors import Invalid, RaseedError, Refused, Unavailable

from .clock import VirtualClock
from .hosting import TownHall
from .plans import FaultPlan, Scenario
from .scenario import MOST_METERS, read_scenario
from .server import Simulator
from .town import Tell, Town
from .world import World, read_world

# Exit codes as everywhere in the product (docs/architecture.md).
_EXIT = ((Invalid, 2), (Refused, 3), (Unavailable, 4))
_FASTEST = 100_000


def _speed(text: str) -> float:
    value = float(text)
    if not 0 < value <= _FASTEST:
        raise ValueError
    return value


def _count(text: str) -> int:
    value = int(text)
    if not 0 <= value <= MOST_METERS:
        raise ValueError
    return value


async def _world(world: World, speed: float) -> None:
    clock = VirtualClock(world.start or datetime.now(UTC), speed, time.monotonic)
    simulator = Simulator(world, clock)
    await _serve(
        simulator.start,
        simulator.stop,
        lambda: {"gateways": simulator.gateways, "keypad": simulator.keypad},
    )


async def _scenario(scenario: Scenario, meters: int, log: Path | None, tells: bool) -> None:
    clock = VirtualClock(scenario.start, scenario.speed, time.monotonic)
    zone = timezone(timedelta(seconds=scenario.zone_s))
    tell: dict[str, Tell] = {"tell": partial(_told, zone)} if tells else {}
    with log.open("a", encoding="utf-8") if log else nullcontext() as stream:
        town = Town(scenario, clock.seconds, meters=meters, log=stream, **tell)
        # What is made now lives as long as the process: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        hall = TownHall(town)
        await _serve(hall.start, hall.stop, hall.told)


def _told(zone: timezone, when: datetime, plan: FaultPlan, what: str) -> None:
    shown = when.astimezone(zone).isoformat(timespec="seconds")
    row = {"time": shown, "fault": plan.name, "target": plan.target, "what": what}
    print(json.dumps({**row, "parameters": plan.parameters}), flush=True)


async def _serve(
    start: Callable[[], Awaitable[None]],
    stop: Callable[[], Awaitable[None]],
    told: Callable[[], Mapping[str, Any]],
) -> None:
    over = asyncio.Event()
    loop = asyncio.get_running_loop()

    def watch() -> None:
        _until_closed()
        with suppress(RuntimeError):  # The loop may have ended for another reason.
            loop.call_soon_threadsafe(over.set)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    await start()
    threading.Thread(target=watch, daemon=True).start()
    try:
        print(json.dumps({"ready": True, **told()}), flush=True)
        await over.wait()
    finally:
        await stop()


def _until_closed() -> None:
    """Return when standard input ends; what is typed there is ignored. A blocking read in a
    thread, because an event loop cannot watch every kind of standard input."""
    while os.read(0, 4096):
        pass


def main(arguments: list[str] | None = None) -> int:
    """Run until told to end; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m simulators", description="Run stand-in meters."
    )
    parser.add_argument(
        "world", type=Path, nargs="?", help="world file, mode 0600 (see simulators/world.py)"
    )
    parser.add_argument("--scenario", type=Path, help="scenario file (see simulators/scenario.py)")
    parser.add_argument(
        "--meters", type=_count, default=0, help="of the scenario's shares, so many in all"
    )
    parser.add_argument("--log", type=Path, help="file for a JSON line about each fault")
    parser.add_argument(
        "--tell",
        action="store_true",
        help="a JSON line on standard output when a planned fault begins, and when it is over",
    )
    parser.add_argument(
        "--speed", type=_speed, help="virtual seconds per real second, 1 by default"
    )
    told = parser.parse_args(arguments)
    if (told.world is None) == (told.scenario is None):
        parser.error("needs a world file or --scenario, and not both")
    try:
        if told.scenario is not None:
            scenario = read_scenario(told.scenario, datetime.now(UTC))
            if told.speed is not None:
                scenario = replace(scenario, speed=told.speed)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_scenario(scenario, told.meters, told.log, told.tell))
        else:
            asyncio.run(_world(read_world(told.world), told.speed or 1.0))
    except RaseedError as error:
        print(f"simulators: {error}", file=sys.stderr)
        return next((code for kind, code in _EXIT if isinstance(error, kind)), 70)
    return 0


if __name__ == "__main__":
    sys.exit(main())
