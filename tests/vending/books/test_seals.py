"""Seals stand for the books of a day, and show what a chain alone cannot: a tail cut off whole,
and books written anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.values import replace
from tests.vending.books.support import BILLING, CHIEF, Office, office
from tests.vending.support import OPERATOR, chart
from vending.accounting.errors import DayMalformed, DayNotBegun, SealedLater
from vending.ledger import (
    ChainHead,
    ReceiptRange,
    Seal,
    SealCodeMistyped,
    SealContent,
    TokenCount,
    chained,
    sealed,
    typed_code,
)
from vending.ledger.seals import code_of, hash_of
from vending.permissions import ActorNotAllowed
from vending.store import proving
from vending.store.books import SqlBooks
from vending.store.schema import BOOKS
from vending.store.triggers import drop

pytestmark = pytest.mark.system


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Office]:
    made = office(tmp_path / "books.db")
    made.sell("a", "b", "c")
    yield made
    made.close()


def tamper(here: Office, *statements: str) -> None:
    """Edits as somebody could who owns the file."""
    with sqlite3.connect(here.town.path) as db:
        for table in BOOKS:
            for statement in drop("sqlite", table):
                db.execute(statement)
        for statement in statements:
            assert db.execute(statement).rowcount > 0, statement
    db.close()


def test_a_seal_says_what_stands_in_the_books(here: Office) -> None:
    seal = here.keeping.seal(BILLING)
    assert (seal.number, seal.day, seal.entry, seal.actor) == (1, "2026-11-23", 3, "Layla")
    sums = {account: amount for account, _, amount in seal.content.sums}
    assert sums["1010"] == 3 * 5005
    assert sums["6110"] == -sums["6010"] > 0
    assert [tuple(r) for r in seal.content.receipts] == [("P1", 1, 3, 3)]
    assert {t.kind: t.tokens for t in seal.content.tokens} == {
        "credit_electricity": 2,
        "credit_water": 1,
    }
    report = here.keeping.verify(CHIEF, seal.code)
    assert report.ok
    assert report.seals == 1


def test_the_next_seal_goes_on_from_the_last(here: Office) -> None:
    first = here.keeping.seal(BILLING)
    assert here.keeping.seal(BILLING) == first
    here.town.clock.forward(days=1)
    here.sell("d")
    second = here.keeping.seal(BILLING)
    assert (second.number, second.previous_hash) == (2, first.hash)
    assert [tuple(r) for r in second.content.receipts] == [("P1", 4, 4, 1)]
    assert here.reports.seals(BILLING) == [first, second]
    for kept in (first, second):
        assert here.keeping.verify(CHIEF, kept.code.lower().replace("-", " ")).ok
    with pytest.raises(SealedLater):
        here.keeping.seal(BILLING, "2026-11-23")


def test_a_day_that_is_past_is_sealed_as_it_ended(here: Office) -> None:
    here.town.clock.forward(days=1)
    here.sell("d")
    yesterday = here.keeping.seal(BILLING, "2026-11-23")
    assert (yesterday.day, yesterday.entry) == ("2026-11-23", 3)
    assert here.keeping.seal(BILLING).entry == 4
    assert here.keeping.verify(CHIEF).ok


def test_local_midnight_ends_the_day(here: Office) -> None:
    """22:30 UTC is half past midnight in Asia/Hebron in winter."""
    here.town.clock.now = here.town.clock.now.replace(hour=22, minute=30)
    here.sell("d")
    assert here.keeping.seal(BILLING, "2026-11-23").entry == 3
    assert here.keeping.seal(BILLING).day == "2026-11-24"


def test_empty_books_can_be_sealed(tmp_path: Path) -> None:
    made = office(tmp_path / "books.db")
    seal = made.keeping.seal(BILLING)
    assert (seal.entry, seal.content.sums) == (0, ())
    assert made.keeping.verify(CHIEF, seal.code).ok
    made.close()


def test_who_and_when(here: Office) -> None:
    with pytest.raises(ActorNotAllowed):
        here.keeping.seal(OPERATOR)
    with pytest.raises(DayNotBegun):
        here.keeping.seal(BILLING, "2026-11-24")
    with pytest.raises(DayMalformed):
        here.keeping.seal(BILLING, "23.11.2026")


CUT = (
    "DELETE FROM postings WHERE entry = 3",
    "DELETE FROM tokens WHERE vend_id = 'c'",
    "DELETE FROM receipts WHERE vend_id = 'c'",
    "DELETE FROM idempotency WHERE vend_id = 'c'",
    "DELETE FROM sales WHERE entry = 3",
    "DELETE FROM entries WHERE number = 3",
    "UPDATE counters SET receipts = 2 WHERE point = 'P1'",
    "UPDATE chain SET (number, hash, at) = (SELECT number, hash, at FROM entries WHERE number = 2)",
    "UPDATE balances SET amount = (SELECT sum(amount) FROM postings p WHERE p.account = "
    "balances.account AND p.holder = balances.holder)",
)
"""The last sale and everything that hangs on it, heads and counters set back."""


def test_a_tail_cut_off_whole_shows_only_against_a_kept_seal(here: Office) -> None:
    code = here.keeping.seal(BILLING).code
    tamper(here, *CUT, "DELETE FROM seals")
    assert here.keeping.verify(CHIEF).ok
    problem = here.keeping.verify(CHIEF, code).problem
    assert problem is not None
    assert (problem.what, problem.detail) == ("seal_missing", code)


def test_a_tail_cut_off_under_a_seal_that_stayed(here: Office) -> None:
    here.keeping.seal(BILLING)
    tamper(here, *CUT)
    problem = here.keeping.verify(CHIEF).problem
    assert problem is not None
    assert (problem.entry, problem.what) == (3, "seal_without_entry")


def test_books_written_anew_differ_from_the_kept_seal(here: Office) -> None:
    """Somebody turns one actor into another and hashes everything again, the seal included."""
    seal = here.keeping.seal(BILLING)
    with here.books.reading() as books:
        entries = list(books.journal(here.reports.span_of(None)))
    changes, head = [], chained(entries[0].entry, ChainHead()).head
    forged = [chained(replace(entries[1].entry, actor="Nobody"), head)]
    forged.append(chained(entries[2].entry, forged[0].head))
    for one in forged:
        changes.append(
            f"UPDATE entries SET actor = '{one.entry.actor}', hash = '{one.hash}', "
            f"previous_hash = '{one.previous_hash}' WHERE number = {one.number}"
        )
    changes.append(f"UPDATE chain SET hash = '{forged[-1].hash}'")
    tamper(here, *changes)
    problem = here.keeping.verify(CHIEF).problem
    assert problem is not None
    assert (problem.entry, problem.what) == (3, "seal_entry")
    other = sealed(seal.day, seal.sealed_at, seal.actor, 3, forged[-1].hash, seal.content, None)
    tamper_again = f"UPDATE seals SET entry_hash = '{other.entry_hash}', hash = '{other.hash}'"
    with sqlite3.connect(here.town.path) as db:
        assert db.execute(tamper_again).rowcount == 1
    db.close()
    assert here.keeping.verify(CHIEF).ok
    problem = here.keeping.verify(CHIEF, seal.code).problem
    assert problem is not None
    assert problem.what == "seal_other"


EDITS = [
    ("UPDATE seals SET day = '2026-11-22' WHERE number = 1", "seal_chain"),
    (
        "UPDATE seals SET document = replace(document, '15015', '15016') WHERE number = 1",
        "seal_chain",
    ),
    ("UPDATE seals SET previous_hash = entry_hash WHERE number = 2", "seal_chain"),
    ("DELETE FROM seals WHERE number = 1", "seal_chain"),
]


@pytest.mark.parametrize(("statement", "what"), EDITS)
def test_a_seal_that_was_edited(here: Office, statement: str, what: str) -> None:
    here.keeping.seal(BILLING)
    here.sell("d")
    here.keeping.seal(BILLING)
    tamper(here, statement)
    problem = here.keeping.verify(CHIEF).problem
    assert problem is not None
    assert problem.what == what


def told_of(here: Office, seal: Seal, wrong: SealContent) -> tuple[int, str]:
    """What verification says of the first seal when it holds this, under its own right hash."""
    other = sealed(seal.day, seal.sealed_at, seal.actor, 3, seal.entry_hash, wrong, None)
    tamper(
        here,
        f"UPDATE seals SET document = '{other.document}', hash = '{other.hash}' WHERE number = 1",
    )
    problem = here.keeping.verify(CHIEF).problem
    assert problem is not None
    return problem.entry, problem.what


def test_a_seal_over_other_sums(here: Office) -> None:
    seal = here.keeping.seal(BILLING)
    wrong = SealContent((("1010", "ILS", 1),), (), (), seal.content.periods)
    assert told_of(here, seal, wrong) == (3, "seal_sums")


SAID = [
    SealContent((), (ReceiptRange("P1", 1, 3, 2),), (), ""),
    SealContent((), (ReceiptRange("P1", 1, 4, 3),), (), ""),
    SealContent((), (), (TokenCount("credit_electricity", 2),), ""),
    SealContent((), (), (TokenCount("credit_electricity", 3), TokenCount("credit_water", 1)), ""),
]


@pytest.mark.parametrize("said", SAID)
def test_a_seal_over_other_receipts_or_tokens(here: Office, said: SealContent) -> None:
    seal = here.keeping.seal(BILLING)
    wrong = replace(
        seal.content,
        receipts=said.receipts or seal.content.receipts,
        tokens=said.tokens or seal.content.tokens,
    )
    assert told_of(here, seal, wrong) == (3, "seal_issued")


@pytest.mark.parametrize("document", ["x", "[]", "{}", '{"sums":[1],"receipts":[],"tokens":[]}'])
def test_a_seal_that_says_nothing(here: Office, document: str) -> None:
    seal = replace(here.keeping.seal(BILLING), document=document)
    tamper(here, f"UPDATE seals SET document = '{document}', hash = '{hash_of(seal)}'")
    problem = here.keeping.verify(CHIEF, code_of(1, hash_of(seal))).problem
    assert problem is not None
    assert (problem.entry, problem.what) == (3, "seal_sums")


@pytest.mark.system
def test_several_processes_find_what_one_finds(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads stand in for processes, which take a second to start; the stretches and how they
    are joined are the same. `test_real_processes` has the others."""
    monkeypatch.setattr(proving, "ALONE", 0)
    monkeypatch.setattr(
        proving, "ProcessPoolExecutor", lambda workers, mp_context: ThreadPoolExecutor(workers)
    )
    here.keeping.seal(BILLING)
    here.sell("d", "e")
    for _ in range(2):
        # Nothing was sold between two days.
        here.keeping.seal(BILLING)
        here.town.clock.forward(days=1)
    here.sell("f", "g")
    here.keeping.seal(BILLING)
    alone = SqlBooks(here.town.store).proved(chart())
    assert alone.ok
    for workers in (2, 3, 7, 9):
        assert SqlBooks(here.town.store, workers).proved(chart()) == alone
    tamper(here, "UPDATE entries SET actor = 'x' WHERE number IN (4, 6)")
    alone = SqlBooks(here.town.store).proved(chart())
    assert alone.problem is not None
    assert alone.problem.entry == 4
    for workers in (2, 3, 7):
        found = SqlBooks(here.town.store, workers).proved(chart())
        assert (found.problem, found.entries, found.head) == (alone.problem, 3, alone.head)
    tamper_db = sqlite3.connect(here.town.path)
    tamper_db.execute("UPDATE entries SET actor = 'Samir' WHERE number IN (4, 6)")
    tamper_db.execute("DELETE FROM entries WHERE number = 4")
    tamper_db.commit()
    tamper_db.close()
    for workers in (1, 2, 7):
        problem = SqlBooks(here.town.store, workers).proved(chart()).problem
        assert problem is not None
        assert (problem.entry, problem.what) == (4, "number")


