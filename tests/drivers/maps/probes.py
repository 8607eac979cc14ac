"""Maps made up for tests."""

from __future__ import annotations

import tomllib
from typing import Any

from drivers.maps.model import MeterMap, Register
from drivers.maps.reading import read_map

HEAD = """
format = 2
id = "probe"
maker = "Raseed"
models = ["P1"]
protocol = "modbus"
commodity = ["water"]
revision = 3
trust = "bench"
[source.sheet]
title = "Interface sheet"
where = "made up"
[line]
transports = ["tcp"]
unit_id = {default = 1, min = 1, max = 247}
[limits]
max_registers = 4
turnaround_max_ms = 500
write_fc = [16]
"""
PLAIN: dict[str, Any] = {
    "name": "volume.forward",
    "table": "holding",
    "addr": 10,
    "type": "u32",
    "unit": "m3",
    "kind": "counter",
    "access": "rw",
}


def document(*registers: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """A map as a document; without registers, with PLAIN alone. A part that is a table is laid
    over the one that stands there."""
    made: dict[str, Any] = tomllib.loads(HEAD)
    made["register"] = [dict(row) for row in registers or (PLAIN,)]
    for key, part in parts.items():
        made[key] = {**made[key], **part} if isinstance(part, dict) and key in made else part
    return made


def probe(*registers: dict[str, Any], **parts: Any) -> MeterMap:
    return read_map(document(*registers, **parts), "probe")


def one(**changes: Any) -> Register:
    """A register with some keys of PLAIN changed or added, `None` taking one away."""
    row = {key: value for key, value in (PLAIN | changes).items() if value is not None}
    roomy = {"max_registers": 125}
    return probe(row, limits=roomy).registers[row["name"]]
