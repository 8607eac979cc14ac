"""Rows of bookkeepers that somebody who owns the file edits, some to what can be no row at all:
verification names the entry, and what else is wrong does not hide it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from meters.quantities import Money
from tests.vending.books.support import BILLING, CHIEF, SHORT, ZONE, Office, office
from tests.vending.support import OPERATOR, POWER, chart, pushed, tariffs
from vending.accounting import DailyClosing, Difference
from vending.accounts import Accounts
from vending.ledger import SealUnreadable
from vending.parties import Actor, Role
from vending.requests import BasketRequest, Credit
from vending.shapes import SealOut
from vending.store.accounts import SqlAccounts
from vending.store.schema import BOOKS
from vending.store.triggers import drop

pytestmark = pytest.mark.system
HEAD = Actor("Omar", Role.SUPERVISOR, "P1", "T9")
PAID = Money.from_text("50.05")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Office]:
    """Three sales, and the last one taken back by entry 4; entry 5 is the adjustment ADJ-1, ADJ-2
    waits, ADJ-3 was voided; November is closed by act 1, opened by act 2."""
    made = office(tmp_path / "books.db")
    made.sell("a", "b")
    for _ in range(2):
        made.town.service.reprint(OPERATOR, "a")
    made.town.service.vend_basket(
        HEAD, BasketRequest("c", (Credit(POWER.number, PAID),), hold=True)
    )
    made.town.clock.forward(minutes=1)
    made.town.service.void(HEAD, "c", "The wrong customer")
    made.keeping.adjust(BILLING, "ADJ-1", SHORT, "Counted twice")
    made.keeping.approve(CHIEF, "ADJ-1")
    made.town.clock.forward(days=10)
    for id in ("ADJ-2", "ADJ-3"):
        made.keeping.adjust(BILLING, id, SHORT, "Counted again")
    made.keeping.void(BILLING, "ADJ-3", "Found the money")
    made.close_month("2026-11")
    made.keeping.reopen(CHIEF, "2026-11", "A till was counted late")
    made.keeping.seal(BILLING)
    pushed(made.town.path, "a")
    with sqlite3.connect(made.town.path) as db:
        for table in BOOKS:
            for statement in drop("sqlite", table):
                db.execute(statement)
    db.close()
    yield made
    made.close()


def named(here: Office, statement: str) -> tuple[int, str]:
    with sqlite3.connect(here.town.path) as db:
        assert db.execute(statement).rowcount > 0, statement
    db.close()
    problem = here.keeping.verify(CHIEF).problem
    assert problem is not None
    return problem.entry, problem.what


EDITS = [
    ("UPDATE decisions SET state = 'voided' WHERE adjustment = 'ADJ-1'", 5, "decision"),
    ("UPDATE decisions SET state = 'posted' WHERE adjustment = 'ADJ-3'", 0, "decision"),
    ("UPDATE decisions SET state = 'gone' WHERE adjustment = 'ADJ-1'", 5, "cause"),
    ("UPDATE decisions SET state = 'gone' WHERE adjustment = 'ADJ-3'", 0, "decision"),
    ("UPDATE decisions SET entry = 777 WHERE adjustment = 'ADJ-3'", 777, "decision"),
    ("UPDATE adjustments SET lines = '[]x' WHERE id = 'ADJ-1'", 5, "cause"),
    ("UPDATE adjustments SET lines = '[[1]]' WHERE id = 'ADJ-2'", 0, "adjustment"),
    ("UPDATE adjustments SET lines = '[[1]]' WHERE id = 'ADJ-3'", 0, "adjustment"),
    ("UPDATE adjustments SET kind = 'x' WHERE id = 'ADJ-1'", 5, "cause"),
    ("UPDATE adjustments SET requested_at = 'x' WHERE id = 'ADJ-1'", 5, "cause"),
    ("UPDATE voids SET evidence = 'none'", 4, "cause"),
    ("UPDATE voids SET at = 'x'", 4, "cause"),
    ("UPDATE voids SET entry = 999", 4, "cause"),
    ("UPDATE period_acts SET act = 'x' WHERE number = 2", 0, "period_chain"),
    ("UPDATE period_acts SET at = 'x' WHERE number = 1", 0, "period_chain"),
    ("UPDATE seals SET sealed_at = 'x'", 5, "seal_chain"),
    ("UPDATE seals SET entry = 'x'", 0, "seal_chain"),
    ("DELETE FROM reprints WHERE copy = 1", 0, "copy_gap"),
    ("DELETE FROM delivery_events WHERE seq = 1", 0, "delivery_gap"),
    ("UPDATE postings SET unit = 'USD' WHERE entry = 5 AND line = 1", 5, "account"),
]


@pytest.mark.parametrize(
    "document",
    ["", "nonsense", "null", "[]", "{}", '{"sums": 1}', "[" * 9000, '{"sums":[["1010",1,"x"]]}',
     '{"differences":[[1,2,3]],"periods":"","receipts":[],"sums":[],"tokens":[]}'],
    ids=range(9),
)  # fmt: skip
def test_a_seal_that_is_none_is_a_difference_of_its_day(here: Office, document: str) -> None:
    seal = here.reports.seals(BILLING)[-1]
    assert here.reports.check(BILLING, seal.day).ok
    with sqlite3.connect(here.town.path) as db:
        db.execute("UPDATE seals SET document = ? WHERE number = ?", (document, seal.number))
    db.close()
    check = here.reports.check(BILLING, seal.day)
    assert check.differences == (Difference("seals", str(seal.number), 1, 0),)
    assert check.kept is None
    assert here.reports.check(BILLING, "2026-11-23").ok, "it is told of its own day"
    with pytest.raises(SealUnreadable):
        SealOut.of(here.reports.seals(BILLING)[-1])
    # The next one does not stand on it.
    after = here.keeping.seal(BILLING, seal.day, check)
    assert after.number == seal.number + 1
    assert after.content.sums == seal.content.sums
    kept = here.reports.check(BILLING, seal.day).kept
    assert kept is not None
    assert kept.differences == check.differences
    problem = here.keeping.verify(CHIEF).problem
    assert problem is not None
    assert problem.what == "seal_chain"


@pytest.mark.parametrize(("statement", "entry", "what"), EDITS)
def test_what_is_named(here: Office, statement: str, entry: int, what: str) -> None:
    assert here.keeping.verify(CHIEF).ok
    assert named(here, statement) == (entry, what)
    # The first one is told, whatever stands behind it.
    assert named(here, "UPDATE entries SET actor = 'x' WHERE number = 1") == (1, "hash")


TEXT_FOR_NUMBERS = [
    "UPDATE receipts SET number = 'x' WHERE vend_id = 'b'",
    "UPDATE receipts SET number = '' WHERE vend_id = 'b'",
    "UPDATE sales SET balance_before = 1.5 WHERE vend_id = 'b'",
    "UPDATE tokens SET quantity = 'x' WHERE vend_id = 'b'",
    "UPDATE sales SET quantity = 'x' WHERE vend_id = 'b'",
    "UPDATE sales SET tendered = 'x' WHERE vend_id = 'b'",
    "UPDATE sales SET tendered = 'x' WHERE vend_id = 'c'",
    "UPDATE sales SET vat = 'x' WHERE vend_id = 'b'",
    "UPDATE sales SET sold_at = 'x' WHERE vend_id = 'b'",
    "UPDATE entries SET number = 'x' WHERE cause = 'b'",
    "UPDATE postings SET amount = 'x' WHERE entry = 2 AND line = 1",
]
"""A file keeps it, whatever the column is for."""


def test_a_seal_whose_moment_cannot_be_read_stops_no_check(here: Office) -> None:
    day = here.reports.seals(BILLING)[-1].day
    with sqlite3.connect(here.town.path) as db:
        db.execute("UPDATE seals SET sealed_at = 'x'")
    db.close()
    assert here.reports.check(BILLING, day).ok
    assert here.reports.check(BILLING, "2026-11-23").ok


@pytest.mark.parametrize("statement", TEXT_FOR_NUMBERS)
def test_text_for_a_number_stops_no_proof(here: Office, statement: str) -> None:
    """Neither the day's seal: what is wrong shall not change any further."""
    with sqlite3.connect(here.town.path) as db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        assert db.execute(statement).rowcount == 1
    db.close()
    check = here.reports.check(BILLING, "2026-11-23")
    if "sold_at" not in statement:
        assert check.differences
    problem = here.keeping.verify(CHIEF).problem
    assert problem is not None
    assert problem.entry in (2, 3)
    seals = here.reports.seals(BILLING)
    assert here.keeping.seal(BILLING, None, check).number == len(seals) + 1
    accounts = Accounts(
        SqlAccounts(here.town.store), tariffs(), chart(), here.town.clock, ZONE
    ).verify_accounts(CHIEF)
    assert accounts.ok != statement.startswith("UPDATE sales")


