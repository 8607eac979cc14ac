"""A database that fails: what is known then, that nothing of a row is told, and that asking again
settles it."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from meters.errors import RaseedError
from meters.values import replace
from tests.databases import Postgres, plain
from tests.vending.support import (
    ADMIN,
    OPERATOR,
    POWER,
    START,
    Town,
    chart,
    new_store,
    request,
    service,
    town,
)
from vending.accounting import BookReports
from vending.accounting.errors import HolderWrong
from vending.ground import BookedSale
from vending.messages import LOCAL_ZONE
from vending.parties import Actor, CustomerUnknown, PointUnknown, Registration, Role
from vending.requests import basket_of
from vending.sale import SaleReceipt
from vending.selling import Selling
from vending.store import (
    CommitUnknown,
    StoreDiskFailed,
    StoreFailed,
    StoreFull,
    StoreLocked,
    open_store,
)
from vending.store.api_keys import SqlApiKeys
from vending.store.books import SqlBooks
from vending.store.errors import StoreContradiction
from vending.tariff import AmountTooLow
from vending.tariff.errors import QuoteMissing
from vending.vend import VendUnknown

PATIENCE = {"sqlite": "PRAGMA busy_timeout", "postgresql": "SHOW lock_timeout"}


@pytest.fixture
def here(place: Path | str) -> Iterator[Town]:
    made = Town(place, busy_timeout_s=0.2)
    yield made
    made.store.close()


@pytest.fixture
def there(postgres: Postgres) -> Iterator[Town]:
    """On PostgreSQL."""
    made = Town(postgres.new(), busy_timeout_s=0.2)
    yield made
    made.store.close()


def failing(here: Town, kept: bool, error: Exception) -> Callable[[], None]:
    """Lets the next commit fail, before or after it has happened. Returns how to stop it."""
    dialect: Any = here.store.engine.dialect
    real = dialect.do_commit

    def do_commit(connection: Any) -> None:
        if kept:
            real(connection)
        else:
            connection.rollback()
        raise error

    dialect.do_commit = do_commit

    def stop() -> None:
        dialect.do_commit = real

    return stop


COMMITS: dict[str, list[tuple[Exception, bool, type[RaseedError]]]] = {
    "sqlite": [
        (sqlite3.OperationalError("disk I/O error"), True, CommitUnknown),
        (sqlite3.OperationalError("disk I/O error"), False, CommitUnknown),
        (sqlite3.OperationalError("database or disk is full"), False, StoreFull),
    ],
    "postgresql": [
        (psycopg.OperationalError("server closed the connection"), True, CommitUnknown),
        (psycopg.OperationalError("server closed the connection"), False, CommitUnknown),
        (psycopg.errors.AdminShutdown("terminating connection"), True, CommitUnknown),
        (psycopg.errors.DiskFull("no space left on device"), False, StoreFull),
        (psycopg.errors.SerializationFailure("could not serialize"), False, StoreLocked),
    ],
}


@pytest.mark.parametrize(
    ("kind", "error", "kept", "told"),
    [(kind, *way) for kind, ways in COMMITS.items() for way in ways],
    indirect=["kind"],
)
def test_a_commit_that_fails(
    here: Town, error: Exception, kept: bool, told: type[RaseedError]
) -> None:
    stop = failing(here, kept, error)
    with pytest.raises(told):
        here.service.vend(OPERATOR, request())
    stop()
    if "I/O" in str(error):
        # What the disk holds is not known to this process, whatever it is told from now on.
        for vend_id in ("v-1", "v-2"):
            with pytest.raises(StoreDiskFailed):
                here.service.vend(OPERATOR, request(vend_id))
        with pytest.raises(StoreDiskFailed):
            here.store.check_writing()
        with pytest.raises(StoreDiskFailed):
            SqlApiKeys(here.store, 0.2).revoke("nobody", START)
        assert here.service.meter(OPERATOR, POWER.number).meter.number == POWER
        assert here.service.verify(ADMIN).ok
        here.store.close()
        here.store = new_store(here.place)
        here.service = service(here.store, here.clock)
    again = here.service.vend(OPERATOR, request())
    assert again.replayed == kept
    assert here.service.what_became(OPERATOR, "v-1").receipt == again
    report = here.service.verify(ADMIN)
    assert (report.ok, report.entries) == (True, 1)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_disk_that_does_not_read_stops_no_commit(here: Town) -> None:
    """Once it reads again: what was committed is not in doubt."""
    dialect: Any = here.store.engine.dialect

    def do_execute(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    dialect.do_execute = do_execute
    with pytest.raises(StoreFailed):
        here.service.meter(OPERATOR, POWER.number)
    del dialect.do_execute
    here.store.check_writing()
    assert not here.service.vend(OPERATOR, request()).replayed


def test_a_refused_row_is_not_told(here: Town) -> None:
    receipt = here.service.vend(OPERATOR, request())
    with here.store.reading() as books:
        record = books.sale("v-1")
        (entry,) = books.entries("v-1")
    assert record is not None
    # Refused by a check, which on PostgreSQL quotes the whole row.
    wrong = replace(record, vend_id="v-2", receipt_number=2, balance_after=7)
    for booked in (record, wrong):
        with pytest.raises(StoreContradiction) as error, here.store.writing() as books:
            books.book([BookedSale(booked, replace(entry, number=2), ())])
        said = f"{error.value} {error.value!r} {error.value.facts()} {error.value.__cause__}"
        assert receipt.tokens[0].digits not in said
        assert "Samira" not in said


def test_texts_that_a_database_cannot_hold_are_nobody(here: Town) -> None:
    with pytest.raises(VendUnknown):
        here.service.what_became(OPERATOR, "v\x00")
    with pytest.raises(CustomerUnknown):
        here.service.customer(OPERATOR, "1\x00")
    assert here.service.customers(OPERATOR, "a\x00b") == []
    assert here.service.customers(OPERATOR, after="\x00") is not None
    with pytest.raises(QuoteMissing):
        here.service.vend(OPERATOR, replace(request(), quote_id="q\x00"))
    with pytest.raises(PointUnknown):
        here.service.vend(replace(OPERATOR, point="P\x00"), request())
    reports = BookReports(SqlBooks(here.store), chart(), here.clock, LOCAL_ZONE)
    billing = Actor("Layla", Role.BILLING)
    with pytest.raises(PointUnknown):
        reports.takings(billing, "P\x00")
    with pytest.raises(HolderWrong):
        reports.account(billing, "1010", "P\x00")


def test_a_row_that_does_not_fit(there: Town) -> None:
    long = replace(town().customers[0], account="9" * 31)
    with pytest.raises(StoreContradiction), there.store.writing() as books:
        books.register(Registration(customers=(long,)))


def test_another_writer_does_not_finish(there: Town) -> None:
    assert isinstance(there.place, str)
    with plain(there.place) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM chain FOR UPDATE")
        with pytest.raises(StoreLocked) as error:
            there.service.vend(OPERATOR, request())
        assert error.value.waited_s == 0.2
        # Reading goes on.
        assert there.service.sales(OPERATOR) == []
    assert not there.service.vend(OPERATOR, request()).replayed


def test_a_sale_sees_what_was_committed_while_it_waited(there: Town) -> None:
    """Its questions travel with the one for the writer's place, and are answered after it."""
    assert isinstance(there.place, str)
    patient = open_store(there.place, busy_timeout_s=60)
    selling = Selling(service(patient, there.clock).ports)
    told: list[object] = []
    waiting = threading.Thread(
        target=lambda: told.extend(selling.vend_many([(OPERATOR, request("v-2"))]))
    )
    try:
        with there.store.writing() as books, plain(there.place) as watched:
            waiting.start()
            while not watched.execute(
                "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                " AND datname = current_database()"
            ).fetchone():
                assert waiting.is_alive(), told
            Selling(there.service.ports).sell_within(books, OPERATOR, basket_of(request("v-1")))
        waiting.join(60)
        (second,) = told
        assert isinstance(second, SaleReceipt)
        assert second.number == 2
        assert there.service.verify(ADMIN).ok
        assert [sale.vend_id for sale in there.service.sales(OPERATOR)] == ["v-2", "v-1"]
    finally:
        patient.close()


