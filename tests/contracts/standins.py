"""A stand-in of any Modbus model with the driver in front of it: in memory on a virtual clock, over
TCP, over RTU in TCP, and over a pseudo-terminal."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from drivers.device.mapped import MappedDevice
from drivers.device.recognising import Expected
from drivers.device.settings import DeviceSettings
from drivers.dlt645.link import Authority
from drivers.dlt645.station import Access
from drivers.iec21.core import plain_key
from drivers.iec21.link import Manner
from drivers.maps.model import MeterMap, Protocol
from drivers.maps.reading import shipped_map
from drivers.modbus.rtu_line import RtuLine
from drivers.opening import ModbusPlace, SerialPlace, open_line, open_modbus
from drivers.places import Place
from drivers.transports.memory import MemoryLine, VirtualClock
from meters.account import Commodity
from meters.device import CommandRecord, Warrant
from simulators.faults.base import Fault, Layer
from simulators.faults.registry import make
from simulators.faults.sets import FaultSet
from simulators.loads import PER_UNIT, Draw, Use
from simulators.mapped import MappedMeter
from simulators.nodes import NODES, PASSWORD
from simulators.premises import Premises, Switch
from simulators.serving.bus import SerialBus
from simulators.serving.line import Line
from simulators.serving.place import (
    Stand,
    on_pty,
    serve_rtu_on_pty,
    serve_rtu_over_tcp,
    serve_stream,
    serve_tcp,
)
from simulators.serving.rtu import RtuEnd
from simulators.serving.streams import End

START = datetime(2026, 3, 1, 8, 2, tzinfo=UTC)
UNIT = 7
VALVE_S = 20
LOAD = 1000
"""W, or litres an hour, all the time."""
READ_SO_FAR = 1234
"""kWh or m3 on the counters when a test begins."""
BOSS = Warrant("noor", "administrator", "a test")


def premises(meter_map: MeterMap, load: int = LOAD, credit: int | None = None) -> Premises:
    """Where a stand-in stands: a steady draw, a relay or a valve."""
    now = int(START.timestamp())
    water = meter_map.commodity[0] is Commodity.WATER
    flow = Draw(1, Use.FLAT, load, now)
    place = Premises(flow, now, Switch(VALVE_S if water else 0))
    place.forward = READ_SO_FAR * 1000 * PER_UNIT
    if credit is not None:
        place.balance = credit * PER_UNIT
    return place


@dataclass
class Standin:
    """One meter on a line, and a device in front of it."""

    map: MeterMap
    seconds: Callable[[], float]
    place: ModbusPlace | SerialPlace
    meter: MappedMeter
    line: Line | SerialBus
    pause: Callable[[float], None]
    station: str = str(UNIT)
    records: list[CommandRecord] = field(default_factory=list)
    hits: list[str] = field(default_factory=list)
    memory: MemoryLine | None = None
    asked: list[str] = field(default_factory=list)
    stand: Stand | None = None

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds(), UTC)

    def device(self, **settings: Any) -> MappedDevice:
        known = {"unit": self.station, **settings}
        return MappedDevice(
            self.map,
            self.place.link(self.map, self.station),
            self.now,
            self.pause,
            DeviceSettings(**known),
            sink=self.records.append,
            ask=self._agree,
            elsewhere=lambda station: self.place.link(self.map, station),
        )

    def expected(self) -> Expected:
        """The records say who it is."""
        found = self.device().identify()
        return Expected(serial=found.serial, number=found.number)

    def strike(self, name: str, **parameters: object) -> Fault:
        """A fault, on the meter or the line as its layer has it."""
        fault = make(name, parameters)
        fault.bind(f"{name} at {self.map.id}", lambda how: self.hits.append(f"{name}: {how}"))
        if fault.layer in (Layer.GATEWAY, Layer.WIRE):
            self.line.faults = self.line.faults.plus(fault)
        else:
            self.meter.faults = self.meter.faults.plus(fault)
            fault.begin(self.meter.place, int(self.seconds()))
        self.meter.forget()
        return fault

    def heal(self) -> None:
        """All faults are over."""
        for fault in self.meter.faults.all:
            fault.end(self.meter.place, int(self.seconds()))
        self.meter.faults = FaultSet()
        self.line.faults = FaultSet()
        self.meter.forget()

    def _agree(self, code: str) -> bool:
        """Whoever is asked does it: power off and on."""
        self.asked.append(code)
        if code == "power_cycle":
            self.meter.restart()
        return True


def in_memory(
    map_id: str,
    *,
    load: int = LOAD,
    credit: int | None = None,
    echo: bool = False,
    meter_map: MeterMap | None = None,
    variant: str = "",
    firmware: str = "",
) -> Standin:
    """On a null modem whose clock moves when somebody waits."""
    meter_map = meter_map or shipped_map(map_id)
    clock = VirtualClock()

    def seconds() -> float:
        return START.timestamp() + clock()

    meter, line, station = _stood(meter_map, seconds, load, credit, variant, firmware)
    end: End = line if isinstance(line, SerialBus) else RtuEnd(line)

    def far(now: float, data: bytes) -> Iterable[tuple[float, bytes]]:
        return [(piece.delay_s + 0.005, piece.data) for piece in end.feed(data, now)]

    memory = MemoryLine(far, clock, Place("serial").settings(meter_map.line), echo=echo)
    place: ModbusPlace | SerialPlace
    if isinstance(line, SerialBus):
        place = SerialPlace(memory, "memory", MANNER, AUTHORITY, clock, clock.sleep)
    else:
        place = ModbusPlace(RtuLine(memory, "memory"), 0.3, clock, clock.sleep)
    return Standin(
        meter_map, seconds, place, meter, line, clock.sleep, station=station, memory=memory
    )


MANNER = Manner(key=plain_key(PASSWORD), stays=True)
AUTHORITY = Authority(Access(2, "000000"))


def _stood(
    meter_map: MeterMap,
    seconds: Callable[[], float],
    load: int = LOAD,
    credit: int | None = None,
    variant: str = "",
    firmware: str = "",
) -> tuple[MappedMeter, Line | SerialBus, str]:
    """A meter on a line of its own, and what it is called there."""
    place = premises(meter_map, load, credit)
    built = partial(
        MappedMeter,
        meter_map,
        place,
        seconds,
        seed=5,
        unit=UNIT,
        variant=variant,
        firmware=firmware,
    )
    if meter_map.protocol is Protocol.MODBUS:
        line = Line("line", seconds=seconds)
        meter = built(moved=line.move)
        line.place(UNIT, meter)
        return meter, line, str(UNIT)
    meter = built()
    bus = SerialBus("bus", [NODES[meter_map.protocol](meter)], seconds=seconds)
    stations = {
        Protocol.DLT645: meter.serial.zfill(12),
        Protocol.IEC21: meter.serial,
        Protocol.MBUS: str(UNIT),
    }
    return meter, bus, stations[meter_map.protocol]


@contextmanager
def served(map_id: str, how: str, **more: Any) -> Iterator[Standin]:
    """On a real socket or pseudo-terminal: `tcp`, `rtu-tcp` (any serial protocol's bytes in TCP) or
    `pty`."""
    meter_map = shipped_map(map_id)
    begun = time.monotonic()

    def seconds() -> float:
        return START.timestamp() + time.monotonic() - begun

    meter, line, station = _stood(meter_map, seconds, **more)
    with loop_in_thread() as call:
        stand: Stand = call(_serve(line, how))
        place = _place(how, stand.address)
        driver: Any
        if isinstance(line, SerialBus):
            driver = open_line(place, meter_map, _password(meter_map))
        else:
            driver = open_modbus(place, None, 0.3, 0.5)
        try:
            yield Standin(
                meter_map, seconds, driver, meter, line, time.sleep, station=station, stand=stand
            )
        finally:
            driver.close()
            call(_closed(stand))


def _password(meter_map: MeterMap) -> str:
    return "000000" if meter_map.protocol is Protocol.DLT645 else PASSWORD


async def _serve(line: Line | SerialBus, how: str) -> Stand:
    if isinstance(line, SerialBus):
        if how == "pty":
            return on_pty(line)
        return await serve_stream(lambda: line, lambda: line.faults)
    stand: Stand = await _SERVERS[how](line)
    return stand


async def _pty(line: Line) -> Stand:
    return await serve_rtu_on_pty(line)


_SERVERS: dict[str, Callable[[Line], Any]] = {
    "tcp": serve_tcp,
    "rtu-tcp": serve_rtu_over_tcp,
    "pty": _pty,
}


async def _closed(stand: Stand) -> None:
    stand.close()
    await stand.closed()


def _place(how: str, address: str) -> Place:
    if how == "pty":
        # Pseudo-terminals take eight bits without parity only.
        return Place("serial", path=address, baud=115_200, bits=8, parity="N")
    host, _, port = address.rpartition(":")
    return Place(how, host, int(port), baud=115_200)


@contextmanager
def loop_in_thread() -> Iterator[Callable[[Any], Any]]:
    """An event loop that runs elsewhere; what is yielded runs a coroutine there."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield lambda work: asyncio.run_coroutine_threadsafe(work, loop).result(5)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


def later(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)
