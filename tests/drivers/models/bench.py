"""A stand-in of any Modbus model on a null modem, and its driver, on one virtual clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from drivers.conversation import LineSettings
from drivers.device.mapped import MappedDevice
from drivers.device.settings import DeviceSettings
from drivers.maps.model import Command, MeterMap, Register, Trust
from drivers.modbus.link import ModbusLink
from drivers.modbus.rtu_line import RtuLine
from drivers.modbus.shared import bus_of
from drivers.transports.memory import MemoryLine, VirtualClock
from meters.device import Warrant
from simulators.loads import Draw, Use
from simulators.mapped import MappedMeter
from simulators.premises import Premises
from simulators.serving.line import Line
from simulators.serving.rtu import RtuEnd

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BEGIN = int(START.timestamp())
SOMEBODY = Warrant("Sami", "administrator", "bench")
TURNAROUND_S = 0.02


@dataclass
class Bench:
    """The meter, its driver, and everything that went over the line."""

    meter: MappedMeter
    device: MappedDevice
    channel: MemoryLine

    def writes(self) -> list[str]:
        """Frames sent that write (function 6 or 16), in hex."""
        return [f.hex(" ").upper() for f in self.channel.sent if f[1] in (6, 16)]


def bench(meter_map: MeterMap, *, confirmed: bool = False) -> Bench:
    """`confirmed`: a technician has settled everything that the map leaves open."""
    clock = VirtualClock(float(BEGIN))
    size, use = (
        (400, Use.WATER) if "water" in meter_map.id or "valve" in meter_map.id else (3000, Use.HOME)
    )
    place = Premises(flow=Draw(5, use, size, BEGIN - 86400), at=BEGIN - 86400)
    line = Line("bench", seconds=clock)
    meter = MappedMeter(meter_map, place, clock, seed=5, moved=line.move)
    line.place(meter.unit, meter)
    end = RtuEnd(line)

    def far(now: float, data: bytes) -> Iterable[tuple[float, bytes]]:
        return [(TURNAROUND_S + piece.delay_s, piece.data) for piece in end.feed(data, now)]

    channel = MemoryLine(far, clock, LineSettings(baud=9600))
    bus = bus_of(RtuLine(channel, "memory"), clock, clock.sleep)

    def link(unit: str) -> ModbusLink:
        return ModbusLink(bus, int(unit), meter_map, clock.sleep)

    def now() -> datetime:
        return START + timedelta(seconds=clock() - BEGIN)

    unit = str(meter.unit)
    settled = open_names(meter_map) if confirmed else frozenset()
    settings = DeviceSettings(unit=unit, confirmed=settled)
    device = MappedDevice(meter_map, link(unit), now, clock.sleep, settings, elsewhere=link)
    return Bench(meter, device, channel)


def open_names(meter_map: MeterMap) -> frozenset[str]:
    """Registers and commands that no source settles."""
    things: dict[str, Register | Command] = {**meter_map.registers, **meter_map.commands}
    return frozenset(name for name, one in things.items() if one.trust is Trust.UNVERIFIED)