def test_who_sells_at_once_waits_for_no_other_writer(place: Path | str) -> None:
    here = Town(place, busy_timeout_s=60)
    other = open_store(place)
    try:
        with other.writing() as books:
            books.chain_head()
            began = time.monotonic()
            assert here.service.vend_at_once([(OPERATOR, request())]) is None
            assert time.monotonic() - began < 30
            books.nothing_to_keep()
        told = here.service.vend_at_once(
            [(OPERATOR, request()), (OPERATOR, request("v-2", amount="0.01"))]
        )
        assert told is not None
        receipt, refused = told
        assert isinstance(receipt, SaleReceipt)
        assert isinstance(refused, AmountTooLow)
        assert here.service.verify(ADMIN).entries == 1
        # Everybody else waits as before, on the same connections too.
        with here.store.writing() as books:
            books.nothing_to_keep()
            patience = books._db.exec_driver_sql(PATIENCE[here.store.engine.dialect.name])
            assert patience.scalar() in (60_000, "1min")
    finally:
        other.close()
        here.store.close()


def test_who_sells_at_once_waits_for_no_other_thread(here: Town) -> None:
    with here.store.writing() as books:
        assert here.service.vend_at_once([(OPERATOR, request())]) is None
        books.nothing_to_keep()
    told = here.service.vend_at_once([(OPERATOR, request())])
    assert told is not None
    (receipt,) = told
    assert isinstance(receipt, SaleReceipt)
    assert not receipt.replayed