NO_TEXT = [
    ("postings SET account = {} WHERE entry = 2 AND line = 1", ("booked", "1010:P1", 15015, 10010)),
    ("postings SET holder = {} WHERE entry = 2 AND line = 1", ("booked", "1010:\\xff", 0, 5005)),
    ("postings SET unit = {} WHERE entry = 2 AND line = 1", ("balanced", "\\xff", 0, 5005)),
    ("receipts SET point = {} WHERE vend_id = 'b'", ("receipts", "P1", 3, 2)),
    ("sales SET document = {} WHERE vend_id = 'b'", ("documents", "b", 1, 0)),
    ("sales SET point = {} WHERE vend_id = 'b'", ("receipts", "\\xff", 1, 0)),
    ("tokens SET kind = {} WHERE vend_id = 'b'", ("tokens", "\\xff", 0, 1)),
    ("voids SET document = {} WHERE vend_id = 'c'", ("documents", "c", 1, 0)),
]


@pytest.mark.parametrize(("change", "told"), NO_TEXT)
def test_bytes_that_are_no_text_stop_no_check(
    here: Office, change: str, told: tuple[str, str, int, int]
) -> None:
    """A bit of the file is enough: the night would stop at them, and at each night after it."""
    with sqlite3.connect(here.town.path) as db:
        assert db.execute("UPDATE " + change.format("CAST(x'ff' AS TEXT)")).rowcount == 1
    db.close()
    check = here.reports.check(BILLING, "2026-11-23")
    assert told in check.differences
    seal = here.keeping.seal(BILLING, None, check)
    assert here.reports.seals(BILLING)[-1] == seal
    assert told in (seal.content.differences or ())
    # What is told of it can be printed.
    assert SealOut.of(seal).model_dump_json().encode()


