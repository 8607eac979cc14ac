"""Triggers that make a table insert-only, by dialect."""

from __future__ import annotations

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


def drop(dialect: str, table: str) -> list[str]:
    """Statements that take them away again (downgrades, and tests that tamper)."""
    if dialect == "postgresql":
        return [f"DROP TRIGGER {table}_insert_only ON {table}"]
    return [f"DROP TRIGGER {table}_no_{verb}" for verb in ("update", "delete")]
