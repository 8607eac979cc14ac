"""From a place that people write to a line that is open: the one spot that knows every transport
and every protocol's link."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from meters.errors import Invalid

from .bus import Manners
from .conversation import LineSettings
from .lines import Declined, NoReply, Resting
from .link import Priority
from .maps.model import MeterMap, Table
from .modbus.line import ModbusLine
from .modbus.link import ModbusLink
from .modbus.pdu import read_request
from .modbus.rtu_line import RtuLine
from .modbus.shared import ModbusBus, bus_of
from .modbus.tcp import ModbusTcpLine
from .places import SERIAL, TCP, Place
from .transports.serial_port import SerialChannel
from .transports.tcp import TcpChannel

_MODBUS_PORT: Final = 502
_CONNECT_S: Final = 3.0


@dataclass(eq=False)
class StationInvalid(Invalid, code="line.station_invalid"):
    """A model's stations are not called so."""

    station: str
    wanted: str


class ModbusPlace:
    """A Modbus line that is open: links to its meters, and knocking at its units for a scan."""

    def __init__(
        self,
        line: ModbusLine,
        silent_s: float = 0.3,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`silent_s`: how long a scan waits at a unit where nobody answers."""
        self.bus: ModbusBus = bus_of(line, clock, sleep)
        self.silent_s = silent_s
        self._sleep = sleep

    def link(self, meter_map: MeterMap, station: str = "") -> ModbusLink:
        """To the meter at this unit; the model's default if none is said. Raises StationInvalid."""
        unit = unit_of(meter_map, station)
        return ModbusLink(self.bus, unit, meter_map, self._sleep)

    def knock(self, station: str) -> str:
        """One register, by function 3: a meter that knows neither answers so."""
        request = read_request(int(station), Table.HOLDING, 0, 1)
        manners = Manners(0.0, self.silent_s)
        try:
            self.bus.ask(
                station,
                manners,
                Priority.COMMISSIONING,
                lambda line, pace, seen: line.ask(request, pace, seen),
                listen_s=_LISTEN_S,
            )
        except NoReply as error:
            return error.reason
        except Resting:
            return "timeout"
        except Declined as error:
            # A gateway says for the meter that it does not answer.
            return "timeout" if error.reason in _NOBODY else ""
        return ""

    def close(self) -> None:
        self.bus.close(lambda line: line.close())


_NOBODY: Final = frozenset({"exception_10", "exception_11"})
_LISTEN_S: Final = 0.05
"""A second meter at the same id may answer a little later than the first."""


def unit_of(meter_map: MeterMap, station: str) -> int:
    """The Modbus unit of a station. Raises StationInvalid."""
    units = meter_map.line.units
    if not station:
        return meter_map.line.default_unit
    if not station.isdecimal() or int(station) not in units:
        raise StationInvalid(station, f"{units[0]}..{units[-1]}")
    return int(station)


def open_modbus(
    place: Place,
    settings: LineSettings | None = None,
    silent_s: float = 0.3,
    worst_s: float = 0.5,
) -> ModbusPlace:
    """A line for Modbus at this place; nothing is sent yet, and a socket or port is opened when it
    is first used. `settings` are those of the model as delivered, where the place says none."""
    said = place.settings() if settings is None else settings
    if place.transport == TCP:
        port = place.port or _MODBUS_PORT
        return ModbusPlace(ModbusTcpLine(place.host, port, max(worst_s, silent_s)), silent_s)
    return ModbusPlace(RtuLine(_channel(place, said), place.line, place.echo), silent_s)


def _channel(place: Place, settings: LineSettings) -> TcpChannel | SerialChannel:
    if place.transport == SERIAL:
        return SerialChannel(place.path, settings)
    assert place.port is not None
    return TcpChannel(place.host, place.port, settings, _CONNECT_S)
