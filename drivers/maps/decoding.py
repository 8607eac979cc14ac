"""From what came over the line to readings that say how far they may be trusted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from meters.readings import Quality, Reading, Value

from .codec import NoValue, decode, step
from .errors import RegisterContent
from .model import MeterMap, Order, Register, Trust


class Fetched(Protocol):
    """`drivers.link.Fetched`, by its looks: the maps do not know lines."""

    @property
    def raw(self) -> bytes: ...

    @property
    def problem(self) -> str: ...

    @property
    def latency_s(self) -> float: ...

    @property
    def exponent(self) -> int: ...


def deciders_of(meter_map: MeterMap, names: Iterable[str]) -> tuple[str, ...]:
    """Registers that say what these (full names) mean, by unit or by order of bytes: each once, and
    before what hangs on it."""
    found: dict[str, None] = {}
    for name in names:
        register = meter_map.registers[name]
        for decider in (register.order_from, register.unit_from):
            if decider:
                found |= dict.fromkeys((*deciders_of(meter_map, (decider,)), decider))
    return tuple(found)


def ordered(register: Register, told: Value | None) -> Register | None:
    """The register as its meter keeps it now, `told` being the value of `order_from`; None if that
    tells nothing."""
    if not register.order_from:
        return register
    if not isinstance(told, str):
        return None
    order = Order(told)
    return register if order is register.order else replace(register, order=order)


def source_of(register: Register) -> str:
    """Where the meter keeps it, as readings tell it: `input:0x0048`, `1.8.0`."""
    if isinstance(register.addr, str):
        return register.addr
    return f"{register.table.value}:{register.addr:#06x}"


def reading_of(
    register: Register,
    fetched: Fetched,
    deciders: Mapping[str, Value],
    now: datetime,
    meter_map: MeterMap,
    confirmed: Collection[str] = (),
) -> Reading:
    """What the meter said about this register. `now` is aware UTC, when the answer was there;
    `deciders` holds the values of registers that `unit_from` and `order_from` name; `confirmed` the
    names of unverified registers that a technician has settled at this meter.

    Reasons, of BAD: what kept it from being fetched, `sentinel`, `content` (bytes that mean
    nothing), `no_order`, `no_unit` (the decider is missing or unknown); of SUSPECT: `out_of_range`,
    `unknown_code` (a number that the enum has no word for), `unverified`.
    """
    unit, factor = register.unit, Decimal(1)
    value: Value | None = None
    reason = fetched.problem
    if (known := ordered(register, deciders.get(register.order_from))) is not None:
        register = known
    else:
        reason = reason or "no_order"
    if register.unit_from:
        decided = register.units.get(_word(deciders.get(register.unit_from)))
        unit, factor = decided or ("", Decimal(0))
        reason = reason or ("" if decided else "no_unit")
    if not reason:
        try:
            value = decode(register, fetched.raw, factor, fetched.exponent)
        except NoValue:
            reason = "sentinel"
        except RegisterContent:
            reason = "content"
    quality = Quality.BAD if value is None else Quality.GOOD
    if value is not None:
        reason = _doubt(register, value, confirmed)
        quality = Quality.SUSPECT if reason else Quality.GOOD
    return Reading(
        name=register.name,
        value=value,
        unit=unit,
        raw=fetched.raw.hex(),
        quality=quality,
        reason=reason,
        read_at=now,
        latency_ms=round(fetched.latency_s * 1000),
        source=source_of(register),
        map=meter_map.label,
        # The word of a setting that is kept as a float has no step.
        uncertainty=step(register, fetched.raw, factor) if isinstance(value, Decimal) else None,
    )


def _word(decider: Value | None) -> str:
    return decider if isinstance(decider, str) else ""


def _doubt(register: Register, value: Value, confirmed: Collection[str]) -> str:
    if isinstance(value, Decimal):
        if register.enum:
            return "unknown_code"
        below = register.least is not None and value < register.least
        above = register.most is not None and value > register.most
        if below or above:
            return "out_of_range"
    if register.trust is Trust.UNVERIFIED and register.name not in confirmed:
        return "unverified"
    return ""
