"""The checker itself: every rule finds the damage that it is there for."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.system.invariants import Witness, broken_rules, check, order, settle_and_check
from tests.system.rules import RULES
from tests.vending.support import Town

pytestmark = pytest.mark.system

IDS = [f"v-{number}" for number in range(6)]
LAST = "(SELECT max(number) FROM entries)"

DAMAGE = {
    "a sale has a token": "DELETE FROM tokens WHERE vend_id = 'v-3'",
    "a token has a sale with an entry that was booked for it": (
        "DELETE FROM sales WHERE vend_id = 'v-3'"
    ),
    "an entry has the sale it was booked for": "UPDATE entries SET cause = 'other'",
    "an entry has postings": "DELETE FROM postings WHERE entry = 3",
    "a posting has an entry": f"DELETE FROM entries WHERE number = {LAST}",
    "an entry sums to zero in every unit": "UPDATE postings SET amount = amount + 1",
    "a sale is found again by its vend id": "DELETE FROM idempotency WHERE vend_id = 'v-3'",
    "a sale has a receipt at its point": "DELETE FROM receipts WHERE vend_id = 'v-3'",
    "receipt numbers have no gap": "UPDATE receipts SET number = number + 1 WHERE number = "
    "(SELECT max(number) FROM receipts)",
    "the counter of a point is its last receipt": "UPDATE counters SET receipts = receipts + 1",
    "entries have no gap": "DELETE FROM entries WHERE number = 3",
    "each entry carries the hash of the one before": (
        "UPDATE entries SET hash = 'other' WHERE number = 3"
    ),
    "the end of the chain is the last entry": "UPDATE chain SET number = number - 1",
    "a TID is used once per meter and base date": "INSERT INTO tokens SELECT vend_id, "
    "position + 1, kind, '00000000000000000000', tid, pan, base_date, quantity, unit FROM tokens",
    "no digits are given out twice": "UPDATE tokens SET digits = '00000000000000000000'",
    "a balance that is kept ready is the sum of its postings": (
        "UPDATE balances SET amount = amount + 1"
    ),
}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    here = Town(tmp_path_factory.mktemp("books") / "books.db", more_meters=6)
    here.service.vend_many([order(vend_id) for vend_id in IDS])
    here.store.close()
    assert broken_rules(here.path) == {}
    return here.path


def _damaged(books: Path, statement: str) -> Path:
    """Its constraints are taken away too: what they refuse is to be found without them."""
    with closing(sqlite3.connect(books, isolation_level=None)) as db:
        for name, kind in db.execute(
            "SELECT name, type FROM sqlite_schema WHERE type IN ('trigger', 'index') "
            "AND sql IS NOT NULL"
        ).fetchall():
            db.execute(f"DROP {kind} {name}")
        tables = [
            name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        ]
        for table in tables:
            db.execute(f"CREATE TABLE plain AS SELECT * FROM {table}")
            db.execute(f"DROP TABLE {table}")
            db.execute(f"ALTER TABLE plain RENAME TO {table}")
        assert db.execute(statement).rowcount
    return books


@pytest.mark.parametrize("rule", RULES)
def test_damage_is_found(books: Path, tmp_path: Path, rule: str) -> None:
    path = Path(shutil.copy(books, tmp_path))
    assert rule in broken_rules(_damaged(path, DAMAGE[rule]))


def test_what_was_told_is_compared(tmp_path: Path) -> None:
    here = Town(tmp_path / "books.db", more_meters=6)
    witness = Witness()
    witness.ask(IDS)
    here.service.vend_many([order(vend_id) for vend_id in IDS[:4]])
    assert settle_and_check(here.place, here.service, witness) == 4

    witness.told["v-0"] = ("0" * 20,)
    with pytest.raises(AssertionError, match="stored otherwise"):
        check(here.place, here.service, witness)
    witness.told = {"never-sold": ("0" * 20,)}
    with pytest.raises(AssertionError, match="lost"):
        check(here.place, here.service, witness)
    witness.told = {}
    witness.asked.discard("v-5")
    with pytest.raises(AssertionError, match="nobody asked for"):
        check(here.place, here.service, witness)
    here.store.close()
