"""How a sale ends on the pages: refused before and after the money, sent again, handed over, and
what became of it later."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.vending.support import POWER, WATER, request, service
from tests.vending.web.pages_support import TOKEN, House, Visit, form, forms, house_over
from vending.outbox import OutboxPlan
from vending.parties import Actor, Role
from vending.requests import BasketRequest, Credit, Units
from vending.web.writer import StoreBusy, Writer

pytestmark = pytest.mark.system

NOT_YET = "Do not take the money yet"
NOTHING = "Nothing was sold and no money was booked"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_over(tmp_path) as made:
        yield made


@pytest.fixture
def till(house: House) -> Visit:
    return house.visit()


def previewed(till: Visit, **typed: str) -> httpx2.Response:
    asked = till.get("/counter?find=10001")
    return till.send(asked, "/counter/preview", **(typed or {f"amount:{POWER.number}": "50"}))


def sold(till: Visit) -> tuple[str, httpx2.Response]:
    """The vend id, and the page."""
    page = previewed(till)
    return form(page, "/counter/sell").fields["vend_id"], till.send(page, "/counter/sell")


def plain(page: httpx2.Response) -> str:
    """Its words, without marks."""
    return re.sub("<[^>]*>", "", page.text)


def change(house: House, statement: str) -> None:
    with closing(sqlite3.connect(house.api.path)) as db, db:
        db.execute(statement)


class TestRefused:
    def test_a_preview_warns_and_sells_nothing(self, house: House, till: Visit) -> None:
        assert NOT_YET not in previewed(till).text
        change(house, "UPDATE points SET most_per_sale = 4000")
        page = previewed(till)
        assert page.status_code == 200
        assert NOT_YET in page.text
        assert "40.00" in page.text
        assert house.sales() == 0

    def test_the_way_to_what_is_missing(self, house: House, till: Visit) -> None:
        change(house, "UPDATE points SET needs_shift = 1")
        page = previewed(till)
        assert 'href="/shift">To the till' in page.text
        told = till.send(page, "/counter/sell")
        assert NOTHING in told.text
        assert '<a role="button" href="/shift" autofocus>' in told.text

    def test_what_was_typed_is_kept_and_priced_anew(self, house: House, till: Visit) -> None:
        page = previewed(till)
        change(house, "UPDATE points SET most_per_sale = 4000")
        told = till.send(page, "/counter/sell", **{"paid:cash": "100"})
        kept = form(told, "/counter/preview").fields
        assert kept[f"amount:{POWER.number}"] == "50"
        # Neither the price that was promised nor the id goes along: it is another sale.
        assert not [name for name in kept if name.startswith(("quote:", "vend_id", "paid:"))]
        change(house, "UPDATE points SET most_per_sale = NULL")
        again = till.send(told, "/counter/preview")
        assert TOKEN.search(till.send(again, "/counter/sell").text)
        assert house.sales() == 1

    def test_busy_is_sent_again_under_the_same_id(
        self, house: House, till: Visit, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        page = previewed(till)
        writer: Any = till.api.client.app.state.writer  # type: ignore[attr-defined]

        async def busy(*_: Any) -> Any:
            raise StoreBusy(1024)

        with monkeypatch.context() as full:
            full.setattr(writer, "vend_basket", busy)
            told = till.send(page, "/counter/sell", **{"paid:cash": "100"})
        assert NOTHING in told.text
        sent = form(page, "/counter/sell").fields
        assert form(told, "/counter/sell").fields == {**sent, "paid:cash": "100"}
        for _ in range(2):
            done = till.send(told, "/counter/sell")
            assert "50.00" in done.text
            assert TOKEN.search(done.text)
        assert house.sales() == 1


class TestAfterwards:
    def test_a_sale_that_never_was(self, till: Visit) -> None:
        told = till.get("/counter/sales/c-0")
        assert told.status_code == 200
        assert "no money was booked under this number" in told.text

    def test_a_meter_that_is_gone_is_not_asked(self, house: House, till: Visit) -> None:
        vend_id, _ = sold(till)
        change(house, "DELETE FROM agreements WHERE number = 'A1'")
        told = till.get(f"/counter/sales/{vend_id}")
        assert told.status_code == 200
        assert "the money is booked" in told.text
        assert "/push" not in told.text

    def test_digits_stand_there_once_more_for_who_has_just_sold_them(
        self, house: House, till: Visit
    ) -> None:
        vend_id, page = sold(till)
        digits = TOKEN.findall(page.text)
        assert not TOKEN.search(till.get(f"/counter/sales/{vend_id}").text)
        # No meter of this town can be reached.
        failed = till.post(f"/counter/sales/{vend_id}/push", {})
        assert failed.status_code == 422
        assert "the money is booked" in failed.text
        assert TOKEN.findall(failed.text) == digits
        other = house.visit("samir", "ar")
        assert not TOKEN.search(other.post(f"/counter/sales/{vend_id}/push", {}).text)
        house.api.clock.forward(hours=2)
        till.sign_in("maya")
        assert not TOKEN.search(till.post(f"/counter/sales/{vend_id}/reconcile", {}).text)

    def test_nothing_is_offered_for_a_payment(self, till: Visit) -> None:
        vend_id, _ = sold(till)
        till.post(f"/counter/sales/{vend_id}/void", {"reason": "Changed her mind"})
        told = till.get(f"/counter/sales/{vend_id}")
        assert not [one for one in forms(told) if one.action.endswith(("/push", "/reconcile"))]

    def test_what_is_given_back_is_told(self, house: House, till: Visit) -> None:
        """In coins, of which its part of the basket is no sum."""
        items = (Credit(POWER.number, Units("7.3")), Credit(WATER.number, Units("2")))
        basket = BasketRequest("b-1", items, hold=True)
        chief = Actor("Layla", Role.SUPERVISOR, "P1", "T1")
        service = house.api.parts.service
        cash = service.vend_basket(chief, basket).receipts[1].parts[0].amount
        assert cash.minor % 10
        service.void(chief, "b-1+2", "Changed her mind")
        assert re.search(r"To give back:\W*14.30", plain(till.get("/counter/sales/b-1")))

    def test_what_somebody_else_has_sold_there_since_is_named(
        self, house: House, till: Visit
    ) -> None:
        def by_layla(vend_id: str) -> None:
            house.api.clock.forward(minutes=1)
            chief = Actor("Layla", Role.SUPERVISOR, "P1", "T1")
            house.api.parts.service.vend(chief, request(vend_id))

        by_layla("l-1")
        refused = till.get("/counter/last")
        assert refused.status_code == 422
        assert "The last sale there is l-1, by Layla" in plain(refused)
        house.api.clock.forward(minutes=1)
        own, _ = sold(till)
        assert "Since then" not in till.get("/counter/last").text
        by_layla("l-2")
        told = till.get("/counter/last").text
        assert f"/counter/sales/{own}/void" in told
        assert '<a href="/counter/sales/l-2">Since then Layla has sold' in told

    def test_the_sms_is_told(self, house: House, till: Visit) -> None:
        parts = house.api.parts
        parts.service = service(house.api.store, house.api.clock, outbox=OutboxPlan(sms=True))
        till.api.client.app.state.writer = Writer(parts.service.vend_many)  # type: ignore[attr-defined]
        vend_id, page = sold(till)
        for told in (page, till.get(f"/counter/sales/{vend_id}")):
            assert "SMS to the telephone" in told.text
            assert "•••001" in told.text
            assert "on its way" in told.text
        assert f"/counter/sales/{vend_id}/sms" not in page.text
        change(house, "UPDATE outbox SET state = 'given_up', last_error = 'no answer'")
        told = till.get(f"/counter/sales/{vend_id}")
        assert "could not be sent" in told.text
        again = till.send(told, f"/counter/sales/{vend_id}/sms")
        assert "on its way" in again.text
        change(house, "UPDATE outbox SET state = 'sent'")
        assert "handed over" in till.post(f"/counter/sales/{vend_id}/sms", {}).text


class TestSession:
    def test_its_end_says_that_nothing_was_done(self, house: House, till: Visit) -> None:
        page = previewed(till)
        till.post("/sign-out", {})
        told = till.send(page, "/counter/sell")
        assert told.url.path == "/sign-in"
        assert "nothing was sold and no money was booked" in told.text
        assert form(told, "/sign-in").fields["next"] == "/counter"
        assert house.sales() == 0

    def test_looking_is_no_act(self, till: Visit) -> None:
        till.post("/sign-out", {})
        told = till.get("/counter")
        assert told.url.path == "/sign-in"
        assert "no money was booked" not in told.text
