"""Register maps from their TOML files, held to the schema and then to each other's word.

The shape (keys, kinds of values, allowed words) is told by `config/meters/schema.json` and checked
by `shape.py`; whether the parts fit each other is told in `rules.py`. Whatever is wrong is raised
as MapInvalid with the file and the place; nothing is mended silently.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from meters.account import Commodity

from .errors import MapInvalid, MapUnknown
from .model import Check, IdentifyStep, MeterMap, Protocol, Source, Trust
from .rows import (
    commands_of,
    frozen,
    golden_of,
    limits_of,
    line_of,
    registers_of,
    variant_of,
)
from .rules import broken_rules
from .shape import problems

MAPS_FOLDER = Path(__file__).resolve().parents[2] / "config" / "meters"


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
    source = {"source": [*sources]} if len(sources) == 1 else {}
    common = {"trust": trust, **source}
    registers, repeats, behaviours = registers_of(
        [common | row for row in document["register"]], name, document.get("order_from", "")
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
        sources=frozen(
            {key: Source(key, row["title"], row["where"]) for key, row in sources.items()}
        ),
        line=line_of(document["line"]),
        limits=limits_of(document["limits"]),
        identify=tuple(IdentifyStep(**row) for row in document.get("identify", [])),
        registers=frozen(registers),
        repeats=frozen(repeats),
        commands=frozen(commands_of(commands, name)),
        checks=tuple(Check(**row) for row in document.get("check", [])),
        behaviours=frozen(behaviours),
        quirks=frozen(document.get("quirks", {})),
        golden=tuple(golden_of(row) for row in document.get("golden", [])),
        variants=tuple(variant_of(source | row, repeats) for row in document.get("variant", [])),
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
