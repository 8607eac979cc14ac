"""Triggers that make a table insert-only, by dialect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_PG_FUNCTION = """
CREATE OR REPLACE FUNCTION raseed_insert_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'insert-only: %', TG_TABLE_NAME;
END $$
"""


def create(dialect: str, table: str) -> list[str]:
    """Statements after which the database refuses UPDATE and DELETE on `table`."""
    if dialect == "postgresql":
        return [
            _PG_FUNCTION,
            f"CREATE TRIGGER {table}_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION raseed_insert_only()",
        ]
    return [
        f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'insert-only: {table}'); END"
        for verb in ("update", "delete")
    ]


def create_no_replace(dialect: str, table: str, keys: Iterable[Sequence[str]]) -> list[str]:
    """Statements after which SQLite refuses `INSERT OR REPLACE` of a row that is there, by any of
    the table's unique `keys` or by SQLite's own number of the row. A connection of another program
    deletes the old row without asking the trigger for that, unless it sets `recursive_triggers`.
    PostgreSQL has no such statement."""
    if dialect == "postgresql":
        return []
    there = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE {_same(key)})"  # noqa: S608
        # An insert that does not name it has -1 there, which no row has.
        for key in (*keys, ("rowid",))
    )
    return [
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {there} "
        f"BEGIN SELECT RAISE(ABORT, 'insert-only: {table}'); END"
    ]


def _same(key: Sequence[str]) -> str:
    return " AND ".join(f"{column} = NEW.{column}" for column in key)


def drop_no_replace(dialect: str, table: str) -> list[str]:
    return [] if dialect == "postgresql" else [f"DROP TRIGGER {table}_no_replace"]


def drop(dialect: str, table: str) -> list[str]:
    """Statements that take them away again (downgrades, and tests that tamper)."""
    if dialect == "postgresql":
        return [f"DROP TRIGGER {table}_insert_only ON {table}"]
    return [f"DROP TRIGGER {table}_no_{verb}" for verb in ("update", "delete")]
