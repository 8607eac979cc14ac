"""The counter without script: every step is a form or a link, and says what became of the money."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from meters.errors import RaseedError
from tests.vending.support import POWER, WATER
from tests.vending.web.pages_support import TOKEN, House, Visit, form, house_over
from vending.store.errors import CommitUnknown


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_over(tmp_path) as made:
        yield made


@pytest.fixture
def till(house: House) -> Visit:
    return house.visit()


def previewed(till: Visit, **typed: str) -> httpx2.Response:
    asked = till.get("/counter?find=10001")
    amounts = typed or {f"amount:{POWER.number}": "50"}
    return till.send(asked, "/counter/preview", **amounts)


def test_a_sale_and_the_same_form_again(house: House, till: Visit) -> None:
    page = previewed(till)
    sold = till.send(page, "/counter/sell")
    assert TOKEN.search(sold.text)
    assert sold.headers["HX-Push-Url"] == "false"
    again = till.send(page, "/counter/sell")
    assert "No money was taken twice" in again.text
    assert TOKEN.findall(again.text) == TOKEN.findall(sold.text)
    assert house.sales() == 1


def test_the_same_form_paid_otherwise_is_not_told_as_unsold(house: House, till: Visit) -> None:
    page = previewed(till)
    till.send(page, "/counter/sell")
    changed = till.send(page, "/counter/sell", **{"paid:cash": "100"})
    assert changed.status_code == 422
    assert "made before" in changed.text
    assert "give it back" not in changed.text
    vend_id = form(page, "/counter/sell").fields["vend_id"]
    assert f'href="/counter/sales/{vend_id}"' in changed.text
    assert house.sales() == 1


def test_electricity_and_water_at_once(house: House, till: Visit) -> None:
    page = previewed(till, **{f"amount:{POWER.number}": "٥٠", f"amount:{WATER.number}": "20.5"})
    assert "70.50" in page.text
    sold = till.send(page, "/counter/sell", **{"paid:cash": "100"})
    assert len(TOKEN.findall(sold.text)) == 2
    assert "29.50" in sold.text


@pytest.mark.parametrize("error", [CommitUnknown("x"), RuntimeError("x")], ids=["unknown", "bug"])
def test_nobody_knows_whether_it_was_sold(
    till: Visit, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = previewed(till)

    async def lost(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(till.api.client.app.state.writer, "vend_basket", lost)  # type: ignore[attr-defined]
    told = till.send(page, "/counter/sell")
    assert told.status_code == (422 if isinstance(error, RaseedError) else 500)
    assert "Nothing was sold" not in told.text
    assert "ot take the money again" in told.text
    assert 'href="/counter/' in told.text


def test_too_little_money_sells_nothing(house: House, till: Visit) -> None:
    told = till.send(previewed(till), "/counter/sell", **{"paid:cash": "10"})
    assert told.status_code == 422
    assert "Nothing was sold and no money was booked" in told.text
    assert house.sales() == 0


@pytest.mark.parametrize("typed", ["0", "-5", "abc", "1e9", "50.001", "99999999999999999999"])
def test_an_amount_that_is_none_stays_where_it_was_typed(till: Visit, typed: str) -> None:
    told = previewed(till, **{f"amount:{POWER.number}": typed})
    assert told.status_code == 422
    assert 'role="alert"' in told.text
    assert form(told, "/counter/preview").fields[f"amount:{POWER.number}"] == typed


def test_more_than_is_owed_is_told_before_the_money_is_taken(till: Visit) -> None:
    ask = {f"amount:{POWER.number}": "50", f"ask:{POWER.number}": "debt"}
    assert previewed(till, **ask).status_code == 422


def test_addresses_of_forms_lead_somewhere(till: Visit) -> None:
    assert till.get("/counter/preview").url.path == "/counter"
    till.send(previewed(till), "/counter/sell")
    assert till.get("/counter/sell").url.path == "/counter/last"


@pytest.mark.parametrize("vend_id", ["", "a b", "x" * 65, "practice\x00", "../../etc"])
def test_a_sale_without_a_good_id(house: House, till: Visit, vend_id: str) -> None:
    told = till.send(previewed(till), "/counter/sell", vend_id=vend_id)
    assert told.status_code == 422
    assert house.sales() == 0
