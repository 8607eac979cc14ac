"""The databases that tests get have nothing of another test's."""

from __future__ import annotations

import pytest

from tests.databases import Postgres, counted, plain
from tests.vending.support import OPERATOR, Town, request

TABLES = ("alembic_version", "balances", "chain", "customers", "entries", "sales", "tokens")


def test_a_database_that_is_used_again_is_as_new(postgres: Postgres) -> None:
    with postgres.lending():
        fresh = postgres.new()
        as_new = counted(TABLES, fresh)
    with postgres.lending():
        used = postgres.new()
        left_open = Town(used)
        left_open.service.vend(OPERATOR, request())
        assert counted(TABLES, used) != as_new
    with postgres.lending():
        again = postgres.new()
        assert again == used == fresh
        assert counted(TABLES, again) == as_new
        here = Town(again)
        assert here.service.vend(OPERATOR, request()).number == 1
        here.store.close()
    left_open.store.close()


@pytest.mark.parametrize(
    "change",
    [
        "DROP TRIGGER sales_insert_only ON sales",
        "ALTER TABLE sales DISABLE TRIGGER sales_insert_only",
        "ALTER TABLE sales ADD COLUMN more int",
        "CREATE OR REPLACE FUNCTION raseed_insert_only() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NEW; END'",
    ],
)
def test_one_whose_schema_was_changed_is_not_used_again(postgres: Postgres, change: str) -> None:
    with postgres.lending():
        changed = postgres.new()
        with plain(changed) as db:
            db.execute(change.encode())
    with postgres.lending():
        assert postgres.new() != changed
