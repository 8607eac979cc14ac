"""By which names a person is on record."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Connection, select

from ..persons import same_person


def names_of(db: Connection, column: Column[Any], who: str) -> list[str]:
    """The names in a column that mean this person, whichever door they came in by. No database
    can tell that; there are never many who act."""
    names = db.execute(select(column).distinct()).scalars()
    return [name for name in names if same_person(name, who)]
