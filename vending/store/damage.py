"""Which row cannot be read, looked for once something could not be: whoever reads whole rows pays
nothing for it.

A row is looked at value by value, and then as what it stands for. Of what it holds nothing is
told but its key.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    literal_column,
    select,
    type_coerce,
)

from meters.errors import RaseedError

from ..ledger import AccountMissing, Chart, EntryUnbalanced
from ..ledger.verify import UNREADABLE
from . import schema as t
from .errors import RowUnreadable, StoreUnreadable
from .legible import any_text
from .meanings import MEANINGS, Meaning
from .schema_base import UtcTime, moment
from .streams import end_streams, streamed

SIGNS: Final = (
    StoreUnreadable,
    EntryUnbalanced,
    AccountMissing,
    AssertionError,
    RecursionError,
    *UNREADABLE,
)
"""What an edge may be told where a row cannot be read; a fault of ours may look the same."""
AT_MOST_NS: Final = 250_000_000
"""For one table: some twenty thousand of its rows. Somebody waits for the answer, and counters
share the machine; what is damaged further back, proving the books finds."""
_SECRET: Final = {"digest"}
"""Keys that are nobody's to read."""
_HASHES: Final = {"hash", "previous_hash", "entry_hash", "content_hash"}
_HASH_BYTES: Final = 32
_MOST_OF_KEY: Final = 80
_PLACE: Final = "_place"


class Damage:
    """The search in the database of `engine`. One at a time, whoever asks: it takes a while."""

    def __init__(
        self,
        engine: Engine,
        clock: Callable[[], int] = time.monotonic_ns,
        at_most_ns: int = AT_MOST_NS,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._at_most_ns = at_most_ns
        self._searching = threading.Lock()

    def explained(self, error: Exception, chart: Chart) -> Exception:
        """See `SqlStore.explained`. Raises nothing."""
        if not isinstance(error, SIGNS) or not self._searching.acquire(blocking=False):
            return error
        try:
            found = self._first(chart)
        except Exception:
            # The database may be worse off than one row.
            return error
        finally:
            self._searching.release()
        if found is None:
            return error
        told = RowUnreadable(*found)
        told.__cause__ = error
        return told

    def _first(self, chart: Chart) -> tuple[str, str] | None:
        """Table and key of the first row that is none."""

        def posting(row: Mapping[str, Any]) -> None:
            account = chart.find(row["account"])
            if account is None or account.unit != row["unit"]:
                raise ValueError

        meanings: dict[str, Meaning] = {**MEANINGS, "postings": posting}
        with self._engine.connect() as db, db.begin(), any_text(db):
            try:
                for table in t.metadata.sorted_tables:
                    until = self._clock() + self._at_most_ns
                    for row in self._rows(db, table, until):
                        if not _is_whole(table, row, meanings.get(table.name)):
                            return table.name, _key(table, row)
            finally:
                end_streams(db)
        return None

    def _rows(self, db: Connection, table: Table, until: int) -> Iterator[Row[Any]]:
        """As the driver gives them, while there is time."""
        sqlite = db.dialect.name == "sqlite"
        # Nothing is made of a value on its way here: it could not be.
        columns = [type_coerce(c, _Plain()).label(c.name) if sqlite else c for c in table.columns]
        # A key that is damaged itself names no row.
        place: list[Any] = [literal_column("rowid").label(_PLACE)] if sqlite else []
        # The latest first: of what people ask for most.
        statement = select(*columns, *place).order_by(*(one.desc() for one in place))
        for rows in streamed(db, statement).partitions():
            yield from rows
            if self._clock() > until:
                return


class _Plain(String):
    """A column as the driver gives it, whatever it holds."""

    cache_ok = True

    def result_processor(self, dialect: Any, coltype: Any) -> None:  # noqa: ARG002
        return None


def _is_whole(table: Table, row: Row[Any], meaning: Meaning | None) -> bool:
    values: Any = row._mapping
    try:
        if not all(_holds(column, values[column.name]) for column in table.columns):
            return False
        if meaning is not None:
            meaning(values)
    except (*UNREADABLE, RaseedError, RecursionError):
        return False
    return True


def _holds(column: Column[Any], value: Any) -> bool:
    """Whether a value is one of its column's kind."""
    if value is None:
        return bool(column.nullable)
    kind = column.type
    if isinstance(kind, UtcTime):
        at = moment(value) if not isinstance(value, bytes) else None
        return at is not None and at.tzinfo is not None
    if isinstance(kind, Boolean):
        return value in (0, 1)
    if isinstance(kind, Integer | BigInteger):
        return type(value) is int
    if isinstance(kind, LargeBinary):
        return isinstance(value, bytes)
    # Bytes that are no text stand as signs that cannot be written.
    if not isinstance(value, str) or not (value.isascii() or value.encode()):
        return False
    return column.name not in _HASHES or len(bytes.fromhex(value)) == _HASH_BYTES


def _key(table: Table, row: Row[Any]) -> str:
    """As `number=2`; the database's own number of the row where its key cannot be read."""
    values: Any = row._mapping
    own = [c for c in table.primary_key.columns if c.name not in _SECRET]
    told = ", ".join(f"{c.name}={values[c.name]}" for c in own)
    if own and told.isprintable() and all(_key_holds(c, values[c.name]) for c in own):
        return told[:_MOST_OF_KEY]
    return f"rowid={values['_place']}" if _PLACE in values else ""


def _key_holds(column: Column[Any], value: Any) -> bool:
    try:
        return _holds(column, value)
    except UNREADABLE:
        return False
