"""The upgrade attests the rows that are there, as they stand."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.vending.accounts.support import BILLING, CHIEF, Counter
from tests.vending.attested.support import (
    found,
    links,
    named,
    read,
    tamper,
)
from vending.ledger import ChainEnd
from vending.store import downgrade, upgrade


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
