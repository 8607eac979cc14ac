"""Statements of the sale, compiled once per database, run on plain tuples, many in one trip.

They are SQLAlchemy's own statements on its connections and in its transactions. Only what does not
change from sale to sale, building and compiling them and wrapping their results, is not done again
each time: with a dozen statements it costs more than the database.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from msgspec import defstruct
from msgspec.json import Encoder
from sqlalchemy import (
    Column,
    Connection,
    FromClause,
    Table,
    Text,
    bindparam,
    column,
    func,
    literal_column,
    make_url,
    select,
)
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.sql.elements import ClauseElement

from .patience import patience_of

STYLES = {
    "sqlite": ("sqlite://", "qmark"),
    "postgresql": ("postgresql+psycopg://", "numeric_dollar"),
}
"""Which driver, and how it marks parameters by position."""

Row = Sequence[Any]
Otherwise = Callable[[Any], Any]
"""Adds to an insert what happens to a row that is there already."""


def as_it_is(statement: Any) -> Any:
    """A row that is there already is an error."""
    return statement


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
        """Runs it on SQLite for each row of values."""
        if len(rows) == 1:
            cursor.execute(self.sql, self._ready(rows[0]))
        else:
            cursor.executemany(self.sql, self.all_ready(rows))

    def all_ready(self, rows: Sequence[Row]) -> Sequence[Row]:
        """What the driver is given for each row of values."""
        if self._order is None and not self._processors:
            return rows
        return [self._ready(row) for row in rows]

    def _ready(self, values: Row) -> Row:
        if self._processors:
            changed = list(values)
            for place, process in self._processors:
                changed[place] = process(changed[place])
            values = changed
        if self._order is not None:
            return [values[place] for place in self._order]
        return values


class PreparedInsert(Prepared):
    """An insert on SQLite that writes many rows with one step: between two steps the driver lets
    other threads in, and the one who writes a batch of sales would wait for them at each row."""

    def __init__(self, statement: ClauseElement, names: Sequence[str]) -> None:
        super().__init__(statement, names, "sqlite")
        self._row = f"({', '.join('?' * len(names))})"
        assert self._row in self.sql, self.sql
        self._most = min(_MOST_ROWS, _MOST_VALUES // len(names))
        self._sqls: dict[int, str] = {}

    def run(self, cursor: Any, rows: Sequence[Row]) -> None:
        at, left = 0, len(rows)
        while left:
            # Powers of two, so that the driver meets the same few statements again.
            size = min(1 << (left.bit_length() - 1), self._most)
            taken = rows[at : at + size]
            cursor.execute(self._sql(size), [*chain.from_iterable(self.all_ready(taken))])
            at, left = at + size, left - size

    def _sql(self, size: int) -> str:
        found = self._sqls.get(size)
        if found is None:
            many = ", ".join([self._row] * size)
            found = self._sqls[size] = self.sql.replace(self._row, many, 1)
        return found


_MOST_ROWS = 64
_MOST_VALUES = 32_000
"""SQLite takes 32 766 in one statement."""


class PreparedRows(Prepared):
    """Writes on PostgreSQL that run as one statement, the rows of each in one parameter, as JSON:
    there each row and each statement that is sent by itself costs both sides more than writing
    it. Takes one row of values, the rows of each write in their order.

    All see the tables as they were before, so none may count on what another has written; keys
    into one another's tables are checked once all have run.
    """

    def __init__(self, *writes: RowsWrite) -> None:
        names = [f"rows{place}" for place in range(len(writes))]
        made = [write.on(name) for name, write in zip(names, writes, strict=True)]
        statement: ClauseElement = made[0]
        if len(made) > 1:
            # Backwards, because PostgreSQL begins with the last: of several things that contradict
            # the books, the first one written is told, as where each is a statement of its own.
            ctes = [one.cte(f"write{place}") for place, one in enumerate(made)]
            statement = select(literal_column("1")).add_cte(*reversed(ctes))
        super().__init__(statement, names, "postgresql")
        self._rows = [_row_of(write.columns) for write in writes]

    def all_ready(self, rows: Sequence[Row]) -> Sequence[Row]:
        (lists,) = rows
        given = [
            _json([made(*row) for row in rows]).decode()
            for made, rows in zip(self._rows, lists, strict=True)
        ]
        return [self._ready(given)]


@dataclass(frozen=True, slots=True)
class RowsWrite:
    """What is written from rows of `columns`; `statement` makes it from these rows."""

    columns: tuple[Column[Any], ...]
    statement: Callable[[FromClause], Any]

    def on(self, name: str) -> Any:
        """The statement, its rows in the parameter of this name."""
        sent = func.json_to_recordset(bindparam(name, type_=Text).cast(JSON))
        rows = sent.table_valued(*(column(c.name, c.type) for c in self.columns))
        return self.statement(rows.render_derived(name=f"given_{name}", with_types=True))


def rows_insert(table: Table, otherwise: Otherwise = as_it_is) -> RowsWrite:
    """Rows with all columns of the table, in its order."""

    def made(given: FromClause) -> Any:
        names = table.columns.keys()
        return otherwise(postgresql_insert(table).from_select(names, select(*given.c)))

    return RowsWrite(tuple(table.columns), made)


def _row_of(columns: Sequence[Column[Any]]) -> Callable[..., Any]:
    """Takes the values of a row, one for each column."""
    return defstruct("Row", [str(column.name) for column in columns])


_json = Encoder().encode


def trip(db: Connection, *calls: tuple[Prepared, Sequence[Row]]) -> list[list[Any]]:
    """Runs statements in their order, each for its rows of values, and answers what each found.

    On PostgreSQL all of them share one trip to the database. Raises what
    `Connection.execute` raises; then some may have run.
    """
    if not any(rows for _, rows in calls):
        return [[] for _ in calls]
    return _sent(db, calls, True)


def begin(db: Connection, *calls: tuple[Prepared, Sequence[Row]]) -> None:
    """Has PostgreSQL run statements while this program goes on. What one of them meets is raised by
    the next `trip` or `begin`, or by the commit."""
    _sent(db, calls, False)


def _sent(
    db: Connection, calls: Sequence[tuple[Prepared, Sequence[Row]]], is_waited_for: bool
) -> list[list[Any]]:
    raw: Any = db.connection.dbapi_connection
    patience = patience_of(db)
    try:
        if db.dialect.name == "sqlite":
            return _one_by_one(raw, calls)
        # Here, because it loads the driver: a fifth of a second for who has no such server.
        from .pipeline import pipeline_of

        if patience is not None:
            patience.begins(raw)
        line, ready = pipeline_of(db), [(one.sql, one.all_ready(rows)) for one, rows in calls]
        if is_waited_for:
            return line.ask(ready)
        line.begin(ready)
        return []
    except Exception as error:
        # SQLAlchemy's own way out: it wraps the error and forgets connections that are dead.
        db._handle_dbapi_exception(error, None, None, None, None)
    finally:
        if patience is not None:
            patience.ends()


def _one_by_one(raw: Any, calls: Sequence[tuple[Prepared, Sequence[Row]]]) -> list[list[Any]]:
    cursors = [raw.cursor() for _ in calls]
    try:
        for cursor, (statement, rows) in zip(cursors, calls, strict=True):
            if rows:
                statement.run(cursor, rows)
        return [cursor.fetchall() if cursor.description else [] for cursor in cursors]
    finally:
        for cursor in cursors:
            cursor.close()
