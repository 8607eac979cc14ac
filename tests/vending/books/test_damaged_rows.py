"""What people read, over books of which one column after another is damaged: it is told that a row
cannot be read, and which, and nobody is told to try again."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import text

from meters.quantities import Money
from tests.vending.books.mixed_day import MixedDay
from tests.vending.books.support import BILLING, CHIEF, SHORT
from tests.vending.cli.support import town_shell
from tests.vending.support import OPERATOR, POWER, chart, request, town
from tests.vending.web.pages_support import house_over
from tests.vending.web.support import Api, api_over
from vending.accounting.errors import SoldUnreadable
from vending.drawer import BankRequest
from vending.drawer.counting import checked_count
from vending.exports import export_format
from vending.messages import Language
from vending.parties import Actor, Role
from vending.requests import BasketRequest, Credit
from vending.sale import Tender
from vending.store import RowUnreadable
from vending.store.damage import Damage
from vending.store.schema import metadata
from vending.store.triggers import drop

pytestmark = pytest.mark.system
HEAD = Actor("Omar", Role.SUPERVISOR, "P1", "T9")
MARK = "Zxcvb"
"""Stands where there should be something else, and is never told."""
DAMAGE = {
    "bytes that are no text": f"CAST(CAST('{MARK}' AS BLOB) || x'ff' AS TEXT)",
    "text": f"'{MARK}'",
    "bytes": f"CAST('{MARK}' AS BLOB)",
}
READERS = (
    "/agreements/A1/statement",
    "/operators/Samir/statement",
    "/ledger/balances",
    "/ledger/balances?month=2026-11",
    "/ledger/accounts/1010:P1",
    "/ledger/accounts/1010/holders",
    "/ledger/breakdown",
    "/ledger/takings?from=2026-11-23&to=2026-11-23",
    "/ledger/entries/2",
    "/ledger/adjustments",
    "/ledger/periods",
    "/ledger/seals",
    "/ledger/export/hledger",
    "/ledger/export/beancount",
    "/ledger/export/csv",
    "/ledger/export/sales-csv",
    "/ledger/export/xlsx",
    "/vends",
    "/vends/b",
    "/vends/c",
    "/vends/b/entries",
    "/shifts",
    "/shifts/S-1/z",
    "/bankings",
    "/approvals",
)
REPRINT = "/vends/b/reprints"
TOLD = {"store.row_unreadable", "ledger.sold_unreadable", "ledger.seal_unreadable"}
NOT_FOUND = {"vend.unknown", "ledger.entry.unknown", "shift.unknown", "shift.still_open"}
"""Where the key itself is damaged, nothing is found under it."""
TABLES = (
    "entries",
    "postings",
    "sales",
    "receipts",
    "tokens",
    "voids",
    "adjustments",
    "decisions",
    "seals",
    "shifts",
    "shift_closes",
    "bankings",
    "approvals",
    "approval_decisions",
)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Sales `a`, `b` and `c`, the last one taken back; an adjustment, a shift that was closed and
    banked, a block that was lifted, a seal."""
    with api_over(tmp_path_factory.mktemp("damaged"), town()) as made:
        service, keeping = made.parts.service, made.parts.bookkeeping
        for vend_id in "ab":
            made.clock.forward(minutes=3)
            service.vend(OPERATOR, request(vend_id, POWER, "50.05"))
        paid = Credit(POWER.number, Money.from_text("50.05"))
        service.vend_basket(HEAD, BasketRequest("c", (paid,), hold=True))
        service.void(HEAD, "c", "The wrong customer")
        keeping.adjust(BILLING, "ADJ-1", SHORT, "Counted twice")
        keeping.approve(CHIEF, "ADJ-1")
        made.parts.drawers.open(HEAD, "S-1", Money(20_000))
        made.parts.drawers.cash_in(HEAD, "M-1", Money(100), "Change")
        made.parts.drawers.close(HEAD, checked_count([("200", 1)], [], "ILS"))
        made.parts.bankings.bank(HEAD, BankRequest("B-1", "P1", amounts=((Tender.CASH, 5_000),)))
        made.parts.blocks.block(BILLING, "agreement", "A2", "Tampered with")
        made.parts.blocks.lift(BILLING, "L-1", "agreement", "A2", "Mended")
        made.parts.approvals.approve(CHIEF, "L-1")
        keeping.seal(BILLING)
        with closing(sqlite3.connect(made.path, isolation_level=None)) as db:
            for (trigger,) in db.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            ).fetchall():
                db.execute(f"DROP TRIGGER {trigger}")
        yield made


