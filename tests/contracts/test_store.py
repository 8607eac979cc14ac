"""One contract for every store, on SQLite and on a real PostgreSQL server (`place`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Integer, func, insert, select, text
from sqlalchemy.exc import DBAPIError

from meters.account import Commodity, MeterAccount, Supply, SupplyState
from meters.errors import Broken, Invalid
from meters.quantities import Energy
from meters.values import replace
from meters.verdicts import TokenResult
from tests.vending.support import OPERATOR, POWER, SetClock, chart, request, service, town
from tokens.sts import BaseDate
from vending.aftersale import DeliveryEvent, MeterReading, SaleState
from vending.ground import BookedSale, Wanted
from vending.ledger import ChainHead, chained
from vending.parties import PartyExists, Registration
from vending.ports import Writing
from vending.record import SaleRecord
from vending.store import SqlStore, open_store, schema
from vending.vend import sale_entry


@pytest.fixture
def store(place: Path | str) -> Iterator[SqlStore]:
    made = open_store(place)
    with made.writing() as books:
        books.register(town())
    yield made
    made.close()


def wanted(**changes: Any) -> Wanted:
    nothing: dict[str, Any] = dict.fromkeys(
        ("vend_ids", "meters", "points", "operators", "terminals", "quotes"), ()
    )
    return Wanted(**{**nothing, "balance_account": "2010", **changes})


class Stop(Exception):
    """Something that goes wrong inside a transaction."""


def sold(store: SqlStore, vend_id: str = "v-1") -> SaleRecord:
    service(store, SetClock()).vend(OPERATOR, request(vend_id))
    with store.reading() as books:
        record = books.sale(vend_id)
    assert record is not None
    return record


def test_an_empty_store(store: SqlStore) -> None:
    with store.reading() as books:
        assert books.chain_head() == ChainHead()
        assert books.sale("v") is None
        assert books.sales() == []
        assert books.entries("v") == []
        assert books.delivery_events("v") == []
        assert books.copies("v") == 0
        assert books.last_tid(POWER.pan.number, BaseDate.BASE_2014) is None
        assert books.balance("2010", "A1", "ILS") == 0
        assert books.point("P9") is None
        assert books.customer("9") is None
        assert books.meter_file("9") is None
        assert list(books.stored_entries()) == []
        assert list(books.loose_ends(chart().cached())) == []


def test_parties_come_back_as_they_went_in(store: SqlStore) -> None:
    parties = town()
    with store.reading() as books:
        assert books.points() == sorted(parties.points, key=lambda p: p.code)
        assert books.customers() == list(parties.customers)
        files = books.meter_files()
    assert [f.meter for f in files] == list(parties.meters)
    assert [f.agreement for f in files] == list(parties.agreements)
    assert {f.service_point for f in files} == set(parties.service_points)


def _fail_at_the_end(store: SqlStore, record: SaleRecord) -> None:
    with store.writing() as books:
        books.register(Registration(customers=(replace(town().customers[0], account="3"),)))
        books.add_reprint("v-1", 1, record.sold_at, "Samir", "P1")
        other = replace(record, vend_id="v-2", receipt_number=2, tokens=())
        entry = chained(sale_entry(other, chart()), books.chain_head())
        books.book([BookedSale(replace(other, entry=entry.number), entry, ())])
        raise Stop


def test_whatever_fails_inside_leaves_nothing(store: SqlStore) -> None:
    record = sold(store)
    with pytest.raises(Stop):
        _fail_at_the_end(store, record)
    with store.reading() as books:
        assert books.customer("3") is None
        assert books.copies("v-1") == 0
        assert books.sale("v-2") is None
        assert books.chain_head().number == 1
        assert list(books.loose_ends(chart().cached())) == []
    with store.writing() as again:
        assert again.ground(wanted(points=["P1"])).points["P1"].receipts == 1


def test_a_sale_comes_back_as_it_went_in(store: SqlStore) -> None:
    record = sold(store)
    (token,) = record.tokens
    with store.reading() as books:
        assert books.sales() == [record]
        assert books.last_tid(record.pan, BaseDate.BASE_2014) == token.tid
        assert books.last_tid(record.pan, BaseDate.BASE_1993) is None
        (entry,) = books.entries("v-1")
        assert books.chain_head() == entry.head
        assert entry == chained(sale_entry(record, chart()), ChainHead())
        (stored,) = books.stored_entries()
    assert stored.postings == entry.entry.postings
    assert stored.cause_hash == entry.entry.content_hash
    assert stored.tokens == (token.kind,)


def _again(record: SaleRecord, change: dict[str, object], books: Writing) -> None:
    """Books the same sale once more, changed so that only one rule of the database is hit."""
    other = replace(record, **change)
    entry = chained(sale_entry(other, chart()), books.chain_head())
    books.book([BookedSale(replace(other, entry=entry.number), entry, ())])


@pytest.mark.parametrize(
    ("change", "table"),
    [
        ({}, "sales"),
        ({"vend_id": "v-2"}, "receipts"),
        ({"vend_id": "v-2", "receipt_number": 2}, "tokens"),
        ({"vend_id": "v-2", "receipt_number": 2, "balance_after": 7}, ""),
        ({"vend_id": "v-2", "receipt_number": 2, "tokens": (), "meter": "00000000000"}, ""),
    ],
)
def test_the_database_itself_refuses(
    store: SqlStore, change: dict[str, object], table: str
) -> None:
    """Vend id, receipt number and TID are used once; money is kept; parties exist."""
    record = sold(store)
    with pytest.raises(Broken) as error, store.writing() as books:
        _again(record, change, books)
    if table:
        assert error.value.facts() == {"table": table}
    with store.reading() as books:
        assert books.chain_head().number == 1
        assert list(books.loose_ends(chart().cached())) == []


def test_the_book_tables_are_insert_only(store: SqlStore) -> None:
    sold(store)
    at = datetime(2026, 11, 23, tzinfo=UTC)
    with store.writing() as books:
        books.add_reprint("v-1", 1, at, "Samir", "P1")
        books.add_delivery_event("v-1", DeliveryEvent(1, SaleState.DELIVERING, at, "Samir"))
        books.add_reading(reading(at))
    _fill(store, schema.BOOKS)
    for table in schema.BOOKS:
        column = schema.metadata.tables[table].columns.keys()[-1]
        statements = [f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"]
        if store.engine.dialect.name == "postgresql":
            statements.append(f"TRUNCATE {table} CASCADE")
        for statement in statements:
            with pytest.raises(DBAPIError, match="insert-only: "), store.engine.begin() as db:
                db.execute(text(statement))


def _fill(store: SqlStore, tables: tuple[str, ...]) -> None:
    """A row of anything in every table that has none: SQLite asks its triggers row by row."""
    if store.engine.dialect.name != "sqlite":
        return
    with store.engine.connect() as db:
        raw: Any = db.connection.dbapi_connection
        # The rows refer to nothing, and inside a transaction this would have no effect.
        raw.execute("PRAGMA foreign_keys=OFF")
        with db.begin():
            for table in (schema.metadata.tables[name] for name in tables):
                if db.execute(select(func.count()).select_from(table)).scalar_one() == 0:
                    values = {
                        c.name: datetime(2026, 11, 23, tzinfo=UTC)
                        if isinstance(c.type, schema.UtcTime)
                        else 1
                        if isinstance(c.type, Integer)
                        else "1"
                        for c in table.columns
                    }
                    db.execute(insert(table).values(values))


def test_every_table_is_a_book_or_may_change() -> None:
    changing = {"points", "customers", "service_points", "meters", "agreements", "operators"}
    caches = {"balances", "counters", "chain", "accounts", "blocks", "open_shifts"}
    passing = {"quotes", "outbox", "sign_in_tries"}
    people = {"users", "sessions", "device_keys", "api_keys", "municipality", "customer_marks"}
    told = {"faults", "sample_parties", "trail_head", "attestation_head"}
    assert set(schema.metadata.tables) == {
        *schema.BOOKS,
        *changing,
        *caches,
        *passing,
        *people,
        *told,
    }


def reading(at: datetime) -> MeterReading:
    return MeterReading(
        POWER.number,
        MeterAccount(
            commodity=Commodity.ELECTRICITY,
            balance=Energy(-5),
            total_supplied=Energy(1_000_000),
            supply=Supply(False, SupplyState.DISCONNECTED, frozenset({"tamper", "credit"})),
            tokens_accepted=3,
            last_result=TokenResult.OLD_ERROR,
            read_at=at,
        ),
        "Rami",
    )


def test_readings_and_events_come_back_as_they_went_in(store: SqlStore) -> None:
    sold(store)
    at = datetime(2026, 11, 23, 1, 2, 3, 4, tzinfo=UTC)
    events = [
        DeliveryEvent(1, SaleState.DELIVERING, at, "Samir", None, 0, ""),
        DeliveryEvent(2, SaleState.REFUSED, at, "Samir", TokenResult.OLD_ERROR, None, "pushed"),
    ]
    with store.writing() as books:
        for event in events:
            books.add_delivery_event("v-1", event)
        books.add_reading(reading(at))
    with store.reading() as books:
        assert books.delivery_events("v-1") == events
        assert books.readings(POWER.number) == [reading(at)]
    with pytest.raises(Broken), store.writing() as books:
        books.add_delivery_event("v-1", events[1])


def test_readings_go_on_behind_the_last_of_a_page(store: SqlStore) -> None:
    at = datetime(2026, 11, 23, 1, 2, 3, 4, tzinfo=UTC)
    with store.writing() as books:
        ids = [books.add_reading(reading(at)) for _ in range(5)]
    seen: list[int] = []
    with store.reading() as books:
        while page := books.readings(POWER.number, before=min(seen, default=None), limit=2):
            seen += [one.id for one in page]
    assert seen == sorted(ids, reverse=True)


def test_sales_in_doubt_go_on_behind_the_last_of_a_page(store: SqlStore) -> None:
    """Also behind one that was settled while the page was read; two of one moment are two."""
    first = datetime(2026, 11, 23, 1, 2, 3, 4, tzinfo=UTC)
    moments = {"v-1": first, "v-2": first + timedelta(hours=1), "v-3": first, "v-4": first}
    for vend_id in moments:
        sold(store, vend_id)
    with store.writing() as books:
        for vend_id, at in moments.items():
            books.add_delivery_event(
                vend_id, DeliveryEvent(1, SaleState.DELIVERING, at, "Samir", None, 0, "")
            )
    with store.reading() as books:
        assert books.unsettled(2) == ["v-1", "v-3"]
    with store.writing() as books:
        taken = DeliveryEvent(2, SaleState.DELIVERED, first + timedelta(days=1), "Samir")
        books.add_delivery_event("v-3", taken)
    with store.reading() as books:
        assert books.unsettled(2, "v-3") == ["v-4", "v-2"]
        assert books.unsettled(2, "v-2") == books.unsettled(2, "\0") == []


def test_a_reader_sees_one_moment(store: SqlStore) -> None:
    with store.reading() as before:
        assert before.chain_head().number == 0
        sold(store)
        assert before.chain_head().number == 0
        assert before.sale("v-1") is None
    with store.reading() as after:
        assert after.chain_head().number == 1


def test_parties_are_unique(store: SqlStore) -> None:
    for same in (
        Registration(points=town().points[:1]),
        Registration(customers=town().customers[:1]),
        Registration(meters=town().meters[:1]),
        Registration(agreements=(replace(town().agreements[0], number="A9"),)),
    ):
        with pytest.raises(PartyExists) as error, store.writing() as books:
            books.register(same)
        assert not isinstance(error.value, Invalid)


def test_the_writers_connection_is_kept_until_something_goes_wrong(store: SqlStore) -> None:
    pool: Any = store.engine.pool
    with store.writing() as books:
        first = books._db.connection
    with store.writing() as books:
        assert books._db.connection is first
    assert pool.checkedout() == 1
    sold(store)
    with pytest.raises(Stop), store.writing() as books:  # noqa: PT012
        books.add_reprint("v-1", 1, datetime(2026, 3, 1, tzinfo=UTC), "sami", "P1")
        raise Stop
    # Rolled back and handed in: nobody holds a lock, and the next one asks the pool.
    assert pool.checkedout() == 0
    with store.writing() as books:
        assert books.copies("v-1") == 0
        books.nothing_to_keep()
    assert pool.checkedout() == 1
    store.close()
    assert pool.checkedout() == 0
