"""Tariff files as documents: one version each, and whether two of them say the same."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import datetime
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def documents(text: str) -> list[str]:
    """A tariff file's versions as TOML of one version each, in the order of the file. The text
    must be one that `parse_tariffs` takes."""
    data = tomllib.loads(text)
    head = {name: value for name, value in data.items() if name != "versions"}
    return [_written(head, version) for version in data["versions"]]


def first_difference(one: str, other: str) -> str:
    """The first place where two TOML texts say something else, as `versions[0].price.rate`; empty
    where they say the same, whatever their comments, order and spacing."""
    return "" if one == other else _differs(tomllib.loads(one), tomllib.loads(other), "")


def _differs(one: Any, other: Any, place: str) -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in [*one, *(name for name in other if name not in one)]:
            inside = f"{place}.{name}" if place else name
            if (name in one) != (name in other):
                return inside
            if found := _differs(one[name], other[name], inside):
                return found
        return ""
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        told = (_differs(left, right, f"{place}[{row}]") for row, (left, right) in pairs)
        return next((found for found in told if found), "")
    return "" if one == other else place


def _written(head: dict[str, Any], version: dict[str, Any]) -> str:
    lines = [f"{_key(name)} = {_value(value)}" for name, value in head.items()]
    lines += ["", "[[versions]]"]
    for name, value in version.items():
        if isinstance(value, list):
            # A rule to a line: people read it, too.
            rows = "".join(f"  {_value(row)},\n" for row in value)
            lines.append(f"{_key(name)} = [\n{rows}]")
        else:
            lines.append(f"{_key(name)} = {_value(value)}")
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    """What tariff files hold: texts, whole numbers, moments, lists and tables of these."""
    if isinstance(value, str):
        # JSON escapes what TOML wants escaped, but for DEL.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(_value(one) for one in value)}]"
    if isinstance(value, dict):
        rows = ", ".join(f"{_key(name)} = {_value(one)}" for name, one in value.items())
        return f"{{ {rows} }}"
    return str(value)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _value(name)