@pytest.fixture
def file(api: Api) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(api.path, isolation_level=None)) as db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        yield db


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("table", TABLES)
def test_each_reader_says_which_row(
    api: Api, file: sqlite3.Connection, table: str, damage: str
) -> None:
    told: set[str] = set()
    for column in metadata.tables[table].columns:
        row = file.execute(
            f"SELECT rowid, {column.name} FROM {table} WHERE {column.name} IS NOT NULL "
            "ORDER BY rowid LIMIT 2"
        ).fetchall()
        if not row:
            continue
        place, value = row[-1]
        change = f"UPDATE {table} SET {column.name} = {{}} WHERE rowid = ?"
        file.execute(change.format(damage), (place,))
        answers = {where: api.get(where) for where in READERS}
        answers[REPRINT] = api.post(REPRINT)
        file.execute(change.format("?"), (value, place))
        for where, answer in answers.items():
            if answer.is_success:
                continue
            said, why = answer.json(), (column.name, where, answer.text)
            assert MARK not in answer.text, why
            assert "Retry-After" not in answer.headers, why
            if said["code"] in NOT_FOUND:
                assert column.primary_key or column.name == "vend_id", why
                continue
            assert (answer.status_code, said["kind"]) == (500, "broken"), why
            assert said["code"] in TOLD, why
            told.add(said["code"])
            if said["code"] == "store.row_unreadable":
                assert said["facts"]["table"] == table, why
                assert said["facts"]["key"], why
    assert told
    assert all(api.get(where).is_success for where in READERS)


KEYS = [
    ("postings", "amount = 'x' WHERE entry = 2 AND line = 1", "entry=2, line=1"),
    ("sales", "document = CAST(x'ff' AS TEXT) WHERE vend_id = 'b'", "vend_id=b"),
    ("voids", "evidence = 'none'", "vend_id=c"),
    ("entries", "number = 'x' WHERE number = 2", "rowid=2"),
]


@pytest.mark.parametrize(("table", "change", "key"), KEYS)
def test_the_row_is_told_by_its_key(
    api: Api, file: sqlite3.Connection, table: str, change: str, key: str
) -> None:
    kept = file.execute(f"SELECT rowid, * FROM {table}").fetchall()
    file.execute(f"UPDATE {table} SET {change}")
    try:
        answers = [api.get(where) for where in (*READERS, "/vends/b")]
        rows = [a.json()["facts"] for a in answers if "row_unreadable" in a.text]
        assert rows
        assert all(row == {"table": table, "key": key} for row in rows)
    finally:
        file.execute("PRAGMA foreign_keys = OFF")
        file.execute(f"DELETE FROM {table}")
        names = ", ".join(["rowid", *(c.name for c in metadata.tables[table].columns)])
        marks = ", ".join("?" for _ in kept[0])
        file.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", kept)


def test_a_sale_over_one_says_which_and_is_none(api: Api, file: sqlite3.Connection) -> None:
    wanted = {"vend_id": "over", "meter": POWER.number, "amount": "50.00"}
    file.execute(f"UPDATE meters SET ea = '{MARK}' WHERE number = '{POWER.number}'")
    answer = api.post("/vends", wanted)
    file.execute(f"UPDATE meters SET ea = '07' WHERE number = '{POWER.number}'")
    said = answer.json()
    assert (answer.status_code, said["code"]) == (500, "store.row_unreadable"), said
    assert said["facts"] == {"table": "meters", "key": f"number={POWER.number}"}
    assert MARK not in answer.text
    assert api.get("/vends/over").status_code == 404
    assert api.post("/vends", wanted).status_code == 201


ON_BOTH = [
    ("sales", "document = '{' WHERE vend_id = 'b-1'", "vend_id=b-1"),
    ("sales", "tender = 'shells' WHERE vend_id = 'b-1'", "vend_id=b-1"),
    ("voids", "evidence = 'none' WHERE vend_id = 'v-2'", "vend_id=v-2"),
    ("adjustments", "lines = '[[1]]'", "id=DEP-1"),
    ("decisions", "state = 'gone'", "adjustment=DEP-1"),
    ("postings", "account = '9999' WHERE entry = 5 AND line = 1", "entry=5, line=1"),
    ("postings", "unit = 'USD' WHERE entry = 5 AND line = 1", "entry=5, line=1"),
]


