"""Somebody edits a drawer's rows behind the triggers: verification names where."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.vending.books.support import ZONE
from tests.vending.drawer.support import CHIEF, LAYLA, SAMIR, Counter, count, counting, shekels
from tests.vending.support import SetClock, chart
from vending.accounting import Bookkeeping
from vending.drawer import BankRequest
from vending.ledger import LedgerReport
from vending.store import open_store
from vending.store.books import SqlBooks
from vending.store.drawer_proof import drawer_problems
from vending.store.schema import BOOKS
from vending.store.triggers import drop


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Entry 2: float of S-1, 3: a sale, 4: cash in, 5: its shortage. S-2 has no float and was
    right: entry 6 is its sale. S-3 too: entry 7. Entry 8 banks S-1 and S-2. Then S-4 was right
    and is last, with its float as entry 9; S-5 is open and has no float. X-1 (blind) is of S-1
    before the cash in, X-2 behind it; X-3 and X-4 are of S-5."""
    path = tmp_path_factory.mktemp("drawer") / "books.db"
    made = Counter(path)
    drawers = made.drawers
    drawers.open(SAMIR, "S-1", shekels("100"))
    made.sell("S-1", 5000)
    made.x_reports.take(SAMIR, "X-1")
    drawers.cash_in(SAMIR, "in-1", shekels("10"), "Small coins from the safe")
    made.x_reports.take(CHIEF, "X-2", "S-1")
    drawers.close(SAMIR, counting(15500))
    for id, amount in (("S-2", 3000), ("S-3", 2000)):
        drawers.open(SAMIR, id, shekels("0"))
        made.sell(id, amount)
        drawers.close(SAMIR, count({"10": amount // 1000}))
    made.bankings.bank(LAYLA, BankRequest("B-1", "P1", ("S-1", "S-2"), reference="bag 17"))
    drawers.open(SAMIR, "S-4", shekels("20"))
    made.town.clock.forward(hours=1)
    drawers.close(SAMIR, count({"10": 2}))
    drawers.open(SAMIR, "S-5", shekels("0"))
    for id in ("X-3", "X-4"):
        made.x_reports.take(SAMIR, id)
    made.close()
    unguarded(path)
    return path.read_bytes()


def unguarded(path: Path) -> None:
    """Takes the triggers away that refuse edits."""
    with sqlite3.connect(path) as db:
        for table in BOOKS:
            for statement in drop("sqlite", table):
                db.execute(statement)
    db.close()


@pytest.fixture
def place(books: bytes, tmp_path: Path) -> Path:
    """Those books, without the triggers that refuse edits."""
    path = tmp_path / "books.db"
    path.write_bytes(books)
    return path


def verified(place: Path, *edits: str) -> LedgerReport:
    with sqlite3.connect(place) as db:
        for edit in edits:
            assert db.execute(edit).rowcount > 0, edit
    db.close()
    store = open_store(place)
    try:
        return Bookkeeping(SqlBooks(store), chart(), SetClock(), ZONE).verify(LAYLA)
    finally:
        store.close()


def z(part: str, other: str, shift: str) -> str:
    return (
        f"UPDATE shift_closes SET document = replace(document, '{part}', '{other}') "
        f"WHERE shift = '{shift}'"
    )


def x(part: str, other: str, id: str, *more: str) -> str:
    also = "".join(f", {one}" for one in more)
    return (
        f"UPDATE x_reports SET document = replace(document, '{part}', '{other}'){also} "
        f"WHERE id = '{id}'"
    )


EDITS = [
    ("UPDATE cash_moves SET amount = 900 WHERE id = 'in-1'", 4, "content", "in-1"),
    ("UPDATE cash_moves SET reason = 'x' WHERE id = 'S-1'", 2, "content", "S-1"),
    ("UPDATE cash_moves SET id = 'in-2' WHERE id = 'in-1'", 4, "cause", "in-1"),
    ("UPDATE cash_moves SET kind = 'out' WHERE id = 'in-1'", 4, "cause", "in-1"),
    ("DELETE FROM cash_moves WHERE id = 'in-1'", 4, "cause", "in-1"),
    ("UPDATE shifts SET opening_float = 0 WHERE id = 'S-1'", 2, "content", "S-1"),
    ("UPDATE shifts SET operator = 'Rana' WHERE id = 'S-1'", 2, "content", "S-1"),
    # The shortage has an entry, which stands for the Z report.
    (z("[5000,1]", "[5000,2]", "S-1"), 5, "content", "S-1"),
    ("UPDATE shift_closes SET counted = 16000 WHERE shift = 'S-1'", 5, "content", "S-1"),
    ("UPDATE shift_closes SET actor = 'Rana' WHERE shift = 'S-1'", 5, "content", "S-1"),
    ("DELETE FROM shift_closes WHERE shift = 'S-1'", 5, "cause", "S-1"),
    # This one was right: the deposit that took its money stands for it, to the last coin.
    (z("[1000,3]", "[1500,2]", "S-2"), 8, "content", "B-1"),
    # This one is not banked: the next shift there holds its hash.
    (z("[1000,2]", "[2000,1]", "S-3"), 9, "content", "S-4"),
    # Nothing came behind this one but a shift without a float: its sums are recomputed.
    (z('"sales":0', '"sales":1', "S-4"), 0, "z_report", "S-4"),
    (z("[1000,2]", "[1000,3]", "S-4"), 0, "z_report", "S-4"),
    (z("}", "", "S-4"), 0, "z_report", "S-4"),
    ("UPDATE shift_closes SET document = '[]' WHERE shift = 'S-4'", 0, "z_report", "S-4"),
    ("UPDATE shift_closes SET closed_at = opened_at FROM shifts "
     "WHERE shift = 'S-4' AND id = 'S-4'", 0, "z_report", "S-4"),
    ("UPDATE shift_closes SET expected = 0, counted = 0 WHERE shift = 'S-4'", 0, "z_report", "S-4"),
    ("UPDATE shift_closes SET entry = 9 WHERE shift = 'S-4'", 9, "z_report", "S-4"),
    ("DELETE FROM shift_closes WHERE shift = 'S-4'", 0, "shift_state", "S-4"),
    # The sums fit, but the X report of the next shift there holds what it was.
    (z("[1000,2]", "[2000,1]", "S-4"), 0, "x_report", "X-3"),
    # What an X report says was so when it was taken, and of whom.
    (x('"sales":1', '"sales":2', "X-1"), 0, "x_report", "X-1"),
    (x('"blind":true', '"blind":false', "X-1"), 0, "x_report", "X-1"),
    (x('["cash",5000,0]', '["cash",4000,0]', "X-2"), 0, "x_report", "X-2"),
    (x("}", "", "X-1"), 0, "x_report", "X-1"),
    ("UPDATE x_reports SET document = '[]' WHERE id = 'X-1'", 0, "x_report", "X-1"),
    ("UPDATE x_reports SET after_entry = 2 WHERE id = 'X-1'", 0, "x_report", "X-1"),
    ("UPDATE x_reports SET after_entry = 9 WHERE id = 'X-1'", 0, "x_report", "X-1"),
    ("UPDATE x_reports SET actor = 'Rana' WHERE id = 'X-3'", 0, "x_report", "X-3"),
    ("UPDATE x_reports SET shift = 'S-4', number = 1 WHERE id = 'X-3'", 0, "x_report", "X-3"),
    ("DELETE FROM x_reports WHERE id = 'X-3'", 0, "x_report", "X-4"),
    # These fit in themselves; the Z report of their shift holds what they were.
    (x('"taken_by":"Samir"', '"taken_by":"Rana"', "X-1", "actor = 'Rana'"), 0, "x_report", "X-1"),
    ("UPDATE x_reports SET after_entry = 5 WHERE id = 'X-2'", 0, "x_report", "X-2"),
    ("DELETE FROM x_reports WHERE id = 'X-2'", 0, "x_report", "S-1"),
    ("DELETE FROM x_reports WHERE shift = 'S-1'", 0, "x_report", "S-1"),
    ("DELETE FROM open_shifts", 0, "shift_state", "S-5"),
    ("UPDATE open_shifts SET operator = 'Rana'", 0, "shift_state", "S-5"),
    ("UPDATE shifts SET number = 9 WHERE id = 'S-5'", 0, "shift_gap", "P1"),
    ("UPDATE bankings SET amount = 1", 8, "content", "B-1"),
    ("UPDATE bankings SET document = replace(document, 'bag 17', 'bag 71')", 8, "content", "B-1"),
    ("UPDATE bankings SET document = 'x'", 8, "content", "B-1"),
    ("UPDATE bankings SET number = 2", 8, "content", "B-1"),
    ("DELETE FROM bankings", 8, "cause", "B-1"),
    ("UPDATE sales SET shift = 'S-4' WHERE shift = 'S-1'", 3, "content", "sale-1"),
]  # fmt: skip


def test_untouched(place: Path) -> None:
    report = verified(place)
    assert (report.ok, report.entries) == (True, 9)


@pytest.mark.parametrize(("edit", "entry", "what", "detail"), EDITS)
def test_one_edit(place: Path, edit: str, entry: int, what: str, detail: str) -> None:
    problem = verified(place, edit).problem
    assert problem is not None
    assert (problem.entry, problem.what, problem.detail) == (entry, what, detail)


def test_a_report_that_fits_in_itself_is_not_what_the_next_one_holds(tmp_path: Path) -> None:
    """Neither shift has an entry that would stand for it."""
    path = tmp_path / "books.db"
    made = Counter(path)
    for id, tens in (("S-1", 2), ("S-2", 0)):
        made.drawers.open(SAMIR, id, shekels("0"))
        if tens:
            made.sell(id, 1000 * tens)
        made.drawers.close(SAMIR, count({"10": tens}))
    made.close()
    unguarded(path)
    assert verified(path).ok
    problem = verified(path, z("[1000,2]", "[2000,1]", "S-1")).problem
    assert problem is not None
    assert (problem.entry, problem.what, problem.detail) == (0, "z_report", "S-1")


def test_rows_that_come_with_no_entry_of_their_own(place: Path) -> None:
    problem = verified(
        place,
        "INSERT INTO cash_moves SELECT 'ghost', 'S-5', 'in', 100, 'x', at, actor, 3 "
        "FROM cash_moves WHERE id = 'in-1'",
    ).problem
    assert problem is not None
    assert (problem.entry, problem.what, problem.detail) == (3, "cash_move", "ghost")


def test_an_x_report_that_was_never_taken(place: Path) -> None:
    """Its figures fit, but the Z report knows of none."""
    problem = verified(
        place,
        "INSERT INTO x_reports SELECT 'ghost', shift, 3, at, actor, after_entry, "
        """replace(replace(document, '"id":"X-2"', '"id":"ghost"'), '"number":2', '"number":3') """
        "FROM x_reports WHERE id = 'X-2'",
    ).problem
    assert problem is not None
    assert (problem.entry, problem.what, problem.detail) == (0, "x_report", "ghost")


def test_a_shift_that_was_banked_twice(place: Path) -> None:
    """Even where both bankings are booked as they should be."""
    verified(
        place,
        "INSERT INTO bankings SELECT 'B-2', 2, point, at, actor, 9, currency, amount, document "
        "FROM bankings",
    )
    store = open_store(place)
    with store.reading() as view:
        found = list(drawer_problems(view._db, chart()))
    store.close()
    assert {(p.what, p.detail) for p in found} == {("banked_twice", "S-1"), ("banked_twice", "S-2")}
