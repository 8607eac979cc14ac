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

from drivers.maps.errors import RegisterContent
from drivers.maps.model import Kind, MeterMap, Order, Register
from drivers.maps.orders import arrange
from drivers.maps.types import NUMERIC, Family, parse_type
from meters.readings import Value

from .faults.base import NO_FAULTS, FaultSet
from .layout import READS, WRITABLE, Item, Layout, blank, bytes_of, layout_of
from .loads import mix
from .modbus_errors import Exceptional, ModbusError
from .named import ACTS, EPOCH, SPECIAL, SUPPLY, order, set_counter
from .premises import Premises
from .protocols.values import NotAccepted
from .quantities import Moment, in_unit, quantity
from .quirks import Quirks
from .supply import supply_word
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
        "_stored",
        "boots",
        "clock_offset",
        "faults",
        "place",
        "requests",
        "second",
        "seconds",
        "seed",
        "serial",
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
        moved: Callable[[MappedMeter, int], None] | None = None,
    ) -> None:
        """`seconds` since 1970 of the world's clock; `zone_s` is what the meter's own clock is
        ahead of UTC. `moved` is told when a command gives the meter another unit id."""
        self._layout = layout_of(meter_map)
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
        self._stored: dict[str, Value] | None = None
        self._pending: dict[str, Value] | None = None
        self.clock_offset = 0
        self.unlocked_until = 0.0
        self.second = -1
        self._moment: Moment | None = None
        self._cache: dict[tuple[int, bytes], bytes] | None = None

    # --- What a line needs ------------------------------------------------------------------

    @property
    def map(self) -> MeterMap:
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
        stored = self._setting("line.baud")
        return baud == int(stored) if isinstance(stored, Decimal) else True

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
                reply = self._read(function, data)
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
        return self._told(item)

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
        return self._bytes(self._layout.items[name])

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

    # --- Reading --------------------------------------------------------------------------------

    @property
    def quirks(self) -> Quirks:
        return self._layout.quirks

    def _tick(self) -> None:
        second = int(self.seconds())
        if second != self.second:
            self.second = second
            self._moment = None
            self._cache = None

    def moment(self) -> Moment:
        if self._moment is None:
            self._moment = Moment(self.place, self.seed, self._layout.phases, self.second)
        return self._moment

    def _read(self, function: int, data: bytes) -> bytes:
        block = self._layout.block(function, data)
        count = int.from_bytes(data[2:], "big")
        if function in (1, 2):
            bits = sum(self._bytes(item)[0] << offset for item, offset in block)
            packed = bits.to_bytes((count + 7) // 8, "little")
            return bytes([function, len(packed)]) + packed
        image = bytearray(2 * count)
        for item, offset in block:
            raw = self._bytes(item)
            begin = 2 * offset
            if item.register.type in ("high8", "low8"):
                # Two settings share the register: each fills its own half.
                half = begin + (item.register.type == "low8")
                image[half] = raw[half - begin]
                continue
            cut = max(0, -begin)
            part = raw[cut : cut + len(image) - max(0, begin)]
            image[max(0, begin) : max(0, begin) + len(part)] = part
        head = self.quirks.byte_count(2 * count)
        return bytes([function]) + head + bytes(image)

    def _bytes(self, item: Item) -> bytes:
        if item.measures is not None and self._stored is None and not self.faults:
            value = item.measures(self.moment())
            return bytes_of(item, value if item.size is None else value / item.size)
        return self._bytes_of_any(item)

    def _bytes_of_any(self, item: Item) -> bytes:
        value = self._told(item)
        if value is None:
            raw = blank(item)
        else:
            try:
                raw = bytes_of(item, value, self.factor(item.register)[1])
                raw = self.reordered(item.register, raw)
            except RegisterContent:
                raise Exceptional(ModbusError.DEVICE_FAILURE) from None
        for one in self.faults.of("raw"):
            raw = one.raw(item.register, raw, self.second)
        return raw

    def _told(self, item: Item) -> Value | None:
        """The value in the register's unit, as the meter's faults have it."""
        value = self._shown(item)
        for one in self.faults.of("value"):
            value = one.value(item.register, value, self.second)
        return value

    def factor(self, register: Register) -> tuple[str, Decimal]:
        """The unit, and what `unit_from` adds to the scale."""
        if not register.unit_from:
            return register.unit, Decimal(1)
        decider = self._layout.items[register.unit_from]
        chosen = self._shown(decider)
        word = str(chosen)
        if isinstance(chosen, Decimal):
            word = decider.register.enum.get(int(chosen), str(int(chosen)))
        return register.units.get(word, (register.unit, Decimal(1)))

    def reordered(self, register: Register, raw: bytes) -> bytes:
        """From the order of bytes in which the model is delivered to the one that this meter was
        told to go by, or back: orders undo themselves."""
        now = self._setting(register.order_from) if register.order_from else None
        if not isinstance(now, str) or now == register.order.value:
            return raw
        return arrange(arrange(raw, register.order), Order(now))

    def _shown(self, item: Item) -> Value | None:
        """The value in the register's unit, before any fault."""
        register = item.register
        if self.quirks.lock and (state := self.quirks.lock_shown(self, register.name)) is not None:
            return state
        kept = self._stored is not None and item.follows not in ("clock", "meter.unit_id")
        if kept and self._stored is not None and register.name in self._stored:
            return self._stored[register.name]
        if item.const is not None:
            return item.const
        special = SPECIAL.get(item.follows)
        if special is not None:
            return special(self, item)
        if item.follows.startswith(SUPPLY) and not register.bits:
            self.place.settle(self.second)
            return supply_word(self.place, register, self._layout.is_water)
        if register.bits:
            return self.flags_of(item)
        if (found := quantity(item.follows)) is not None:
            return in_unit(found(self.moment()), self.factor(register)[0])
        return self.default_of(item)

    def default_of(self, item: Item) -> Value | None:
        """What a setting or anything else holds that nobody has written."""
        register = item.register
        family = parse_type(register.type).family
        for step in self.map.identify:
            if step.name == register.name and step.match and not step.match.startswith("/"):
                return Decimal(step.match) if step.match.isdecimal() else step.match
        if (word := self._line_default(register)) is not None:
            return word
        if register.enum:
            return next(iter(register.enum.values()))
        if family is Family.BITS:
            return frozenset()
        if register.name.endswith(".ratio") and register.name != "signal.ratio":
            return Decimal(1)
        if family in NUMERIC:
            return register.least if register.least is not None else Decimal(0)
        if family is Family.DATETIME:
            return self.now()
        if family is Family.ORDER:
            return register.order.value
        return self.serial if register.kind is Kind.IDENTITY else ""

    def _line_default(self, register: Register) -> Value | None:
        """A line setting as the model is delivered, in the register's own words."""
        line = self.map.line
        if register.name == "line.baud":
            text = str(line.default_baud)
            return text if text in register.enum.values() else Decimal(text)
        if register.name == "line.protocol":
            # It may be set to another protocol in the field; while it answers here, it is not.
            return next((word for word in register.enum.values() if "645" not in word), None)
        if register.name == "line.parity":
            start = f"{line.default_parity}{line.default_stop_bits}"
            words = [word for word in register.enum.values() if word.upper().startswith(start)]
            words += [
                word
                for word in register.enum.values()
                if word.upper().startswith(line.default_parity)
            ]
            return words[0] if words else None
        return None

    def flags_of(self, item: Item) -> frozenset[str]:
        """Names of set bits: flags of the premises, and what the supply does."""
        register = item.register
        self.place.settle(self.second)
        known = set(register.bits.values())
        here = self.place.flags
        found = {name for name in known if name in here or name.removeprefix("flag.") in here}
        word = supply_word(self.place, register, self._layout.is_water)
        return frozenset(found) | (word if isinstance(word, frozenset) else frozenset())

    def _setting(self, name: str) -> Value | None:
        item = self._layout.items.get(name)
        if item is None:
            return None
        shown = self._shown(item)
        if isinstance(shown, str) and shown.isdecimal():
            return Decimal(shown)
        return shown

    # --- Writing --------------------------------------------------------------------------------

    def take(self, name: str, item: Item | None, value: Value) -> None:
        """One value written: an act where the name means one, else a setting to keep."""
        follows = item.follows if item is not None else name
        if name in self.map.limits.restart_after:
            self._pending = {**(self._pending or {}), name: value}
            return
        if (told := ACTS.get(follows)) is not None:
            told(self, item, value)
            self.forget()
            return
        if follows.startswith(SUPPLY):
            order(self, name, value)
            return
        if item is not None and item.register.kind is Kind.COUNTER:
            set_counter(self, item, value)
            return
        self.keep(name, value)
        self.forget()

    def keep(self, name: str, value: Value) -> None:
        """Remember a setting; a unit id is taken at once."""
        item = self._layout.items.get(name)
        if item is not None and item.follows == "meter.unit_id" and isinstance(value, Decimal):
            self.unit = int(value)
            self.tell_moved()
            return
        self._stored = {**(self._stored or {}), name: value}

    def tell_moved(self) -> None:
        if self._moved is not None:
            self._moved(self, self.unit)
