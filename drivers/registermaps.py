"""Load register maps from TOML and hold them to their own rules."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .maps.errors import MapInvalid, MapUnknown
from .registermap import (
    HIGHEST_ADDRESS,
    Command,
    Order,
    Register,
    RegisterMap,
    Table,
    type_words,
)

MAPS_FOLDER = Path(__file__).resolve().parents[1] / "config" / "meters"
FORMAT = 1

# Key by key: the type its value must have, and whether it must be there.
_MAP_KEYS: Mapping[str, tuple[type, bool]] = {
    "format": (int, True),
    "id": (str, True),
    "maker": (str, True),
    "models": (list, True),
    "commodity": (list, True),
    "revision": (int, True),
    "trust": (str, True),
    "line": (dict, True),
    "limits": (dict, True),
    "register": (list, True),
    "command": (list, False),
}
_LINE_KEYS: Mapping[str, tuple[type, bool]] = {
    "protocol": (str, True),
    "port": (int, True),
    "unit_id": (dict, True),
}
_UNIT_ID_KEYS: Mapping[str, tuple[type, bool]] = {
    "default": (int, True),
    "min": (int, True),
    "max": (int, True),
}
_LIMIT_KEYS: Mapping[str, tuple[type, bool]] = {
    "max_registers": (int, True),
    "turnaround_max_ms": (int, True),
    "write_fc": (list, True),
}
_REGISTER_KEYS: Mapping[str, tuple[type, bool]] = {
    "name": (str, True),
    "table": (str, True),
    "addr": (int, True),
    "type": (str, True),
    "order": (str, False),
    "scale": (str, False),
    "unit": (str, False),
    "unit_from": (str, False),
    "kind": (str, True),
    "access": (str, True),
    "enum": (dict, False),
    "bits": (dict, False),
    "repeat": (dict, False),
}
_REPEAT_KEYS: Mapping[str, tuple[type, bool]] = {"count": (int, True), "stride": (int, True)}
_COMMAND_KEYS: Mapping[str, tuple[type, bool]] = {
    "name": (str, True),
    "danger": (str, True),
    "params": (dict, True),
    "write": (str, True),
    "verify": (list, True),
}
_TRUST = {"vendor", "two-sources", "one-source", "bench"}
_KINDS = {"identity", "instant", "counter", "status", "setting", "clock", "credit"}
_ACCESS = {"r", "w", "rw"}


@cache
def shipped_map(map_id: str) -> RegisterMap:
    """The map shipped under this id. Raises MapUnknown, MapInvalid."""
    path = MAPS_FOLDER / f"{map_id}.toml"
    if not map_id.replace("-", "").isalnum() or not path.is_file():
        raise MapUnknown(map_id[:60])
    return load_map(path.read_text("utf-8"), map_id)


def load_map(text: str, name: str) -> RegisterMap:
    """A map from its TOML text. `name` must be its id. Raises MapInvalid naming the place."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MapInvalid(name, "file", str(error)) from None
    return _Reader(name).read(document)


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name

    def wrong(self, place: str, problem: str) -> MapInvalid:
        return MapInvalid(self.name, place, problem)

    def check(
        self, place: str, table: Mapping[str, Any], keys: Mapping[str, tuple[type, bool]]
    ) -> None:
        if not isinstance(table, dict):
            raise self.wrong(place, "must be a table")
        for key, value in table.items():
            if key not in keys:
                raise self.wrong(place, f"unknown key {key}")
            if type(value) is not keys[key][0]:
                raise self.wrong(place, f"{key} must be {keys[key][0].__name__}")
        for key, (_, needed) in keys.items():
            if needed and key not in table:
                raise self.wrong(place, f"{key} is missing")

    def read(self, document: Mapping[str, Any]) -> RegisterMap:
        self.check("file", document, _MAP_KEYS)
        line, limits = document["line"], document["limits"]
        self.check("line", line, _LINE_KEYS)
        self.check("line.unit_id", line["unit_id"], _UNIT_ID_KEYS)
        self.check("limits", limits, _LIMIT_KEYS)
        facts = (
            ("format", document["format"] == FORMAT),
            ("id", document["id"] == self.name),
            ("trust", document["trust"] in _TRUST),
            ("line.protocol", line["protocol"] == "modbus-tcp"),
            ("limits.max_registers", 1 <= limits["max_registers"] <= 125),
            ("limits.write_fc", limits["write_fc"] == [16]),
        )
        for place, holds in facts:
            if not holds:
                raise self.wrong(place, "is not one we know")
        registers, repeats = self.registers(document["register"])
        return RegisterMap(
            id=document["id"],
            maker=document["maker"],
            models=tuple(document["models"]),
            commodity=tuple(document["commodity"]),
            revision=document["revision"],
            trust=document["trust"],
            port=line["port"],
            unit_ids=range(line["unit_id"]["min"], line["unit_id"]["max"] + 1),
            max_registers=limits["max_registers"],
            turnaround_max_ms=limits["turnaround_max_ms"],
            registers=MappingProxyType(registers),
            repeats=MappingProxyType(repeats),
            commands=MappingProxyType(self.commands(document.get("command", []), registers)),
        )

    def registers(self, rows: list[Any]) -> tuple[dict[str, Register], dict[str, int]]:
        registers: dict[str, Register] = {}
        repeats: dict[str, int] = {}
        taken: dict[tuple[Table, int], str] = {}
        for number, row in enumerate(rows, start=1):
            self.check(f"register {number}", row, _REGISTER_KEYS)
            name, repeat = row["name"], row.get("repeat", {"count": 1, "stride": 0})
            self.check(name, repeat, _REPEAT_KEYS)
            if repeat["count"] < 1:
                raise self.wrong(name, "repeat.count must be at least 1")
            if name in registers or name in repeats:
                raise self.wrong(name, "stands twice")
            if "repeat" in row:
                repeats[name] = repeat["count"]
            for i in range(repeat["count"]):
                full = f"{name}[{i}]" if "repeat" in row else name
                register = self.register(row, full, row["addr"] + i * repeat["stride"])
                for addr in register.addresses:
                    if not 0 <= addr <= HIGHEST_ADDRESS:
                        raise self.wrong(full, f"address {addr} is not on the wire")
                    if (register.table, addr) in taken:
                        raise self.wrong(full, f"overlaps {taken[register.table, addr]}")
                    taken[register.table, addr] = full
                registers[full] = register
        for register in registers.values():
            decider = registers.get(register.unit_from)
            if register.unit_from and (decider is None or not decider.enum):
                raise self.wrong(register.name, "unit_from must name a register with an enum")
        return registers, repeats

    def register(self, row: Mapping[str, Any], name: str, addr: int) -> Register:
        try:
            type_words(row["type"])
            scale = Decimal(row.get("scale", "1"))
            order = Order(row.get("order", "ABCD"))
            table = Table(row["table"])
            enum = {int(key): str(value) for key, value in row.get("enum", {}).items()}
            bits = {int(key): str(value) for key, value in row.get("bits", {}).items()}
        except (ValueError, InvalidOperation) as error:
            raise self.wrong(name, f"cannot read {error}") from None
        facts = (
            ("scale must be a positive number", scale.is_finite() and scale > 0),
            (f"kind is none of {sorted(_KINDS)}", row["kind"] in _KINDS),
            (f"access is none of {sorted(_ACCESS)}", row["access"] in _ACCESS),
            ("input registers cannot be written", table is Table.HOLDING or row["access"] == "r"),
            ("text has no word order", not (order.low_word_first and "ascii" in row["type"])),
            ("bits belong to type bits", (row["type"] == "bits") == bool(bits)),
            ("bits are numbered 0 to 15", all(0 <= bit <= 15 for bit in bits)),
            ("unit and unit_from exclude each other", not (row.get("unit") and "unit_from" in row)),
        )
        for problem, holds in facts:
            if not holds:
                raise self.wrong(name, problem)
        return Register(
            name=name,
            table=table,
            addr=addr,
            type=row["type"],
            order=order,
            scale=scale,
            unit=row.get("unit", ""),
            unit_from=row.get("unit_from", ""),
            kind=row["kind"],
            access=row["access"],
            enum=MappingProxyType(enum),
            bits=MappingProxyType(bits),
        )

    def commands(self, rows: list[Any], registers: Mapping[str, Register]) -> dict[str, Command]:
        commands: dict[str, Command] = {}
        for number, row in enumerate(rows, start=1):
            self.check(f"command {number}", row, _COMMAND_KEYS)
            name, target = row["name"], registers.get(row["write"])
            if name in commands:
                raise self.wrong(name, "stands twice")
            if target is None or "w" not in target.access:
                raise self.wrong(name, "write must name a register that can be written")
            for verified in row["verify"]:
                if verified not in registers and f"{verified}[0]" not in registers:
                    raise self.wrong(name, f"verify names no register {verified}")
            commands[name] = Command(
                name=name,
                danger=row["danger"],
                params=MappingProxyType(dict(row["params"])),
                write=row["write"],
                verify=tuple(row["verify"]),
            )
        return commands
