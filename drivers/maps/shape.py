"""Holds a document to a JSON Schema: the few words of draft 2020-12 that the register maps' schema
uses, so that editors, foreign tools and our reader go by one and the same file.

Tests compare every verdict with the `jsonschema` package. A schema with any other word is refused
when it is loaded: what we would not check must not look checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
Problem = tuple[str, str]
"""Where, as `register[3].addr`, and what."""


def problems(document: object, schema: Schema) -> Iterator[Problem]:
    """What is wrong with the shape of `document`, first things first; nothing if it is right."""
    yield from _check(document, schema, schema, "")


def unknown_words(schema: Schema) -> set[str]:
    """Words of the schema that nobody here checks."""
    words = {word for word in schema if word not in _CHECKS and word not in _SILENT}
    parts: list[Schema] = []
    for holder in ("properties", "$defs"):
        parts += schema.get(holder, {}).values()
    for single in ("items", "additionalProperties", "propertyNames"):
        if isinstance(schema.get(single), Mapping):
            parts.append(schema[single])
    parts += schema.get("oneOf", [])
    return words.union(*(unknown_words(part) for part in parts))


def _check(value: object, schema: Schema, root: Schema, place: str) -> Iterator[Problem]:
    if "$ref" in schema:
        # Only `#/$defs/name` occurs.
        schema = {**root["$defs"][schema["$ref"].removeprefix("#/$defs/")], **schema}
    for word, wanted in schema.items():
        if word in _CHECKS:
            yield from _CHECKS[word](value, wanted, schema, root, place)


_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
}


def _is(value: object, name: str) -> bool:
    # In Python True is an integer; in JSON Schema it is not.
    return isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def _type(value: Any, wanted: Any, _: Schema, __: Schema, place: str) -> Iterator[Problem]:
    names = [wanted] if isinstance(wanted, str) else wanted
    if not any(_is(value, name) for name in names):
        yield place, f"must be {' or '.join(names)}"


def _enum(value: Any, wanted: Any, _: Schema, __: Schema, place: str) -> Iterator[Problem]:
    if not any(value == allowed and type(value) is type(allowed) for allowed in wanted):
        yield place, f"must be one of {', '.join(map(str, wanted))}"


def _pattern(value: Any, wanted: Any, _: Schema, __: Schema, place: str) -> Iterator[Problem]:
    if isinstance(value, str) and not re.search(wanted, value):
        yield place, f"cannot read {value[:40]!r}"


def _minimum(value: Any, wanted: Any, _: Schema, __: Schema, place: str) -> Iterator[Problem]:
    if _is(value, "integer") and value < wanted:
        yield place, f"must be at least {wanted}"


def _maximum(value: Any, wanted: Any, _: Schema, __: Schema, place: str) -> Iterator[Problem]:
    if _is(value, "integer") and value > wanted:
        yield place, f"must be at most {wanted}"


def _fewest(value: Any, wanted: Any, _: Schema, __: Schema, place: str) -> Iterator[Problem]:
    if isinstance(value, list | dict) and len(value) < wanted:
        yield place, f"needs at least {wanted}"


def _most(value: Any, wanted: Any, _: Schema, __: Schema, place: str) -> Iterator[Problem]:
    if isinstance(value, list | dict) and len(value) > wanted:
        yield place, f"takes at most {wanted}"


def _required(value: Any, wanted: Any, _: Schema, __: Schema, place: str) -> Iterator[Problem]:
    if isinstance(value, dict):
        for key in wanted:
            if key not in value:
                yield place, f"{key} is missing"


def _properties(value: Any, wanted: Any, _: Schema, root: Schema, place: str) -> Iterator[Problem]:
    if isinstance(value, dict):
        for key, part in value.items():
            if key in wanted:
                yield from _check(part, wanted[key], root, f"{place}.{key}" if place else key)


def _additional(
    value: Any, wanted: Any, schema: Schema, root: Schema, place: str
) -> Iterator[Problem]:
    if not isinstance(value, dict):
        return
    for key, part in value.items():
        if key in schema.get("properties", {}):
            continue
        if wanted is False:
            yield place, f"unknown key {key}"
        elif wanted is not True:
            yield from _check(part, wanted, root, f"{place}.{key}" if place else key)


def _names(value: Any, wanted: Any, _: Schema, root: Schema, place: str) -> Iterator[Problem]:
    if isinstance(value, dict):
        for key in value:
            yield from _check(key, wanted, root, f"{place} key")


def _items(value: Any, wanted: Any, _: Schema, root: Schema, place: str) -> Iterator[Problem]:
    if isinstance(value, list):
        for number, part in enumerate(value):
            yield from _check(part, wanted, root, f"{place}[{number}]")


def _one_of(value: Any, wanted: Any, _: Schema, root: Schema, place: str) -> Iterator[Problem]:
    fitting = sum(not any(_check(value, part, root, place)) for part in wanted)
    if fitting != 1:
        yield place, "fits none of the forms" if not fitting else "fits several forms"


_CHECKS: Mapping[str, Callable[[Any, Any, Schema, Schema, str], Iterator[Problem]]] = {
    "type": _type,
    "enum": _enum,
    "pattern": _pattern,
    "minimum": _minimum,
    "maximum": _maximum,
    "minItems": _fewest,
    "maxItems": _most,
    "minProperties": _fewest,
    "maxProperties": _most,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
    "propertyNames": _names,
    "items": _items,
    "oneOf": _one_of,
}
_SILENT = {"$schema", "$id", "$defs", "$ref", "$comment", "title", "description"}
