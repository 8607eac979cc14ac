"""A stand-in for any meter model: answers from its register map and the premises it stands in.

A meter measures once a second, so that what it answers within a second is the same; that is also
what makes thousands of requests a second cheap. Registers show what their names say (quantities.py)
or what the map's `sim` says; settings are kept; writes to the names that mean an act (relay, clock,
unit id, balance) act.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from drivers.maps.codec import decode
from drivers.maps.errors import RegisterContent
from drivers.maps.model import Access, Kind, MeterMap, Register, Table
from drivers.maps.types import NUMERIC, Family, parse_type
from meters.readings import Value

from .faults.base import NO_FAULTS, FaultSet
from .layout import Item, Layout, blank, bytes_of, layout_of
from .loads import PER_UNIT, mix
from .modbus_errors import Exceptional, ModbusError
from .premises import Premises
from .protocols.values import NotAccepted
from .quantities import Moment, base_of, in_unit, quantity
from .quirks import Quirks
from .supply import OFF_WORDS, ON_WORDS, supply_word

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - a meter's clock knows no zone
_READS: Final = {1: Table.COIL, 2: Table.DISCRETE, 3: Table.HOLDING, 4: Table.INPUT}
_MOST_CACHED: Final = 16
_WRITABLE: Final = frozenset({Access.WRITE, Access.BOTH, Access.GUARDED})
_ALWAYS_TAKEN: Final = frozenset(
    {"supply.state", "clock", "account.balance", "account.purchase_count"}
)
_SUPPLY: Final = ("supply.", "valve.", "relay.")
_BITS: Final = frozenset({Table.COIL, Table.DISCRETE})


class MappedMeter:
    """One meter. `serving.line.Unit` for Modbus, `protocols.values.Values` for the others."""

    __slots__ = (
        "_cache",
        "_clock_offset",
        "_layout",
        "_moment",
        "_moved",
        "_pending",
        "_second",
        "_seconds",
        "_stored",
        "_unlocked_until",
        "_zone_s",
        "boots",
        "faults",
        "place",
        "requests",
        "seed",
        "serial",
        "unit",
    )

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
        self.faults: FaultSet = NO_FAULTS
        self.requests = 0
        self.boots = 0
        """How often it was restarted."""
        self._seconds = seconds
        self._zone_s = zone_s
        self._moved = moved
        self._stored: dict[str, Value] | None = None
        self._pending: dict[str, Value] | None = None
        self._clock_offset = 0
        self._unlocked_until = 0.0
        self._second = -1
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
            if function in _READS:
                reply = self._read(function, data)
                if self._cache is None or len(self._cache) >= _MOST_CACHED:
                    self._cache = {}
                self._cache[key] = reply
                return reply
            return bytes([function]) + self._act(function, data)
        except Exceptional as error:
            if self._quirks.silent_on_misfit and error.code != ModbusError.DEVICE_FAILURE:
                return None
            return bytes([function | 0x80, error.code])

    # --- Values ---------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The meter's own clock, naive, as it would show it."""
        shown = _EPOCH + timedelta(seconds=int(self._seconds()) + self._zone_s)
        shown += timedelta(seconds=self._clock_offset)
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
        writable = item is not None and item.register.access in _WRITABLE
        if not writable and name not in _ALWAYS_TAKEN:
            raise NotAccepted(name)
        try:
            self._take(name, item, value)
        except Exceptional:
            raise NotAccepted(name) from None

    def raw(self, name: str) -> bytes:
        """A register's bytes on the wire now."""
        self._tick()
        return self._bytes(self._layout.items[name])

    def forget(self) -> None:
        """Measure anew: something has changed within this second."""
        self._second = -1
        self._cache = None

    def restart(self) -> None:
        """Off and on again: settings that wait for it hold from here on."""
        self.boots += 1
        self._unlocked_until = 0.0
        pending, self._pending = self._pending or {}, None
        for name, value in pending.items():
            self.keep(name, value)
        self.forget()

    # --- Reading --------------------------------------------------------------------------------

    @property
    def _quirks(self) -> Quirks:
        return self._layout.quirks

    def _tick(self) -> None:
        second = int(self._seconds())
        if second != self._second:
            self._second = second
            self._moment = None
            self._cache = None

    def _now(self) -> Moment:
        if self._moment is None:
            self._moment = Moment(self.place, self.seed, self._layout.phases, self._second)
        return self._moment

    def _read(self, function: int, data: bytes) -> bytes:
        if len(data) != 4:
            raise Exceptional(ModbusError.ILLEGAL_VALUE)
        addr, count = struct.unpack(">HH", data)
        table = _READS[function]
        limits, quirks = self.map.limits, self._quirks
        if function not in quirks.read_functions:
            raise Exceptional(ModbusError.ILLEGAL_FUNCTION)
        most = 2000 if table in _BITS else limits.max_registers
        if not 1 <= count <= most:
            raise Exceptional(ModbusError.ILLEGAL_VALUE)
        if limits.even_only and table not in _BITS and (addr % 2 or count % 2):
            raise Exceptional(quirks.odd_error(addr))
        block = self._layout.block(quirks.table(table), addr, count)
        if block is None and quirks.both_tables:
            block = self._layout.block(
                Table.HOLDING if table is Table.INPUT else Table.INPUT, addr, count
            )
        if block is None:
            raise Exceptional(ModbusError.ILLEGAL_ADDRESS)
        if table in _BITS:
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
        head = quirks.byte_count(2 * count)
        return bytes([function]) + head + bytes(image)

    def _bytes(self, item: Item) -> bytes:
        value = self._told(item)
        if value is None:
            raw = blank(item)
        else:
            try:
                raw = bytes_of(item, value, self._factor(item.register)[1])
            except RegisterContent:
                raise Exceptional(ModbusError.DEVICE_FAILURE) from None
        for one in self.faults.of("raw"):
            raw = one.raw(item.register, raw, self._second)
        return raw

    def _told(self, item: Item) -> Value | None:
        """The value in the register's unit, as the meter's faults have it."""
        value = self._shown(item)
        for one in self.faults.of("value"):
            value = one.value(item.register, value, self._second)
        return value

    def _factor(self, register: Register) -> tuple[str, Decimal]:
        """The unit, and what `unit_from` adds to the scale."""
        if not register.unit_from:
            return register.unit, Decimal(1)
        decider = self._layout.items[register.unit_from]
        chosen = self._shown(decider)
        word = str(chosen)
        if isinstance(chosen, Decimal):
            word = decider.register.enum.get(int(chosen), str(int(chosen)))
        return register.units.get(word, (register.unit, Decimal(1)))

    def _shown(self, item: Item) -> Value | None:
        """The value in the register's unit, before any fault."""
        register = item.register
        if (
            self._quirks.lock
            and (state := self._quirks.lock_shown(self, register.name)) is not None
        ):
            return state
        kept = self._stored is not None and item.follows not in ("clock", "meter.unit_id")
        if kept and self._stored is not None and register.name in self._stored:
            return self._stored[register.name]
        if item.const is not None:
            return item.const
        special = _SPECIAL.get(item.follows)
        if special is not None:
            return special(self, item)
        if item.follows.startswith(_SUPPLY) and not register.bits:
            self.place.settle(self._second)
            return supply_word(self.place, register, self._layout.is_water)
        if register.bits:
            return self._flags(item)
        if (found := quantity(item.follows)) is not None:
            return in_unit(found(self._now()), self._factor(register)[0])
        return self._default(item)

    def _default(self, item: Item) -> Value | None:
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

    def _flags(self, item: Item) -> frozenset[str]:
        """Names of set bits: flags of the premises, and what the supply does."""
        register = item.register
        self.place.settle(self._second)
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

    def _act(self, function: int, data: bytes) -> bytes:
        if function == 43:
            return self._identification(data)
        limits = self.map.limits
        if function not in (5, 6, 15, 16) or function not in limits.write_fc:
            raise Exceptional(ModbusError.ILLEGAL_FUNCTION)
        if len(data) < 4:
            raise Exceptional(ModbusError.ILLEGAL_VALUE)
        addr = int.from_bytes(data[:2], "big")
        if function in (5, 15):
            self._write_coils(function, addr, data)
            return data[:4]
        if function == 6:
            body, count = data[2:], 1
        else:
            count, size = struct.unpack_from(">HB", data, 2)
            body = data[5:]
            if not 1 <= count <= 123 or size != 2 * count or len(body) != size:
                raise Exceptional(ModbusError.ILLEGAL_VALUE)
        if len(body) != 2 * count:
            raise Exceptional(ModbusError.ILLEGAL_VALUE)
        self._write(addr, body)
        return data[:4]

    def _write(self, addr: int, body: bytes) -> None:
        """Holding registers, whole values only, all of them or none."""
        if self._quirks.mailed(self, addr, body):
            self.forget()
            return
        wanted = range(addr, addr + len(body) // 2)
        items = [
            item
            for item in self._layout.by_table[Table.HOLDING]
            if item.addresses.start < wanted.stop and wanted.start < item.addresses.stop
        ]
        items = [item for item in items if item.register.access in _WRITABLE]
        inside = [
            item
            for item in items
            if wanted.start <= item.addresses.start and item.addresses.stop <= wanted.stop
        ]
        covered = {place for item in inside for place in item.addresses}
        if not covered.issuperset(wanted):
            raise Exceptional(ModbusError.ILLEGAL_ADDRESS)
        distinct = {item.addresses.start for item in inside}
        if self.map.limits.one_value_per_write and len(distinct) > 1:
            raise Exceptional(ModbusError.ILLEGAL_VALUE)
        decoded: list[tuple[Item, Value]] = []
        for item in inside:
            begin = 2 * (item.addresses.start - addr)
            part = body[begin : begin + 2 * item.words]
            try:
                decoded.append((item, decode(item.register, part, self._factor(item.register)[1])))
            except Exception:
                raise Exceptional(ModbusError.ILLEGAL_VALUE) from None
        self._quirks.permit(self, [item.register.name for item, _ in decoded])
        for item, value in decoded:
            self._take(item.register.name, item, value)
            self._quirks.written(self, item.register.name, value)
        self.forget()

    def _write_coils(self, function: int, addr: int, data: bytes) -> None:
        count = 1 if function == 5 else int.from_bytes(data[2:4], "big")
        packed = (b"\x01" if data[2] else b"\x00") if function == 5 else data[5:]
        for place in range(count):
            block = self._layout.block(Table.COIL, addr + place, 1)
            if block is None:
                raise Exceptional(ModbusError.ILLEGAL_ADDRESS)
            bit = packed[place // 8] >> (place % 8) & 1
            item = block[0][0]
            self._take(item.register.name, item, decode(item.register, bytes([bit])))
        self.forget()

    def _take(self, name: str, item: Item | None, value: Value) -> None:
        """One value written: an act where the name means one, else a setting to keep."""
        follows = item.follows if item is not None else name
        if name in self.map.limits.restart_after:
            self._pending = {**(self._pending or {}), name: value}
            return
        if (act := _ACTS.get(follows)) is not None:
            act(self, item, value)
            self.forget()
            return
        if follows.startswith(_SUPPLY):
            self._order(name, value)
            return
        if item is not None and item.register.kind is Kind.COUNTER:
            self._set_counter(item, value)
            return
        self.keep(name, value)
        self.forget()

    def keep(self, name: str, value: Value) -> None:
        """Remember a setting; a unit id is taken at once."""
        item = self._layout.items.get(name)
        if item is not None and item.follows == "meter.unit_id" and isinstance(value, Decimal):
            self.unit = int(value)
            self._tell_moved()
            return
        self._stored = {**(self._stored or {}), name: value}

    def _tell_moved(self) -> None:
        if self._moved is not None:
            self._moved(self, self.unit)

    def _order(self, name: str, value: Value) -> None:
        """An order to relay or valve, by whatever word or number the model has for it."""
        now = int(self._seconds())
        if isinstance(value, frozenset):
            value = next(iter(sorted(value)), "")
        text = str(value).lower()
        if text in ON_WORDS[self._layout.is_water]:
            self.place.connect(True, now)
        elif text in OFF_WORDS[self._layout.is_water]:
            self.place.connect(False, now)
        else:
            self.keep(name, value)
        self.forget()

    def _set_counter(self, item: Item, value: Value) -> None:
        if not isinstance(value, Decimal):
            raise Exceptional(ModbusError.ILLEGAL_VALUE)
        units = int(base_of(value, self._factor(item.register)[0]) * PER_UNIT)
        self.place.settle(int(self._seconds()))
        if "reverse" in item.follows or "export" in item.follows:
            self.place.reverse = units
        else:
            self.place.forward = units
            if not units and self.map.commodity and not self._layout.is_water:
                self.place.reverse = 0
        self.place.note("counter_set")
        self.forget()

    def _identification(self, data: bytes) -> bytes:
        """Read device identification (function 43, MEI 14), basic objects."""
        if not any(step.method == "fc43" for step in self.map.identify):
            raise Exceptional(ModbusError.ILLEGAL_FUNCTION)
        if len(data) != 3 or data[0] != 0x0E:
            raise Exceptional(ModbusError.ILLEGAL_VALUE)
        told = {"VendorName": self.map.maker, "ProductCode": self.map.models[0], "Revision": "1.0"}
        told.update(self._quirks.identification)
        texts = [told[key].encode("ascii") for key in ("VendorName", "ProductCode", "Revision")]
        code, first = data[1], data[2]
        if code == 4:
            if first > 2:
                raise Exceptional(ModbusError.ILLEGAL_ADDRESS)
            chosen = [(first, texts[first])]
        else:
            chosen = list(enumerate(texts))[first if first <= 2 else 0 :]
        objects = b"".join(bytes([number, len(text)]) + text for number, text in chosen)
        return bytes([0x0E, code, 0x01, 0, 0, len(chosen)]) + objects


# --- Names with a meaning of their own ------------------------------------------------------------


def _balance(meter: MappedMeter, item: Item) -> Value:
    meter.place.advance(meter._second)
    held = meter.place.balance or 0
    amount = Decimal(held // (PER_UNIT // 1000)) / 1000
    return in_unit(amount, meter._factor(item.register)[0])


def _number(item: Item, text: str) -> Value:
    """A serial as the register's type has it."""
    kind = parse_type(item.register.type)
    if kind.family in NUMERIC:
        digits = int("".join(one for one in text if one.isdigit()) or 0)
        ends = {Family.INTEGER: 256**kind.size // (2 if kind.signed else 1)}
        most = ends.get(kind.family, 10 ** (2 * kind.size))
        return Decimal(digits % most) * item.register.scale
    room = kind.size // 2 if kind.family is Family.ASCII_LOW else kind.size
    return text[-room:] if room else text


def _clock(meter: MappedMeter, item: Item) -> Value:
    shown = meter.now()
    if parse_type(item.register.type).family in NUMERIC:
        return Decimal(int((shown - _EPOCH).total_seconds()))
    return shown


def _event(meter: MappedMeter, item: Item) -> tuple[int, str] | None:
    """The event of a repeated register `event_log.x[i]`, the newest first."""
    number = int(item.register.name.rpartition("[")[2].rstrip("]"))
    events = meter.place.events
    return events[-1 - number] if number < len(events) else None


def _event_time(meter: MappedMeter, item: Item) -> Value | None:
    event = _event(meter, item)
    return _EPOCH + timedelta(seconds=event[0] + meter._zone_s) if event else None


def _event_code(meter: MappedMeter, item: Item) -> Value | None:
    event = _event(meter, item)
    if event is None:
        return None
    # What the model has no number for goes under its last one.
    return event[1] if event[1] in item.register.enum.values() else Decimal(255)


def _part_of_clock(pattern: str) -> Callable[[MappedMeter, Item], Value | None]:
    def shown(meter: MappedMeter, item: Item) -> Value | None:
        text = meter.now().strftime(pattern)
        return Decimal(text) if parse_type(item.register.type).family in NUMERIC else text

    return shown


def _date(meter: MappedMeter, item: Item) -> Value | None:
    """YYMMDD, and the weekday behind it where the meter counts in digits."""
    now = meter.now()
    if parse_type(item.register.type).family in NUMERIC:
        return Decimal(f"{now:%y%m%d}{now.isoweekday() % 7:02d}")
    return f"{now:%y%m%d}"


def _pipe(meter: MappedMeter, item: Item) -> Value | None:
    state = "empty" if "empty" in meter.place.flags else "full"
    return state if state in item.register.enum.values() else meter._default(item)


def _sequence(meter: MappedMeter, item: Item) -> Value | None:
    """The first word of its enum is the right sequence, another one a wrong one."""
    words = list(dict.fromkeys(item.register.enum.values())) or ["0", "1"]
    word = words[-1] if "reverse_phase" in meter.place.flags else words[0]
    return word if item.register.enum else Decimal(word)


_SPECIAL: Final[Mapping[str, Callable[[MappedMeter, Item], Value | None]]] = {
    "account.balance": _balance,
    "account.purchase_count": lambda meter, _: Decimal(meter.place.purchases),
    "clock": _clock,
    "clock.date": _date,
    "clock.time": _part_of_clock("%H%M%S"),
    "event_log.time": _event_time,
    "event_log.code": _event_code,
    "phase.sequence": _sequence,
    "pipe.state": _pipe,
    "meter.serial": lambda meter, item: _number(item, meter.serial),
    "meter.number": lambda meter, item: _number(item, meter.serial),
    "meter.unit_id": lambda meter, _: Decimal(meter.unit),
    "stored": lambda meter, item: meter._default(item),
    "flags": lambda meter, item: meter._flags(item),
}


def _set_clock(meter: MappedMeter, _: Item | None, value: Value) -> None:
    if isinstance(value, Decimal):
        value = _EPOCH + timedelta(seconds=int(value))
    if not isinstance(value, datetime):
        raise Exceptional(ModbusError.ILLEGAL_VALUE)
    true = _EPOCH + timedelta(seconds=int(meter._seconds()) + meter._zone_s)
    meter._clock_offset = int((value - true).total_seconds())
    meter.place.note("clock_set")


def _set_balance(meter: MappedMeter, item: Item | None, value: Value) -> None:
    if not isinstance(value, Decimal):
        raise Exceptional(ModbusError.ILLEGAL_VALUE)
    unit = meter._factor(item.register)[0] if item is not None else ""
    meter.place.set_balance(int(base_of(value, unit)), int(meter._seconds()))


def _set_purchases(meter: MappedMeter, _: Item | None, value: Value) -> None:
    if not isinstance(value, Decimal):
        raise Exceptional(ModbusError.ILLEGAL_VALUE)
    meter.place.purchases = int(value)


def _set_unit(meter: MappedMeter, _: Item | None, value: Value) -> None:
    units = meter.map.line.units
    if not isinstance(value, Decimal) or int(value) not in units:
        raise Exceptional(ModbusError.ILLEGAL_VALUE)
    meter.unit = int(value)
    meter._tell_moved()


_ACTS: Final[Mapping[str, Callable[[MappedMeter, Item | None, Value], None]]] = {
    "clock": _set_clock,
    "account.balance": _set_balance,
    "account.purchase_count": _set_purchases,
    "meter.unit_id": _set_unit,
}
