"""The service's login on PostgreSQL sells, and can change nothing that is in the books."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import ProgrammingError

from tests.databases import Postgres, plain
from tests.vending.attested.support import approve, block, keep_tariffs, plan_and_call_off
from tests.vending.support import (
    ADMIN,
    OPERATOR,
    SetClock,
    Town,
    put_operator,
    put_point,
    request,
    service,
)
from vending.aftersale import DeliveryEvent, Evidence, SaleState
from vending.parties import Registration, VendingPoint
from vending.requests import BasketRequest, Credit
from vending.samples import Samples
from vending.store import (
    RightsNotHere,
    RightsOfOwner,
    StoreFailed,
    give_rights,
    open_store,
    rights,
    upgrade,
)
from vending.store.samples import SqlSamples
from vending.store.schema import BOOKS


@contextmanager
def login(town: Town) -> Iterator[str]:
    """A login at the town's server that owns nothing; at the end the town is closed and it is
    gone."""
    assert isinstance(town.place, str)
    role = "raseed_service_of_tests"
    with plain(town.place) as db:
        db.execute(f"CREATE ROLE {role} LOGIN".encode())
    try:
        yield role
    finally:
        town.store.close()
        with plain(town.place) as db:
            db.execute(f"DROP OWNED BY {role}".encode())
            db.execute(f"DROP ROLE {role}".encode())


def test_it_writes_and_changes_nothing(postgres: Postgres) -> None:
    town = Town(postgres.new())
    assert isinstance(town.place, str)
    with login(town) as role:
        statements = give_rights(town.store.engine, role)
        assert statements == rights(town.store.engine, role)
        own = make_url(town.place).set(username=role)
        store = open_store(own)
        try:
            sells = service(store, SetClock())
            sells.vend(OPERATOR, request("v-1"))
            item = Credit(request().meter, request().amount)
            sells.vend_basket(OPERATOR, BasketRequest("v-2", (item,), hold=True))
            assert sells.void(OPERATOR, "v-2", "wrong meter").evidence is Evidence.NOT_SHOWN
            sells.vend_basket(OPERATOR, BasketRequest("v-3", (item,), hold=True))
            sells.show(OPERATOR, "v-3")
            sells.bind(OPERATOR, request().meter, request().amount)
            for limit in (9_000, 8_000):
                put_operator(store, "rana", most_per_day=limit)
                put_point(store, "P2", most_per_day=limit)
            approve(store, sells._ports.clock())
            keep_tariffs(store, sells._ports.clock())
            block(store, sells._ports.clock())
            plan_and_call_off(store, sells._ports.clock())
            with store.writing() as books:
                pushed = DeliveryEvent(1, SaleState.DELIVERING, sells._ports.clock(), "Samir")
                books.add_delivery_event("v-1", pushed)
            trial = Registration(points=(VendingPoint("TRY", "تجربة", "To try out"),))
            samples = Samples(SqlSamples(store), lambda _: trial, sells._ports.clock)
            samples.add(ADMIN)
            samples.remove(ADMIN)
            assert sells.verify(ADMIN).ok
            for table in BOOKS:
                for statement in (
                    f"UPDATE {table} SET {next(iter(_columns(table)))} = NULL",
                    f"DELETE FROM {table}",
                    f"TRUNCATE {table}",
                    f"ALTER TABLE {table} DISABLE TRIGGER ALL",
                    f"DROP TRIGGER {table}_insert_only ON {table}",
                ):
                    with (
                        store.engine.connect() as db,
                        pytest.raises(ProgrammingError, match=r"denied|must be owner"),
                    ):
                        db.exec_driver_sql(statement)
        finally:
            store.close()


def _columns(table: str) -> list[str]:
    from vending.store.schema import metadata

    return list(metadata.tables[table].columns.keys())


def test_a_login_without_rights_is_told_so(postgres: Postgres) -> None:
    """Bringing the schema to this version, too, is the owner's."""
    town = Town(postgres.new())
    assert isinstance(town.place, str)
    with login(town) as role:
        url = make_url(town.place).set(username=role)
        store = open_store(url, must_be_current=False)
        try:
            with pytest.raises(StoreFailed, match="the database login lacks a right"):
                upgrade(store.engine)
            with pytest.raises(StoreFailed, match="the database login lacks a right"):
                open_store(url)
        finally:
            store.close()


def test_the_owner_is_no_login_for_the_service(postgres: Postgres) -> None:
    town = Town(postgres.new())
    assert isinstance(town.place, str)
    try:
        with pytest.raises(RightsOfOwner):
            give_rights(town.store.engine, str(make_url(town.place).username))
        assert town.service.vend(OPERATOR, request("v-1")).tokens
    finally:
        town.store.close()


def test_a_file_knows_no_logins(tmp_path: Path) -> None:
    town = Town(tmp_path / "t.db")
    with pytest.raises(RightsNotHere):
        give_rights(town.store.engine, "anybody")
    town.store.close()
