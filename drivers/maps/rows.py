"""Rows of a register map's document, whose shape has been checked, to data classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from .errors import MapInvalid
from .model import (
    Access,
    Behaviour,
    Command,
    Golden,
    Increment,
    Kind,
    Limits,
    Line,
    Order,
    Poll,
    Register,
    Step,
    Table,
    Trust,
    Verify,
)
from .variants import Variant

Row = Mapping[str, Any]
_FLOATS: Final = ("f32", "f64")


def frozen(table: Mapping[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(dict(table))


def line_of(row: Row) -> Line:
    unit = row["unit_id"]
    baud, parity = tuple(row.get("baud", [])), tuple(row.get("parity", []))
    stop_bits = tuple(row.get("stop_bits", []))
    return Line(
        transports=tuple(row["transports"]),
        baud=baud,
        default_baud=row.get("default_baud", baud[0] if baud else 9600),
        parity=parity,
        default_parity=row.get("default_parity", parity[0] if parity else "N"),
        stop_bits=stop_bits,
        default_stop_bits=row.get("default_stop_bits", stop_bits[0] if stop_bits else 1),
        data_bits=row.get("data_bits", 8),
        units=range(unit["min"], unit["max"] + 1),
        default_unit=unit["default"],
        broadcast=row.get("broadcast", False),
        port=row.get("port", 502),
    )


def limits_of(row: Row) -> Limits:
    return Limits(
        max_registers=row.get("max_registers", 125),
        even_only=row.get("even_only", False),
        max_hole=row.get("max_hole", 0),
        gap_ms=row.get("gap_ms", 0),
        turnaround_ms=row.get("turnaround_ms", row["turnaround_max_ms"]),
        turnaround_max_ms=row["turnaround_max_ms"],
        write_fc=tuple(row.get("write_fc", [])),
        one_value_per_write=row.get("one_value_per_write", False),
        restart_after=tuple(row.get("restart_after", [])),
    )


def registers_of(
    rows: list[Row], file: str, order_from: str = ""
) -> tuple[dict[str, Register], dict[str, int], dict[str, Behaviour]]:
    """Registers, how often repeated ones are there, and behaviours, by name. `order_from`: the
    register that tells the order of every float."""
    registers: dict[str, Register] = {}
    repeats: dict[str, int] = {}
    behaviours: dict[str, Behaviour] = {}
    for row in rows:
        name, repeat = row["name"], row.get("repeat")
        if name in registers or name in repeats:
            raise MapInvalid(file, f"register {name}", "stands twice")
        if repeat is not None:
            repeats[name] = repeat["count"]
            if not isinstance(row["addr"], int):
                raise MapInvalid(file, f"register {name}", "only numbered addresses repeat")
        for full, addr in _places(row):
            registers[full] = _register(row, full, addr, order_from)
            if "sim" in row:
                behaviours[full] = _behaviour(row["sim"])
    return registers, repeats, behaviours


def _places(row: Row) -> Iterator[tuple[str, int | str]]:
    repeat = row.get("repeat")
    if repeat is None:
        yield row["name"], row["addr"]
        return
    for number in range(repeat["count"]):
        yield f"{row['name']}[{number}]", row["addr"] + number * repeat["stride"]


def _register(row: Row, name: str, addr: int | str, order_from: str) -> Register:
    return Register(
        name=name,
        table=Table(row["table"]),
        addr=addr,
        type=row["type"],
        order=Order(row.get("order", "ABCD")),
        order_from=order_from if row["type"] in _FLOATS else "",
        scale=Decimal(row.get("scale", "1")),
        offset=Decimal(row.get("offset", "0")),
        unit=row.get("unit", ""),
        unit_from=row.get("unit_from", ""),
        units=frozen(
            {word: (unit, _factor(factor)) for word, (unit, factor) in row.get("units", {}).items()}
        ),
        kind=Kind(row.get("kind", "instant")),
        access=Access(row.get("access", "r")),
        least=_decimal(row.get("min")),
        most=_decimal(row.get("max")),
        sentinels=tuple(row.get("sentinel", [])),
        rollover=_decimal(row.get("rollover")),
        read_alone=row.get("read_alone", False),
        group=row.get("group", ""),
        poll=Poll(row.get("poll", "normal")),
        enum=frozen({int(number, 0): word for number, word in row.get("enum", {}).items()}),
        bits=frozen({int(bit): word for bit, word in row.get("bits", {}).items()}),
        since=row.get("since", ""),
        obis=row.get("obis", ""),
        doc=row.get("doc", ""),
        sources=tuple(row.get("source", [])),
        trust=Trust(row["trust"]),
        notes=row.get("notes", ""),
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _factor(text: str) -> Decimal:
    """The schema cannot tell the two texts of `["m3", "0.001"]` apart; NaN is caught by the
    rules."""
    try:
        return Decimal(text)
    except ArithmeticError:
        return Decimal("NaN")


def _behaviour(row: Row) -> Behaviour:
    return Behaviour(row["what"], frozen({k: v for k, v in row.items() if k != "what"}))


def commands_of(rows: list[Row], file: str) -> dict[str, Command]:
    commands: dict[str, Command] = {}
    for row in rows:
        name = row["name"]
        if name in commands:
            raise MapInvalid(file, f"command {name}", "stands twice")
        verify, idempotency = row.get("verify"), row.get("idempotency")
        commands[name] = Command(
            name=name,
            role=row["role"],
            danger=row["danger"],
            params=frozen(row.get("params", {})),
            steps=tuple(_step(step) for step in row["steps"]),
            verify=verify
            and Verify(
                verify["register"],
                str(verify["equals"]),
                float(verify["within_s"]),
                float(verify["poll_s"]),
            ),
            expires_s=row.get("expires_s"),
            idempotency=idempotency and Increment(**idempotency),
            trust=Trust(row["trust"]),
            sources=tuple(row.get("source", [])),
        )
    return commands


def _step(row: Row) -> Step:
    ((what, given),) = row.items()
    args: dict[str, object]
    match what:
        case "write" | "expect":
            args = {key: str(value) for key, value in given.items()}
        case "read":
            args = {"register": given}
        case "delay_s":
            what, args = "delay", {"seconds": Decimal(given)}
        case "ask":
            args = {"words": given}
        case "assert_silent":
            args = {"unit": str(given)}
        case "identify_at":
            args = {"units": tuple(str(unit) for unit in given)}
        case _:
            register, value = given.split()
            args = {"register": register, "value": value}
    return Step(what, frozen(args))


def variant_of(row: Row, repeats: Mapping[str, int]) -> Variant:
    """`repeats`: how often repeated registers are there, by name."""
    lacks = tuple(row.get("lacks", ()))
    full = [
        [f"{name}[{i}]" for i in range(repeats[name])] if name in repeats else [name]
        for name in lacks
    ]
    return Variant(
        name=row["name"],
        model=row.get("model", ""),
        firmware=row.get("firmware", ""),
        lacks=lacks,
        absent=frozenset(name for names in full for name in names),
        shows=frozen(row.get("shows", {})),
        sources=tuple(row.get("source", ())),
        notes=row.get("notes", ""),
    )


def golden_of(row: Row) -> Golden:
    return Golden(
        row["name"],
        bytes.fromhex(row["request"]),
        bytes.fromhex(row["response"]),
        frozen(row["expect"]),
        row.get("source", ""),
    )
