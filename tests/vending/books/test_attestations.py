"""Somebody who has the database edits rows that decide over money and have no entry: readings,
events of accounts, requests that wait, operators' terms. Verification names the row."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Integer, insert, select, text

from meters.account import Commodity, MeterAccount, Supply, SupplyState
from meters.quantities import Energy
from meters.verdicts import TokenResult
from tests.vending.accounts.support import BILLING, CHIEF, Counter
from tests.vending.books.support import SHORT
from tests.vending.support import ADMIN, OPERATOR, POWER, request
from vending.aftersale import MeterReading
from vending.identity_checks import Argon2
from vending.ledger import ChainEnd, LedgerProblem, Seal, SealContent
from vending.ledger.attestations import Attestation, attested, digest_of
from vending.ledger.seals import hash_of
from vending.operators import Operator, Settlement
from vending.people import Act, Office, TrailProblem
from vending.people.writing import write_down
from vending.store import attestation_proof, downgrade, schema, upgrade
from vending.store.approvals import SqlPeople
from vending.store.attesting import KINDS, attested_end
from vending.store.house import SqlHouse
from vending.store.triggers import drop


class Stop(Exception):
    """Something that goes wrong inside a transaction."""


RANA = Operator("rana", "رنا", "Rana", Settlement.DEPOSIT, 5_000, commission="2.5")


def read(here: Counter, wh: int) -> None:
    """One reading of the electricity meter."""
    account = MeterAccount(
        commodity=Commodity.ELECTRICITY,
        balance=Energy(wh),
        total_supplied=Energy(1_000_000),
        supply=Supply(True, SupplyState.CONNECTED, frozenset()),
        tokens_accepted=3,
        last_result=TokenResult.ACCEPT,
        read_at=here.clock(),
    )
    with here.store.writing() as books:
        books.add_reading(MeterReading(POWER.number, account, "Rami"))


def prepared(place: Path | str) -> Counter:
    """Eight links: a debt and that it is disputed, requests ADJ-1 and ADJ-2 of which the first was
    posted, Rana with terms that were changed once, two readings."""
    made = Counter(place)
    made.debt()
    made.accounts.dispute(BILLING, "A1", "arrears", "It was paid in cash", "d-1")
    for id in ("ADJ-1", "ADJ-2"):
        made.keeping.adjust(BILLING, id, SHORT, "Counted twice")
    made.keeping.approve(CHIEF, "ADJ-1")
    for operator in (RANA, replace(RANA, credit_limit=2_000)):
        with SqlPeople(made.store).writing() as people:
            if people.operator(RANA.code) is None:
                people.add_operator(operator)
            else:
                people.change_operator(operator)
    for wh in (40_000, 30_000):
        made.clock.forward(minutes=1)
        read(made, wh)
    assert found(made) is None
    return made


@pytest.fixture
def here(place: Path | str) -> Iterator[Counter]:
    made = prepared(place)
    yield made
    made.close()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Counter]:
    """The same in a file, where nothing is kept from being nonsense."""
    made = prepared(tmp_path / "books.db")
    yield made
    made.close()


def found(here: Counter) -> LedgerProblem | None:
    """By both ways in which the books are proved."""
    problem = here.keeping.verify(CHIEF).problem
    if problem is None or not problem.what.startswith("seal_"):
        assert here.service.verify(ADMIN).problem == problem
    return problem


def named(here: Counter) -> tuple[str, str]:
    problem = found(here)
    assert problem is not None
    return problem.what, problem.detail


def tamper(here: Counter, *statements: str) -> None:
    """Drops the triggers and edits, as one could who owns the database."""
    engine = here.store.engine
    guarded = {kind.table.name for kind in KINDS.values()}.intersection(schema.BOOKS)
    with engine.begin() as db:
        for table in sorted({*guarded, "attestations", "trail", "seals"}):
            for statement in drop(engine.dialect.name, table):
                db.execute(text(statement.replace("TRIGGER ", "TRIGGER IF EXISTS ")))
        for statement in statements:
            assert db.execute(text(statement)).rowcount > 0, statement


def links(here: Counter) -> list[Attestation]:
    with here.store.reading() as books:
        chosen = select(schema.attestations).order_by(schema.attestations.c.number)
        return [Attestation(*row) for row in books._db.execute(chosen)]


def write_anew(here: Counter, **digests: str) -> None:
    """The whole chain with other digests, each link right: `kind_key` to the digest."""
    anew, end = [], ChainEnd()
    for link in links(here):
        digest = digests.get(f"{link.kind}_{link.key}", link.digest)
        anew.append(attested(link.kind, link.key, digest, end))
        end = anew[-1].end
    tamper(here, "DELETE FROM attestations")
    with here.store.engine.begin() as db:
        db.execute(insert(schema.attestations), [link._asdict() for link in anew])
        db.execute(schema.attestation_head.update().values(number=end.number, hash=end.hash))


def columns_of(table: str, *, without: str = "", **to: str) -> str:
    names = [c.name for c in schema.metadata.tables[table].columns if c.name != without]
    values = ", ".join(to.get(name, name) for name in names)
    return f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM {table}"


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
    ("UPDATE attestations SET digest = hash WHERE number = 6", "attested_chain", "attestations 6"),
    ("UPDATE attestations SET key = '9' WHERE number = 6", "attested_chain", "attestations 6"),
    ("UPDATE attestations SET kind = 'x' WHERE number = 6", "attested_chain", "attestations 6"),
    ("DELETE FROM attestations WHERE number = 3", "attested_chain", "attestations 3"),
    ("DELETE FROM attestations WHERE number = 8", "attested_head", "kept 8, found 7"),
    ("DELETE FROM attestations", "attested_head", "kept 8, found 0"),
    ("UPDATE attestation_head SET number = 9", "attested_head", "kept 9, found 8"),
    ("DELETE FROM attestation_head", "attested_head", "kept 0, found 8"),
]


@pytest.mark.parametrize(("statement", "what", "detail"), EDITS)
def test_one_edit(here: Counter, statement: str, what: str, detail: str) -> None:
    tamper(here, statement)
    assert named(here) == (what, detail)


def test_what_is_attested_in_which_order(here: Counter) -> None:
    assert [(link.kind, link.key) for link in links(here)] == [
        ("account_event", "A1:1"),
        ("account_event", "A1:2"),
        ("adjustment", "ADJ-1"),
        ("adjustment", "ADJ-2"),
        ("operator", "rana"),
        ("operator", "rana"),
        ("reading", "1"),
        ("reading", "2"),
    ]


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


def problems(here: Counter) -> list[LedgerProblem]:
    """What this proof alone finds."""
    with here.store.reading() as books:
        return list(attestation_proof.attestation_problems(books._db))


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
    ("UPDATE attestations SET number = 'x' WHERE number = 8", "attested_chain"),
    ("UPDATE attestations SET number = -1 WHERE number = 8", "attested_chain"),
    ("UPDATE attestations SET number = 9223372036854775807 WHERE number = 8", "attested_chain"),
    ("UPDATE attestations SET hash = x'00' WHERE number = 8", "attested_chain"),
    ("UPDATE attestations SET digest = 7 WHERE number = 8", "attested_chain"),
    ("UPDATE attestations SET key = x'ff' WHERE number = 8", "attested_chain"),
    ("UPDATE attestations SET key = CAST(x'ff' AS TEXT) WHERE number = 8", "attested_chain"),
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
        ("account_event", "A1"),
        ("account_event", "A1:x"),
        ("account_event", f"A1:{'9' * 18}"),
        ("operator", "x" * 999),
    ],
)
def test_a_link_of_a_row_that_can_be_none(here: Counter, kind: str, key: str) -> None:
    forged = attested(kind, key, "0" * 64, links(here)[-1].end)
    with here.store.engine.begin() as db:
        db.execute(insert(schema.attestations), forged._asdict())
        db.execute(schema.attestation_head.update().values(number=9, hash=forged.hash))
    assert named(here) == ("row_gone", f"{KINDS[kind].table.name} {key}")


def test_a_second_link_hides_no_edit(here: Counter) -> None:
    """What is not to change agrees with each of its links, not with the last alone."""
    tamper(here, "UPDATE readings SET balance = 70000 WHERE id = 1")
    with here.store.engine.begin() as db:
        row = db.execute(select(schema.readings).where(schema.readings.c.id == 1)).one()
        forged = attested("reading", "1", digest_of(row._asdict()), links(here)[-1].end)
        db.execute(insert(schema.attestations), forged._asdict())
        db.execute(schema.attestation_head.update().values(number=9, hash=forged.hash))
    assert named(here) == ("row_differs", "readings 1")
    with here.store.reading() as books:
        assert [one.what for one in attestation_proof.attestation_problems(books._db)] == [
            "row_differs"
        ]


def test_what_is_not_written_is_not_attested(here: Counter) -> None:
    before = links(here)
    with pytest.raises(Stop), here.store.writing() as books:  # noqa: PT012
        books.add_reading(books.readings(POWER.number)[0])
        raise Stop
    assert links(here) == before
    read(here, 5_000)
    assert [link.key for link in links(here)[len(before) :]] in (["3"], ["4"])
    assert found(here) is None


def test_a_sale_writes_no_link(here: Counter) -> None:
    """Its rows are under the hash of its entry, and it takes no trip more."""
    with here.store.reading() as books:
        before = attested_end(books._db)
    here.service.vend(OPERATOR, request("v-1"))
    with here.store.reading() as books:
        assert attested_end(books._db) == before
    assert found(here) is None


def test_many_rows_in_several_trips(file: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attestation_proof, "AT_A_TIME", 2)
    for wh in range(1_000, 30_000, 1_000):
        read(file, wh)
    assert found(file) is None
    tamper(file, "UPDATE readings SET balance = balance + 1")
    told = problems(file)
    assert (len(told), told[0].detail) == (20, "readings 1")


# Seals


def with_a_trail(here: Counter, lines: int = 3) -> None:
    for number in range(lines):
        with SqlHouse(here.store).writing() as house:
            write_down(house, Act("sign_in", f"rami-{number}"), OPERATOR, here.clock())


def test_a_seal_stands_for_both_chains(here: Counter) -> None:
    with_a_trail(here)
    seal = here.keeping.seal(BILLING)
    assert seal.content.attested == links(here)[-1].end
    assert seal.content.trail is not None
    assert seal.content.trail.number == 3
    assert here.keeping.verify(CHIEF, seal.code).ok
    # The same again, until something more is attested.
    assert here.keeping.seal(BILLING) == seal
    read(here, 20_000)
    after = here.keeping.seal(BILLING)
    assert (after.number, after.content.attested) == (2, links(here)[-1].end)
    assert here.keeping.verify(CHIEF, after.code).ok


CUT = (
    "DELETE FROM readings WHERE id = 2",
    "DELETE FROM attestations WHERE number = 8",
    "UPDATE attestation_head SET number = 7, "
    "hash = (SELECT hash FROM attestations WHERE number = 7)",
)
"""The last reading and everything that tells of it."""


def test_links_cut_off_show_only_against_a_seal(here: Counter) -> None:
    tamper(here, *CUT)
    assert found(here) is None


def test_links_cut_off_behind_a_seal_are_found(here: Counter) -> None:
    seal = here.keeping.seal(BILLING)
    tamper(here, *CUT)
    problem = found(here)
    assert problem == LedgerProblem(seal.entry, "seal_attested", f"1 {seal.day}")


def test_a_chain_written_anew_differs_from_the_seal(here: Counter) -> None:
    here.keeping.seal(BILLING)
    tamper(here, "UPDATE readings SET balance = 90000 WHERE id = 1")
    with here.store.reading() as books:
        row = books._db.execute(select(schema.readings).where(schema.readings.c.id == 1)).one()
    write_anew(here, reading_1=digest_of(row._asdict()))
    assert problems(here) == []
    assert named(here)[0] == "seal_attested"


def test_a_trail_cut_off_behind_a_seal_is_found(here: Counter) -> None:
    with_a_trail(here)
    seal = here.keeping.seal(BILLING)
    tamper(
        here,
        "DELETE FROM trail WHERE number > 1",
        "UPDATE trail_head SET number = 1, hash = (SELECT hash FROM trail)",
    )
    assert found(here) == LedgerProblem(seal.entry, "seal_trail", f"1 {seal.day}")
    assert of_the_trail(here) == TrailProblem(2, "sealed")
    # Lines that came behind the cut do not stand in for those that are gone.
    with_a_trail(here, lines=5)
    assert named(here)[0] == "seal_trail"
    assert of_the_trail(here) == TrailProblem(3, "sealed")


def of_the_trail(here: Counter) -> TrailProblem | None:
    return Office(SqlHouse(here.store), Argon2(cheap=True), here.clock).verify_trail(ADMIN)[1]


@pytest.mark.parametrize("document", ["x", "[]", "{}", '{"trail":[1]}'])
def test_a_seal_that_is_none_says_nothing_of_the_trail(here: Counter, document: str) -> None:
    with_a_trail(here)
    here.keeping.seal(BILLING)
    tamper(here, f"UPDATE seals SET document = '{document}'")
    assert of_the_trail(here) is None
    assert named(here)[0] == "seal_chain"


def test_a_trail_that_grew_and_was_cut_behind_the_seal_is_as_it_was(here: Counter) -> None:
    with_a_trail(here)
    here.keeping.seal(BILLING)
    with_a_trail(here)
    tamper(
        here,
        "DELETE FROM trail WHERE number > 3",
        "UPDATE trail_head SET number = 3, hash = (SELECT hash FROM trail WHERE number = 3)",
    )
    assert found(here) is None
    assert of_the_trail(here) is None


def put_seal(here: Counter, seal: Seal, content: SealContent) -> Seal:
    """The first seal with another content, under its own right hash."""
    other = replace(seal, document=content.document())
    other = replace(other, hash=hash_of(other))
    tamper(here)
    with here.store.engine.begin() as db:
        changed = {"document": other.document, "hash": other.hash}
        db.execute(schema.seals.update().where(schema.seals.c.number == 1).values(changed))
    return other


def test_a_seal_from_before_stays_valid_and_chained(here: Counter) -> None:
    seal = here.keeping.seal(BILLING)
    old = replace(seal.content, attested=None, trail=None)
    assert "attested" not in old.document()
    assert "trail" not in old.document()
    assert SealContent.read(old.document()) == old
    kept = put_seal(here, seal, old)
    assert here.keeping.verify(CHIEF, kept.code).ok
    # The next one follows on it and stands for more.
    after = here.keeping.seal(BILLING)
    assert (after.number, after.previous_hash) == (2, kept.hash)
    assert after.content.attested is not None
    assert here.keeping.verify(CHIEF, after.code).ok


@pytest.mark.parametrize(
    "end", [ChainEnd(0, "x"), ChainEnd(-1, "0" * 64), ChainEnd(10**30, "0" * 64), ChainEnd(3, "x")]
)
def test_a_seal_over_another_end(here: Counter, end: ChainEnd) -> None:
    seal = here.keeping.seal(BILLING)
    put_seal(here, seal, replace(seal.content, attested=end))
    assert named(here)[0] == "seal_attested"


# The upgrade


def test_an_upgrade_attests_what_is_there(here: Counter) -> None:
    downgrade(here.store.engine, "0012")
    upgrade(here.store.engine)
    assert [(link.number, link.kind, link.key) for link in links(here)] == [
        (1, "adjustment", "ADJ-1"),
        (2, "adjustment", "ADJ-2"),
        (3, "account_event", "A1:1"),
        (4, "account_event", "A1:2"),
        (5, "operator", "rana"),
        (6, "reading", "1"),
        (7, "reading", "2"),
    ]
    assert found(here) is None
    read(here, 10_000)
    assert links(here)[-1].number == 8
    assert found(here) is None
    tamper(here, "UPDATE readings SET balance = 7 WHERE id = 1")
    assert named(here) == ("row_differs", "readings 1")


def test_an_upgrade_of_many_rows(file: Counter) -> None:
    downgrade(file.store.engine, "0012")
    names = "meter, read_at, actor, commodity, balance, total_supplied, unit, output, state, "
    names += "reasons, tokens_accepted, last_result"
    with closing(sqlite3.connect(file.place)) as db, db:
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200) "
            f"INSERT INTO readings ({names}) SELECT {names} FROM readings, n WHERE id = 1"
        )
    upgrade(file.store.engine)
    assert len(links(file)) == 7 + 1200
    assert found(file) is None


def test_what_can_be_no_row_stops_no_upgrade(file: Counter) -> None:
    downgrade(file.store.engine, "0012")
    with closing(sqlite3.connect(file.place)) as db, db:
        for trigger in ("readings_no_update",):
            db.execute(f"DROP TRIGGER {trigger}")
        db.execute("UPDATE readings SET actor = x'ff' WHERE id = 2")
    upgrade(file.store.engine)
    assert named(file) == ("row_unattested", "readings 2")


def test_empty_books_have_nothing_to_attest(place: Path | str) -> None:
    made = Counter(place)
    downgrade(made.store.engine, "0012")
    upgrade(made.store.engine)
    assert links(made) == []
    seal = made.keeping.seal(BILLING)
    assert (seal.content.attested, seal.content.trail) == (ChainEnd(), ChainEnd())
    assert made.keeping.verify(CHIEF, seal.code).ok
    made.close()


READ_AT = datetime(2026, 11, 23, 1, 2, 3, 4, tzinfo=UTC)


def test_a_digest_stays_what_it_was() -> None:
    """Digests are under seals that are on paper: whoever changes how they are made makes those
    worthless."""
    row = {"id": 1, "balance": -5, "actor": "رامي", "read_at": READ_AT, "note": None}
    assert digest_of(row) == "7cb8d92827f84af6036d62b774b2b5b6bc443fa0d5f73addc20aea9121373ece"
    assert (
        attested("reading", "1", "0" * 64, ChainEnd()).hash
        == "b60bee665fa8cdb4be17ec370fdf855d78562cbaecb5ac126d05809b87f8fe59"
    )
    # A column that came later, and is null in the rows from before.
    assert digest_of({**row, "later": None}) == digest_of(row)
    assert digest_of({**row, "read_at": READ_AT + timedelta(microseconds=1)}) != digest_of(row)
