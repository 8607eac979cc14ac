"""The stand-in meters on the network: one Modbus TCP server per gateway, one keypad.

Loopback only. Everything runs in one event loop, so that a reading is of one moment and two
tokens are never judged at once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from .hosted import HostedMeter, hosted
from .serving.line import Line
from .serving.place import Stand, serve_tcp
from .serving.typed import KeypadPort
from .world import World


class Simulator:
    """A world, served. `start`, then `gateways` and `keypad` name the ports; `stop` ends it."""

    def __init__(self, world: World, now: Callable[[], datetime]) -> None:
        self._world = world
        self._stands: list[Stand] = []
        self.lines: dict[str, Line] = {}
        self.units: dict[str, dict[int, HostedMeter]] = {}
        """Hosted meters by gateway and unit id."""
        for name, plan in world.gateways.items():
            self.units[name] = {one.unit: hosted(one, now) for one in plan.meters}
            self.lines[name] = Line(name)
            for unit, meter in self.units[name].items():
                self.lines[name].place(unit, meter)
        self.meters = {
            one.meter.drn: one for units in self.units.values() for one in units.values()
        }
        self._keypad = KeypadPort(self.meters, now)
        self.gateways: dict[str, int] = {}

    @property
    def keypad(self) -> int:
        """Its port."""
        return self._keypad.port

    async def start(self) -> None:
        """Listen on all ports. Raises PortTaken, with nothing left listening."""
        try:
            for name, plan in self._world.gateways.items():
                stand = await serve_tcp(self.lines[name], plan.port)
                self._stands.append(stand)
                self.gateways[name] = stand.port
            await self._keypad.start(self._world.keypad_port)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close the ports and every connection."""
        for stand in self._stands:
            stand.close()
        await self._keypad.stop()
        for stand in self._stands:
            await stand.closed()
        self._stands.clear()
