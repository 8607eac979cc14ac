"""A list of sales over the API: each is answered for itself, and none spoils another."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.vending.support import POWER, WATER, town
from vending.api_keys import ApiScope
from vending.parties import Role
from vending.vend import entry_of
from vending.web.app import LARGER_BODIES
from vending.web.routes.lists import LIST_ADDRESS, MOST_LISTED

from .support import Api, api_over

MANY = "/vends/many"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with api_over(tmp_path, town()) as running:
        yield running


def one(vend_id: str, meter: str = POWER.number, **more: Any) -> dict[str, Any]:
    """A sale of the list."""
    return {"vend_id": vend_id, "items": [{"meter": meter, "amount": "20.00"}], **more}


def test_what_is_refused_spoils_no_other(api: Api) -> None:
    paid = [{"tender": "transfer", "amount": "20.00", "reference": "bank-7"}]
    sales = [
        one("b-1"),
        one("b-2", "01000000015"),
        one("b-3", tender="gold"),
        one("b-1", WATER.number),
        {"vend_id": "b-4", "items": [{"kind": "allowance", "meter": WATER.number}]},
        one("b-5", WATER.number, payments=paid),
    ]
    answer = api.post(MANY, {"sales": sales}, headers={"Accept-Language": "ar"})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    told = answer.json()
    assert (told["sold"], told["replayed"], told["not_sold"]) == (2, 0, 4)
    assert [row["vend_id"] for row in told["sales"]] == [sale["vend_id"] for sale in sales]
    assert [row["outcome"] for row in told["sales"]] == [
        "sold", "invalid", "invalid", "invalid", "refused", "sold",
    ]  # fmt: skip
    problems = [row["problem"] for row in told["sales"] if row["problem"]]
    assert [problem["code"] for problem in problems] == [
        "meter.check_digit", "vend.tender_unknown", "vend.id_repeated", "vend.no_allowance",
    ]  # fmt: skip
    assert all("\u0600" <= problem["detail"][0] <= "\u06ff" for problem in problems)
    last = told["sales"][-1]["basket"]
    assert last["paid"]["payments"][0]["reference"] == "bank-7"
    assert last["sales"][0]["tokens"][0]["digits"]


def test_a_list_sent_again_is_told_what_was_sold(api: Api) -> None:
    sales = [one(f"b-{n}") for n in range(MOST_LISTED)]
    first = api.post(MANY, {"sales": sales}).json()
    assert first["sold"] == MOST_LISTED
    again = api.post(MANY, {"sales": [*sales[1:], one("new")]}).json()
    assert (again["sold"], again["replayed"]) == (1, MOST_LISTED - 1)
    assert [row["outcome"] for row in again["sales"][-2:]] == ["replayed", "sold"]
    kept = {row["vend_id"]: row["basket"]["sales"] for row in first["sales"]}
    for row in again["sales"][:-1]:
        assert row["basket"]["replayed"]
        before = [{**sale, "replayed": True} for sale in kept[row["vend_id"]]]
        assert row["basket"]["sales"] == before
    # One path: the same sale asked for alone is the same sale.
    alone = api.post("/baskets", one("b-7"))
    assert (alone.status_code, alone.json()) == (200, again["sales"][6]["basket"])


def test_how_much_is_taken(api: Api) -> None:
    for sales in ([], [one(f"b-{n}") for n in range(MOST_LISTED + 1)]):
        assert api.post(MANY, {"sales": sales}).json()["code"] == "request.invalid"
    # The longest list that people write has room; what has not is refused before it is read.
    long = [one(f"b-{n}", payments=[], hold=False, tender="transfer") for n in range(MOST_LISTED)]
    for sale in long:
        sale["items"][0] |= {"kind": "credit", "currency": "ILS", "quote_id": "", "postpone": []}
    assert api.post(MANY, {"sales": long}).json()["sold"] == MOST_LISTED
    heavy = {"sales": [one("h", payments=[])], "x": "x" * LARGER_BODIES[LIST_ADDRESS]}
    assert api.post(MANY, heavy).status_code == 413


def test_a_key_that_may_not_sell(api: Api) -> None:
    text = api.key("reader", Role.BILLING, frozenset({ApiScope.READ}), "P1", "T9")
    answer = api.post(MANY, {"sales": [one("b-1")]}, headers={"Authorization": f"Bearer {text}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "caller.scope_missing")
    assert api.get("/vends").json() == []


def test_a_fault_that_nobody_foresaw_has_a_number(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(receipt: Any, record: Any, chart: Any) -> Any:
        if record.vend_id == "b-2":
            raise RuntimeError("a fault of ours")
        return entry_of(receipt, record, chart)

    monkeypatch.setattr("vending.counter.entry_of", broken)
    with caplog.at_level(logging.ERROR, "raseed.web"):
        told = api.post(MANY, {"sales": [one("b-1"), one("b-2"), one("b-3")]}).json()
    assert [row["outcome"] for row in told["sales"]] == ["sold", "broken", "sold"]
    problem = told["sales"][1]["problem"]
    assert problem["code"] == "unexpected"
    assert problem["facts"]["incident"] in problem["detail"]
    assert problem["facts"]["incident"] in caplog.text
    assert "a fault of ours" not in str(told)
