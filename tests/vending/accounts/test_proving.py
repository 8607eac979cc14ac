"""What is kept of accounts is held against the books, and put right from them."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.vending.accounts.support import BILLING, SITE, TILL, Counter
from tests.vending.support import ADMIN, WATER
from vending.accounts import AccountProblem, Outcome
from vending.permissions import ActorNotAllowed
from vending.store import account_moves
from vending.store.accounts import SqlAccounts
from vending.store.schema import BOOKS, metadata
from vending.store.triggers import drop

pytestmark = pytest.mark.system


def live(counter: Counter) -> None:
    """Three accounts with debts, sales in two months, a void, a dispute and a fee."""
    acts = counter.accounts
    counter.debt()
    counter.debt("waste-2025", 4000, to="A2")
    for n in range(4):
        counter.clock.forward(days=6)
        counter.sell(f"p-{n}", 9000 + n)
        counter.sell(f"w-{n}", 7000 + n, WATER)
    acts.dispute(TILL, "A1", "arrears", "Paid long ago", "d-1")
    counter.void("w-2")
    counter.sell("p-9", 12_345)
    acts.settle_dispute(BILLING, "A1", "arrears", Outcome.REJECTED, "It is not paid", "d-2")
    acts.add_fee(BILLING, "A3", "connection", "For the new building", "f-1")
    counter.sell("s-1", 50_000, SITE)
    counter.void("p-0")
    counter.clock.forward(days=3)
    counter.sell("p-10", 5000)


def spoil(counter: Counter, *statements: str) -> None:
    """As one could who owns the database."""
    kind = counter.store.engine.dialect.name
    with counter.store.engine.begin() as db:
        for table in BOOKS:
            for statement in drop(kind, table):
                db.execute(text(statement))
        for statement in statements:
            assert db.execute(text(statement)).rowcount > 0


def test_what_was_kept_step_by_step_follows_from_the_books(counter: Counter) -> None:
    assert counter.accounts.verify_accounts(TILL).accounts == 3
    live(counter)
    report = counter.accounts.verify_accounts(TILL)
    assert (report.problems, report.found, report.accounts) == ((), 0, 3)
    for agreement in ("A1", "A2"):
        assert counter.ledger("debts", agreement) == sum(counter.owed(agreement).values())
    assert counter.accounts.rebuild_accounts(ADMIN).changed == 0


DAMAGE = [
    ("DELETE FROM accounts WHERE agreement = 'A2'", ("A2", "missing", "")),
    (
        "UPDATE accounts SET document = replace(document, '\"owed\"', '\"paid\"') "
        "WHERE agreement = 'A1'",
        ("A1", "differs", "debts"),
    ),
    ("UPDATE accounts SET document = 'nonsense' WHERE agreement = 'A3'", ("A3", "differs", "")),
    ("UPDATE balances SET amount = amount + 5 WHERE account = '1210'", ("A1", "debts", None)),
    (
        "UPDATE account_events SET document = '{}' WHERE agreement = 'A1' AND seq = 2",
        ("A1", "unreadable", "account.event_broken: event=A1:2"),
    ),
    (
        "UPDATE account_events SET kind = 'debt_disputed' WHERE agreement = 'A2'",
        ("A2", "unreadable", "account.event_broken: event=A2:1"),
    ),
    (
        "UPDATE sales SET tariff_version = 9 WHERE agreement = 'A1'",
        ("A1", "unreadable", None),
    ),
    (
        "UPDATE sales SET document = '[]' WHERE vend_id = 'p-1'",
        ("A1", "unreadable", "account.sale_broken: sale=p-1"),
    ),
    (
        "UPDATE sales SET document = 'nonsense' WHERE vend_id = 'p-1'",
        ("A1", "unreadable", "account.sale_broken: sale=p-1"),
    ),
    (
        "UPDATE agreements SET since = '0000-01' WHERE number = 'A1'",
        ("A1", "unreadable", "agreement.broken: agreement=A1"),
    ),
    (
        "UPDATE agreements SET commodity = 'gas' WHERE number = 'A1'",
        ("A1", "unreadable", "ValueError"),
    ),
    (
        "UPDATE agreements SET tariff = 'electricity-social' WHERE number = 'A1'",
        ("A1", "tariff_undecided", "electricity-domestic-blocks, electricity-social"),
    ),
    (
        "UPDATE account_events SET seq = 9 WHERE kind = 'dispute_settled'",
        ("A1", "event_missing", "3: found 9"),
    ),
    ("DELETE FROM voids WHERE vend_id = 'w-2'", ("A2", "differs", None)),
    ("UPDATE account_events SET after_entry = 1 WHERE kind = 'fee_added'", None),
]


@pytest.mark.parametrize(("statement", "told"), DAMAGE)
def test_damage_is_found_and_told(
    counter: Counter, statement: str, told: tuple[str, str, str | None] | None
) -> None:
    live(counter)
    spoil(counter, statement)
    report = counter.accounts.verify_accounts(TILL)
    if told is None:
        # Nothing else happened to that account before.
        assert report.ok
        return
    agreement, what, detail = told
    first = report.problems[0]
    assert (first.agreement, first.what) == (agreement, what)
    assert detail in (None, first.detail)
    # Nothing behind it is drawn in.
    assert {one.agreement for one in report.problems} <= {agreement, "A2"}
    assert not report.ok


def test_a_tariff_that_nobody_decided_on_shows_afterwards(counter: Counter) -> None:
    """Cheap units for a while, by who owns the database, and all is as it was before."""
    move = "UPDATE agreements SET tariff = '{}' WHERE number = 'A1'"
    counter.sell("p-1", 9000)
    spoil(counter, move.format("electricity-social"))
    counter.sell("p-2", 9000)
    with counter.store.engine.begin() as db:
        db.execute(text(move.format("electricity-domestic-blocks")))
    counter.sell("p-3", 9000)
    (problem,) = counter.accounts.verify_accounts(TILL).problems
    assert problem == AccountProblem(
        "A1", "tariff_undecided", "electricity-domestic-blocks, electricity-social"
    )


def test_the_cheap_block_twice_shows_afterwards(counter: Counter) -> None:
    """The kept account is no book: who owns the database says that nothing was bought this month,
    buys, and has the account rebuilt."""
    counter.sell("p-1", 9000)
    used = json.loads(counter.document("A1") or "")["use"]
    assert used[1] > 0
    kept = json.dumps(used, separators=(",", ":"))
    forged = json.dumps([used[0], 0, *used[2:]], separators=(",", ":"))
    spoil(counter, f"UPDATE accounts SET document = replace(document, '{kept}', '{forged}')")
    counter.sell("p-2", 9000)
    assert counter.accounts.rebuild_accounts(ADMIN).changed == 1
    (problem,) = counter.accounts.verify_accounts(TILL).problems
    assert (problem.agreement, problem.what) == ("A1", "use_before")
    assert problem.detail.endswith(f": 0, {used[1]}")


def test_rebuilding_puts_right_what_is_kept_and_touches_nothing_else(counter: Counter) -> None:
    live(counter)
    right = {number: counter.document(number) for number in ("A1", "A2", "A3")}
    spoil(
        counter,
        "DELETE FROM accounts WHERE agreement = 'A2'",
        "UPDATE accounts SET document = '{}' WHERE agreement = 'A1'",
    )
    with pytest.raises(ActorNotAllowed):
        counter.accounts.rebuild_accounts(BILLING)
    done = counter.accounts.rebuild_accounts(ADMIN)
    assert (done.accounts, done.changed, done.moved, done.unreadable) == (3, 2, 0, ())
    assert {number: counter.document(number) for number in right} == right
    assert counter.accounts.verify_accounts(TILL).ok
    spoil_again = "UPDATE accounts SET document = '{}' WHERE agreement <> 'A3'"
    with counter.store.engine.begin() as db:
        db.execute(text(spoil_again))
        db.execute(text("UPDATE account_events SET document = '1' WHERE agreement = 'A2'"))
    done = counter.accounts.rebuild_accounts(ADMIN)
    assert (done.changed, [one.agreement for one in done.unreadable]) == (1, ["A2"])
    assert counter.document("A2") == "{}"


def test_a_sale_without_a_time_is_named_and_hides_no_other(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rebuilt without the sales that come behind it, the others' accounts would be given up."""
    live(counter)
    counter.sell("z-1", 9000)
    kept = {number: counter.document(number) for number in ("A1", "A2", "A3")}
    column = "document" if counter.store.engine.dialect.name != "sqlite" else "sold_at"
    spoil(counter, f"UPDATE sales SET {column} = 'nonsense' WHERE vend_id = 'z-1'")
    told = (AccountProblem("A1", "unreadable", "account.sale_broken: sale=z-1"),)
    for at_once in (300, 1):
        monkeypatch.setattr(account_moves, "_AT_ONCE", at_once)
        assert counter.accounts.verify_accounts(TILL).problems == told
        done = counter.accounts.rebuild_accounts(ADMIN)
        assert (done.accounts, done.changed, done.unreadable) == (3, 0, told)
    assert {number: counter.document(number) for number in kept} == kept