@pytest.mark.parametrize(("table", "change", "key"), ON_BOTH)
def test_what_either_database_can_hold(day: MixedDay, table: str, change: str, key: str) -> None:
    with day.store.engine.begin() as db:
        for statement in drop(db.dialect.name, table):
            db.execute(text(statement))
        db.exec_driver_sql(f"UPDATE {table} SET {change}")
    met: list[Exception] = []
    for read in (
        lambda: day.service.what_became(HEAD, "b-1"),
        lambda: day.service.what_became(HEAD, "v-2"),
        lambda: day.reports.adjustments(CHIEF),
        lambda: exported(day, "csv"),
        lambda: exported(day, "hledger"),
        lambda: exported(day, "sales-csv"),
    ):
        try:
            read()
        except Exception as error:
            met.append(day.store.explained(error, chart()))
    rows = [error for error in met if not isinstance(error, SoldUnreadable)]
    assert rows
    assert [str(row) for row in rows] == [f"store.row_unreadable: table={table}, key={key}"] * len(
        rows
    )
    assert day.store.engine.pool.checkedout() <= 1  # type: ignore[attr-defined]


def exported(day: MixedDay, name: str) -> bytes:
    out = BytesIO()
    with day.reports.journal(CHIEF) as view:
        export_format(name).write(view, out, Language.ENGLISH)
    return out.getvalue()


def test_whole_rows_are_not_blamed(day: MixedDay) -> None:
    error = ValueError("a fault of ours")
    assert day.store.explained(error, chart()) is error


def test_the_search_ends(day: MixedDay) -> None:
    """Of each table so much as there is time for: the books may be long."""
    with day.store.engine.begin() as db:
        for statement in drop(db.dialect.name, "sales"):
            db.execute(text(statement))
        db.exec_driver_sql("UPDATE sales SET document = '{' WHERE vend_id = 'r-3'")
    error = ValueError()
    asked = iter(range(1_000_000))
    # Time is up for each table as soon as it is begun; so few rows are read together.
    search = Damage(day.store.engine, lambda: next(asked), at_most_ns=0)
    assert isinstance(search.explained(error, chart()), RowUnreadable)
    assert next(asked) < 3 * len(metadata.sorted_tables)


def test_the_command_line_says_the_same_and_leaves_no_file(tmp_path: Path) -> None:
    shell = town_shell(tmp_path)
    sold = shell.run("vend", POWER.number, "50.05", "--id", "b", "--point", "P1")
    assert sold.code == 0, sold.err
    with closing(sqlite3.connect(tmp_path / "raseed.db", isolation_level=None)) as db:
        for statement in drop("sqlite", "postings"):
            db.execute(statement)
        db.execute("UPDATE postings SET amount = 'Zxcvb' WHERE entry = 1 AND line = 2")
    out = tmp_path / "books.csv"
    for words in (
        ("ledger", "export", "csv", "--out", str(out)),
        ("ledger", "balances"),
    ):
        told = shell.run(*words)
        assert (told.code, told.out) == (70, ""), words
        assert "[store.row_unreadable]" in told.err
        assert "entry=1, line=2" in told.err
        assert "raseed ledger verify" in told.err
        assert MARK not in told.err
        assert not out.exists()
    arabic = shell.run("ledger", "balances", "--json", RASEED_LANG="ar")
    assert '"kind": "broken"' in arabic.err
    assert "raseed ledger verify" in arabic.err


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_page_says_the_same(tmp_path: Path, damage: str) -> None:
    with house_over(tmp_path) as house:
        assert house.api.vend("b").status_code == 201
        visit = house.visit()
        where = "/customers/10001/statement"
        assert visit.get(where).status_code == 200
        with closing(sqlite3.connect(house.api.path, isolation_level=None)) as db:
            for statement in drop("sqlite", "entries"):
                db.execute(statement)
            db.execute(f"UPDATE entries SET at = {damage}")
        page = visit.get(where)
        assert page.status_code == 500
        read = re.sub("<[^>]+>", "", page.text)
        assert "A row of table entries cannot be read (number=1)" in read
        assert "store.row_unreadable" in read
        assert "raseed ledger verify" in read
        assert MARK not in page.text
