"""The stand-in meters on the network: one Modbus TCP server per gateway, one keypad.

Loopback only. Everything runs in one event loop, so that a reading is of one moment and two
tokens are never judged at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from meters.errors import Unavailable

from .hosted import HostedMeter
from .keypad import GREETING, Keypad
from .registers import MeterRegisters
from .wire import Framer
from .world import World

HOST: Final = "127.0.0.1"
_CHUNK: Final = 4096
_LONGEST_LINE: Final = 1024


_Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(eq=False)
class PortTaken(Unavailable, code="simulator.port_taken"):
    """A port of the world file cannot be listened on."""

    port: int
    reason: str


class Simulator:
    """A world, served. `start`, then `gateways` and `keypad` name the ports; `stop` ends it."""

    def __init__(self, world: World, now: Callable[[], datetime]) -> None:
        self._world = world
        self._now = now
        self._servers: list[asyncio.Server] = []
        self._connections: set[asyncio.Task[None]] = set()
        self.units: dict[str, dict[int, HostedMeter]] = {}
        """Hosted meters by gateway and unit id."""
        for name, plan in world.gateways.items():
            self.units[name] = {}
            for meter_plan in plan.meters:
                meter = meter_plan.build(now())
                hosted = HostedMeter(meter, MeterRegisters(meter, now), meter_plan.fault)
                self.units[name][meter_plan.unit] = hosted
        self.meters = {
            hosted.meter.drn: hosted for units in self.units.values() for hosted in units.values()
        }
        self.gateways: dict[str, int] = {}
        self.keypad = 0

    async def start(self) -> None:
        """Listen on all ports. Raises PortTaken, with nothing left listening."""
        try:
            for name, plan in self._world.gateways.items():
                self.gateways[name] = await self._listen(self._gateway(name), plan.port)
            self.keypad = await self._listen(self._keypad, self._world.keypad_port)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close the ports and every connection."""
        for server in self._servers:
            server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        for server in self._servers:
            await server.wait_closed()
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

    def _gateway(self, name: str) -> _Handler:
        units = self.units[name]

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            framer = Framer()
            while not framer.broken and (data := await reader.read(_CHUNK)):
                # One after the other: the wire behind a gateway is serial, so a slow meter
                # holds up the requests behind it.
                for request in framer.feed(data):
                    hosted = units.get(request.unit)
                    if hosted is None:
                        continue
                    frame, effect = hosted.handle(request)
                    if effect.delay_s:
                        await asyncio.sleep(effect.delay_s)
                    if effect.hang_up:
                        return
                    if frame is not None:
                        writer.write(frame)
                        await writer.drain()

        return serve

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