def _end_connections(there: Town) -> None:
    assert isinstance(there.place, str)
    with plain(there.place) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_the_connection_is_lost_within_a_sale(there: Town) -> None:
    assert isinstance(there.place, str)
    with plain(there.place) as db:
        db.execute(
            "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END'"
        )
        db.execute("CREATE TRIGGER lost BEFORE INSERT ON tokens EXECUTE FUNCTION lose()")
    with pytest.raises(StoreFailed) as error:
        there.service.vend(OPERATOR, request())
    with plain(there.place) as db:
        db.execute("DROP TRIGGER lost ON tokens")
    # Its last words are heard, though the line was cut behind them.
    assert error.value.reason == "the database server is stopping or starting"
    assert not there.service.vend(OPERATOR, request()).replayed
    assert there.service.verify(ADMIN).entries == 1


def test_connections_that_died_while_nobody_looked(there: Town) -> None:
    """A database that was restarted: nothing happens, and the next call is served."""
    there.service.vend(OPERATOR, request())
    _end_connections(there)
    with pytest.raises(StoreFailed):
        there.service.vend(OPERATOR, request("v-2"))
    assert not there.service.vend(OPERATOR, request("v-2")).replayed


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed) as error:
        open_store(f"postgresql+psycopg://u:secret@/books?host={tmp_path}")
    assert error.value.reason == "no connection to the database server"
    assert error.value.__cause__ is None


def test_postgresql_is_set_up_to_be_durable(there: Town) -> None:
    assert isinstance(there.place, str)
    with plain(there.place) as db:
        db.execute("ALTER ROLE current_user SET synchronous_commit = off")
    there.store.close()
    try:
        with there.store.engine.connect() as db:
            for setting, value in (
                ("synchronous_commit", "on"),
                ("lock_timeout", "200ms"),
                ("TimeZone", "UTC"),
                ("transaction_isolation", "read committed"),
            ):
                assert db.execute(text(f"SHOW {setting}")).scalar() == value
    finally:
        with plain(there.place) as db:
            db.execute("ALTER ROLE current_user RESET synchronous_commit")
