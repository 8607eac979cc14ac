"""Whether the parts of a register map fit each other: addresses that overlap, types that cannot be,
sentinels of the wrong length, names that stand for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from .commandrules import broken_commands
from .expressions import ExpressionWrong, expression
from .golden import golden_problem
from .model import Access, IdentifyStep, Kind, MeterMap, Order, Protocol, Register, Table
from .names import problem as name_problem
from .types import NUMERIC, Family, ValueType, parse_type
from .variantrules import broken_variants

Problem = tuple[str, str]
"""Place and problem, as MapInvalid tells them."""

HIGHEST_ADDRESS = 0xFFFF
_TABLES = {
    Protocol.MODBUS: {Table.INPUT, Table.HOLDING, Table.COIL, Table.DISCRETE},
    Protocol.IEC21: {Table.OBIS},
    Protocol.DLT645: {Table.DI},
    Protocol.MBUS: {Table.RECORD},
}
_COILS = {Table.COIL, Table.DISCRETE}
_READ_ONLY = {Table.INPUT, Table.DISCRETE}
_WHOLE = {
    Family.INTEGER,
    Family.BCD,
    Family.HALF,
    Family.BIT,
    Family.PICKED,
    Family.NUMBER,
}


def broken_rules(meter_map: MeterMap) -> Iterator[Problem]:
    """Everything that is wrong, first things first; nothing if the map holds together."""
    yield from _line(meter_map)
    for register in meter_map.registers.values():
        for problem in chain(_register(register, meter_map), _relations(register, meter_map)):
            yield f"register {register.name}", problem
    yield from _overlaps(meter_map)
    yield from _groups(meter_map)
    for step in meter_map.identify:
        for problem in _identify(step, meter_map):
            yield f"identify {step.role}", problem
    yield from broken_commands(meter_map)
    yield from broken_variants(meter_map)
    for check in meter_map.checks:
        try:
            names = expression(check.holds).names
        except ExpressionWrong as error:
            yield f"check {check.name}", error.problem
            continue
        for name in names:
            asked = meter_map.registers.get(name)
            if asked is None or not asked.access.readable:
                yield f"check {check.name}", f"no register {name}"
    for golden in meter_map.golden:
        if problem := golden_problem(meter_map, golden):
            yield f"golden {golden.name}", problem


def _line(meter_map: MeterMap) -> Iterator[Problem]:
    line, limits = meter_map.line, meter_map.limits
    serial = any(transport in ("rtu", "serial") for transport in line.transports)
    facts = (
        ("line.baud", "a serial line needs its rates", bool(line.baud) or not serial),
        ("line.default_baud", "is none of baud", line.default_baud in line.baud or not line.baud),
        (
            "line.default_parity",
            "is none of parity",
            line.default_parity in line.parity or not line.parity,
        ),
        (
            "line.default_stop_bits",
            "is none of stop_bits",
            line.default_stop_bits in line.stop_bits or not line.stop_bits,
        ),
        ("line.unit_id", "default lies between min and max", line.default_unit in line.units),
        (
            "limits.max_registers",
            "must be even where even_only is",
            not limits.even_only or limits.max_registers % 2 == 0,
        ),
        (
            "limits.turnaround_ms",
            "is above turnaround_max_ms",
            limits.turnaround_ms <= limits.turnaround_max_ms,
        ),
    )
    yield from ((place, problem) for place, problem, holds in facts if not holds)
    for name in limits.restart_after:
        if name not in meter_map.registers:
            yield "limits.restart_after", f"no register {name}"


def _register(register: Register, meter_map: MeterMap) -> Iterator[str]:
    """What one register gets wrong by itself."""
    try:
        kind = parse_type(register.type)
    except ValueError:
        yield f"there is no type {register.type}"
        return
    numeric = kind.family in NUMERIC
    writable = register.access is not Access.READ
    least, most, rollover = register.least, register.most, register.rollover
    facts = (
        (
            f"table {register.table.value} is not of this protocol",
            register.table in _TABLES[meter_map.protocol],
        ),
        ("this table is read only", register.table not in _READ_ONLY or not writable),
        ("its type has no place there", _type_fits(register, kind)),
        ("its type has no such order", kind.size % 2 == 0 or register.order in _ANY_LENGTH),
        (
            "characters have no word order",
            kind.family not in _CHARACTERS or register.order in (Order.ABCD, Order.BADC),
        ),
        ("only numbers have a scale", numeric or (register.scale == 1 and not register.offset)),
        ("only numbers have a unit", numeric or not (register.unit or register.unit_from)),
        ("unit and unit_from exclude each other", not (register.unit and register.unit_from)),
        ("units belong to unit_from", bool(register.units) == bool(register.unit_from)),
        ("only numbers have a range", numeric or (least is None and most is None)),
        ("min is above max", least is None or most is None or least <= most),
        (
            "only counters roll over",
            rollover is None or (numeric and register.kind is Kind.COUNTER),
        ),
        ("bits belong to type bits", (kind.family is Family.BITS) == bool(register.bits)),
        ("a bit beyond its type", all(bit < 8 * kind.size for bit in register.bits)),
        ("an enum needs whole numbers", not register.enum or kind.family in _ENUMERATED),
        ("two numbers mean the same word", len(set(register.enum.values())) == len(register.enum)),
        (
            "an enum has no scale",
            not register.enum or (register.scale == 1 and not register.offset),
        ),
        ("read_alone and group exclude each other", not (register.read_alone and register.group)),
        (
            "what tells the order has none itself",
            kind.family is not Family.ORDER or register.order is Order.ABCD,
        ),
    )
    yield from (problem for problem, holds in facts if not holds)
    for sentinel in register.sentinels:
        if not _sentinel_fits(sentinel, kind):
            yield f"sentinel {sentinel} does not fit {register.type}"


_ANY_LENGTH = (Order.ABCD, Order.DCBA)
_CHARACTERS = {Family.ASCII, Family.ASCII_LOW, Family.TEXT, Family.NUMBER}
# Eastron keeps its settings as floats: 0.0, 1.0, 2.0 stand for words as well.
_ENUMERATED = _WHOLE | {Family.FLOAT}


def _type_fits(register: Register, kind: ValueType) -> bool:
    if register.table in _COILS:
        return kind.family is Family.BIT
    if register.table in (Table.INPUT, Table.HOLDING):
        # One bit would be a second truth about a register that others tell whole.
        return kind.size % 2 == 0 and kind.size > 0 and kind.family is not Family.PICKED
    return kind.family not in (Family.BIT, Family.HALF, Family.ASCII_LOW)


def _sentinel_fits(sentinel: str, kind: ValueType) -> bool:
    if sentinel == "nan":
        return kind.family is Family.FLOAT
    return not kind.size or len(sentinel) == 2 * kind.size


def _relations(register: Register, meter_map: MeterMap) -> Iterator[str]:
    """What one register gets wrong about others."""
    if meter_map.protocol is Protocol.MODBUS:
        yield from _address(register, meter_map)
    elif isinstance(register.addr, int):
        yield "its address is text"
    for key in register.sources:
        if key not in meter_map.sources:
            yield f"no source {key}"
    if not register.sources:
        yield "source is missing"
    for unit in {unit for unit, _ in register.units.values()} or {register.unit}:
        if wrong := name_problem(register.name, unit):
            yield wrong
    if register.unit_from:
        decider = meter_map.registers.get(register.unit_from)
        if decider is None or not decider.enum or not decider.access.readable:
            yield "unit_from must name a readable register with an enum"
        elif decider.unit_from:
            yield "unit_from must name a register that hangs on no other"
        elif set(register.units) != set(decider.enum.values()):
            yield f"units must tell each of {', '.join(decider.enum.values())}"
    if register.order_from:
        teller = meter_map.registers.get(register.order_from)
        if teller is None or not teller.type.startswith("order(") or not teller.access.readable:
            yield "order_from must name a readable register of type order()"
    if not all(factor.is_finite() and factor > 0 for _, factor in register.units.values()):
        yield "the factors of units are numbers above zero"


def _address(register: Register, meter_map: MeterMap) -> Iterator[str]:
    if not isinstance(register.addr, int):
        yield "its address is a number"
    elif register.span[-1] > HIGHEST_ADDRESS:
        yield f"address {register.span[-1]} is not on the wire"
    elif register.table not in _COILS and len(register.span) > meter_map.limits.max_registers:
        yield "one request cannot read it"


def _overlaps(meter_map: MeterMap) -> Iterator[Problem]:
    """Two registers at one address would be two truths. What can only be read and what can only
    be written may share one, so may the two halves of a register, and what means something else
    when read alone."""
    taken: dict[tuple[Table, str, int, str], str] = {}
    for register in meter_map.registers.values():
        if meter_map.protocol is not Protocol.MODBUS or register.read_alone:
            continue
        uses = [("r", register.access.readable), ("w", register.access is not Access.READ)]
        halves = {"high8": ["high"], "low8": ["low"]}.get(register.type, ["high", "low"])
        places = [
            (register.table, use, addr, half)
            for use, holds in uses
            if holds
            for addr in register.span
            for half in halves
        ]
        for place in places:
            if taken.setdefault(place, register.name) != register.name:
                yield f"register {register.name}", f"overlaps {taken[place]}"
                break


def _groups(meter_map: MeterMap) -> Iterator[Problem]:
    groups: dict[str, list[Register]] = {}
    for register in meter_map.registers.values():
        if register.group:
            groups.setdefault(register.group, []).append(register)
    if meter_map.protocol is not Protocol.MODBUS:
        return
    for name, members in groups.items():
        first = min(member.span[0] for member in members)
        last = max(member.span[-1] for member in members)
        if len({member.table for member in members}) > 1:
            yield f"group {name}", "lies in several tables"
        elif last - first >= meter_map.limits.max_registers:
            yield f"group {name}", "one request cannot read it"


def _identify(step: IdentifyStep, meter_map: MeterMap) -> Iterator[str]:
    register = meter_map.registers.get(step.name)
    if step.method == "registers" and (register is None or not register.access.readable):
        yield f"no readable register {step.name}"
    elif step.method == "registers" and register is not None and register.order_from:
        yield f"the order of {step.name} is not known before the meter is"
    if step.match.startswith("/"):
        try:
            re.compile(step.match.strip("/"))
        except re.error:
            yield "match is no regular expression"
