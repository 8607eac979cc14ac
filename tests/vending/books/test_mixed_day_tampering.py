"""A mixed day whose books somebody edits: each kind of edit shows in the daily check."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import cast

import pytest
from sqlalchemy import Connection, text

from tests.vending.books.mixed_day import DAY, MixedDay
from tests.vending.books.support import CHIEF, ZONE
from tests.vending.support import chart
from vending.accounting import BookReports
from vending.accounting.ports import BooksStore
from vending.store import triggers
from vending.store.books import SqlBooksReading


class Undone(Exception):
    """Takes an edit back."""


@dataclass
class Inside:
    """The books as they are inside a transaction."""

    db: Connection

    @contextmanager
    def reading(self) -> Iterator[SqlBooksReading]:
        yield SqlBooksReading(self.db)


def tampered(day: MixedDay, statement: str) -> set[str]:
    """What the check of the day finds behind an edit that is taken back afterwards."""
    found: set[str] = set()
    with suppress(Undone), day.store.writing() as books:
        db = books._db
        for table in TABLES & set(statement.split()):
            for drop in triggers.drop(db.dialect.name, table):
                db.exec_driver_sql(drop)
        assert db.execute(text(statement)).rowcount >= 1, statement
        reports = BookReports(cast(BooksStore, Inside(db)), chart(), day.clock, ZONE)
        check = reports.check(CHIEF, DAY)
        found = {f"{one.what} {one.where}".strip() for one in check.differences}
        raise Undone
    return found


TABLES = {"tokens", "receipts", "entries", "postings", "sales", "voids", "key_change_events"}


def of(vend_id: str, table: str = "sales") -> str:
    """The entry of a sale, or of its void."""
    return f"entry = (SELECT entry FROM {table} WHERE vend_id = '{vend_id}')"


def entry_of(vend_id: str, table: str = "sales") -> str:
    return of(vend_id, table).replace("entry =", "number =", 1)


UNDONE = {f"voided {account}" for account in ("1210", "2010", "2020", "4010", "6010", "6110")}
"""What a void of v-2 turns around beside the money in the till."""
TAMPERING: list[tuple[str, set[str]]] = [
    ("DELETE FROM tokens WHERE vend_id = 'f-1'", {"tokens credit_electricity", "tokens_carry Wh"}),
    (
        "DELETE FROM tokens WHERE vend_id = 'e-1'",
        {"tokens set_maximum_power_limit", "tokens_carry token"},
    ),
    (
        "UPDATE tokens SET kind = 'clear_credit' WHERE vend_id = 'e-1'",
        {"tokens set_maximum_power_limit", "tokens clear_credit"},
    ),
    ("UPDATE tokens SET quantity = quantity + 100 WHERE vend_id = 'al-1'", {"tokens_carry Wh"}),
    (
        "UPDATE sales SET quantity = quantity + 100 WHERE vend_id = 'al-1'",
        {"tokens_carry Wh", "issued Wh"},
    ),
    ("DELETE FROM tokens WHERE vend_id = 'k-1' AND kind = 'key_change_1'", {"key_changes tokens"}),
    ("DELETE FROM key_change_events WHERE vend_id = 'k-1'", {"key_changes issued"}),
    (
        "DELETE FROM receipts WHERE vend_id = 'b-1'",
        {"receipts P1", "basket_receipts P1", "receipt_numbers P1"},
    ),
    ("DELETE FROM receipts WHERE vend_id = 'c-1'", {"receipts P1", "receipt_numbers P1"}),
    (
        "UPDATE receipts SET point = 'P2', number = 5 WHERE vend_id = 'b-1'",
        {"receipts P1", "basket_receipts P1", "receipt_numbers P1"},
    ),
    ("UPDATE receipts SET number = 99 WHERE vend_id = 'c-1'", {"receipt_numbers P1"}),
    ("UPDATE receipts SET point = 'P2', number = 5 WHERE vend_id = 'v-2'", {"receipts P1"}),
    (
        "UPDATE sales SET basket = NULL WHERE vend_id = 'b-1+2'",
        {"receipts P1", "paid card", "paid cash"},
    ),
    (
        f"UPDATE entries SET kind = 'gift' WHERE {entry_of('t-1')}",
        {"sale_entries sale", "entries_of_sales", "issued Wh"},
    ),
    (
        f"UPDATE entries SET kind = 'sale' WHERE {entry_of('d-1')}",
        {"sale_entries sale", "sale_entries payment", "entries_of_sales"},
    ),
    (f"UPDATE entries SET cause = 'other' WHERE {entry_of('d-1')}", {"entries_of_sales"}),
    (
        f"UPDATE entries SET kind = 'gift' WHERE {entry_of('v-2')}",
        {
            *("sale_entries sale", "entries_of_sales", "issued Wh"),
            *("booked 1010:P1", "booked 2010", "booked 2020"),
            *("voided 1010:P1", *UNDONE),
        },
    ),
    (
        f"UPDATE postings SET amount = amount + 1 WHERE account = '1040' AND {of('d-1')}",
        {"booked 1040:P1", "balanced ILS"},
    ),
    (
        f"UPDATE postings SET holder = 'P2' WHERE account = '1030' AND {of('c-1')}",
        {"booked 1030:P1", "booked 1030:P2"},
    ),
    (
        f"UPDATE postings SET account = '1010' WHERE account = '1020' AND {of('m-1')}",
        {"booked 1010:P1", "booked 1020:P1"},
    ),
    (
        f"UPDATE postings SET account = '4010' WHERE account = '5040' AND {of('b-1')}",
        {"booked 5040"},
    ),
    (
        f"UPDATE postings SET holder = 'samir' WHERE account = '2030' AND {of('r-1')}",
        {"booked 2030:rana", "booked 2030:samir"},
    ),
    (
        f"UPDATE postings SET amount = amount - 1 WHERE account = '5020' AND {of('r-1')}",
        {"booked 5020", "balanced ILS"},
    ),
    (
        f"UPDATE postings SET amount = amount + 1 WHERE account = '4020' AND {of('r-1')}",
        {"balanced ILS"},
    ),
    (
        f"UPDATE postings SET amount = amount * 2 WHERE unit = 'token' AND {of('e-1')}",
        {"issued token"},
    ),
    (
        "UPDATE sales SET tendered = tendered + 5, net = net + 5 WHERE vend_id = 'm-1'",
        {"parts ILS", "voided 5050"},
    ),
    (
        "UPDATE sales SET tendered = tendered + 5, net = net + 5 WHERE vend_id = 'r-1'",
        {"booked 2030:rana"},
    ),
    ("UPDATE sales SET vat = vat + 5, net = net - 5 WHERE vend_id = 'r-1'", {"booked 2020"}),
    (
        "UPDATE sales SET document = replace(document, '[\"card\",106,', '[\"card\",96,')"
        " WHERE vend_id = 'b-1+2'",
        {"parts ILS", "paid card", "booked 1020:P1"},
    ),
    (
        "UPDATE sales SET document = replace(document, '\"wallet\"', '\"cash\"')"
        " WHERE vend_id = 'd-1'",
        {"booked 1010:P1", "booked 1040:P1"},
    ),
    (
        "UPDATE sales SET document = 'nothing' WHERE vend_id = 'd-1'",
        {"documents d-1", "booked 1040:P1"},
    ),
    (
        f"UPDATE entries SET cause = 'other' WHERE {entry_of('v-2', 'voids')}",
        {"entries_of_voids"},
    ),
    (
        f"DELETE FROM postings WHERE account = '5020' AND {of('r-4', 'voids')}",
        {"voided 5020", "balanced ILS"},
    ),
    ("DELETE FROM voids WHERE vend_id = 'v-2'", {"void_entries void", "voided 1010:P1", *UNDONE}),
    (
        "UPDATE voids SET evidence = 'refund' WHERE vend_id = 'v-2'",
        {
            "void_entries void",
            "void_entries refund",
            "entries_of_voids",
            "voided 5050",
            *UNDONE,
        },
    ),
    (
        f"UPDATE postings SET amount = amount + 1 WHERE account = '1010' AND {of('v-2', 'voids')}",
        {"voided 1010:P1", "balanced ILS"},
    ),
    (
        f"UPDATE postings SET account = '5010' WHERE account = '5050' AND {of('r-3', 'voids')}",
        {"voided 5050", "voided 5010"},
    ),
    (
        f"UPDATE postings SET holder = 'samir' WHERE account = '2030' AND {of('r-4', 'voids')}",
        {"voided 2030:rana", "voided 2030:samir"},
    ),
]


@pytest.mark.system
def test_a_deposit_that_was_booked_under_another_of_its_names_is_the_persons(day: MixedDay) -> None:
    """As it was before it was known who is behind a key of the API."""
    renamed = "UPDATE postings SET holder = 'api:Rana' WHERE account = '2030'"
    assert tampered(day, renamed) == set()


@pytest.mark.system
def test_each_kind_of_tampering_shows(day: MixedDay) -> None:
    told = {statement: tampered(day, statement) for statement, _ in TAMPERING}
    assert told == dict(TAMPERING)
    assert day.reports.check(CHIEF, DAY).ok
