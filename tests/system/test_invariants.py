"""The checker itself: every rule finds the damage that it is there for."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from tests.system.deeds import KINDS, Dice, do
from tests.system.desks import Direct
from tests.system.documents import ATTESTED, DOCUMENTS
from tests.system.everything import CHIEF, new_office
from tests.system.invariants import Witness, broken_rules, check, order, settle_and_check
from tests.system.rules import PLAN_RULES, RULES
from tests.vending.accounts.support import BILLING, ZONE
from tests.vending.attested.support import approve, block, keep_tariffs, put_reading
from tests.vending.books.support import SHORT
from tests.vending.support import OPERATOR, Town, chart, pushed, request
from vending.accounting import Bookkeeping
from vending.store.books import SqlBooks

pytestmark = pytest.mark.system

IDS = [f"v-{number}" for number in range(6)]
LAST = "(SELECT max(number) FROM entries)"
ONE = "(SELECT max(vend_id) FROM sales WHERE kind = 'credit' AND basket IS NULL)"
ITEM = "(SELECT max(vend_id) FROM sales WHERE basket IS NOT NULL)"
TAKEN_BACK = "(SELECT max(vend_id) FROM voids WHERE evidence = 'not_shown')"
GIVEN_BACK = "(SELECT entry FROM voids WHERE evidence = 'refund')"
ISSUED = "(SELECT max(vend_id) FROM key_change_events WHERE state = 'issued')"

DAMAGE = {
    "a sale has a token, unless it only pays what is owed": (
        f"DELETE FROM tokens WHERE vend_id = {ONE}"
    ),
    "a token has a sale with an entry that was booked for it": (
        f"DELETE FROM sales WHERE vend_id = {ONE}"
    ),
    "a sale has an entry that says whether it has a token": (
        "UPDATE entries SET kind = 'sale' WHERE kind = 'payment'"
    ),
    "an entry has the sale it was booked for": "UPDATE entries SET cause = 'other'",
    "an entry has postings": f"DELETE FROM postings WHERE entry = {LAST}",
    "a posting has an entry": f"DELETE FROM entries WHERE number = {LAST}",
    "an entry sums to zero in every unit": "UPDATE postings SET amount = amount + 1",
    "a sale is found again by its vend id": f"DELETE FROM idempotency WHERE vend_id = {ONE}",
    "a sale that leads has a receipt at its point": f"DELETE FROM receipts WHERE vend_id = {ONE}",
    "the others of a basket have no receipt of their own": (
        f"UPDATE receipts SET vend_id = {ITEM} WHERE vend_id = {ONE}"
    ),
    "a basket is sold at once, in one place, by one person": (
        f"UPDATE sales SET terminal = 'elsewhere' WHERE vend_id = {ITEM}"
    ),
    "nothing stands between the sales of a basket": (
        f"UPDATE sales SET entry = entry + 1 WHERE vend_id = {ITEM}"
    ),
    "receipt numbers have no gap": "UPDATE receipts SET number = number + 1 WHERE number = "
    "(SELECT max(number) FROM receipts)",
    "the counter of a point is its last receipt": "UPDATE counters SET receipts = receipts + 1",
    "entries have no gap": "DELETE FROM entries WHERE number = 3",
    "each entry carries the hash of the one before": (
        "UPDATE entries SET hash = 'other' WHERE number = 3"
    ),
    "the end of the chain is the last entry": "UPDATE chain SET number = number - 1",
    "a balance that is kept ready is the sum of its postings": (
        "UPDATE balances SET amount = amount + 1 WHERE account = '1010'"
    ),
    "what somebody holds is kept ready": "DELETE FROM balances WHERE account = '2030'",
    "no customer's carried money is below zero": (
        "UPDATE balances SET amount = 1 WHERE account = '2010'"
    ),
    "only a section of a key change has no TID": (
        f"UPDATE tokens SET tid = NULL WHERE vend_id = {ONE}"
    ),
    "a TID is used once per meter and base date": "INSERT INTO tokens SELECT vend_id, "
    "position + 1, kind, '00000000000000000000', tid, pan, base_date, quantity, unit FROM tokens",
    "no digits are given out twice": "UPDATE tokens SET digits = '00000000000000000000'",
    "a key change stands before what it makes usable": (
        "UPDATE tokens SET position = position + 5 WHERE tid IS NULL"
    ),
    "the set of a key change is issued with its sale": (
        f"DELETE FROM key_change_events WHERE vend_id = {ISSUED}"
    ),
    "a key change that is issued has its set": (
        f"DELETE FROM tokens WHERE tid IS NULL AND vend_id = {ISSUED}"
    ),
    "a meter has the key that its last change says": "UPDATE meters SET krn = krn + 1 "
    "WHERE number IN (SELECT meter FROM key_changes)",
    "a void has an entry of its own": (
        f"UPDATE entries SET kind = 'sale' WHERE cause = {TAKEN_BACK}"
    ),
    "an entry that takes back has its void": f"DELETE FROM voids WHERE vend_id = {TAKEN_BACK}",
    "a void turns its sale's entry around, but for less than a coin": "UPDATE postings "
    f"SET amount = 2 * amount WHERE entry = (SELECT entry FROM voids WHERE vend_id = {TAKEN_BACK})",
    "a refund gives back what was paid, and no units": (
        f"UPDATE postings SET amount = 2 * amount WHERE entry = {GIVEN_BACK}"
    ),
    "what was taken back was not delivered": "INSERT INTO delivery_events (vend_id, seq, state, "
    f"at, actor, note) VALUES ({TAKEN_BACK}, 1, 'delivered', '', '', '')",
    "what was voided as not shown was not shown": (
        f"INSERT INTO showings VALUES ({TAKEN_BACK}, '', '', '')"
    ),
    "the events of an account have no gap": "UPDATE account_events SET seq = seq + 1",
    "a debt that was written down has its entry": (
        "UPDATE entries SET cause = 'other' WHERE kind = 'debt'"
    ),
    "the entry of a debt has its event": "DELETE FROM account_events WHERE seq = 1",
    "a row beside the journal that decides over money is attested": (
        "DELETE FROM attestations WHERE kind = 'account_event'"
    ),
    "what was attested is there, unless it was taken away": "DELETE FROM operators",
    "attestations have no gap": "DELETE FROM attestations WHERE number = 2",
    "each attestation carries the hash of the one before": (
        "UPDATE attestations SET hash = 'other' WHERE number = 2"
    ),
    "the end of the attestations is the last one": "DELETE FROM attestation_head",
    "a row is as it was attested": "UPDATE operators SET commission = '99'",
    "nobody on deposit has sold beyond it": "UPDATE operators SET credit_limit = 0",
    "who is on deposit puts nothing into a till": (
        "UPDATE postings SET account = '1010' WHERE account = '2030'"
    ),
    "a shift is open or closed": "DELETE FROM shift_closes",
    "a sale in a shift is its operator's, at its terminal": "UPDATE shifts SET operator = 'other'",
    "a point that needs a shift sells in one": (
        "UPDATE sales SET shift = NULL WHERE shift IS NOT NULL"
    ),
    "a shift was closed on the cash that its books hold": (
        "UPDATE cash_moves SET amount = amount + 1 WHERE kind = 'out'"
    ),
    "what a count differs by is booked": "UPDATE shift_closes SET counted = counted + 1",
    "cash in and out has an entry": "UPDATE entries SET kind = 'cash_in' WHERE kind = 'cash_out'",
    "an entry of a drawer has what it was booked for": "DELETE FROM bankings",
    "shift numbers have no gap": "UPDATE shifts SET number = number + 1",
    "banking numbers have no gap": "UPDATE bankings SET number = number + 1",
    "a banking is booked as its slip says": "UPDATE bankings SET amount = amount + 1",
    "a message is about something that there is": "UPDATE outbox SET subject = 'other'",
    "nothing sends the digits of what was taken back": (
        f"UPDATE outbox SET subject = {TAKEN_BACK}, topic = 'sms'"
    ),
    "each sale is told to the receiver": f"DELETE FROM outbox WHERE key = 'webhook:erp:' || {ONE}",
    "each void and each refund is told to the receiver": (
        "DELETE FROM outbox WHERE key LIKE 'voided:%'"
    ),
    "an SMS goes out with each sale whose digits may be seen, and with no other": (
        f"DELETE FROM outbox WHERE key = 'sms:' || {ONE}"
    ),
    "a slip is printed where there is a printer": "UPDATE outbox SET key = 'print:' || subject",
    "a Z report is printed where there is a printer": (
        "DELETE FROM outbox WHERE key LIKE 'paper:z:%'"
    ),
    "what was paid is where it belongs": (
        "UPDATE postings SET account = '1010' WHERE account = '1020'"
    ),
    "a sale that names a quote was made as it promised, once": (
        "UPDATE sales SET vat = vat + 1, net = net - 1"
    ),
    "an account owes what the ledger says": "DELETE FROM accounts WHERE agreement = 'A1'",
    "a closed shift is banked once": "INSERT INTO bankings SELECT id || 'x', number + 1, point, "
    "at, actor, entry, currency, amount, document FROM bankings",
}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In which everything has happened."""
    path = tmp_path_factory.mktemp("books") / "books.db"
    here = new_office(path)
    desk, seen = Direct(here), Counter[str]()
    for number in range(400):
        id = f"x-{number}"
        if seen[Dice(id).kind()] < 3:
            seen[Dice(id).kind()] += 1
            list(do(desk, id))
    assert seen.keys() == KINDS.keys()
    here.service.vend(OPERATOR, request("given-back"))
    here.service._voiding.refund(CHIEF, "given-back", "Layla", "the meter was faulty", "a-1")
    keeping = Bookkeeping(SqlBooks(here.store), chart(), here.clock, ZONE)
    keeping.adjust(BILLING, "ADJ-1", SHORT, "Counted twice")
    keeping.approve(CHIEF, "ADJ-1")
    approve(here.store, here.clock())
    block(here.store, here.clock())
    keep_tariffs(here.store, here.clock())
    here.service.vend(OPERATOR, request("pushed"))
    pushed(path, "pushed")
    put_reading(here.store, here.clock(), 40_000)
    here.close()
    assert broken_rules(path, planned=True) == {}
    return path


