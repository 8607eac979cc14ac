"""Names of registers that are no quantities: what they show, and what writing them does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from drivers.maps.model import Kind
from drivers.maps.types import NUMERIC, Family, parse_type
from meters.readings import Value

from .delivered import delivered
from .loads import PER_UNIT
from .modbus_errors import Exceptional, ModbusError
from .quantities import base_of, in_unit
from .supply import OFF_WORDS, ON_WORDS, supply_word

if TYPE_CHECKING:
    from .layout import Item
    from .mapped import MappedMeter

SUPPLY: Final = ("supply.", "valve.", "relay.")
EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - a meter's clock knows no zone


def _balance(meter: MappedMeter, item: Item) -> Value:
    meter.place.advance(meter.second)
    held = meter.place.balance or 0
    amount = Decimal(held // (PER_UNIT // 1000)) / 1000
    return in_unit(amount, meter.factor(item.register)[0])


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
        return Decimal(int((shown - EPOCH).total_seconds()))
    return shown


def _event(meter: MappedMeter, item: Item) -> tuple[int, str] | None:
    """The event of a repeated register `event_log.x[i]`, the newest first."""
    number = int(item.register.name.rpartition("[")[2].rstrip("]"))
    events = meter.place.events
    return events[-1 - number] if number < len(events) else None


def _event_time(meter: MappedMeter, item: Item) -> Value | None:
    event = _event(meter, item)
    return EPOCH + timedelta(seconds=event[0] + meter.zone_s) if event else None


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
    if state in item.register.enum.values():
        return state
    return delivered(meter.map, item.register, meter.serial)


def _sequence(meter: MappedMeter, item: Item) -> Value | None:
    """The first word of its enum is the right sequence, another one a wrong one."""
    words = list(dict.fromkeys(item.register.enum.values())) or ["0", "1"]
    word = words[-1] if "reverse_phase" in meter.place.flags else words[0]
    return word if item.register.enum else Decimal(word)


def flags(meter: MappedMeter, item: Item) -> frozenset[str]:
    """Names of set bits: flags of the premises, and what the supply does."""
    register, place = item.register, meter.place
    place.settle(meter.second)
    here = place.flags
    known = set(register.bits.values())
    found = {name for name in known if name in here or name.removeprefix("flag.") in here}
    word = supply_word(place, register, meter.layout.is_water)
    return frozenset(found) | (word if isinstance(word, frozenset) else frozenset())


SPECIAL: Final[Mapping[str, Callable[[MappedMeter, Item], Value | None]]] = {
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
    "stored": lambda meter, item: delivered(meter.map, item.register, meter.serial),
    "flags": flags,
}


def _set_clock(meter: MappedMeter, _: Item | None, value: Value) -> None:
    if isinstance(value, Decimal):
        value = EPOCH + timedelta(seconds=int(value))
    if not isinstance(value, datetime):
        raise Exceptional(ModbusError.ILLEGAL_VALUE)
    true = EPOCH + timedelta(seconds=int(meter.seconds()) + meter.zone_s)
    meter.clock_offset = int((value - true).total_seconds())
    meter.place.note("clock_set")


def _set_balance(meter: MappedMeter, item: Item | None, value: Value) -> None:
    if not isinstance(value, Decimal):
        raise Exceptional(ModbusError.ILLEGAL_VALUE)
    unit = meter.factor(item.register)[0] if item is not None else ""
    meter.place.set_balance(int(base_of(value, unit)), int(meter.seconds()))


def _set_purchases(meter: MappedMeter, _: Item | None, value: Value) -> None:
    if not isinstance(value, Decimal):
        raise Exceptional(ModbusError.ILLEGAL_VALUE)
    meter.place.purchases = int(value)


def _set_unit(meter: MappedMeter, _: Item | None, value: Value) -> None:
    units = meter.map.line.units
    if not isinstance(value, Decimal) or int(value) not in units:
        raise Exceptional(ModbusError.ILLEGAL_VALUE)
    meter.move(int(value))


ACTS: Final[Mapping[str, Callable[[MappedMeter, Item | None, Value], None]]] = {
    "clock": _set_clock,
    "account.balance": _set_balance,
    "account.purchase_count": _set_purchases,
    "meter.unit_id": _set_unit,
}


def acted(meter: MappedMeter, name: str, item: Item | None, value: Value) -> bool:
    """Does what writing this name means; False if it is a setting like others. Raises
    Exceptional."""
    follows = item.follows if item is not None else name
    if (act := ACTS.get(follows)) is not None:
        act(meter, item, value)
        return True
    if follows.startswith(SUPPLY):
        return _ordered(meter, value)
    if item is not None and item.register.kind is Kind.COUNTER:
        _set_counter(meter, item, value)
        return True
    return False


def _ordered(meter: MappedMeter, value: Value) -> bool:
    """An order to relay or valve, by whatever word or number the model has for it."""
    now = int(meter.seconds())
    if isinstance(value, frozenset):
        value = next(iter(sorted(value)), "")
    text = str(value).lower()
    if text in ON_WORDS[meter.layout.is_water]:
        meter.place.connect(True, now)
    elif text in OFF_WORDS[meter.layout.is_water]:
        meter.place.connect(False, now)
    else:
        return False
    return True


def _set_counter(meter: MappedMeter, item: Item, value: Value) -> None:
    if not isinstance(value, Decimal):
        raise Exceptional(ModbusError.ILLEGAL_VALUE)
    units = int(base_of(value, meter.factor(item.register)[0]) * PER_UNIT)
    meter.place.settle(int(meter.seconds()))
    if "reverse" in item.follows or "export" in item.follows:
        meter.place.reverse = units
    else:
        meter.place.forward = units
        if not units and meter.map.commodity and not meter.layout.is_water:
            meter.place.reverse = 0
    meter.place.note("counter_set")


def is_named(name: str) -> bool:
    """Whether a register of this name shows something else than a quantity."""
    return name in SPECIAL or name.startswith(SUPPLY)
