"""The same statements for PostgreSQL: they compile, and times and triggers take its form."""

from __future__ import annotations

from datetime import UTC, datetime
from types import ModuleType

import pytest
from sqlalchemy import Executable
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql.elements import ClauseElement

from vending.store import audit, reading, triggers, writing
from vending.store.schema import BOOKS, metadata

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("module", [audit, reading, writing])
def test_statements_compile(module: ModuleType) -> None:
    found = [v for v in vars(module).values() if isinstance(v, Executable)]
    found += audit._LOOSE.values()
    found += writing._INSERTS.values()
    found.append(writing._ADD_BALANCE["postgresql"])
    for statement in found:
        assert isinstance(statement, ClauseElement)
        assert str(statement.compile(dialect=DIALECT))


def test_the_journal_is_single_file_where_many_may_write() -> None:
    assert "FOR UPDATE" in str(writing._CHAIN_LOCKED.compile(dialect=DIALECT))


def test_tables_use_big_integers_and_times_with_zone() -> None:
    sales = str(CreateTable(metadata.tables["sales"]).compile(dialect=DIALECT))
    assert "tendered BIGINT NOT NULL" in sales
    assert "sold_at TIMESTAMP WITH TIME ZONE NOT NULL" in sales
    kind = metadata.tables["sales"].c.sold_at.type
    moment = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    bind = kind.dialect_impl(DIALECT).bind_processor(DIALECT)
    assert bind is not None
    assert bind(moment) == moment


@pytest.mark.parametrize("table", BOOKS)
def test_triggers_of_both(table: str) -> None:
    assert "UPDATE OR DELETE OR TRUNCATE" in triggers.create("postgresql", table)[1]
    for dialect in ("sqlite", "postgresql"):
        made = " ".join(triggers.create(dialect, table))
        for statement in triggers.drop(dialect, table):
            assert statement.split()[2] in made
