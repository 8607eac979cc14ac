"""Statements of the sale, compiled once per database, run on plain tuples, many in one trip.

They are SQLAlchemy's own statements on its connections and in its transactions. Only what does not
change from sale to sale, building and compiling them and wrapping their results, is not done again
each time: with a dozen statements it costs more than the database.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, Text, bindparam, column, func, make_url, select
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.sql.elements import ClauseElement

STYLES = {"sqlite": ("sqlite://", "qmark"), "postgresql": ("postgresql+psycopg://", "format")}
"""Which driver, and how it marks parameters by position."""

Row = Sequence[Any]
Otherwise = Callable[[Any], Any]
"""Adds to an insert what happens to a row that is there already."""


class Prepared:
    """A statement for one database; `names` are its parameters in the order of the values that
    it is given."""

    def __init__(self, statement: ClauseElement, names: Sequence[str], kind: str) -> None:
        url, style = STYLES[kind]
        made: Any = make_url(url).get_dialect()
        dialect = made(paramstyle=style)
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(names))
        self.sql = str(compiled)
        order = compiled.positiontup or []
        self._order = None if order == list(names) else [names.index(name) for name in order]
        self._processors: list[tuple[int, Callable[[Any], Any]]] = []
        for place, name in enumerate(names):
            process = compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)
            if process is not None:
                self._processors.append((place, process))

    def run(self, cursor: Any, rows: Sequence[Row]) -> None:
        """Runs it for each row of values."""
        if len(rows) == 1:
            cursor.execute(self.sql, self._ready(rows[0]))
        else:
            cursor.executemany(self.sql, [self._ready(row) for row in rows])

    def _ready(self, values: Row) -> Row:
        if self._processors:
            changed = list(values)
            for place, process in self._processors:
                changed[place] = process(changed[place])
            values = changed
        if self._order is not None:
            return [values[place] for place in self._order]
        return values


class PreparedRows(Prepared):
    """An insert on PostgreSQL whose rows all travel in one parameter, as JSON: there each row that
    is sent by itself costs both sides more than writing it."""

    def __init__(self, table: Table, otherwise: Otherwise) -> None:
        names = table.columns.keys()
        sent = func.json_to_recordset(bindparam("rows", type_=Text).cast(JSON))
        rows = sent.table_valued(*(column(c.name, c.type) for c in table.columns))
        given = select(*rows.render_derived(name="given", with_types=True).c)
        statement = otherwise(postgresql_insert(table).from_select(names, given))
        super().__init__(statement, ["rows"], "postgresql")
        self._names = names

    def run(self, cursor: Any, rows: Sequence[Row]) -> None:
        names = self._names
        # A column that is left out is NULL.
        given = [
            {name: value for name, value in zip(names, row, strict=True) if value is not None}
            for row in rows
        ]
        text = json.dumps(given, default=_moment, ensure_ascii=False, separators=(",", ":"))
        cursor.execute(self.sql, (text,))


def _moment(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def prepared_insert(
    table: Table, kind: str, otherwise: Otherwise = lambda statement: statement
) -> Prepared:
    """Takes rows with all columns of the table, in its order; `otherwise` says on the statement
    what happens to a row that is there already."""
    if kind == "postgresql":
        return PreparedRows(table, otherwise)
    return Prepared(otherwise(sqlite_insert(table)), table.columns.keys(), kind)


def trip(db: Connection, *calls: tuple[Prepared, Sequence[Row]]) -> list[list[Any]]:
    """Runs statements in their order, each for its rows of values, and answers what each found.

    Where the driver can (PostgreSQL), all of them share one trip to the database. Raises what
    `Connection.execute` raises; then some may have run.
    """
    raw: Any = db.connection.dbapi_connection
    cursors = [raw.cursor() for _ in calls]
    together = len(calls) > 1 and hasattr(raw, "pipeline")
    try:
        with raw.pipeline() if together else nullcontext():
            for cursor, (statement, rows) in zip(cursors, calls, strict=True):
                if rows:
                    statement.run(cursor, rows)
        return [cursor.fetchall() if cursor.description else [] for cursor in cursors]
    except Exception as error:
        # SQLAlchemy's own way out: it wraps the error and forgets connections that are dead.
        db._handle_dbapi_exception(error, None, None, None, None)
    finally:
        for cursor in cursors:
            cursor.close()
