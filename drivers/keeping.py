"""Lines that the gateways of one process share: each has one owner, so that two sales at once to
two meters of a line take turns on it instead of finding it taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from threading import Lock

from meters.identity import Drn

from .bus import Manners
from .link import Priority
from .maps.model import MeterMap, Protocol
from .maps.reading import shipped_map
from .modbus.payment_meter import MAP_ID, PaymentMeterGateway
from .modbus.shared import SharedLine
from .opening import ModbusPlace, OpenLine, open_line, unit_of
from .places import TCP, Place


class Lines:
    """Opened when first used, and let go of by whoever is done, so that other programs of this
    machine get at a serial port as well."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._lines: dict[tuple[object, ...], OpenLine] = {}

    def at(self, place: Place, meter_map: MeterMap) -> OpenLine:
        """The line of a meter of this model, the same one for all meters on it that are spoken to
        alike."""
        if place.transport == TCP and place.port is None:
            place = replace(place, port=meter_map.line.port)
        key: tuple[object, ...] = (place.transport, place.line, meter_map.protocol)
        if meter_map.protocol is not Protocol.MODBUS:
            key += (place.settings(meter_map.line), place.rs485, place.wake, place.bits, place.baud)
        elif place.transport != TCP:
            # Behind Modbus TCP the gateway knows how its line is set.
            key += (place.settings(meter_map.line), place.rs485, place.echo)
        with self._lock:
            if key not in self._lines:
                self._lines[key] = open_line(place, meter_map)
            return self._lines[key]

    def payment_gateway(
        self, place: Place, drn: Drn, now: Callable[[], datetime]
    ) -> PaymentMeterGateway:
        """To the Raseed payment meter `drn` at a place. Raises StationInvalid."""
        meter_map = shipped_map(MAP_ID)
        unit = unit_of(meter_map, place.station)
        line = self.at(place, meter_map)
        assert isinstance(line, ModbusPlace)
        lent = _Lent(line.bus, Manners.of(meter_map.limits), Priority.TOKEN)
        return PaymentMeterGateway(lent, unit, drn, now, meter_map)


class _Lent(SharedLine):
    """Closing it closes the line itself, when its turn has come; the next request, whosever, opens
    it again."""

    def close(self) -> None:
        self._bus.close(lambda line: line.close())
