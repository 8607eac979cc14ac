"""A stand-in for any meter model: answers from its register map and the premises it stands in.

A meter measures once a second, so that what it answers within a second is the same; that is also
what makes thousands of requests a second cheap. Registers show what their names say (quantities.py)
or what the map's `sim` says; settings are kept; writes to the names that mean an act (relay, clock,
unit id, balance) act.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from drivers.maps.model import MeterMap, Register
from meters.readings import Value

from .faults.sets import NO_FAULTS, FaultSet
from .layout import READS, WRITABLE, Item, Layout, layout_of
from .loads import mix
from .modbus_errors import Exceptional, ModbusError
from .named import EPOCH, acted
from .premises import Premises
from .protocols.values import NotAccepted
from .quantities import Moment
from .quirks import Quirks
from .showing import block, factor, raw, setting, told
from .writing import act

_MOST_CACHED: Final = 16
_ALWAYS_TAKEN: Final = frozenset(
    {"supply.state", "clock", "account.balance", "account.purchase_count"}
)


class MappedMeter:
    """One meter. `serving.line.Unit` for Modbus, `protocols.values.Values` for the others."""

    __slots__ = (
        "_cache",
        "_layout",
        "_moment",
        "_moved",
        "_pending",
        "boots",
        "clock_offset",
        "faults",
        "place",
        "requests",
        "second",
        "seconds",
        "seed",
        "serial",
        "stored",
        "unit",
        "unlocked_until",
        "zone_s",
    )

    place: Premises
    serial: str
    unit: int
    faults: FaultSet
    requests: int
    """Requests for this meter that were on its line."""
    boots: int
    """How often it was restarted."""
    stored: dict[str, Value] | None
    """Settings that were written, by name."""
    second: int
    """The second that it last measured in; -1: it must measure anew."""

    def __init__(
        self,
        meter_map: MeterMap,
        place: Premises,
        seconds: Callable[[], float],
        *,
        seed: int = 0,
        unit: int = 0,
        serial: str = "",
        zone_s: int = 0,
        variant: str = "",
        firmware: str = "",
        moved: Callable[[MappedMeter, int], None] | None = None,
    ) -> None:
        """`seconds` since 1970 of the world's clock; `zone_s` is what the meter's own clock is
        ahead of UTC. `variant` and `firmware`: see `variants.as_variant`. `moved` is told when a
        command gives the meter another unit id."""
        self._layout = layout_of(meter_map, variant, firmware)
        self.place = place
        self.seed = seed
        self.unit = unit or meter_map.line.default_unit
        self.serial = serial or str(10_000_000 + mix(seed, 99) % 89_999_999)
        self.faults = NO_FAULTS
        self.requests = 0
        self.boots = 0
        self.seconds = seconds
        self.zone_s = zone_s
        self._moved = moved
        self.stored = None
        self._pending: dict[str, Value] | None = None
        self.clock_offset = 0
        self.unlocked_until = 0.0
        self.second = -1
        self._moment: Moment | None = None
        self._cache: dict[tuple[int, bytes], bytes] | None = None

    # --- What a line needs ------------------------------------------------------------------

    @property
    def map(self) -> MeterMap:
        """Its model's, less what its variant lacks."""
        return self._layout.map

    @property
    def layout(self) -> Layout:
        return self._layout

    @property
    def takes_broadcast(self) -> bool:
        return self.map.line.broadcast

    def heard(self, function: int) -> None:  # noqa: ARG002
        """A request for this meter was on the line, whatever becomes of it."""
        self.requests += 1

    def hears(self, baud: int) -> bool:
        """Whether the meter is set to this speed."""
        set_to = setting(self, "line.baud")
        return baud == int(set_to) if isinstance(set_to, Decimal) else True

    def pdu(self, function: int, data: bytes) -> bytes | None:
        """Execute a Modbus request: the reply, or an exception as the standard orders them."""
        if self.place.dark:
            return None
        key = (function, data)
        self._tick()
        if self._cache is not None and (known := self._cache.get(key)) is not None:
            return known
        try:
            if function in READS:
                reply = bytes([function]) + block(self, function, data)
                if self._cache is None or len(self._cache) >= _MOST_CACHED:
                    self._cache = {}
                self._cache[key] = reply
                return reply
            return bytes([function]) + act(self, function, data)
        except Exceptional as error:
            if self.quirks.silent_on_misfit and error.code != ModbusError.DEVICE_FAILURE:
                return None
            return bytes([function | 0x80, error.code])

    # --- Values ---------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The meter's own clock, naive, as it would show it."""
        shown = EPOCH + timedelta(seconds=int(self.seconds()) + self.zone_s)
        shown += timedelta(seconds=self.clock_offset)
        return self.faults.clock(shown) if self.faults else shown

    def get(self, name: str) -> Value | None:
        """A value now, in its register's unit; None if this meter has none of that name."""
        item = self._layout.items.get(name)
        if item is None:
            return None
        if self.place.dark:
            return None
        self._tick()
        return told(self, item)

    def put(self, name: str, value: Value) -> None:
        """Write a value, as a protocol other than Modbus does. Raises NotAccepted."""
        item = self._layout.items.get(name)
        writable = item is not None and item.register.access in WRITABLE
        if not writable and name not in _ALWAYS_TAKEN:
            raise NotAccepted(name)
        try:
            self.take(name, item, value)
        except Exceptional:
            raise NotAccepted(name) from None

    def raw(self, name: str) -> bytes:
        """A register's bytes on the wire now."""
        self._tick()
        return raw(self, self._layout.items[name])

    def forget(self) -> None:
        """Measure anew: something has changed within this second."""
        self.second = -1
        self._cache = None

    def restart(self) -> None:
        """Off and on again: settings that wait for it hold from here on."""
        self.boots += 1
        self.unlocked_until = 0.0
        pending, self._pending = self._pending or {}, None
        for name, value in pending.items():
            self.keep(name, value)
        self.forget()

    # --- Measuring ------------------------------------------------------------------------------

    @property
    def quirks(self) -> Quirks:
        return self._layout.quirks

    def moment(self) -> Moment:
        """What it measures in this second."""
        if self._moment is None:
            self._moment = Moment(self.place, self.seed, self._layout.phases, self.second)
        return self._moment

    def factor(self, register: Register) -> tuple[str, Decimal]:
        """The unit of a register now, and what its deciding setting adds to the scale."""
        return factor(self, register)

    def _tick(self) -> None:
        second = int(self.seconds())
        if second != self.second:
            self.second = second
            self._moment = None
            self._cache = None

    # --- Writing --------------------------------------------------------------------------------

    def take(self, name: str, item: Item | None, value: Value) -> None:
        """One value written: an act where the name means one, else a setting to keep."""
        if name in self.map.limits.restart_after:
            self._pending = {**(self._pending or {}), name: value}
        elif not acted(self, name, item, value):
            self.keep(name, value)
        self.forget()

    def keep(self, name: str, value: Value) -> None:
        """Remember a setting; a unit id is taken at once."""
        item = self._layout.items.get(name)
        if item is not None and item.follows == "meter.unit_id" and isinstance(value, Decimal):
            self.move(int(value))
            return
        self.stored = {**(self.stored or {}), name: value}

    def move(self, unit: int) -> None:
        """From now on it answers at another unit id."""
        self.unit = unit
        if self._moved is not None:
            self._moved(self, unit)
