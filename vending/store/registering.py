"""Which row of a registration is in the way, by its number: a database names none."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import Column, Connection, select

from . import schema as t

_AT_ONCE: Final = 500
_ONCE: Final = {
    "points": (t.points.c.code,),
    "customers": (t.customers.c.account,),
    "service_points": (t.service_points.c.code,),
    "meters": (t.meters.c.number,),
    "agreements": (t.agreements.c.number, t.agreements.c.meter),
}
"""What no two rows of a table share; the first of them names a row."""
_THERE: Final = {
    "agreements": {
        "customer": t.customers.c.account,
        "service_point": t.service_points.c.code,
        "meter": t.meters.c.number,
    }
}
"""What a row refers to."""


def row_in_the_way(db: Connection, table: str, values: list[dict[str, Any]]) -> str | None:
    """The number of the first row that is there already (or twice), or refers to what is not; None
    if each can be written. Asked before writing: after a refusal PostgreSQL answers nothing."""
    if table not in _ONCE:
        return None
    name = _ONCE[table][0].name
    for column in _ONCE[table]:
        seen = set(_found(db, column, [row[column.name] for row in values]))
        for row in values:
            if row[column.name] in seen:
                return str(row[name])
            seen.add(row[column.name])
    for field, column in _THERE.get(table, {}).items():
        known = set(_found(db, column, {row[field] for row in values}))
        for row in values:
            if row[field] not in known:
                return str(row[name])
    return None


def _found(db: Connection, column: Column[Any], wanted: Collection[str]) -> list[str]:
    rest, found = list(wanted), list[str]()
    while rest:
        part, rest = rest[:_AT_ONCE], rest[_AT_ONCE:]
        found += db.scalars(select(column).where(column.in_(part))).all()
    return found