@pytest.fixture(scope="module")
def unprotected(books: Path) -> Path:
    """Without constraints: what they refuse is to be found without them."""
    path = Path(shutil.copy(books, books.parent / "unprotected.db"))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
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
    assert broken_rules(path, planned=True) == {}
    return path


@pytest.mark.parametrize("rule", [*RULES, *PLAN_RULES, *DOCUMENTS])
def test_damage_is_found(unprotected: Path, tmp_path: Path, rule: str) -> None:
    path = Path(shutil.copy(unprotected, tmp_path))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        assert db.execute(DAMAGE[rule]).rowcount
    assert rule in broken_rules(path, planned=True)


@pytest.mark.parametrize("kind", ATTESTED)
def test_damage_of_each_kind_of_row_is_found(unprotected: Path, tmp_path: Path, kind: str) -> None:
    _, table, columns = ATTESTED[kind]
    last = columns.split()[-1]
    for statement, rule in (
        (f"UPDATE {table} SET {last} = 'other'", "a row is as it was attested"),
        (f"DELETE FROM {table}", "what was attested is there, unless it was taken away"),
        (
            f"DELETE FROM attestations WHERE kind = '{kind}'",
            "a row beside the journal that decides over money is attested",
        ),
    ):
        path = Path(shutil.copy(unprotected, tmp_path))
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            assert db.execute(statement).rowcount
        assert rule in broken_rules(path, planned=True)


def test_what_was_taken_away_is_attested_as_gone(unprotected: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(unprotected, tmp_path))
    rule = "what was attested is there, unless it was taken away"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(
            "INSERT INTO attestations SELECT max(number) + 1, 'point', 'TRY', "
            f"'{sha256(b'{}').hexdigest()}', '', '' FROM attestations"
        )
        assert rule not in broken_rules(path, planned=True)
        db.execute("UPDATE attestations SET key = 'P1' WHERE key = 'TRY'")
    assert rule in broken_rules(path, planned=True)


def test_what_is_in_doubt_is_asked_again_in_its_order() -> None:
    witness = Witness()
    witness.ask(["w-8", "w-9", "w-10"])
    witness.ask(["v-1"])
    witness.end("w-8")
    assert witness.in_doubt == ["w-9", "w-10", "v-1"]


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
    del witness.asked["v-5"]
    with pytest.raises(AssertionError, match="nobody asked for"):
        check(here.place, here.service, witness)
    here.store.close()
