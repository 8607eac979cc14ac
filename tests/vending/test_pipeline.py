"""Statements on their way to PostgreSQL: all of a trip or an error, and a connection that goes on
or is closed, never one that answers what another has asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import IsolationLevel
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import IntegrityError, InternalError

from meters.errors import Unavailable
from tests.databases import Postgres, plain
from tests.vending.support import ADMIN, OPERATOR, Town, request
from vending.store import open_store
from vending.store.pipeline import Pipeline, pipeline_of

pytestmark = pytest.mark.timeout(60)

NUMBERS = "SELECT n, 'x' || n FROM generate_series(1, $1::int) AS n"
WORDS = "SELECT word FROM unnest($1::text[]) WITH ORDINALITY AS given(word, at) ORDER BY at"
ADD = "INSERT INTO list VALUES ($1::int, $2::text)"
ALL = "SELECT * FROM list ORDER BY number"
BIG = 3_000_000


@pytest.fixture
def db(postgres: Postgres) -> Iterator[Connection]:
    with postgres.lending() as server:
        engine = create_engine(server.new(empty=True))
        with engine.connect() as connection:
            connection.exec_driver_sql("CREATE TABLE list (number int PRIMARY KEY, word text)")
            connection.commit()
            yield connection
            connection.invalidate()
        engine.dispose()


@pytest.fixture
def line(db: Connection) -> Pipeline:
    return pipeline_of(db)


def raw_of(db: Connection) -> Any:
    return db.connection.dbapi_connection


def names(db: Connection) -> set[str]:
    """Statements that the server knows of this connection."""
    rows = raw_of(db).execute("SELECT name FROM pg_prepared_statements").fetchall()
    return {name for (name,) in rows}


def test_each_call_has_its_own_rows(line: Pipeline) -> None:
    words = ["سكر", "", 'a "b", {c}\\', "NULL", "ا\n"]
    for _ in range(3):
        found = line.ask([(NUMBERS, [(2,), (1,)]), (WORDS, [(words,)]), (NUMBERS, []), (ALL, [()])])
        assert found == [
            [(1, "x1"), (2, "x2"), (1, "x1")],
            [(word,) for word in words],
            [],
            [],
        ]


def test_what_is_written_is_seen_behind_it_and_kept_by_a_commit(
    db: Connection, line: Pipeline
) -> None:
    assert line.ask([(ADD, [(1, "one"), (2, None)]), (ALL, [()])])[1] == [(1, "one"), (2, None)]
    raw_of(db).rollback()
    assert line.ask([(ALL, [()])]) == [[]]
    line.ask([(ADD, [(3, "three")])])
    raw_of(db).commit()
    assert line.ask([(ALL, [()])]) == [[(3, "three")]]


def test_a_transaction_begins_as_the_connection_has_it(db: Connection, line: Pipeline) -> None:
    told = []
    for level in (None, IsolationLevel.REPEATABLE_READ, IsolationLevel.READ_COMMITTED):
        raw_of(db).rollback()
        raw_of(db).set_isolation_level(level)
        told += line.ask([("SHOW transaction_isolation", [()])])[0]
    assert told == [("read committed",), ("repeatable read",), ("read committed",)]


def test_statements_are_prepared_once_and_outlive_a_rollback(
    db: Connection, line: Pipeline
) -> None:
    for _ in range(4):
        line.ask([(NUMBERS, [(1,), (2,)]), (ALL, [()])])
        raw_of(db).rollback()
    assert len(names(db)) == 2


def test_what_the_driver_had_prepared_before_takes_none_of_ours_along(db: Connection) -> None:
    for _ in range(8):
        raw_of(db).execute("SELECT count(*) FROM list WHERE number > %s", (1,))
    assert names(db)
    raw_of(db).commit()
    line = pipeline_of(db)
    for _ in range(3):
        assert line.ask([(NUMBERS, [(1,)])]) == [[(1, "x1")]]
        raw_of(db).rollback()
    for _ in range(8):
        raw_of(db).execute("SELECT count(*) FROM list WHERE number > %s", (1,))
    raw_of(db).execute("ROLLBACK")
    assert line.ask([(NUMBERS, [(1,)])]) == [[(1, "x1")]]
    assert pipeline_of(db) is line


def test_one_that_is_refused_is_told_and_nothing_behind_it_happens(
    db: Connection, line: Pipeline
) -> None:
    line.ask([(ADD, [(1, "one")])])
    raw_of(db).commit()
    with pytest.raises(psycopg.errors.UniqueViolation) as error:
        line.ask([(ADD, [(2, "two"), (1, "again"), (3, "three")]), (NUMBERS, [(1,)])])
    assert error.value.diag.table_name == "list"
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        line.ask([(ALL, [()])])
    raw_of(db).rollback()
    # Also what was never prepared, because it stood behind the one that was refused.
    assert line.ask([(ALL, [()]), (NUMBERS, [(1,)])]) == [[(1, "one")], [(1, "x1")]]
    assert not raw_of(db).closed


def test_a_statement_that_cannot_be_understood_leaves_the_line_as_it_was(
    db: Connection, line: Pipeline
) -> None:
    for _ in range(2):
        with pytest.raises(psycopg.errors.UndefinedTable):
            line.ask([(NUMBERS, [(1,)]), ("SELECT * FROM nowhere", [()])])
        raw_of(db).rollback()
    assert line.ask([(NUMBERS, [(1,)])]) == [[(1, "x1")]]


@pytest.mark.parametrize("word", ["a\x00b", "\ud800"])
def test_what_no_text_can_hold_is_refused_before_anything_is_sent(
    db: Connection, line: Pipeline, word: str
) -> None:
    with pytest.raises((psycopg.DataError, UnicodeEncodeError)):
        line.ask([(ADD, [(1, "one"), (2, word)])])
    assert line.ask([(ALL, [()])]) == [[]]
    assert not raw_of(db).closed


def test_neither_side_waits_for_the_other_however_much_is_said(line: Pipeline) -> None:
    """More than all buffers on the way hold, in both directions at once."""
    words = [[letter * BIG] for letter in "abc"]
    asked = [(WORDS, [(given,) for given in words])] * 3
    assert line.ask(asked) == [[(word,) for (word,) in words]] * 3


@pytest.mark.parametrize("how", ["forgotten", "changed"])
def test_a_statement_that_is_spoilt_costs_one_connection(
    db: Connection, line: Pipeline, how: str
) -> None:
    line.ask([(ALL, [()])])
    if how == "forgotten":
        db.exec_driver_sql("DEALLOCATE ALL")
    else:
        db.exec_driver_sql("ALTER TABLE list ADD COLUMN more int")
    raw_of(db).commit()
    with pytest.raises(psycopg.Error):
        line.ask([(ALL, [()])])
    assert raw_of(db).closed


def test_a_sale_after_it_has_a_new_one(postgres: Postgres) -> None:
    with postgres.lending() as server:
        here = Town(server.new())
        here.service.vend(OPERATOR, request("v1"))
        assert here.store._kept is not None
        raw_of(here.store._kept).execute("DEALLOCATE ALL")
        raw_of(here.store._kept).commit()
        with pytest.raises(Unavailable):
            here.service.vend(OPERATOR, request("v2"))
        assert not here.service.vend(OPERATOR, request("v2")).replayed
        assert here.service.verify(ADMIN).entries == 2
        here.store.close()


def test_the_last_words_of_a_server_are_told(db: Connection, line: Pipeline) -> None:
    line.ask([(ALL, [()])])
    with plain(db.engine.url) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with pytest.raises(psycopg.errors.AdminShutdown):
        line.ask([(NUMBERS, [(1,)]), (ALL, [()])])
    assert raw_of(db).closed


def test_who_is_interrupted_in_the_middle_leaves_no_answers_behind(
    db: Connection, line: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(line, "_take", interrupted)
        with pytest.raises(KeyboardInterrupt):
            line.ask([(ALL, [()])])
    assert raw_of(db).closed


def test_what_is_begun_is_done_in_its_order_and_told_with_the_next_trip(
    db: Connection, line: Pipeline
) -> None:
    line.ask([(ALL, [()])])
    for number in range(1, 6):
        line.begin([(ADD, [(number, "begun")]), (NUMBERS, [(3,)])])
    before = line.is_pending
    assert line.ask([(NUMBERS, [(1,)]), (ALL, [()])]) == [
        [(1, "x1")],
        [(number, "begun") for number in range(1, 6)],
    ]
    assert (before, line.is_pending) == (True, False)
    raw_of(db).commit()
    # Alone, without a trip behind it.
    line.begin([(ADD, [(6, "last")])])
    line.finish()
    line.finish()
    raw_of(db).commit()
    assert line.ask([(ALL, [()])])[0][-1] == (6, "last")


def test_what_was_begun_and_refused_is_told_once_by_what_comes_next(
    db: Connection, line: Pipeline
) -> None:
    line.ask([(ADD, [(1, "one")])])
    raw_of(db).commit()

    def refused() -> None:
        line.ask([(NUMBERS, [(1,)])])
        line.begin([(ADD, [(2, "two"), (1, "again")])])

    refused()
    with pytest.raises(psycopg.errors.UniqueViolation):
        line.ask([(ALL, [()])])
    raw_of(db).rollback()
    # Waited for by who could not be told: then by the next one.
    refused()
    line.settle()
    assert line.is_pending
    with pytest.raises(psycopg.errors.UniqueViolation):
        line.begin([(ADD, [(3, "three")])])
    raw_of(db).rollback()
    refused()
    line.forget()
    raw_of(db).rollback()
    assert line.ask([(ALL, [()])]) == [[(1, "one")]]
    assert not raw_of(db).closed


def test_other_ways_to_the_server_wait_for_what_was_begun(postgres: Postgres) -> None:
    with postgres.lending() as server:
        store = open_store(server.new(empty=True), must_be_current=False)
        with store.engine.connect() as db:
            db.exec_driver_sql("CREATE TABLE list (number int PRIMARY KEY, word text)")
            db.commit()
            line = pipeline_of(db)
            line.ask([(ALL, [()])])
            line.begin([(ADD, [(1, "one")])])
            assert db.exec_driver_sql("SELECT count(*) FROM list").scalar() == 1
            line.begin([(ADD, [(2, "two")])])
            db.commit()
            db.begin()
            line.ask([(ALL, [()])])
            line.begin([(ADD, [(3, "three")])])
            db.rollback()
            db.begin()
            assert line.ask([(ALL, [()])]) == [[(1, "one"), (2, "two")]]
            line.begin([(ADD, [(1, "again")])])
            # It finds the transaction of no more use, and what for is told behind it.
            with pytest.raises(InternalError):
                db.exec_driver_sql("SELECT 1")
            with pytest.raises(psycopg.errors.UniqueViolation):
                line.ask([(ALL, [()])])
            db.rollback()
            db.begin()
            line.ask([(ALL, [()])])
            line.begin([(ADD, [(1, "again")])])
            # The server would make a rollback of it, and say nothing.
            with pytest.raises(IntegrityError):
                db.commit()
            raw_of(db).rollback()
            assert line.ask([(ALL, [()])]) == [[(1, "one"), (2, "two")]]
            raw_of(db).rollback()
        store.close()


def test_neither_side_waits_for_the_other_however_much_is_begun(line: Pipeline) -> None:
    words = [[letter * BIG] for letter in "abc"]
    for _ in range(3):
        line.begin([(WORDS, [(given,) for given in words])])
    assert line.ask([(NUMBERS, [(1,)])]) == [[(1, "x1")]]


def test_the_last_words_of_a_server_that_went_with_what_was_begun(
    db: Connection, line: Pipeline
) -> None:
    line.ask([(ALL, [()])])
    line.begin([("SELECT pg_sleep(10)", [()])])
    with plain(db.engine.url) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with pytest.raises(psycopg.errors.AdminShutdown):
        line.ask([(ALL, [()])])
    assert raw_of(db).closed
    assert not line.is_pending
