"""The network loses things, between a till and the API and between the store and PostgreSQL: what
is not known is said to be unknown, nothing is written twice, and asking again with the same vend
id gives the sale that was made, digit for digit."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import make_url

from meters.errors import RaseedError
from tests.databases import Postgres, new_place
from tests.system.everything import MORE_METERS
from tests.system.installation import Installation, NoAnswer
from tests.system.invariants import Witness, digits_of, order, settle_and_check
from tests.system.proxy import Cut, Proxy, Target, proxy
from tests.vending.support import OPERATOR, SetClock, Town, service
from vending.sale import SaleReceipt
from vending.service import VendingService
from vending.store import CommitUnknown, StoreFailed, open_store

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


def server_of(url: str) -> Target:
    """Where the server of this URL listens."""
    parts = make_url(url)
    folder = parts.query.get("host")
    if isinstance(folder, str) and folder.startswith("/"):
        return Path(folder) / f".s.PGSQL.{parts.query.get('port', 5432)}"
    return (str(folder or parts.host or "127.0.0.1"), parts.port or 5432)


def through(url: str, between: Proxy) -> str:
    """The same database by way of the proxy."""
    parts = make_url(url).set(host="127.0.0.1", port=between.port)
    return parts.set(query={}).render_as_string(hide_password=False)


# Between the store and PostgreSQL


@pytest.fixture
def there(postgres: Postgres) -> str:
    """A town on PostgreSQL."""
    url = postgres.new()
    Town(url, more_meters=MORE_METERS).store.close()
    return url


@pytest.fixture
def between(there: str) -> Iterator[Proxy]:
    with proxy(server_of(there)) as made:
        yield made


@pytest.fixture
def selling(there: str, between: Proxy) -> Iterator[VendingService]:
    """Through the proxy, with one connection that is open and warm."""
    store = open_store(through(there, between), busy_timeout_s=5)
    made = service(store, SetClock())
    made.vend(*order("earlier"))
    yield made
    store.close()


COMMIT: Final = b"COMMIT\0"
"""A statement ends with a zero byte; `READ COMMITTED` does not count."""
ROWS: Final = b'"vend_id":"'
"""In what is written; the statement itself the server knows since the sale before."""
CUTS: list[tuple[Cut, bytes, type[RaseedError], bool]] = [
    (Cut.BEFORE, b"BEGIN", StoreFailed, False),
    (Cut.AFTER, b"BEGIN", StoreFailed, False),
    (Cut.BEFORE, ROWS, StoreFailed, False),
    (Cut.AFTER, ROWS, StoreFailed, False),
    (Cut.BEFORE, COMMIT, CommitUnknown, False),
    (Cut.AFTER, COMMIT, CommitUnknown, True),
]
"""Where, at which words of the store, what is told, and whether the sale has happened."""


@pytest.mark.parametrize(("where", "words", "told", "happened"), CUTS)
def test_the_database_is_lost(
    there: str,
    between: Proxy,
    selling: VendingService,
    where: Cut,
    words: bytes,
    told: type[RaseedError],
    happened: bool,
) -> None:
    witness = Witness()
    witness.ask(["earlier", "v-1", "v-2"])
    began = between.sent.count(COMMIT), between.connections
    between.cut(where, words)
    answers = selling.vend_many([order("v-1"), order("v-2")])
    assert between.cuts == 1
    assert [type(answer) for answer in answers] == [told, told]
    # It was asked for once: no writing statement was sent again, no new connection was made.
    committed = between.sent.count(COMMIT) - began[0]
    assert committed == (words == COMMIT and where is Cut.AFTER)
    assert between.connections == began[1]

    again = selling.vend(*order("v-1"))
    assert again.replayed == happened
    assert selling.vend(*order("v-2")).replayed == happened
    assert selling.reprint(OPERATOR, "v-1").tokens == again.tokens
    witness.tell("v-1", digits_of(again))
    settle_and_check(there, selling, witness)


def test_the_answer_to_a_commit_is_long_in_coming(
    there: str, between: Proxy, selling: VendingService
) -> None:
    """Nobody knows while nothing is heard; when the line breaks it is unknown."""
    between.cut(Cut.SILENT, COMMIT)
    with ExitStack() as held, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(selling.vend, *order("v-1"))
        # Meanwhile it has happened, for everybody who asks elsewhere.
        elsewhere = service(held.enter_context(closing(open_store(there))), SetClock())
        until = time.monotonic() + 10
        while (found := elsewhere.sales(OPERATOR, limit=1))[0].vend_id != "v-1":
            assert time.monotonic() < until
        assert not asked.done()
        between.hang_up()
        with pytest.raises(CommitUnknown):
            asked.result(10)
    again = selling.vend(*order("v-1"))
    assert again.replayed
    assert again == found[0]


@pytest.mark.parametrize(
    ("words", "told"), [(b"BEGIN", StoreFailed), (COMMIT, CommitUnknown)], ids=["begin", "commit"]
)
def test_a_server_that_hangs_is_not_waited_for_for_ever(
    there: str, between: Proxy, words: bytes, told: type[RaseedError]
) -> None:
    """Its packets are still answered by somebody; the line is cut from this end, and the next sale
    has a line of its own."""
    with closing(open_store(through(there, between), patience_s=1)) as store:
        selling = service(store, SetClock())
        selling.vend(*order("earlier"))
        between.cut(Cut.SILENT, words)
        began = time.monotonic()
        with pytest.raises(told):
            selling.vend(*order("v-1"))
        assert 0.9 < time.monotonic() - began < 10
        assert between.cuts == 1
        # What has reached the server has happened there.
        assert selling.vend(*order("v-1")).replayed == (words == COMMIT)
        witness = Witness()
        witness.ask(["earlier", "v-1"])
        settle_and_check(there, selling, witness)


def test_nor_is_one_that_hangs_when_there_is_nothing_to_keep(there: str, between: Proxy) -> None:
    with closing(open_store(through(there, between), patience_s=1)) as store:
        selling = service(store, SetClock())
        sold = selling.vend(*order("earlier"))
        between.cut(Cut.SILENT, b"ROLLBACK\0")
        began = time.monotonic()
        with pytest.raises(StoreFailed):
            selling.vend(*order("earlier"))
        assert 0.9 < time.monotonic() - began < 10
        assert between.cuts == 1
        assert selling.vend(*order("earlier")) == sold
        witness = Witness()
        witness.ask(["earlier"])
        settle_and_check(there, selling, witness)


def test_a_line_that_says_nothing_is_given_up(there: str, between: Proxy) -> None:
    """By the system, for every connection: seconds until it asks, and until it stops waiting."""
    with (
        closing(open_store(through(there, between))) as store,
        store.engine.connect() as connection,
    ):
        driver: Any = connection.connection.dbapi_connection
        with socket.socket(fileno=os.dup(driver.fileno())) as line:
            assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            assert [line.getsockopt(socket.IPPROTO_TCP, o) for o in options] == [10, 5, 3]
            assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 25_000


def test_the_line_breaks_again_and_again(
    there: str, between: Proxy, selling: VendingService
) -> None:
    """At each of the packets of a sale in turn."""
    witness = Witness()
    witness.ask(["earlier"])
    places = [(where, words) for where, words, _, _ in CUTS]
    for number in range(30):
        vend_id = f"v-{number}"
        witness.ask([vend_id])
        between.cut(*places[number % len(places)])
        answers = [selling.vend_many([order(vend_id)])[0] for _ in range(3)]
        sold = [answer for answer in answers if isinstance(answer, SaleReceipt)]
        assert sold, answers
        for receipt in sold:
            witness.tell(vend_id, digits_of(receipt))
    assert between.cuts == 30
    settle_and_check(there, selling, witness)


# Between a till and the API

CALLS: Final = 3
STATUSES: Final = {Cut.BEFORE: {201}, Cut.AFTER: {200}, Cut.SILENT: {200, 201}}
"""Of asking again. A till that gave up early may be quicker than the API was with its first."""


@pytest.mark.parametrize("where", Cut)
def test_the_till_hears_nothing(
    kind: str, server: Postgres | None, tmp_path: Path, where: Cut
) -> None:
    place = tmp_path / "unused" if server is None else new_place(kind, tmp_path, server)
    here = Installation(tmp_path / "data", place, MORE_METERS)
    witness = Witness()
    with here.serving() as api, proxy(("127.0.0.1", api.port)) as between:
        for number in range(CALLS):
            vend_id = f"v-{number}"
            actor, request = order(vend_id)
            witness.ask([vend_id])
            assert actor.point is not None
            till = here.caller(api, actor.point, between.port)
            between.cut(where, vend_id.encode())
            # Where nothing is heard, the till gives up first.
            hasty = replace(till, timeout_s=0.5) if where is Cut.SILENT else till
            with pytest.raises(NoAnswer):
                hasty.vend(request)
            again = till.vend(request)
            assert again.status in STATUSES[where]
            witness.tell(vend_id, again.digits)
            witness.tell(vend_id, till.vend(request).digits)
            between.hang_up()
        assert between.cuts == CALLS
    with here.opened() as raseed:
        settle_and_check(here.place, raseed.service, witness)
