"""The stand-in meters on the network: one Modbus TCP server per gateway, one keypad.

Loopback only. Everything runs in one event loop, so that a reading is of one moment and two
tokens are never judged at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

from .hosted import HostedMeter
from .keypad import GREETING, Keypad
from .serving.line import Line
from .serving.place import HOST, PortTaken, Stand, serve_tcp
from .world import World

_LONGEST_LINE: Final = 1024


_Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Simulator:
    """A world, served. `start`, then `gateways` and `keypad` name the ports; `stop` ends it."""

    def __init__(self, world: World, now: Callable[[], datetime]) -> None:
        self._world = world
        self._now = now
        self._servers: list[asyncio.Server] = []
        self._connections: set[asyncio.Task[None]] = set()
        self._stands: list[Stand] = []
        self.lines: dict[str, Line] = {}
        self.units: dict[str, dict[int, HostedMeter]] = {}
        """Hosted meters by gateway and unit id."""
        for name, plan in world.gateways.items():
            self.units[name] = {}
            self.lines[name] = Line(name)
            for meter_plan in plan.meters:
                meter = meter_plan.build(now())
                hosted = HostedMeter(meter, now)
                hosted.fault = meter_plan.fault
                self.units[name][meter_plan.unit] = hosted
                self.lines[name].place(meter_plan.unit, hosted)
        self.meters = {
            hosted.meter.drn: hosted for units in self.units.values() for hosted in units.values()
        }
        self.gateways: dict[str, int] = {}
        self.keypad = 0

    async def start(self) -> None:
        """Listen on all ports. Raises PortTaken, with nothing left listening."""
        try:
            for name, plan in self._world.gateways.items():
                stand = await serve_tcp(self.lines[name], plan.port)
                self._stands.append(stand)
                self.gateways[name] = stand.port
            self.keypad = await self._listen(self._keypad, self._world.keypad_port)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close the ports and every connection."""
        for server in self._servers:
            server.close()
        for stand in self._stands:
            stand.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        for server in self._servers:
            await server.wait_closed()
        for stand in self._stands:
            await stand.closed()
        self._stands.clear()
        self._servers.clear()

    async def _listen(self, handler: _Handler, port: int) -> int:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._connections.add(task)
            try:
                await handler(reader, writer)
            except (ConnectionError, asyncio.CancelledError):
                # The other end went away, or we are stopping: either way this dialog is over.
                pass
            finally:
                self._connections.discard(task)
                writer.close()
                with suppress(ConnectionError):
                    await writer.wait_closed()

        try:
            server = await asyncio.start_server(connected, HOST, port, limit=_LONGEST_LINE)
        except OSError as error:
            raise PortTaken(port, error.strerror or "cannot listen") from None
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def _keypad(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        keypad = Keypad(self.meters, self._now)
        shown: str | None = GREETING
        while shown is not None:
            writer.write(shown.encode() + b"\n")
            await writer.drain()
            try:
                line = await reader.readline()
            except ValueError:
                return  # A line that never ends is not typed by a person.
            if not line:
                return
            shown = keypad.line(line.decode("utf-8", "replace"))
