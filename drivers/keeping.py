"""Lines that the gateways of one process share: each has one owner, so that two sales at once to
two meters of a line take turns on it instead of finding it taken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from threading import Lock

from meters.identity import Drn

from .bus import Manners
from .link import Priority
from .maps.reading import shipped_map
from .modbus.payment_meter import MAP_ID, PaymentMeterGateway
from .modbus.shared import ModbusBus, SharedLine
from .opening import open_modbus, unit_of
from .places import Place


class Lines:
    """Opened when first used, and let go of by whoever is done, so that other programs of this
    machine get at a serial port as well."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._buses: dict[tuple[object, ...], ModbusBus] = {}

    def payment_gateway(
        self, place: Place, drn: Drn, now: Callable[[], datetime]
    ) -> PaymentMeterGateway:
        """To the Raseed payment meter `drn` at a place. Raises StationInvalid."""
        meter_map = shipped_map(MAP_ID)
        unit = unit_of(meter_map, place.station)
        manners = Manners.of(meter_map.limits)
        settings = place.settings(meter_map.line)
        key = (place.transport, place.line, settings, place.echo, place.rs485)
        with self._lock:
            if key not in self._buses:
                self._buses[key] = open_modbus(place, settings, worst_s=manners.worst_s).bus
            bus = self._buses[key]
        return PaymentMeterGateway(_Lent(bus, manners, Priority.TOKEN), unit, drn, now, meter_map)


class _Lent(SharedLine):
    """Closing it closes the line itself, when its turn has come; the next request, whosever, opens
    it again."""

    def close(self) -> None:
        self._bus.close(lambda line: line.close())
