"""What no row and no link can hold stops no proof and hides no edit."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select

from tests.vending.accounts.support import BILLING, Counter
from tests.vending.attested.support import (
    LAST,
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
