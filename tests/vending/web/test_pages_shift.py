"""The till as pages, without script: open, cash in and out, count blind, close, Z."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vending.support import POWER
from tests.vending.web.pages_support import House, Visit, form, house_over
from vending.parties import Actor, Role

pytestmark = pytest.mark.system


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_over(tmp_path) as made:
        yield made


@pytest.fixture
def till(house: House) -> Visit:
    return house.visit()


def sell(till: Visit, amount: str) -> None:
    asked = till.get("/counter?find=10001")
    page = till.send(asked, "/counter/preview", **{f"amount:{POWER.number}": amount})
    till.send(page, "/counter/sell")


def test_a_day_that_ends_with_ten_shekels_too_little(till: Visit) -> None:
    opened = till.send(till.get("/shift"), "/shift/open", float="١٠٠")
    assert opened.url.path == "/counter"
    sell(till, "50")
    out = till.send(till.get("/shift"), "/shift/cash", way="out", amount="30", reason="to the bank")
    assert out.url.path == "/shift"
    # 100 + 50 - 30 should be there; nobody is told before they have counted.
    page = till.get("/shift/count")
    assert "120.00" not in page.text
    assert "120.00" not in out.text
    counted = till.send(page, "/shift/count", **{"pieces:50.00": "2", "pieces:10.00": "1"})
    assert "110.00" in counted.text
    assert "120.00" not in counted.text
    assert "is open since" in till.get("/").text
    z = till.send(counted, "/shift/close")
    assert "120.00" in z.text
    assert "110.00" in z.text
    assert "-10.00" in z.text
    copy = till.send(z, f"{z.url.path}/copy")
    assert "COPY" in copy.text
    assert z.url.path in till.get("/shift/all").text
    # Each with a line of the trail, in the transaction that did it.
    lines = till.api.parts.office.trail(Actor("boss", Role.AUDITOR), by="maya")
    acts = [line.act for line in lines if line.act != "sign_in"]
    assert acts[::-1] == ["shift_opened", "cash_out", "shift_closed", "z_copy"]
    assert len({line.subject for line in lines if line.act.startswith(("shift", "z_"))}) == 1
    assert next(line.reason for line in lines if line.act == "cash_out") == "to the bank"


def test_an_x_report_is_taken_and_stays_as_it_was(till: Visit) -> None:
    till.send(till.get("/shift"), "/shift/open", float="100")
    sell(till, "50")
    page = till.get("/shift")
    taken = till.send(page, "/shift/x")
    assert "P1-S0001-X1" in taken.text
    assert "150.00" not in taken.text, "who counts is not told"
    sell(till, "20")
    till.send(till.get("/shift"), "/shift/cash", way="out", amount="30", reason="to the bank")
    assert till.get(taken.url.path).text == taken.text
    assert till.send(page, "/shift/x").url == taken.url, "the same form takes one"
    second = till.send(till.get("/shift"), "/shift/x")
    assert "P1-S0001-X2" in second.text
    assert "30.00" in second.text
    for number in (1, 2):
        copy = till.send(taken, f"{taken.url.path}/copy")
        assert f'COPY <bdi dir="ltr">{number}</bdi>' in copy.text
        assert "30.00" not in copy.text
    assert f'href="{taken.url.path}"' in till.get("/shift").text
    counted = till.send(till.get("/shift/count"), "/shift/count", **{"pieces:50.00": "2"})
    z = till.send(counted, "/shift/close")
    for report in (taken, second):
        assert f'href="{report.url.path}"' in z.text
    lines = till.api.parts.office.trail(Actor("boss", Role.AUDITOR), by="maya")
    told = [(line.act, line.subject, line.after) for line in lines if line.act.startswith("x_")]
    first, other = (one.url.path.removeprefix("/shift/x/") for one in (taken, second))
    one, two = (f'{{"report":"P1-S0001-X{number}"}}' for number in (1, 2))
    assert told[::-1] == [
        ("x_taken", first, one),
        ("x_taken", other, two),
        ("x_copy", first, one),
        ("x_copy", first, one),
    ]


def test_an_x_report_in_arabic(house: House) -> None:
    till = house.visit("samir", "ar")
    till.send(till.get("/shift"), "/shift/open", float="100")
    page = till.get("/shift")
    assert "خذ تقرير X" in page.text
    taken = till.send(page, "/shift/x")
    assert "أُخذ" in taken.text
    assert "نسخة" in till.send(taken, f"{taken.url.path}/copy").text


def test_an_x_report_of_nothing_open(till: Visit) -> None:
    told = till.post("/shift/x", {"id": "x-1"})
    assert told.status_code in (200, 422)
    assert "Open a shift" in told.text
    assert till.get("/shift/x/x-1").status_code == 404
    assert till.post("/shift/x/x-1/copy", {}).status_code == 404


def test_a_count_that_is_none_stays_as_it_was_typed(till: Visit) -> None:
    till.send(till.get("/shift"), "/shift/open", float="0")
    page = till.get("/shift/count")
    told = till.send(page, "/shift/count", **{"pieces:50.00": "two", "pieces:10.00": "3"})
    assert told.status_code == 422
    kept = form(told, "/shift/count").fields
    assert (kept["pieces:50.00"], kept["pieces:10.00"]) == ("two", "3")


def test_counting_again_keeps_what_was_typed(till: Visit) -> None:
    till.send(till.get("/shift"), "/shift/open", float="0")
    typed = {"pieces:10.00": "3", "slips:card": "20.50"}
    counted = till.send(till.get("/shift/count"), "/shift/count", **typed)
    assert "30.00" in counted.text
    assert "20.50" in counted.text
    again = till.send(counted, "/shift/count", again="yes")
    kept = form(again, "/shift/count").fields
    assert {name: kept[name] for name in typed} == typed
    z = till.send(till.send(again, "/shift/count"), "/shift/close")
    assert z.url.path.endswith("/z")


def test_an_empty_form_closes_nothing(till: Visit) -> None:
    """Enter too early: the page says that the drawer would be empty."""
    till.send(till.get("/shift"), "/shift/open", float="100")
    counted = till.send(till.get("/shift/count"), "/shift/count")
    assert "the drawer is empty" in counted.text
    assert "is open since" in till.get("/").text


def test_cash_out_without_a_reason_keeps_what_was_typed(till: Visit) -> None:
    till.send(till.get("/shift"), "/shift/open", float="100")
    told = till.send(till.get("/shift"), "/shift/cash", way="out", amount="30", reason="x")
    assert told.status_code == 422
    kept = form(told, "/shift/cash").fields
    assert (kept["way"], kept["amount"], kept["reason"]) == ("out", "30", "x")


@pytest.mark.parametrize("float", ["-1", "x", "1.005", "1e3"])
def test_an_opening_sum_that_is_none(till: Visit, float: str) -> None:
    told = till.send(till.get("/shift"), "/shift/open", float=float)
    assert told.status_code == 422
    assert 'role="alert"' in told.text


def test_the_same_form_again_opens_one_shift(till: Visit) -> None:
    page = till.get("/shift")
    till.send(page, "/shift/open", float="10")
    assert till.send(page, "/shift/open", float="10").url.path == "/counter"


def test_nothing_is_counted_where_nothing_is_open(till: Visit) -> None:
    assert "Open a shift" in till.get("/shift/count").text
    assert till.post("/shift/count", {}).status_code == 422
    assert till.post("/shift/close", {}).status_code == 422
    assert till.get("/shift/nowhere/z").status_code in (404, 409, 422)
