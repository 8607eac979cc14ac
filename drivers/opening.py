"""From a place that people write to a line that is open: the one spot that knows every transport
and every protocol's link."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from meters.errors import Invalid

from .bus import Bus, Manners
from .conversation import Channel, LineSettings
from .dlt645.link import Authority, Dlt645Link
from .dlt645.station import Access
from .iec21.core import plain_key
from .iec21.frames import is_plain
from .iec21.link import Iec21Link, Manner
from .lines import Declined, NoReply, Resting
from .link import Link, Priority
from .maps.model import MeterMap, Table
from .maps.model import Protocol as Speech
from .mbus.frames import ANYBODY, LAST_PRIMARY
from .mbus.link import MbusLink
from .modbus.line import ModbusLine
from .modbus.link import ModbusLink
from .modbus.pdu import read_request
from .modbus.rtu_line import RtuLine
from .modbus.shared import ModbusBus, bus_of
from .modbus.tcp import ModbusTcpLine
from .places import SERIAL, TCP, Place
from .transports.serial_port import SerialChannel, Wiring
from .transports.tcp import TcpChannel

MODBUS_PORT: Final = 502
SILENT_S: Final = 0.3
"""How long a scan waits at a station where nobody answers."""
CONNECT_S: Final = 3.0
_NOBODY: Final = frozenset({"exception_10", "exception_11"})
"""A gateway says for a meter that it does not answer."""
_PLAIN_BITS: Final = 8
_DLT_LEVEL: Final = 2
"""What relays and most settings of DL/T 645 want."""
_DLT_DIGITS: Final = 6
_PRIMARY_DIGITS: Final = 3
_LISTEN_S: Final = 0.05
"""A second meter at the same id may answer a little later than the first."""


@dataclass(eq=False)
class StationInvalid(Invalid, code="line.station_invalid"):
    """A model's stations are not called so."""

    station: str
    wanted: str


class OpenLine(Protocol):
    """A line that is open, and who is on it."""

    @property
    def counts(self) -> Mapping[str, int]:
        """What was seen on the line (`Bus.counts`)."""
        ...

    def link(self, meter_map: MeterMap, station: str = "") -> Link:
        """To the meter at this station; to the model's usual one, or to whoever is alone on the
        line, if none is said. Raises StationInvalid."""
        ...

    def close(self) -> None: ...