def test_an_account_that_moves_meanwhile_is_not_rebuilt_over(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter.debt()
    counter.sell("p-0", 9000)
    with counter.rows.writing() as rows:
        document = rows.document("A1")
        assert document is not None
        spoilt = document.replace('"priority":30', '"priority":31')
        assert spoilt != document
        rows.keep("A1", spoilt)
    writing = SqlAccounts.writing

    def then_sold(self: SqlAccounts) -> Any:
        monkeypatch.setattr(SqlAccounts, "writing", writing)
        counter.sell("p-1", 9000)
        return writing(self)

    monkeypatch.setattr(SqlAccounts, "writing", then_sold)
    done = counter.accounts.rebuild_accounts(ADMIN)
    assert (done.changed, done.moved) == (0, 1)
    assert counter.accounts.rebuild_accounts(ADMIN).changed == 1
    assert counter.accounts.verify_accounts(ADMIN).ok


def test_an_account_without_a_history_is_not_kept(counter: Counter) -> None:
    with counter.rows.writing() as rows:
        rows.keep("A2", '{"since":"2026-01"}')
    report = counter.accounts.verify_accounts(TILL)
    assert report.problems == (AccountProblem("A2", "unexpected"),)
    assert counter.accounts.rebuild_accounts(ADMIN).changed == 1
    assert counter.document("A2") is None


def test_debts_of_nobody(counter: Counter) -> None:
    counter.debt()
    spoil(counter, "UPDATE balances SET holder = 'A77' WHERE account = '1210'")
    report = counter.accounts.verify_accounts(TILL)
    assert [(one.agreement, one.what, one.detail) for one in report.problems] == [
        ("A1", "debts", "ledger 0.00 ILS, account 150.00 ILS"),
        ("A77", "debts", "ledger 150.00 ILS"),
    ]


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE account_events SET reason = 'Because'", "content"),
        ("UPDATE account_events SET document = '{}'", "content"),
        ("UPDATE account_events SET actor = 'Nobody'", "content"),
        ("UPDATE account_events SET after_entry = 7", "cause"),
        ("DELETE FROM account_events", "cause"),
    ],
)
def test_the_journal_notices_a_changed_debt(tmp_path: Path, statement: str, what: str) -> None:
    counter = Counter(tmp_path / "books.db")
    counter.debt()
    assert counter.service.verify(ADMIN).ok
    spoil(counter, statement)
    problem = counter.service.verify(ADMIN).problem
    assert problem is not None
    assert (problem.entry, problem.what) == (1, what)
    counter.close()


