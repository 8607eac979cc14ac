"""Servers on one database, and prices that begin while they sell: each sale is priced by the
version that holds when it says, whoever asks when, and a promise is kept or its end is told. On
both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event, Lock
from typing import Any

import pytest

from meters.quantities import Money
from tests.vending.support import ADMIN, OPERATOR, POWER, SetClock
from vending import tariffrules
from vending.requests import BasketRequest, Credit
from vending.sale import SaleReceipt
from vending.tariff import BindingQuote, QuoteChanged, live
from vending.tariff.errors import TariffsUnseen
from vending.tariff.live import PERIOD_NS
from vending.tariff.rows import TariffRows, TariffStore

from .office import CODE, Office, draft

pytestmark = pytest.mark.system

SOON = "2026-11-24T12:00:00+02:00"
"""Within the month, so that nothing else begins with the version."""
BEGINS = datetime.fromisoformat(SOON)
APART = timedelta(minutes=1)


@pytest.fixture
def other(office: Office) -> Iterator[Office]:
    """Another server, whose clock stands a minute ahead."""
    made = Office(office.place, SetClock(office.clock.now + APART), founds=False)
    yield made
    made.close()


def at(moment: datetime, slow: Office, quick: Office) -> None:
    """It is `moment` by the clock of the one; the other has looked at the tariffs since."""
    slow.clock.now, quick.clock.now = moment, moment + APART
    quick.second_passes()


@dataclass
class Watched:
    """A lock that tells when somebody finds it taken."""

    lock: Any = field(default_factory=Lock)
    met: Event = field(default_factory=Event)

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if self.lock.acquire(blocking=False):
            return True
        self.met.set()
        return bool(timeout) and self.lock.acquire(blocking, timeout)

    def release(self) -> None:
        self.lock.release()


@dataclass
class Asked:
    """A database that is asked, and answers when it is let."""

    store: TariffStore
    before: Callable[[], object]

    @contextmanager
    def reading(self) -> Iterator[TariffRows]:
        self.before()
        with self.store.reading() as rows:
            yield rows

    def writing(self) -> Any:
        return self.store.writing()


def test_a_quiet_server_sells_nothing_by_a_price_that_ended_while_nobody_asked(
    office: Office, other: Office
) -> None:
    """Two come at once after a long silence: the first looks what holds by now, and the second
    does not go on by what held then."""
    lock = Watched()
    office.approved(draft(begins=SOON))
    other.clock.now = BEGINS
    other.ticks += 3600 * PERIOD_NS
    asked = Event()
    other.tariffs._checking = lock  # type: ignore[assignment]
    kept = other.tariffs._store

    def until_the_second_comes() -> None:
        asked.set()
        assert lock.met.wait(10)

    other.tariffs._store = Asked(kept, until_the_second_comes)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(other.tariffs.versions, CODE)
        assert asked.wait(10)
        second = pool.submit(other.sell, "v-2")
        assert [one.version for one in first.result(10)] == [1, 2]
        assert second.result(10).quote.tariff_version == 2


def test_who_cannot_learn_which_price_holds_sells_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PATIENCE_S", 0.01)
    office.ticks += live.OLDEST_NS - 1
    with office.tariffs._checking:
        # Young enough: every change is told longer before.
        assert office.sell("v-1").quote.tariff_version == 1
        office.ticks += 1
        with pytest.raises(TariffsUnseen):
            office.sell("v-2")
        # Who looks may hang for ever: the next one looks, and waits for nobody.
        assert office.sell("v-2").quote.tariff_version == 1
    assert tariffrules.NOTICE.total_seconds() * PERIOD_NS > live.OLDEST_NS


def test_who_looked_long_ago_tells_nothing_over_who_has_looked_since(
    office: Office, other: Office
) -> None:
    kept = other.tariffs._store

    class Late(Asked):
        @contextmanager
        def reading(self) -> Iterator[TariffRows]:
            with kept.reading() as rows:
                # This moment is what it sees.
                assert rows.counts()
                other.tariffs._store = kept
                self.before()
                yield rows

    def meanwhile() -> None:
        office.approved(draft(begins=SOON))
        other.second_passes()
        other.tariffs._check()

    other.tariffs._store = Late(kept, meanwhile)
    other.tariffs._check()
    assert [one.version for one in other.tariffs._held.book.versions(CODE)] == [1, 2]


@pytest.mark.parametrize("seconds", [-120, -61, -60, -59, -1, 0, 1])
def test_servers_whose_clocks_differ_sell_by_what_holds_when_they_say(
    office: Office, other: Office, seconds: int
) -> None:
    office.approved(draft(begins=SOON))
    at(BEGINS + timedelta(seconds=seconds), office, other)
    # In turns, so that the journal goes back and forth by a minute.
    sold = [one.sell(f"v-{n}") for n, one in enumerate((office, other, office, other))]
    for receipt in sold:
        version = 2 if receipt.sold_at >= BEGINS else 1
        assert receipt.quote.tariff_version == version
        assert office.tariffs.active(CODE, receipt.sold_at).version == version
    assert office.service.verify(ADMIN).ok


def bound(server: Office) -> BindingQuote:
    return server.service.bind(OPERATOR, POWER.number, Money(5000))


def taken(server: Office, promise: BindingQuote) -> SaleReceipt:
    item = Credit(POWER.number, Money(5000), promise.id)
    return server.service.vend_basket(OPERATOR, BasketRequest("v-1", (item,))).leading


def test_what_one_server_promised_the_other_one_keeps_until_the_price_ends_there(
    office: Office, other: Office
) -> None:
    office.approved(draft(begins=SOON))
    at(BEGINS - 2 * APART, office, other)
    promise = bound(other)
    at(BEGINS - APART, office, other)
    with pytest.raises(QuoteChanged) as error:
        taken(other, promise)
    assert error.value.changed == ["tariff"]
    # By this clock it holds still.
    assert taken(office, promise).quote == promise.quote
    assert promise.quote.tariff_version == 1


def test_what_was_promised_by_the_new_price_is_not_taken_before_it_begins(
    office: Office, other: Office
) -> None:
    office.approved(draft(begins=SOON))
    at(BEGINS - APART, office, other)
    promise = bound(other)
    assert promise.quote.tariff_version == 2
    with pytest.raises(QuoteChanged):
        taken(office, promise)
    at(BEGINS, office, other)
    assert taken(office, promise).quote == promise.quote
