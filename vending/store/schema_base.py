"""What every table is made with: names of constraints, keys that the database chooses, and times as
they are kept and hashed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    String,
    type_coerce,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeDecorator, TypeEngine

from ..ledger import canonical_time

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

SERIAL = BigInteger().with_variant(Integer, "sqlite")
"""A key that the database chooses; on SQLite only its own kind of integer does."""


class UtcTime(TypeDecorator[datetime]):
    """Aware UTC datetimes with microseconds. On SQLite text of fixed width, which sorts as time
    does (`2026-11-23T09:30:00.000000Z`); elsewhere a timestamp with time zone."""

    impl = String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(27))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if dialect.name == "sqlite":
            return canonical_time(value)
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return moment(value)


def moment(value: Any) -> datetime | None:
    """A value of a UtcTime column as the driver gives it."""
    if value is None or isinstance(value, datetime):
        return value
    return datetime.fromisoformat(value)


class CanonicalTime(GenericFunction[str]):
    """A time column as text in the form that is hashed (`ledger.canonical_time`)."""

    type = String()
    inherit_cache = True
    name = "canonical_time"


@compiles(CanonicalTime, "sqlite")
def _as_kept(element: CanonicalTime, compiler: SQLCompiler, **kw: Any) -> str:
    # UtcTime keeps this very form.
    return compiler.process(element.clauses, **kw)


@compiles(CanonicalTime)
def _formatted(element: CanonicalTime, compiler: SQLCompiler, **kw: Any) -> str:
    column = compiler.process(element.clauses, **kw)
    return f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"


def hashed(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A column as it is hashed: a time as text and a truth as SQLite's number, whatever stands
    there."""
    if isinstance(column.type, UtcTime):
        return CanonicalTime(type_coerce(column, String))
    return type_coerce(column, Integer) if isinstance(column.type, Boolean) else column