@pytest.mark.system
def test_long_books_are_proved_in_flat_memory(tmp_path: Path) -> None:
    """Sales are asked for some hundred at a time, however many there are."""
    counter = Counter(tmp_path / "books.db")
    counter.sell("v-0", 3000)

    def peak() -> int:
        tracemalloc.start()
        counter.accounts.verify_accounts(TILL)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    copy_sale(counter, 1, 700)
    few = peak()
    copy_sale(counter, 700, 2100)
    assert peak() < few * 1.2
    counter.close()


def copy_sale(counter: Counter, first: int, last: int) -> None:
    """The first sale again and again, as rows alone."""
    names = {
        table: ", ".join(c.name for c in metadata.tables[table].columns)
        for table in ("entries", "sales")
    }
    changed = {
        "entries": {"number": "number + n", "previous_hash": "'h' || n"},
        "sales": {"entry": "entry + n", "vend_id": "'v-' || n"},
    }
    count = f"WITH RECURSIVE many(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM many "
    count += f"WHERE n + 1 < {last})"
    with counter.store.engine.begin() as db:
        for table, new in changed.items():
            values = ", ".join(new.get(name, name) for name in names[table].split(", "))
            where = "number = 1" if table == "entries" else "entry = 1"
            db.execute(
                text(
                    f"INSERT INTO {table} ({names[table]}) {count} "
                    f"SELECT {values} FROM {table}, many WHERE {where}"
                )
            )
