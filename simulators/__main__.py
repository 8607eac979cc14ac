"""`python -m simulators WORLD.json [--speed N]`: run the stand-in meters of a world file.

When all ports listen it prints one JSON line, {"ready": true, "gateways": {name: port},
"keypad": port}, and serves until SIGTERM, SIGINT or the end of its standard input: whoever
started it holds the other end, so the meters never outlive their parent. The world file is
described in `simulators.world`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from meters.errors import Invalid, RaseedError, Refused, Unavailable

from .clock import VirtualClock
from .server import Simulator
from .world import World, read_world

# Exit codes as everywhere in the product (docs/architecture.md).
_EXIT = ((Invalid, 2), (Refused, 3), (Unavailable, 4))
_FASTEST = 100_000


def _speed(text: str) -> float:
    value = float(text)
    if not 0 < value <= _FASTEST:
        raise ValueError
    return value


async def _serve(world: World, speed: float) -> None:
    clock = VirtualClock(world.start or datetime.now(UTC), speed, time.monotonic)
    simulator = Simulator(world, clock)
    over = asyncio.Event()
    loop = asyncio.get_running_loop()

    def watch() -> None:
        _until_closed()
        with suppress(RuntimeError):  # The loop may have ended for another reason.
            loop.call_soon_threadsafe(over.set)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    await simulator.start()
    threading.Thread(target=watch, daemon=True).start()
    try:
        ready = {"ready": True, "gateways": simulator.gateways, "keypad": simulator.keypad}
        print(json.dumps(ready), flush=True)
        await over.wait()
    finally:
        await simulator.stop()


def _until_closed() -> None:
    """Return when standard input ends; what is typed there is ignored. A blocking read in a
    thread, because an event loop cannot watch every kind of standard input."""
    while os.read(0, 4096):
        pass


def main(arguments: list[str] | None = None) -> int:
    """Run until told to end; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m simulators", description="Run the stand-in meters of a world file."
    )
    parser.add_argument("world", type=Path, help="world file, mode 0600 (see simulators/world.py)")
    parser.add_argument(
        "--speed", type=_speed, default=1.0, help="virtual seconds per real second, 1 by default"
    )
    told = parser.parse_args(arguments)
    try:
        asyncio.run(_serve(read_world(told.world), told.speed))
    except RaseedError as error:
        print(f"simulators: {error}", file=sys.stderr)
        return next((code for kind, code in _EXIT if isinstance(error, kind)), 70)
    return 0


if __name__ == "__main__":
    sys.exit(main())
