"""Somebody who has the database edits rows that decide over money and have no entry: readings,
deliveries, showings, events of accounts, requests and what was decided of them, terms of operators,
points, tariffs, key changes and events of blocks. Verification names the row."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import Integer, insert, select

from tests.vending.accounts.support import BILLING, Counter
from tests.vending.attested.support import (
    LAST,
    WRITTEN,
    columns_of,
    found,
    links,
    named,
    problems,
    read,
    tamper,
)
from vending.ledger.attestations import attested, digest_of
from vending.store import attestation_proof, schema
from vending.store.attesting import KINDS

EDITS = [
    ("UPDATE readings SET balance = balance + 1 WHERE id = 1", "row_differs", "readings 1"),
    ("UPDATE readings SET balance = 40000 WHERE id = 2", "row_differs", "readings 2"),
    ("DELETE FROM readings WHERE id = 2", "row_gone", "readings 2"),
    (columns_of("readings", without="id"), "row_unattested", "readings 3"),
    ("UPDATE account_events SET actor = 'x' WHERE seq = 2", "row_differs", "account_events A1:2"),
    (
        columns_of("account_events", seq="seq + 1", kind="'x'") + " WHERE seq = 2",
        "row_unattested",
        "account_events A1:3",
    ),
    (
        "UPDATE adjustments SET lines = replace(lines, '500', '900') WHERE id = 'ADJ-2'",
        "row_differs",
        "adjustments ADJ-2",
    ),
    (
        "UPDATE adjustments SET requested_by = 'cli:nadia' WHERE id = 'ADJ-2'",
        "row_differs",
        "adjustments ADJ-2",
    ),
    (
        "UPDATE adjustments SET requested_at = '2026-01-01T00:00:00.000000Z' WHERE id = 'ADJ-2'",
        "row_differs",
        "adjustments ADJ-2",
    ),
    ("DELETE FROM adjustments WHERE id = 'ADJ-2'", "row_gone", "adjustments ADJ-2"),
    (
        columns_of("adjustments", id="'ADJ-9'") + " WHERE id = 'ADJ-2'",
        "row_unattested",
        "adjustments ADJ-9",
    ),
    ("UPDATE operators SET credit_limit = 900000", "row_differs", "operators rana"),
    # As they once were, and as the first link says.
    ("UPDATE operators SET credit_limit = 5000", "row_differs", "operators rana"),
    ("UPDATE operators SET commission = '25'", "row_differs", "operators rana"),
    ("DELETE FROM operators", "row_gone", "operators rana"),
    (columns_of("operators", code="'zaid'"), "row_unattested", "operators zaid"),
    # Of what was posted, its entry is named (`books/test_edited_rows.py`).
    (
        "UPDATE decisions SET note = 'x' WHERE adjustment = 'ADJ-3'",
        "row_differs",
        "decisions ADJ-3",
    ),
    ("DELETE FROM decisions WHERE adjustment = 'ADJ-3'", "row_gone", "decisions ADJ-3"),
    (
        columns_of("decisions", adjustment="'ADJ-2'") + " WHERE adjustment = 'ADJ-3'",
        "row_unattested",
        "decisions ADJ-2",
    ),
    (
        "UPDATE approvals SET document = replace(document, '2', '9') WHERE id = 'A-2'",
        "row_differs",
        "approvals A-2",
    ),
    ("UPDATE approvals SET requested_by = 'x' WHERE id = 'A-1'", "row_differs", "approvals A-1"),
    ("DELETE FROM approvals WHERE id = 'A-3'", "row_gone", "approvals A-3"),
    (
        columns_of("approvals", id="'A-9'") + " WHERE id = 'A-1'",
        "row_unattested",
        "approvals A-9",
    ),
    ("UPDATE approval_decisions SET actor = 'x'", "row_differs", "approval_decisions A-1"),
    ("DELETE FROM approval_decisions", "row_gone", "approval_decisions A-1"),
    (
        columns_of("approval_decisions", approval="'A-2'"),
        "row_unattested",
        "approval_decisions A-2",
    ),
    (
        "UPDATE approval_steps SET state = 'called_off' WHERE seq = 2",
        "row_differs",
        "approval_steps A-1:2",
    ),
    ("DELETE FROM approval_steps WHERE seq = 2", "row_gone", "approval_steps A-1:2"),
    (
        columns_of("approval_steps", seq="3") + " WHERE seq = 2",
        "row_unattested",
        "approval_steps A-1:3",
    ),
    (
        "UPDATE delivery_events SET state = 'delivered' WHERE seq = 2",
        "row_differs",
        "delivery_events v-0:2",
    ),
    ("UPDATE delivery_events SET log_sequence = 7", "row_differs", "delivery_events v-0:1"),
    ("DELETE FROM delivery_events WHERE seq = 2", "row_gone", "delivery_events v-0:2"),
    (
        columns_of("delivery_events", seq="3", state="'delivered'") + " WHERE seq = 2",
        "row_unattested",
        "delivery_events v-0:3",
    ),
    ("UPDATE points SET most_per_sale = NULL", "row_differs", "points P2"),
    ("UPDATE points SET most_per_sale = 4000 WHERE code = 'P2'", "row_differs", "points P2"),
    ("UPDATE points SET most_per_day = 1 WHERE code = 'P1'", "row_differs", "points P1"),
    (
        "UPDATE points SET needs_shift = NOT needs_shift WHERE code = 'P2'",
        "row_differs",
        "points P2",
    ),
    (columns_of("points", code="'P9'") + " WHERE code = 'P2'", "row_unattested", "points P9"),
    (
        "UPDATE tariff_files SET document = 'cheap' WHERE version = 1",
        "row_differs",
        "tariff_files night:1",
    ),
    ("DELETE FROM tariff_files WHERE version = 2", "row_gone", "tariff_files night:2"),
    (
        columns_of("tariff_files", version="3") + " WHERE version = 1",
        "row_unattested",
        "tariff_files night:3",
    ),
    (
        "UPDATE tariff_approvals SET effective_at = NULL WHERE act = 'retired'",
        "row_differs",
        "tariff_approvals night:1:retired",
    ),
    (
        "DELETE FROM tariff_approvals WHERE act = 'retired'",
        "row_gone",
        "tariff_approvals night:1:retired",
    ),
    (
        columns_of("tariff_approvals", version="2") + " WHERE act = 'approved'",
        "row_unattested",
        "tariff_approvals night:2:approved",
    ),
    ("UPDATE showings SET actor = 'x'", "row_differs", "showings v-h"),
    # The digits may be taken back as not shown again.
    ("DELETE FROM showings", "row_gone", "showings v-h"),
    (columns_of("showings", vend_id="'v-0'"), "row_unattested", "showings v-0"),
    ("UPDATE key_changes SET to_krn = 9 WHERE id = 1", "row_differs", "key_changes 1"),
    (columns_of("key_changes", without="id") + " WHERE id = 2", "row_unattested", "key_changes 3"),
    (
        "UPDATE key_change_events SET state = 'entered' WHERE change = 2",
        "row_differs",
        "key_change_events 2:1",
    ),
    ("DELETE FROM key_change_events WHERE change = 2", "row_gone", "key_change_events 2:1"),
    (
        columns_of("key_change_events", seq="2") + " WHERE change = 2",
        "row_unattested",
        "key_change_events 2:2",
    ),
    # What is blocked is held against these (`approvals/test_people.py`).
    ("UPDATE block_events SET actor = 'x' WHERE id = 2", "row_differs", "block_events 2"),
    ("DELETE FROM block_events WHERE id = 1", "row_gone", "block_events 1"),
    (
        columns_of("block_events", without="id", subject="'x'") + " WHERE id = 2",
        "row_unattested",
        "block_events 4",
    ),
    ("UPDATE attestations SET digest = hash WHERE number = 6", "attested_chain", "attestations 6"),
    ("UPDATE attestations SET key = '9' WHERE number = 6", "attested_chain", "attestations 6"),
    ("UPDATE attestations SET kind = 'x' WHERE number = 6", "attested_chain", "attestations 6"),
    ("DELETE FROM attestations WHERE number = 3", "attested_chain", "attestations 3"),
    (
        f"DELETE FROM attestations WHERE number = {LAST}",
        "attested_head",
        f"kept {LAST}, found {LAST - 1}",
    ),
    ("DELETE FROM attestations", "attested_head", f"kept {LAST}, found 0"),
    ("UPDATE attestation_head SET number = 99", "attested_head", f"kept 99, found {LAST}"),
    ("DELETE FROM attestation_head", "attested_head", f"kept 0, found {LAST}"),
]


@pytest.mark.parametrize(("statement", "what", "detail"), EDITS)
def test_one_edit(here: Counter, statement: str, what: str, detail: str) -> None:
    tamper(here, statement)
    assert named(here) == (what, detail)


def test_what_is_attested_in_which_order(here: Counter) -> None:
    assert tuple((link.kind, link.key) for link in links(here)) == WRITTEN
    assert {kind for kind, _ in WRITTEN} == set(KINDS)
    assert len(WRITTEN) == LAST


COLUMNS = [
    (kind.table.name, column)
    for kind in KINDS.values()
    for column in kind.table.columns
    if column not in kind.key
]


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=[f"{t}.{c.name}" for t, c in COLUMNS])
def test_no_column_is_edited_unseen(file: Counter, table: str, column: Any) -> None:
    value = "COALESCE({0}, 0) + 7" if isinstance(column.type, Integer) else "COALESCE({0}, '') || 9"
    tamper(file)
    # The driver alone asks no foreign key.
    with closing(sqlite3.connect(file.place)) as db, db:
        db.execute(f"UPDATE {table} SET {column.name} = {value.format(column.name)}")
    told = problems(file)
    assert {one.what for one in told} == {"row_differs"}
    assert {one.detail.split()[0] for one in told} == {table}


@pytest.mark.parametrize("order", ["id", "-balance"])
def test_a_second_row_of_the_same_key_hides_no_other(file: Counter, order: str) -> None:
    """As could be put in by who takes the key itself away."""
    with closing(sqlite3.connect(file.place)) as db, db:
        for statement in (
            "CREATE TABLE plain AS SELECT * FROM readings",
            columns_of("readings", balance="90000").replace("INTO readings", "INTO plain")
            + " WHERE id = 1",
            "DROP TABLE readings",
            f"CREATE TABLE readings AS SELECT * FROM plain ORDER BY {order}",
        ):
            db.execute(statement)
    assert named(file) == ("row_differs", "readings 1")


NONSENSE = [
    ("UPDATE readings SET balance = 'x' WHERE id = 1", "row_differs"),
    ("UPDATE readings SET actor = x'ff00' WHERE id = 1", "row_differs"),
    ("UPDATE readings SET actor = CAST(x'ff' AS TEXT) WHERE id = 1", "row_differs"),
    ("UPDATE readings SET balance = 1e300 WHERE id = 1", "row_differs"),
    ("UPDATE readings SET balance = 9e999 WHERE id = 1", "row_differs"),
    ("UPDATE readings SET read_at = 'never' WHERE id = 1", "row_differs"),
    ("UPDATE account_events SET seq = 'x' WHERE seq = 2", "row_gone"),
    ("UPDATE account_events SET document = CAST(x'ff' AS TEXT) WHERE seq = 2", "row_differs"),
    ("UPDATE operators SET settlement = x'00'", "row_differs"),
    # True to whoever asks whether it is true.
    ("UPDATE points SET needs_shift = 7 WHERE code = 'P2'", "row_differs"),
    ("UPDATE points SET most_per_day = 'x' WHERE code = 'P2'", "row_differs"),
    ("UPDATE delivery_events SET result = 'x' WHERE seq = 1", "row_differs"),
    ("UPDATE approval_steps SET seq = 'x' WHERE seq = 2", "row_gone"),
    ("UPDATE approval_decisions SET note = CAST(x'ff' AS TEXT)", "row_differs"),
    (f"UPDATE attestations SET number = 'x' WHERE number = {LAST}", "attested_chain"),
    (f"UPDATE attestations SET number = -1 WHERE number = {LAST}", "attested_chain"),
    (
        f"UPDATE attestations SET number = 9223372036854775807 WHERE number = {LAST}",
        "attested_chain",
    ),
    (f"UPDATE attestations SET hash = x'00' WHERE number = {LAST}", "attested_chain"),
    (f"UPDATE attestations SET digest = 7 WHERE number = {LAST}", "attested_chain"),
    (f"UPDATE attestations SET key = x'ff' WHERE number = {LAST}", "attested_chain"),
    (f"UPDATE attestations SET key = CAST(x'ff' AS TEXT) WHERE number = {LAST}", "attested_chain"),
    ("UPDATE attestation_head SET number = 'x'", "attested_head"),
    ("UPDATE attestation_head SET hash = x'00'", "attested_head"),
]
"""A file keeps it, whatever the column is for."""


@pytest.mark.parametrize(("statement", "what"), NONSENSE)
def test_nonsense_stops_no_proof(file: Counter, statement: str, what: str) -> None:
    tamper(file, statement)
    assert what in {one.what for one in problems(file)}
    assert found(file) is not None
    # Neither the seal of the day.
    assert file.keeping.seal(BILLING).number == 1


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("reading", "x"),
        ("reading", "-1"),
        ("reading", "1:1"),
        ("reading", ""),
        ("reading", "9" * 18),
        ("reading", "9" * 40),
        ("reading", "²"),
        ("delivery_event", "v-0:0"),
        ("approval", "é" * 99),
        ("account_event", "A1"),
        ("account_event", "A1:x"),
        ("account_event", f"A1:{'9' * 18}"),
        ("operator", "x" * 999),
        ("tariff_file", "night"),
        ("tariff_approval", "night:1"),
        ("tariff_approval", "night:x:approved"),
    ],
)
def test_a_link_of_a_row_that_can_be_none(here: Counter, kind: str, key: str) -> None:
    forged = attested(kind, key, "0" * 64, links(here)[-1].end)
    with here.store.engine.begin() as db:
        db.execute(insert(schema.attestations), forged._asdict())
        db.execute(schema.attestation_head.update().values(number=forged.number, hash=forged.hash))
    assert named(here) == ("row_gone", f"{KINDS[kind].table.name} {key}")


def test_a_second_link_hides_no_edit(here: Counter) -> None:
    """What is not to change agrees with each of its links, not with the last alone."""
    tamper(here, "UPDATE readings SET balance = 70000 WHERE id = 1")
    with here.store.engine.begin() as db:
        row = db.execute(select(schema.readings).where(schema.readings.c.id == 1)).one()
        forged = attested("reading", "1", digest_of(row._asdict()), links(here)[-1].end)
        db.execute(insert(schema.attestations), forged._asdict())
        db.execute(schema.attestation_head.update().values(number=forged.number, hash=forged.hash))
    assert named(here) == ("row_differs", "readings 1")
    with here.store.reading() as books:
        assert [one.what for one in attestation_proof.attestation_problems(books._db)] == [
            "row_differs"
        ]


def test_many_rows_in_several_trips(file: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attestation_proof, "AT_A_TIME", 2)
    for wh in range(1_000, 30_000, 1_000):
        read(file, wh)
    assert found(file) is None
    tamper(file, "UPDATE readings SET balance = balance + 1")
    told = problems(file)
    assert (len(told), told[0].detail) == (20, "readings 1")
