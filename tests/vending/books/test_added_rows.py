"""Somebody who may only add rows adds one: nothing is edited, no trigger is in the way, and every
foreign key holds. Verification names the entry on which the row stands."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from meters.quantities import Money
from tests.vending.books.support import BILLING, CHIEF, SHORT, Office, office
from tests.vending.support import OPERATOR, POWER, WATER
from vending.requests import BasketRequest, Credit
from vending.store.schema import metadata

pytestmark = pytest.mark.system


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Office]:
    """Three sales, then entry 4, an adjustment; a request that waits, and one that was voided."""
    made = office(tmp_path / "books.db")
    made.sell("a", "b", "c")
    made.keeping.adjust(BILLING, "ADJ-1", SHORT, "Counted twice")
    made.keeping.approve(CHIEF, "ADJ-1")
    for id in ("ADJ-2", "ADJ-3"):
        made.keeping.adjust(BILLING, id, SHORT, "Counted again")
    made.keeping.void(BILLING, "ADJ-3", "Found the money")
    yield made
    made.close()


def add(here: Office, *statements: str) -> None:
    with sqlite3.connect(here.town.path) as db:
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA recursive_triggers = ON")
        for statement in statements:
            assert db.execute(statement).rowcount > 0, statement
    db.close()


def as_another(table: str, where: str, **to: str) -> str:
    """A row like one that is there, with other values."""
    columns = [column.name for column in metadata.tables[table].columns]
    values = ", ".join(to.get(name, f'"{name}"') for name in columns)
    return f"INSERT INTO {table} SELECT {values} FROM {table} WHERE {where}"


SALE = as_another("sales", "vend_id = 'c'", vend_id="'ghost'", entry="4")
WHOLE = (
    SALE,
    as_another("idempotency", "vend_id = 'c'", vend_id="'ghost'"),
    as_another(
        "tokens",
        "vend_id = 'c'",
        vend_id="'ghost'",
        tid="tid + 60",
        digits="'99998888777766665555'",
    ),
    "UPDATE counters SET receipts = receipts + 1 WHERE point = 'P1'",
    "INSERT INTO receipts SELECT 'P1', receipts, 'ghost' FROM counters WHERE point = 'P1'",
)
"""A sale with its token and its receipt that no entry was booked for."""


@pytest.mark.parametrize("statements", [(SALE,), WHOLE], ids=["row", "whole"])
def test_a_sale_on_the_entry_of_an_adjustment(here: Office, statements: tuple[str, ...]) -> None:
    code = here.keeping.seal(BILLING).code
    add(here, *statements)
    for against in (None, code):
        problem = here.keeping.verify(CHIEF, against).problem
        assert problem is not None
        assert (problem.entry, problem.what, problem.detail) == (4, "sale_of_other", "ghost")


def test_a_receipt_of_its_own_for_what_is_on_anothers(here: Office) -> None:
    items = tuple(Credit(meter.number, Money(2_000)) for meter in (POWER, WATER))
    here.town.clock.forward(minutes=3)
    here.town.service.vend_basket(OPERATOR, BasketRequest("d", items))
    add(
        here,
        "UPDATE counters SET receipts = receipts + 1 WHERE point = 'P1'",
        "INSERT INTO receipts SELECT 'P1', receipts, 'd+2' FROM counters WHERE point = 'P1'",
    )
    problem = here.keeping.verify(CHIEF).problem
    assert problem is not None
    assert (problem.entry, problem.what, problem.detail) == (6, "receipt_of_follower", "d+2")


VOID = (
    "INSERT INTO voids SELECT 'b', {entry}, '2026-11-23T11:00:00.000000Z', 'Omar', 'P1', 'T1', "
    "NULL, '{evidence}', 'The wrong customer', '{{}}'"
)
DECISION = (
    "INSERT INTO decisions SELECT '{id}', '{state}', '2026-11-23T11:00:00.000000Z', 'Omar', '', "
    "{entry}"
)
ROWS = [
    (VOID.format(entry=4, evidence="not_shown"), 4, "void"),
    (VOID.format(entry=2, evidence="not_shown"), 2, "void"),
    (VOID.format(entry=2, evidence="refund"), 2, "void"),
    (DECISION.format(id="ADJ-2", state="posted", entry="NULL"), 0, "decision"),
    (DECISION.format(id="ADJ-2", state="posted", entry=3), 3, "decision"),
    (DECISION.format(id="ADJ-2", state="voided", entry=3), 3, "decision"),
    (DECISION.format(id="ADJ-2", state="gone", entry="NULL"), 0, "decision"),
    (
        "INSERT INTO bankings SELECT 'B-9', 1, 'P1', '2026-11-23T11:00:00.000000Z', 'Omar', 4, "
        "'ILS', 99900, '{}'",
        4,
        "banking",
    ),
    (as_another("adjustments", "id = 'ADJ-2'", id="'ADJ-4'", lines="'x'"), 0, "adjustment"),
    (as_another("adjustments", "id = 'ADJ-2'", id="'ADJ-4'", kind="'gift'"), 0, "adjustment"),
]


@pytest.mark.parametrize(("statement", "entry", "what"), ROWS)
def test_a_row_on_an_entry_of_something_else(
    here: Office, statement: str, entry: int, what: str
) -> None:
    assert here.keeping.verify(CHIEF).ok
    add(here, statement)
    problem = here.keeping.verify(CHIEF).problem
    assert problem is not None
    assert (problem.entry, problem.what) == (entry, what)
