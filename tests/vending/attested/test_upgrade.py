"""The upgrades attest the rows that are there, as they stand."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.vending.accounts.support import BILLING, CHIEF, Counter
from tests.vending.attested.support import (
    LAST,
    WRITTEN,
    found,
    links,
    named,
    read,
    tamper,
)
from vending.ledger import ChainEnd
from vending.store import downgrade, upgrade

FIRST_KINDS = ("adjustment", "account_event", "operator", "reading")
"""By revision 0013; 0014 has the others."""
BEFORE = tuple(one for one in WRITTEN if one[0] in FIRST_KINDS)
MORE = (
    ("approval", "A-1"),
    ("approval", "A-2"),
    ("approval", "A-3"),
    ("approval_decision", "A-1"),
    ("approval_step", "A-1:1"),
    ("approval_step", "A-1:2"),
    ("adjustment_decision", "ADJ-1"),
    ("adjustment_decision", "ADJ-3"),
    ("delivery_event", "v-0:1"),
    ("delivery_event", "v-0:2"),
    ("point", "P1"),
    ("point", "P2"),
    ("tariff_file", "night:1"),
    ("tariff_file", "night:2"),
    ("tariff_approval", "night:1:approved"),
    ("tariff_approval", "night:1:retired"),
    ("showing", "v-h"),
    ("key_change", "1"),
    ("key_change", "2"),
    ("key_change_event", "1:1"),
    ("key_change_event", "2:1"),
    ("block_event", "1"),
    ("block_event", "2"),
    ("block_event", "3"),
)


def told(here: Counter) -> tuple[tuple[str, str], ...]:
    return tuple((link.kind, link.key) for link in links(here))


def test_an_upgrade_attests_what_is_there(here: Counter) -> None:
    downgrade(here.store.engine, "0012")
    upgrade(here.store.engine)
    assert told(here) == (
        ("adjustment", "ADJ-1"),
        ("adjustment", "ADJ-2"),
        ("adjustment", "ADJ-3"),
        ("account_event", "A1:1"),
        ("account_event", "A1:2"),
        ("operator", "rana"),
        ("reading", "1"),
        ("reading", "2"),
        *MORE,
    )
    assert [link.number for link in links(here)] == list(range(1, 9 + len(MORE)))
    assert found(here) is None
    read(here, 10_000)
    assert links(here)[-1].number == 9 + len(MORE)
    assert found(here) is None
    tamper(here, "UPDATE readings SET balance = 7 WHERE id = 1")
    assert named(here) == ("row_differs", "readings 1")


def test_what_came_under_the_chain_later_stands_behind_what_was_there(here: Counter) -> None:
    downgrade(here.store.engine, "0013")
    before = links(here)
    assert told(here) == BEFORE
    seal = here.keeping.seal(BILLING)
    assert seal.content.attested == before[-1].end
    upgrade(here.store.engine)
    assert links(here)[: len(before)] == before
    assert told(here) == (*BEFORE, *MORE)
    assert found(here) is None
    # The seal from before stands for the links that it knew, and is as good as it was.
    assert here.keeping.verify(CHIEF, seal.code).ok
    after = here.keeping.seal(BILLING)
    assert (after.number, after.content.attested) == (2, links(here)[-1].end)
    assert here.keeping.verify(CHIEF, after.code).ok
    tamper(here, "UPDATE points SET most_per_sale = 9 WHERE code = 'P2'")
    assert named(here) == ("row_differs", "points P2")


def test_seals_from_before_the_first_that_is_given_up_outlive_the_way_back(here: Counter) -> None:
    downgrade(here.store.engine, "0013")
    seal = here.keeping.seal(BILLING)
    upgrade(here.store.engine)
    read(here, 10_000)
    downgrade(here.store.engine, "0013")
    assert told(here) == (*BEFORE, ("reading", "3"))
    upgrade(here.store.engine)
    assert here.keeping.verify(CHIEF, seal.code).ok
    assert found(here) is None


@pytest.mark.parametrize(
    ("revision", "table", "key"), [("0012", "readings", "id"), ("0013", "delivery_events", "seq")]
)
def test_an_upgrade_of_many_rows(file: Counter, revision: str, table: str, key: str) -> None:
    downgrade(file.store.engine, revision)
    rest = {
        "readings": "meter, read_at, actor, commodity, balance, total_supplied, unit, output, "
        "state, reasons, tokens_accepted, last_result",
        "delivery_events": "vend_id, state, at, actor, note",
    }[table]
    with closing(sqlite3.connect(file.place)) as db, db:
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < 1202) "
            f"INSERT INTO {table} ({key}, {rest}) SELECT i, {rest} FROM {table}, n WHERE {key} = 1"
        )
    upgrade(file.store.engine)
    assert sum(kind in ("reading", "delivery_event") for kind, _ in told(file)) == 4 + 1200
    assert found(file) is None


NO_ROWS = [
    ("0012", "readings", "actor = x'ff' WHERE id = 2", "readings 2"),
    ("0013", "delivery_events", "actor = x'ff' WHERE seq = 2", "delivery_events v-0:2"),
    ("0013", "approvals", "id = CAST(x'ff' AS TEXT) WHERE id = 'A-3'", "approvals \\udcff"),
]


@pytest.mark.parametrize(("revision", "table", "change", "row"), NO_ROWS)
def test_what_can_be_no_row_stops_no_upgrade(
    file: Counter, revision: str, table: str, change: str, row: str
) -> None:
    downgrade(file.store.engine, revision)
    with closing(sqlite3.connect(file.place)) as db, db:
        db.execute(f"DROP TRIGGER {table}_no_update")
        db.execute(f"UPDATE {table} SET {change}")
    upgrade(file.store.engine)
    problem = file.keeping.verify(CHIEF).problem
    assert problem is not None
    assert (problem.what, problem.detail) == ("row_unattested", row)


def test_what_is_no_text_is_attested_as_it_stands(file: Counter) -> None:
    downgrade(file.store.engine, "0013")
    with closing(sqlite3.connect(file.place)) as db, db:
        db.execute("DROP TRIGGER approvals_no_update")
        db.execute("UPDATE approvals SET reason = CAST(x'ff' AS TEXT) WHERE id = 'A-2'")
    upgrade(file.store.engine)
    assert found(file) is None
    tamper(file, "UPDATE approvals SET reason = CAST(x'fe' AS TEXT) WHERE id = 'A-2'")
    assert named(file) == ("row_differs", "approvals A-2")


CUT = "DELETE FROM attestations WHERE number = (SELECT max(number) FROM attestations)"
BROKEN = [
    (CUT, "attested_head"),
    ("DELETE FROM attestation_head", "attested_head"),
    ("UPDATE attestation_head SET number = number - 1", "attested_head"),
    ("UPDATE attestation_head SET hash = 'x'", "attested_head"),
]


@pytest.mark.parametrize(("statement", "what"), BROKEN)
def test_a_chain_that_does_not_end_as_it_should_is_left_as_it_is(
    here: Counter, statement: str, what: str
) -> None:
    """Links behind the end would hide where it was cut off."""
    downgrade(here.store.engine, "0013")
    assert len(links(here)) == len(BEFORE)
    tamper(here, statement)
    broken = links(here)
    upgrade(here.store.engine)
    assert links(here) == broken
    assert named(here)[0] == what


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE attestations SET number = 'x' WHERE number = 9",
        "UPDATE attestations SET hash = x'00' WHERE number = 9",
        "UPDATE attestations SET digest = CAST(x'ff' AS TEXT) WHERE number = 9",
        "UPDATE attestation_head SET number = 'x'",
        "UPDATE attestation_head SET hash = CAST(x'ff' AS TEXT)",
    ],
)
def test_a_chain_that_is_nonsense_stops_no_upgrade(file: Counter, statement: str) -> None:
    downgrade(file.store.engine, "0013")
    tamper(file, statement)
    upgrade(file.store.engine)
    assert named(file)[0] in ("attested_chain", "attested_head")


def test_empty_books_have_nothing_to_attest(place: Path | str) -> None:
    made = Counter(place)
    for revision in ("0012", "0013"):
        downgrade(made.store.engine, revision)
        upgrade(made.store.engine)
        assert told(made) == (("point", "P1"), ("point", "P2"))
    downgrade(made.store.engine, "0013")
    assert links(made) == []
    seal = made.keeping.seal(BILLING)
    assert (seal.content.attested, seal.content.trail) == (ChainEnd(), ChainEnd())
    upgrade(made.store.engine)
    assert made.keeping.verify(CHIEF, seal.code).ok
    made.close()


def test_the_town_has_all_that_is_upgraded() -> None:
    assert {kind for kind, _ in (*BEFORE, *MORE)} == {kind for kind, _ in WRITTEN}
    assert len(WRITTEN) == LAST
