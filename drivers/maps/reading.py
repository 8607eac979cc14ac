"""Register maps from their TOML files, held to the schema and then to each other's word.

The shape (keys, kinds of values, allowed words) is told by `config/meters/schema.json` and checked
by `shape.py`; whether the parts fit each other is told in `rules.py`. Whatever is wrong is raised
as MapInvalid with the file and the place; nothing is mended silently.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from meters.account import Commodity

from .errors import MapInvalid, MapUnknown
from .model import (
    Access,
    Behaviour,
    Check,
    Command,
    Golden,
    IdentifyStep,
    Increment,
    Kind,
    Limits,
    Line,
    MeterMap,
    Order,
    Poll,
    Protocol,
    Register,
    Source,
    Step,
    Table,
    Trust,
    Verify,
)
from .rules import broken_rules
from .shape import problems

MAPS_FOLDER = Path(__file__).resolve().parents[2] / "config" / "meters"

Row = Mapping[str, Any]


@cache
def map_schema() -> Mapping[str, Any]:
    """The JSON Schema that every register map follows."""
    schema: dict[str, Any] = json.loads((MAPS_FOLDER / "schema.json").read_text("utf-8"))
    return schema


@cache
def shipped_ids() -> tuple[str, ...]:
    """Ids of all maps that are shipped, sorted."""
    return tuple(sorted(path.stem for path in MAPS_FOLDER.glob("*.toml")))


@cache
def shipped_map(map_id: str) -> MeterMap:
    """The map shipped under this id. Raises MapUnknown, MapInvalid."""
    if map_id not in shipped_ids():
        raise MapUnknown(map_id[:60])
    return load_map((MAPS_FOLDER / f"{map_id}.toml").read_text("utf-8"), map_id)


def shipped_maps() -> tuple[MeterMap, ...]:
    """Every shipped map, by id. Raises MapInvalid."""
    return tuple(shipped_map(map_id) for map_id in shipped_ids())


def load_map(text: str, name: str) -> MeterMap:
    """A map from its TOML text. `name` must be its id. Raises MapInvalid naming the place."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MapInvalid(name, "file", str(error)) from None
    return read_map(document, name)


def read_map(document: Mapping[str, Any], name: str) -> MeterMap:
    """As `load_map`, from a document that is already parsed."""
    for place, problem in problems(document, map_schema()):
        raise MapInvalid(name, _named(document, place) or "file", problem)
    if document["id"] != name:
        raise MapInvalid(name, "id", "must be the file's name")
    trust, sources = document["trust"], document["source"]
    # What a row does not say itself, the map says for all of them.
    common = {"trust": trust, **({"source": [*sources]} if len(sources) == 1 else {})}
    registers, repeats, behaviours = _registers(
        [common | row for row in document["register"]], name
    )
    commands = [common | row for row in document.get("command", [])]
    meter_map = MeterMap(
        id=document["id"],
        maker=document["maker"],
        models=tuple(document["models"]),
        protocol=Protocol(document["protocol"]),
        commodity=tuple(Commodity(word) for word in document["commodity"]),
        revision=document["revision"],
        trust=Trust(trust),
        sources=_frozen(
            {key: Source(key, row["title"], row["where"]) for key, row in sources.items()}
        ),
        line=_line(document["line"]),
        limits=_limits(document["limits"]),
        identify=tuple(IdentifyStep(**row) for row in document.get("identify", [])),
        registers=_frozen(registers),
        repeats=_frozen(repeats),
        commands=_frozen(_commands(commands, name)),
        checks=tuple(Check(**row) for row in document.get("check", [])),
        behaviours=_frozen(behaviours),
        quirks=_frozen(document.get("quirks", {})),
        golden=tuple(_golden(row) for row in document.get("golden", [])),
    )
    for place, problem in broken_rules(meter_map):
        raise MapInvalid(name, place, problem)
    return meter_map


def _named(document: Mapping[str, Any], place: str) -> str:
    """`register[3].addr` as `register voltage.l1n addr`: what a person can find in the file."""
    head, _, rest = place.partition("]")
    key, _, number = head.partition("[")
    rows = document.get(key)
    if not number.isdecimal() or not isinstance(rows, list):
        return place
    row = rows[int(number)]
    name = row.get("name") if isinstance(row, dict) else None
    if not isinstance(name, str):
        return f"{key} {int(number) + 1}{rest}"
    return f"{key} {name} {rest.lstrip('.')}".rstrip()


def _frozen(table: Mapping[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(dict(table))


def _line(row: Row) -> Line:
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


def _limits(row: Row) -> Limits:
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


def _registers(
    rows: list[Row], file: str
) -> tuple[dict[str, Register], dict[str, int], dict[str, Behaviour]]:
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
            registers[full] = _register(row, full, addr)
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


def _register(row: Row, name: str, addr: int | str) -> Register:
    return Register(
        name=name,
        table=Table(row["table"]),
        addr=addr,
        type=row["type"],
        order=Order(row.get("order", "ABCD")),
        scale=Decimal(row.get("scale", "1")),
        offset=Decimal(row.get("offset", "0")),
        unit=row.get("unit", ""),
        unit_from=row.get("unit_from", ""),
        units=_frozen(
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
        enum=_frozen({int(number, 0): word for number, word in row.get("enum", {}).items()}),
        bits=_frozen({int(bit): word for bit, word in row.get("bits", {}).items()}),
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
    return Behaviour(row["what"], _frozen({k: v for k, v in row.items() if k != "what"}))


def _commands(rows: list[Row], file: str) -> dict[str, Command]:
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
            params=_frozen(row.get("params", {})),
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
    return Step(what, _frozen(args))


def _golden(row: Row) -> Golden:
    return Golden(
        row["name"],
        bytes.fromhex(row["request"]),
        bytes.fromhex(row["response"]),
        _frozen(row["expect"]),
        row.get("source", ""),
    )