class ModbusPlace:
    """A Modbus line: links to its meters, and knocking at its units for a scan."""

    def __init__(
        self,
        line: ModbusLine,
        silent_s: float = SILENT_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.bus: ModbusBus = bus_of(line, clock, sleep)
        self.silent_s = silent_s
        self._sleep = sleep

    @property
    def counts(self) -> Mapping[str, int]:
        return self.bus.counts

    def link(self, meter_map: MeterMap, station: str = "") -> ModbusLink:
        return ModbusLink(self.bus, unit_of(meter_map, station), meter_map, self._sleep)

    def knock(self, station: str) -> str:
        """One register by function 3: who does not know it says so, and is there. Empty if somebody
        answers, else why nobody does. Raises LineDown, LineBusy."""
        request = read_request(int(station), Table.HOLDING, 0, 1)
        try:
            self.bus.ask(
                station,
                Manners(0.0, self.silent_s),
                Priority.COMMISSIONING,
                lambda line, pace, seen: line.data(request, pace, seen),
                listen_s=_LISTEN_S,
            )
        except NoReply as error:
            return error.reason
        except Resting:
            return "timeout"
        except Declined as error:
            return "timeout" if error.reason in _NOBODY else ""
        return ""

    def close(self) -> None:
        self.bus.close(lambda line: line.close())


class SerialPlace:
    """A line on which another protocol is spoken."""

    def __init__(
        self,
        channel: Channel,
        address: str,
        manner: Manner,
        authority: Authority | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.bus: Bus[Channel] = Bus(channel, address, clock, sleep)
        self._manner = manner
        self._authority = authority

    @property
    def counts(self) -> Mapping[str, int]:
        return self.bus.counts

    def link(self, meter_map: MeterMap, station: str = "") -> Link:
        match meter_map.protocol:
            case Speech.DLT645:
                return Dlt645Link(self.bus, _dlt_address(station), meter_map, self._authority)
            case Speech.IEC21:
                return Iec21Link(self.bus, station, meter_map, self._manner)
            case Speech.MBUS:
                return MbusLink(self.bus, _mbus_address(station), meter_map)
            case Speech.MODBUS:
                raise StationInvalid(station, "a Modbus line")

    def close(self) -> None:
        self.bus.close(lambda channel: channel.close())


def open_line(place: Place, meter_map: MeterMap, password: str = "") -> OpenLine:
    """The line of a meter of this model, set up as the place says and else as the model is
    delivered. Nothing is sent yet; socket or port are opened when first used. `password`: what a
    DL/T 645 or IEC 62056-21 meter wants to see before it changes anything; without one they are
    only read."""
    settings = place.settings(meter_map.line)
    worst_s = meter_map.limits.turnaround_max_ms / 1000
    if meter_map.protocol is not Speech.MODBUS:
        return _serial_place(place, settings, meter_map, password)
    if place.transport == TCP and place.port is None:
        place = replace(place, port=meter_map.line.port)
    return open_modbus(place, settings, worst_s=worst_s)


def open_modbus(
    place: Place,
    settings: LineSettings | None = None,
    silent_s: float = SILENT_S,
    worst_s: float = 0.5,
) -> ModbusPlace:
    """A Modbus line, of whatever models; `settings` where the place says none."""
    if place.transport == TCP:
        port = place.port or MODBUS_PORT
        return ModbusPlace(ModbusTcpLine(place.host, port, max(worst_s, silent_s)), silent_s)
    channel = _channel(place, settings or place.settings())
    return ModbusPlace(RtuLine(channel, place.line, place.echo), silent_s)


def unit_of(meter_map: MeterMap, station: str) -> int:
    """The Modbus unit of a station. Raises StationInvalid."""
    units = meter_map.line.units
    if not station:
        return meter_map.line.default_unit
    if not station.isdecimal() or int(station) not in units:
        raise StationInvalid(station, f"{units[0]}..{units[-1]}")
    return int(station)


def _serial_place(
    place: Place, settings: LineSettings, meter_map: MeterMap, password: str
) -> SerialPlace:
    if place.transport != SERIAL and place.port is None:
        raise StationInvalid(place.line, "host:port")
    # `bits=8&parity=E` of a meter that speaks seven bits: the line carries eight, so that the
    # parity is made and checked here.
    soft = place.bits == _PLAIN_BITS and meter_map.line.data_bits < _PLAIN_BITS
    soft = soft and settings.parity != "N"
    if soft:
        settings = replace(settings, parity="N")
    stays = place.transport != SERIAL or place.baud is not None
    if password and meter_map.protocol is Speech.IEC21 and not is_plain(password):
        raise StationInvalid(place.station, "a password of plain characters without brackets")
    key = plain_key(password) if password else None
    manner = Manner(key=key, stays=stays, wake=bool(place.wake), software_parity=soft)
    authority = None
    if password and meter_map.protocol is Speech.DLT645:
        if not (password.isascii() and password.isdecimal() and len(password) == _DLT_DIGITS):
            raise StationInvalid(place.station, f"a password of {_DLT_DIGITS} digits")
        authority = Authority(Access(_DLT_LEVEL, password))
    return SerialPlace(_channel(place, settings), place.line, manner, authority)


def _channel(place: Place, settings: LineSettings) -> TcpChannel | SerialChannel:
    if place.transport == SERIAL:
        return SerialChannel(place.path, settings, Wiring(rs485=bool(place.rs485)))
    assert place.port is not None
    return TcpChannel(place.host, place.port, settings, CONNECT_S)


def _dlt_address(station: str) -> str:
    """Twelve digits, short ones filled up; `A` for whoever is alone there."""
    if not station:
        return "A" * 12
    if not station.isdecimal() or len(station) > 12:
        raise StationInvalid(station, "1..999999999999")
    return station.zfill(12)


def _mbus_address(station: str) -> str:
    """A primary address, or hex digits of a secondary one; 254 for whoever is alone there."""
    if not station:
        return str(ANYBODY)
    is_hex = all(one in "0123456789abcdefABCDEF" for one in station)
    is_primary = len(station) <= _PRIMARY_DIGITS
    fits = station.isdecimal() and (int(station) <= LAST_PRIMARY or int(station) == ANYBODY)
    if not is_hex or len(station) > 16 or (is_primary and not fits):
        raise StationInvalid(station, f"0..{LAST_PRIMARY}")
    return station