@pytest.mark.system
def test_real_processes(here: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    here.keeping.seal(BILLING)
    alone = here.books.proved(chart())
    monkeypatch.setattr(proving, "ALONE", 0)
    assert SqlBooks(here.town.store, 2).proved(chart()) == alone


@given(st.integers(1, 999_999), st.binary(min_size=32, max_size=32))
def test_a_code_survives_the_telephone(number: int, digest: bytes) -> None:
    code = code_of(number, digest.hex())
    for heard in (
        code,
        code.lower(),
        code.replace("-", " "),
        code.replace("0", "O").replace("1", "l"),
        f"  {code} ",
    ):
        # The number itself is written in digits.
        heard = f"{number}{heard.strip()[len(str(number)) :]}"
        assert typed_code(heard) == (number, code)
    arabic = code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert typed_code(arabic) == (number, code)


@given(
    st.integers(1, 999_999),
    st.binary(min_size=32, max_size=32),
    st.integers(0, 19),
    st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"),
)
def test_one_wrong_sign_is_told(number: int, digest: bytes, place: int, sign: str) -> None:
    code = code_of(number, digest.hex())
    prefix, signs = code.split("-", 1)
    flat = signs.replace("-", "")
    wrong = flat[:place] + sign + flat[place + 1 :]
    if wrong == flat or {flat[place], sign} == {"0", "Z"}:
        return
    with pytest.raises(SealCodeMistyped):
        typed_code(f"{prefix}-{wrong}")


@pytest.mark.parametrize("text", ["", "1", "1-", "x-0000-0000-0000-0000-0000", "1-UUUU", "1-" * 50])
def test_what_is_no_code(text: str) -> None:
    with pytest.raises(SealCodeMistyped):
        typed_code(text)


def test_a_code_stays_what_it_was() -> None:
    """Codes are on paper: whoever changes how they are made makes them worthless."""
    content = SealContent((("1010", "ILS", 5),), (), (), "0" * 64)
    seal = sealed(
        "2026-11-23", datetime(2026, 11, 23, 17, tzinfo=UTC), "Layla", 1, "a" * 64, content, None
    )
    assert seal.code == "1-V867-4A0J-YD5X-0NF6-SR0G"