WHATEVER = [
    *(f"UPDATE {column} = x'ff' WHERE entry = 2 AND line = 1" for column in
      ("postings SET account", "postings SET holder", "postings SET unit")),
    *(f"UPDATE sales SET {column} = x'ff' WHERE vend_id = 'b'" for column in
      ("kind", "point", "operator", "tender", "currency", "unit", "basket", "document")),
    *(f"UPDATE tokens SET {column} = x'ff' WHERE vend_id = 'b'" for column in
      ("kind", "unit", "pan", "base_date", "digits")),
    "UPDATE postings SET account = x'ff' WHERE entry = 4 AND line = 1",
    # As long as a token.
    "UPDATE tokens SET digits = -9223372036854775808 WHERE vend_id = 'b'",
    "UPDATE entries SET number = 'x' WHERE number = 2",
    "UPDATE period_acts SET act = 'x' WHERE number = 2",
    "UPDATE period_acts SET closed_until = 'x' WHERE number = 1",
]  # fmt: skip


@pytest.mark.parametrize("statement", WHATEVER)
def test_whatever_a_column_holds_each_day_is_checked_and_sealed(
    here: Office, statement: str
) -> None:
    with sqlite3.connect(here.town.path) as db:
        assert db.execute(statement).rowcount == 1
    db.close()
    seals = len(here.reports.seals(BILLING))
    here.town.clock.forward(days=1)
    closed = DailyClosing(here.reports, here.keeping, here.town.clock, ZONE)
    for day in closed.due(BILLING):
        assert closed.close(BILLING, day).check.day == day
    assert here.keeping.seal(BILLING).number == seals + 2
    assert here.reports.seals(BILLING)[-1].told is not None


def test_a_seal_with_bytes_that_are_no_text_stops_no_check(here: Office) -> None:
    seal = here.reports.seals(BILLING)[-1]
    with sqlite3.connect(here.town.path) as db:
        db.execute("UPDATE seals SET document = CAST(x'ff' AS TEXT)")
    db.close()
    closed = DailyClosing(here.reports, here.keeping, here.town.clock, ZONE)
    assert "2026-11-23" in closed.due(BILLING)
    check = here.reports.check(BILLING, seal.day)
    assert check.differences == (Difference("seals", str(seal.number), 1, 0),)
    assert here.keeping.seal(BILLING, seal.day, check).number == seal.number + 1


NOT_THERE = [
    (
        "DELETE FROM entries WHERE number = 2",
        {("sale_entries", "sale", 3, 2), ("entries_of_sales", "", 3, 2)},
    ),
    (
        "DELETE FROM entries WHERE number = 4",
        {("void_entries", "void", 1, 0), ("entries_of_voids", "", 1, 0)},
    ),
    (
        "DELETE FROM sales WHERE vend_id = 'c'",
        {("sale_entries", "sale", 2, 3)},
    ),
]


@pytest.mark.parametrize(("statement", "told"), NOT_THERE)
def test_a_row_whose_entry_or_sale_is_not_there_is_counted(
    here: Office, statement: str, told: set[tuple[str, str, int, int]]
) -> None:
    """As one with which nothing agrees."""
    with sqlite3.connect(here.town.path) as db:
        assert db.execute(statement).rowcount == 1
    db.close()
    check = here.reports.check(BILLING, "2026-11-23")
    assert told <= set(check.differences)
    assert (check.sales, check.voids) == (2 if "sales" in statement else 3, 1)


def test_a_sale_without_its_receipt_stays_in_what_is_told(here: Office) -> None:
    with sqlite3.connect(here.town.path) as db:
        assert db.execute("DELETE FROM receipts WHERE vend_id = 'c'").rowcount == 1
    db.close()
    lines = here.reports.customer(CHIEF, "A1").lines
    assert [(line.kind, line.receipt, line.paid) for line in lines] == [
        ("sale", "P1-000001", 5005),
        ("sale", "", 5005),
        ("void", "", -5005),
    ]
    mine = here.reports.operator(CHIEF, "Omar")
    assert (mine.sales, mine.voids) == (1, 1)
