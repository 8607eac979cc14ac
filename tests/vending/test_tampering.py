"""Somebody edits the books behind the triggers: verification names the first entry that differs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column

from tests.vending.support import ADMIN, OPERATOR, WATER, Town, chart, request
from vending.accounting import Bookkeeping
from vending.ledger import LedgerReport
from vending.store import schema
from vending.store.books import SqlBooks
from vending.store.schema import BOOKS
from vending.store.triggers import drop


@pytest.fixture
def sold(tmp_path: Path) -> Iterator[Town]:
    """Six sales: entries 1 to 6, of the water meter 2, 4 and 6."""
    here = Town(tmp_path / "books.db")
    for i in range(1, 7):
        here.clock.forward(minutes=7)
        here.service.vend(
            OPERATOR, request(f"v{i}", WATER, "100") if i % 2 == 0 else request(f"v{i}")
        )
    yield here
    here.store.close()


def tamper(here: Town, *statements: str) -> LedgerReport:
    """Drops the triggers and edits, as one could who owns the file."""
    with sqlite3.connect(here.path) as db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        for table in BOOKS:
            for statement in drop("sqlite", table):
                db.execute(statement)
        for statement in statements:
            assert db.execute(statement).rowcount > 0
    db.close()
    return verified(here)


def verified(here: Town) -> LedgerReport:
    """As the command and the API ask for it."""
    return Bookkeeping(SqlBooks(here.store), chart(), here.clock, UTC).verify(ADMIN)


def test_untouched(sold: Town) -> None:
    report = verified(sold)
    assert report.ok
    assert sold.service.verify(ADMIN) == report
    assert report.entries == 6


EDITS = [
    ("UPDATE postings SET amount = amount + 1 WHERE entry = 3 AND line = 1", 3, "sum"),
    ("UPDATE postings SET amount = amount * 2 WHERE entry = 3 AND unit = 'ILS'", 3, "hash"),
    ("UPDATE postings SET holder = 'P2' WHERE entry = 3 AND line = 1", 3, "hash"),
    ("DELETE FROM postings WHERE entry = 3", 3, "sum"),
    ("UPDATE entries SET at = '2026-11-23T10:00:00.000000Z' WHERE number = 3", 3, "hash"),
    ("UPDATE entries SET actor = 'Nobody' WHERE number IN (5, 3)", 3, "hash"),
    ("UPDATE entries SET hash = content_hash WHERE number = 3", 3, "hash"),
    ("DELETE FROM entries WHERE number = 3", 3, "number"),
    ("UPDATE entries SET number = 9 WHERE number = 6", 6, "number"),
    ("DELETE FROM entries WHERE number = 6", 6, "posting_without_entry"),
    ("UPDATE sales SET tendered = tendered + 1, net = net + 1 WHERE entry = 3", 3, "content"),
    ("UPDATE sales SET operator = 'Nobody' WHERE entry = 3", 3, "content"),
    ("UPDATE sales SET document = replace(document, 'Samira', 'Somebody')", 1, "content"),
    ("UPDATE sales SET vend_id = 'other' WHERE entry = 3", 3, "cause"),
    ("DELETE FROM sales WHERE entry = 3", 3, "cause"),
    ("UPDATE tokens SET digits = '00000000000000000000' WHERE vend_id = 'v3'", 3, "content"),
    ("UPDATE tokens SET tid = tid + 5 WHERE vend_id = 'v3'", 3, "content"),
    ("DELETE FROM tokens WHERE vend_id = 'v3'", 3, "no_token"),
    ("UPDATE receipts SET number = 99 WHERE vend_id = 'v3'", 3, "content"),
    ("DELETE FROM receipts WHERE vend_id = 'v3'", 3, "content"),
    ("UPDATE idempotency SET input_hash = 'x' WHERE vend_id = 'v3'", 3, "content"),
    ("UPDATE balances SET amount = amount - 100", 0, "balance"),
    ("DELETE FROM balances", 0, "balance_missing"),
    ("UPDATE counters SET receipts = 7 WHERE point = 'P1'", 0, "receipt_gap"),
    ("DELETE FROM counters WHERE point = 'P1'", 0, "counter_missing"),
    ("UPDATE receipts SET point = 'P2' WHERE vend_id = 'v3'", 3, "content"),
    ("UPDATE chain SET number = 7", 7, "chain_head"),
    ("UPDATE chain SET at = '2099-01-01T00:00:00.000000Z'", 0, "chain_at"),
    ("UPDATE chain SET at = NULL", 0, "chain_at"),
    ("UPDATE chain SET at = 'x'", 0, "chain_at"),
    ("DELETE FROM chain", 0, "chain_head"),
    ("UPDATE chain SET closed_until = 'never'", 0, "unreadable"),
    ("UPDATE postings SET amount = 'x' WHERE entry = 3 AND line = 1", 3, "unreadable"),
    ("UPDATE entries SET at = 'x' WHERE number = 3", 3, "hash"),
    (
        "INSERT INTO tokens SELECT 'ghost', position, kind, digits, tid + 9, pan, base_date, "
        "quantity, unit FROM tokens WHERE vend_id = 'v3'",
        0,
        "token_without_sale",
    ),
]


@pytest.mark.parametrize(("statement", "entry", "what"), EDITS)
def test_one_edit(sold: Town, statement: str, entry: int, what: str) -> None:
    report = tamper(sold, statement)
    assert report.problem is not None
    assert (report.problem.entry, report.problem.what) == (entry, what)


def test_a_journal_cut_short_with_everything_that_hangs_on_it(sold: Town) -> None:
    """Whoever removes the last sale whole must also set back the head, counter and balance."""
    cut = (
        "DELETE FROM postings WHERE entry = 6",
        "DELETE FROM tokens WHERE vend_id = 'v6'",
        "DELETE FROM receipts WHERE vend_id = 'v6'",
        "DELETE FROM idempotency WHERE vend_id = 'v6'",
        "DELETE FROM sales WHERE entry = 6",
        "DELETE FROM entries WHERE number = 6",
    )
    kept = verified(sold).head
    report = tamper(sold, *cut)
    assert report.problem is not None
    assert report.problem.what == "chain_head"
    assert report.problem.entry == 6
    assert report.head != kept


def test_two_entries_swapped(sold: Town) -> None:
    report = tamper(
        sold,
        "UPDATE entries SET number = 30 WHERE number = 3",
        "UPDATE entries SET number = 3 WHERE number = 4",
        "UPDATE entries SET number = 4 WHERE number = 30",
    )
    assert report.problem is not None
    assert (report.problem.entry, report.problem.what) == (3, "previous_hash")


NAMES = {("sales", "vend_id"), ("sales", "entry"), ("tokens", "vend_id")}
"""By these the row is found: an edit of them is told by what then is missing."""
COLUMNS = [
    (table.name, column)
    for table in (schema.sales, schema.tokens)
    for column in table.columns
    if (table.name, column.name) not in NAMES
]
OTHER = {
    "sold_at": "'2026-11-23T10:00:00.000000Z'",
    "commodity": "'water'",
    "unit": "'l'",
}


@pytest.mark.parametrize(
    ("table", "column"), COLUMNS, ids=[f"{table}.{column.name}" for table, column in COLUMNS]
)
def test_no_column_of_a_sale_or_token_is_edited_unseen(
    sold: Town, table: str, column: Column[Any]
) -> None:
    """Each of them is part of what the journal's entry stands for."""
    name = column.name
    more = f"COALESCE({name}, '') || '9'"
    if column.type.python_type is int:
        more = f"COALESCE({name}, 0) + 7"
    value = OTHER.get(name, more)
    report = tamper(sold, f"UPDATE {table} SET {name} = {value} WHERE vend_id = 'v3'")
    assert report.problem is not None
    assert (report.problem.entry, report.problem.what) == (3, "content")


def test_money_that_was_never_carried_shows_after_it_was_spent(sold: Town) -> None:
    """The cached sum is no book: it says what is not there, a sale spends it, and it says again
    what the journal says."""
    cached = "account = '2010' AND holder = 'A1'"
    tamper(sold, "INSERT INTO balances VALUES ('2010', 'A1', 'ILS', -90000)")
    sold.clock.forward(minutes=7)
    receipt = sold.service.vend(OPERATOR, request("v7"))
    assert receipt.quote.balance_before.minor >= 90000
    report = tamper_again(
        sold,
        "UPDATE balances SET amount = (SELECT sum(amount) FROM postings "
        f"WHERE {cached}) WHERE {cached}",
    )
    assert report.problem is not None
    assert (report.problem.what, report.problem.detail) == ("overdrawn", "A1")


def tamper_again(here: Town, statement: str) -> LedgerReport:
    with sqlite3.connect(here.path) as db:
        assert db.execute(statement).rowcount == 1
    db.close()
    return verified(here)
