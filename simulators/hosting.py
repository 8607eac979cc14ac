"""A town on its ports: starts every line, drives the faults, and tells where everything is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from drivers.maps.model import Protocol

from .building import TownLine, model_of
from .serving.bus import SerialBus
from .serving.line import Line
from .serving.place import (
    Stand,
    on_pty,
    serve_rtu_on_pty,
    serve_rtu_over_tcp,
    serve_stream,
    serve_tcp,
)
from .serving.typed import KeypadPort
from .town import Town
from .world import MeterPlan

_LOOK_EVERY_S: Final = 0.05
_LEAST_S: Final = 0.001


class TownHall:
    """`start`, then `table` names the lines; `stop` ends it."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.stands: dict[str, Stand] = {}
        self._keypad = KeypadPort(town.payment, town.now)
        self._watch: asyncio.Task[None] | None = None
        self._chatter: dict[str, asyncio.TimerHandle] = {}

    async def start(self) -> None:
        """Listen everywhere. Raises PortTaken, with nothing left listening."""
        try:
            for line in self.town.lines.values():
                self.stands[line.name] = await _served(line)
            if self.town.payment:
                await self._keypad.start(self.town.scenario.keypad_port)
        except BaseException:
            await self.stop()
            raise
        self._watch = asyncio.create_task(self._drive())

    async def stop(self) -> None:
        """Close every line and every connection."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        for timer in self._chatter.values():
            timer.cancel()
        for stand in self.stands.values():
            stand.close()
        await self._keypad.stop()
        for stand in self.stands.values():
            await stand.closed()
        self.stands.clear()

    def told(self) -> Mapping[str, Any]:
        """How many meters there are, where; and the keypad, if there are payment meters."""
        lines = self.table()
        told = {"meters": sum(line["meters"] for line in lines), "lines": lines}
        return told | ({"keypad": self._keypad.port} if self.town.payment else {})

    def table(self) -> list[Mapping[str, Any]]:
        """A row for each line: where it is and who is on it."""
        return [
            {
                "line": line.name,
                "site": line.plan.site,
                "protocol": line.plan.protocol.value,
                "carrier": line.plan.carrier,
                "address": self.stands[line.name].address,
                "meters": len(line.numbers),
                "units": _units(line),
                "models": sorted({model_of(meter) for meter in line.numbers.values()}),
                "payment": {one.drn.number: one.unit for one in sorted(plan.payment, key=_by_unit)},
            }
            for line, plan in ((one, one.plan) for one in self.town.lines.values())
        ]

    async def _drive(self) -> None:
        while True:
            due = self.town.advance()
            for name, line in self.town.lines.items():
                if name not in self._chatter and line.carries.faults.of("chatter"):
                    self._jabber(name, line.carries, self.stands[name].write)
            await asyncio.sleep(self._until(due))

    def _until(self, due: float | None) -> float:
        """Real seconds until there is something to do: a fault of a minute is one also where an
        hour takes a second."""
        if due is None:
            return _LOOK_EVERY_S
        real = (due - self.town.seconds()) / self.town.scenario.speed
        return min(_LOOK_EVERY_S, max(_LEAST_S, real))

    def _jabber(self, name: str, carries: Line | SerialBus, write: Callable[[bytes], None]) -> None:
        self._chatter.pop(name, None)
        for fault in carries.faults.of("chatter"):
            piece = fault.chatter()
            if piece is not None:
                write(piece.data)
                self._chatter[name] = asyncio.get_running_loop().call_later(
                    max(piece.delay_s, 0.001), self._jabber, name, carries, write
                )
                return


async def _served(line: TownLine) -> Stand:
    plan, carries = line.plan, line.carries
    if isinstance(carries, Line):
        match plan.carrier:
            case "tcp":
                return await serve_tcp(carries, plan.port)
            case "rtu-tcp":
                return await serve_rtu_over_tcp(carries, plan.port)
            case _:
                return await serve_rtu_on_pty(
                    carries, strict_baud=plan.strict_baud, paced=plan.paced
                )
    if plan.carrier == "tcp":
        return await serve_stream(lambda: carries, lambda: carries.faults, plan.port)

    def told(baud: int) -> None:
        carries.baud = baud

    return on_pty(carries, told, plan.paced)


def _by_unit(plan: MeterPlan) -> int:
    return plan.unit


def _units(line: TownLine) -> list[str]:
    """Addresses on the line: unit ids, or serials where the protocol goes by them."""
    if line.plan.protocol in (Protocol.MODBUS, Protocol.MBUS):
        units = [one.unit for one in line.plan.payment] + [one.unit for one in line.meters]
        return [str(unit) for unit in sorted(units)]
    if line.plan.protocol is Protocol.DLT645:
        return [meter.serial.zfill(12) for meter in line.meters]
    return [meter.serial for meter in line.meters]
