"""Who sells on which terms: limits, deposits, commission, and what an agent sees of customers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.vending.support import (
    ADMIN,
    CONFIG,
    OPERATOR,
    START,
    WATER,
    Town,
    chart,
    put_point,
    request,
)
from vending.accounting.reports import BookReports
from vending.blocking import Blocked
from vending.counter import ShiftNeeded, ShiftOfAnother
from vending.operators import FloatUsedUp, OperatorDayLimit, OperatorSaleLimit
from vending.parties import Actor, Role
from vending.requests import BasketRequest, Credit
from vending.sale import Payment, SaleReceipt, Tender
from vending.store.books import SqlBooks
from vending.tariff import TariffBook, parse_tariffs
from vending.tariff.months import PLACE

from .support import ADMIN_AT_P1, PERSON, P, W, code, ils, posted, samir_sells, write

KINDS = ("electricity", "water")


def test_an_operator_takes_no_more_in_a_day_by_going_elsewhere(here: Town) -> None:
    samir_sells(here, settlement="till", most_per_day=9_000, commission="0")
    east = replace(OPERATOR, point="P2", terminal="T7")
    here.service.vend(OPERATOR, request("v-1", amount="50.00"))
    with pytest.raises(OperatorDayLimit) as error:
        here.service.vend(east, request("v-2", amount="50.00"))
    assert error.value.left == "40.00 ILS"
    answers = here.service.vend_many(
        [(seat, request(f"v-{n}", amount="30.00")) for n, seat in ((3, east), (4, OPERATOR))]
    )
    assert [type(a) for a in answers] == [SaleReceipt, OperatorDayLimit]


def test_an_operator_on_deposit_spends_it_and_earns_commission(here: Town) -> None:
    samir_sells(here, settlement="deposit", credit_limit=6_000, commission="2.5")
    receipt = here.service.vend(OPERATOR, request("v-1", amount="50.00"))
    assert receipt.commission == ils("1.25")
    booked = posted(here, "v-1")
    assert booked[code("operator_deposit"), PERSON] in (5000, -125, 4875)
    assert (code("till"), "P1") not in booked
    with here.store.reading() as books:
        assert books.balance(code("operator_deposit"), PERSON, "ILS") == 4875
    with pytest.raises(FloatUsedUp) as error:
        here.service.vend(OPERATOR, request("v-2", amount="20.00"))
    assert error.value.available == "11.25 ILS"
    two = [(OPERATOR, request(f"v-{i}", amount="6.00")) for i in (3, 4)]
    assert [type(a).__name__ for a in here.service.vend_many(two)] == [
        "SaleReceipt",
        "FloatUsedUp",
    ]
    assert here.service.verify(ADMIN).ok


def test_another_door_is_no_other_operator(here: Town) -> None:
    samir_sells(
        here,
        settlement="deposit",
        credit_limit=10_000,
        most_per_sale=6_000,
        most_per_day=20_000,
        commission="10",
    )
    doors = [replace(OPERATOR, name=name) for name in ("api:Samir", "cli:samir", "  SAMIR\u200f")]
    for number, door in enumerate(doors):
        with pytest.raises(OperatorSaleLimit):
            here.service.vend(door, request(f"x-{number}", amount="60.01"))
    # One after the other and in one batch: each spends from what the others have left.
    sold = here.service.vend(doors[0], request("v-0", amount="50.00"))
    assert sold.seller.operator == "api:Samir"
    batch = zip(doors[1:] + doors[:1], ("v-1", "v-2", "v-3"), strict=True)
    answers = here.service.vend_many([(door, request(id, amount="50.00")) for door, id in batch])
    assert [type(a) for a in answers] == [SaleReceipt, FloatUsedUp, FloatUsedUp]
    with here.store.reading() as books:
        assert books.balance(code("operator_deposit"), PERSON, "ILS") == 10_000 - 1_000
        day = here.clock().replace(hour=0)
        assert books.taken_since(None, PERSON, day) == 10_000
        assert books.taken_since("P1", PERSON, day) == 10_000
        assert books.taken_since(None, "somebody else", day) == 0
    samir_sells(here, settlement="till", most_per_day=14_000)
    with pytest.raises(OperatorDayLimit) as error:
        here.service.vend(doors[2], request("v-9", amount="50.00"))
    assert error.value.left == "40.00 ILS"
    reports = BookReports(SqlBooks(here.store), chart(), here.clock, PLACE)
    told = reports.operator(doors[1], "api:SAMIR")
    assert (told.operator, told.sales, told.commission, told.closing) == (PERSON, 2, 1_000, -9_000)
    assert {taking.operator for taking in told.takings} == {"api:Samir", "cli:samir"}
    assert reports.check(ADMIN).differences == ()
    assert here.service.verify(ADMIN).ok


def test_an_agent_sees_customers_masked(here: Town) -> None:
    samir_sells(here, settlement="deposit", credit_limit=10_000, commission="0")
    served = here.service
    served.vend(ADMIN_AT_P1, request("v-0"))
    sold = served.vend(OPERATOR, request("v-1"))
    names = [
        sold.buyer.name_en,
        served.vend(replace(OPERATOR, name="cli:samir"), request("v-2")).buyer.name_en,
        served.vend(OPERATOR, request("v-1")).buyer.name_en,
        served.reprint(OPERATOR, "v-1").buyer.name_en,
        served.what_became(OPERATOR, "v-0").receipt.buyer.name_en,
        *(receipt.buyer.name_en for receipt in served.sales(OPERATOR, meter=P)),
        served.customer(OPERATOR, "10001")[0].name_en,
        served.customers(OPERATOR, "10001")[0].name_en,
        served.meter(OPERATOR, P).customer.name_en,
        *(file.customer.name_en for file in served.meters(OPERATOR)),
    ]
    assert set(names) == {"S••• A•••"}
    assert served.customer(OPERATOR, "10001")[0].phone == "•••001"
    assert served.meter(OPERATOR, P).service_point.address == "•••"
    assert served.what_became(ADMIN_AT_P1, "v-1").receipt.buyer.name_en == "Samira Awwad"


def test_what_is_barred_is_not_sold(here: Town) -> None:
    write(here, "blocks", kind="meter", subject=P, reason="tampered", since=START)
    with pytest.raises(Blocked) as error:
        here.service.vend(OPERATOR, request("v-1"))
    assert (error.value.kind, error.value.reason) == ("meter", "tampered")
    here.service.vend(OPERATOR, request("v-2", meter=WATER))
    write(here, "blocks", kind="terminal", subject="P1/T1", reason="stolen", since=START)
    with pytest.raises(Blocked):
        here.service.vend(OPERATOR, request("v-3", meter=WATER))
    here.service.vend(replace(OPERATOR, terminal="T2"), request("v-3", meter=WATER))


def test_sales_belong_to_the_open_shift(here: Town) -> None:
    put_point(here.store, "P1", needs_shift=True)
    with pytest.raises(ShiftNeeded):
        here.service.vend(OPERATOR, request("v-1"))
    write(
        here,
        "shifts",
        id="s-1",
        number=1,
        point="P1",
        terminal="T1",
        operator=OPERATOR.name,
        opened_at=START,
        currency="ILS",
        opening_float=0,
    )
    write(here, "open_shifts", point="P1", terminal="T1", shift="s-1", operator=OPERATOR.name)
    assert here.service.vend(OPERATOR, request("v-1")).shift == "s-1"
    with pytest.raises(ShiftOfAnother):
        here.service.vend(Actor("Rana", Role.OPERATOR, "P1", "T1"), request("v-2"))
    assert here.service.verify(ADMIN).ok


def test_a_card_spends_the_deposit_as_cash_does(here: Town) -> None:
    """What a customer pays by card at an agent's is the agent's: it is set off all the same."""
    samir_sells(here, settlement="deposit", credit_limit=6_000, commission="0")

    def sell(vend_id: str, amount: str) -> None:
        card = Payment(Tender.CARD, ils(amount), "slip 7")
        item = Credit(P, ils(amount))
        here.service.vend_basket(OPERATOR, BasketRequest(vend_id, (item,), (card,)))

    with pytest.raises(FloatUsedUp):
        sell("b-1", "60.10")
    sell("b-2", "60.00")
    with here.store.reading() as books:
        assert books.balance(code("operator_deposit"), PERSON, "ILS") == 6_000
    assert here.service.verify(ADMIN).ok


def test_a_day_ends_at_midnight_on_the_wall(here: Town) -> None:
    samir_sells(here, settlement="till", most_per_day=9_000, commission="0")
    here.clock.now = datetime(2026, 11, 23, 21, 59, tzinfo=UTC)
    here.service.vend(OPERATOR, request("v-1"))
    with pytest.raises(OperatorDayLimit):
        here.service.vend(OPERATOR, request("v-2"))
    here.clock.forward(minutes=2)
    here.service.vend(OPERATOR, request("v-2"))
    # It is still the same day when that of UTC begins.
    here.clock.forward(hours=3)
    with pytest.raises(OperatorDayLimit):
        here.service.vend(OPERATOR, request("v-3"))


def test_a_day_whose_first_hour_comes_twice_begins_with_the_first(here: Town) -> None:
    """Until 2021 the clocks went back from one to midnight, and by when is decided each year."""
    samir_sells(here, settlement="till", most_per_day=9_000, commission="0")
    folder = CONFIG / "tariffs"
    texts = [(folder / f"{kind}-domestic.toml").read_text("utf-8") for kind in KINDS]
    earlier = [text.replace("2026-", "2020-").replace("2025-", "2019-") for text in texts]
    read = [tariff for text in earlier for tariff in parse_tariffs(text, "2020.toml")]
    served = here.with_(tariffs=TariffBook(read))
    here.clock.now = datetime(2021, 10, 28, 21, 30, tzinfo=UTC)
    served.vend(OPERATOR, request("v-1"))
    # Half past midnight once more.
    here.clock.forward(hours=1)
    with pytest.raises(OperatorDayLimit):
        served.vend(OPERATOR, request("v-2"))


def test_one_barred_meter_bars_its_whole_basket(here: Town) -> None:
    write(here, "blocks", kind="meter", subject=W, reason="tampered", since=START)
    both = BasketRequest("b-1", (Credit(P, ils("50.00")), Credit(W, ils("20.00"))))
    with pytest.raises(Blocked) as error:
        here.service.vend_basket(OPERATOR, both)
    assert (error.value.kind, error.value.subject) == ("meter", W)
    assert here.service.sales(OPERATOR) == []


def test_a_barred_agreement_bars_its_meter(here: Town) -> None:
    write(here, "blocks", kind="agreement", subject="A2", reason="disputed", since=START)
    both = BasketRequest("b-1", (Credit(P, ils("50.00")), Credit(W, ils("20.00"))))
    with pytest.raises(Blocked) as error:
        here.service.vend_basket(OPERATOR, both)
    assert (error.value.kind, error.value.subject) == ("agreement", "A2")
    here.service.vend(OPERATOR, request("v-1"))
