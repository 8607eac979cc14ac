"""Baskets: several services on one receipt, paid in several ways, all or nothing, exactly once; on
both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.quantities import Energy, Money
from tests.vending.support import (
    ADMIN,
    OPERATOR,
    POWER,
    START,
    WATER,
    Town,
    chart,
    request,
    tariffs,
)
from vending.accounting.reports import BookReports
from vending.accounts import Accounts
from vending.blocking import Blocked
from vending.counter import ShiftNeeded, ShiftOfAnother
from vending.operators import (
    FloatUsedUp,
    OperatorDayLimit,
    OperatorSaleLimit,
    PointDayLimit,
    PointSaleLimit,
    TillFull,
)
from vending.parties import Actor, Role
from vending.payments import PaymentShort, PaymentTooMuch, parts_of, settle, to_coin
from vending.persons import person
from vending.requests import (
    Allowance,
    BasketMalformed,
    BasketRequest,
    Credit,
    DebtPayment,
    FreeIssue,
    Postponement,
    SecondPerson,
    Transfer,
    Units,
)
from vending.sale import Payment, SaleKind, SaleReceipt, Tender, VendIdMalformed
from vending.selling import NoSaleYet, SecondPersonNeeded
from vending.store.accounts import SqlAccounts
from vending.store.books import SqlBooks
from vending.store.schema import metadata
from vending.tariff import AmountTooHigh, ChargeUnknown, Label, Limited, Percentage
from vending.tariff.months import PLACE
from vending.vend import VendIdReused

T = metadata.tables
ADMIN_AT_P1 = Actor("Layla", Role.SUPERVISOR, "P1", "T7")
P, W = POWER.number, WATER.number
PERSON = person(OPERATOR.name)


@pytest.fixture
def here(place: Path | str) -> Iterator[Town]:
    made = Town(place)
    yield made
    # Whatever was sold, the accounts are what sales, voids and events say.
    assert accounts_of(made).verify_accounts(ADMIN).ok
    made.store.close()


def accounts_of(town: Town) -> Accounts:
    return Accounts(SqlAccounts(town.store), tariffs(), chart(), town.clock, PLACE)


def ils(text: str) -> Money:
    return Money.from_text(text)


def posted(town: Town, vend_id: str) -> dict[tuple[str, str], int]:
    (entry,) = town.service.entries(OPERATOR, vend_id)
    return {(p.account, p.holder): p.amount for p in entry.entry.postings}


def write(town: Town, table: str, **values: object) -> None:
    with town.store.writing() as books:
        books._db.execute(T[table].insert().values(**values))


def code(role: str) -> str:
    return chart().role(role).code


def test_electricity_and_water_on_one_receipt(here: Town) -> None:
    both = BasketRequest("b-1", (Credit(P, ils("50.00")), Credit(W, ils("20.00"))))
    sold = here.service.vend_basket(OPERATOR, both)
    power, water = sold.receipts
    assert power.number == water.number == 1
    assert (power.vend_id, water.vend_id, water.basket) == ("b-1", "b-1+2", "b-1")
    assert [t.kind for r in sold.receipts for t in r.tokens] == [
        "credit_electricity",
        "credit_water",
    ]
    assert power.paid is not None
    assert power.paid.handed == ils("70.00")
    again = here.service.vend_basket(OPERATOR, both)
    assert again == sold
    assert again.replayed
    with pytest.raises(VendIdReused):
        here.service.vend_basket(OPERATOR, replace(both, items=both.items[::-1]))
    with pytest.raises(VendIdReused):
        here.service.vend(OPERATOR, request("b-1"))
    assert [s.receipt.vend_id for s in here.service.basket(OPERATOR, "b-1")] == ["b-1", "b-1+2"]
    assert here.service.last_sale(OPERATOR).receipt == power
    with pytest.raises(NoSaleYet):
        here.service.last_sale(replace(OPERATOR, terminal="T9"))
    assert here.service.vend(OPERATOR, request("v-1")).number == 2
    assert here.service.verify(ADMIN).ok


def test_one_bad_item_spoils_its_basket_and_nothing_else(here: Town) -> None:
    bad = BasketRequest("b-1", (Credit(P, ils("50.00")), Credit(W, ils("999999.00"))))
    good = request("v-1")
    refused, sold = here.service.vend_many([(OPERATOR, bad), (OPERATOR, good)])
    assert isinstance(refused, AmountTooHigh)
    assert sold == here.service.vend(OPERATOR, good)
    assert here.service.vend(OPERATOR, request("v-2")).number == 2
    assert here.service.verify(ADMIN).ok


def test_two_purchases_for_one_meter_follow_each_other(here: Town) -> None:
    twice = BasketRequest("b-1", (Credit(P, ils("10.05")), Credit(P, ils("10.05"))))
    first, second = here.service.vend_basket(OPERATOR, twice).receipts
    assert second.tokens[0].tid == first.tokens[0].tid + 1
    assert second.quote.balance_before == first.quote.balance_after
    assert here.service.verify(ADMIN).ok


@pytest.mark.parametrize(
    ("payments", "change", "tills"),
    [
        ((Payment(Tender.CASH, ils("100.00")),), "30.00", {"till": 7000}),
        (
            (
                Payment(Tender.CARD, ils("30.00"), "slip 7"),
                Payment(Tender.CHEQUE, ils("25.00"), "no. 12"),
                Payment(Tender.CASH, ils("20.00")),
            ),
            "5.00",
            {"cards": 3000, "cheques": 2500, "till": 1500},
        ),
    ],
)
def test_paid_in_several_ways(
    here: Town, payments: tuple[Payment, ...], change: str, tills: dict[str, int]
) -> None:
    items = (Credit(P, ils("50.00")), Credit(W, ils("20.00")))
    sold = here.service.vend_basket(OPERATOR, BasketRequest("b-1", items, payments))
    assert sold.leading.paid is not None
    assert sold.leading.paid.change == ils(change)
    found: dict[str, int] = {}
    for vend_id in ("b-1", "b-1+2"):
        for (account, _), amount in posted(here, vend_id).items():
            found[account] = found.get(account, 0) + amount
    assert {role: found[code(role)] for role in tills} == tills
    stored = here.service.basket(OPERATOR, "b-1")
    assert tuple(status.receipt for status in stored) == sold.receipts
    assert here.service.verify(ADMIN).ok


def test_too_little_and_too_much(here: Town) -> None:
    def sell(*payments: Payment) -> None:
        here.service.vend_basket(
            OPERATOR, BasketRequest("b-1", (Credit(P, ils("50.00")),), payments)
        )

    with pytest.raises(PaymentShort):
        sell(Payment(Tender.CASH, ils("49.00")))
    with pytest.raises(PaymentShort):
        sell(Payment(Tender.CARD, ils("49.00")))
    with pytest.raises(PaymentTooMuch):
        sell(Payment(Tender.CARD, ils("51.00")))
    with pytest.raises(PaymentTooMuch):
        sell(Payment(Tender.CARD, ils("50.00")), Payment(Tender.CASH, ils("1.00")))
    with pytest.raises(BasketMalformed):
        sell(Payment(Tender.MIXED, ils("50.00")))
    with pytest.raises(BasketMalformed):
        BasketRequest("b-1", ())
    with pytest.raises(VendIdMalformed):
        BasketRequest("b+2", (Credit(P, ils("50.00")),))
    assert here.service.sales(OPERATOR) == []


def test_units_are_sold_for_what_they_cost_to_the_coin(here: Town) -> None:
    sold = here.service.vend_basket(OPERATOR, BasketRequest("b-1", (Credit(P, Units("33.3")),)))
    receipt = sold.leading
    assert receipt.quote.quantity == Energy(33_300)
    assert receipt.paid is not None
    cash = receipt.quote.tendered.minor + receipt.paid.rounding.minor
    assert (cash % 10, receipt.rounding) == (0, receipt.paid.rounding.minor)
    assert posted(here, "b-1")[code("till"), "P1"] == cash
    assert here.service.verify(ADMIN).ok


@given(
    due=st.integers(0, 100_000),
    cut=st.lists(st.integers(0, 30), min_size=1, max_size=5),
    others=st.lists(st.integers(1, 200), max_size=3),
    cash=st.integers(0, 2_000),
)
def test_every_agora_paid_belongs_to_one_sale(
    due: int, cut: list[int], others: list[int], cash: int
) -> None:
    """However it is paid: handed = due + rounding + change, and the parts of the sales are the
    payments, no more and no less."""
    dues = [Money(n) for n in cut]
    total = Money(sum(cut))
    offered = [Payment(Tender.CARD, Money(n)) for n in others]
    if cash:
        offered.append(Payment(Tender.CASH, Money(cash)))
    try:
        paid = settle(total, offered, as_told=False)
    except (PaymentShort, PaymentTooMuch):
        return
    assert paid.handed == total + paid.rounding + paid.change
    assert abs(paid.rounding.minor) <= 5
    parts = parts_of(paid, dues)
    for part, one in zip(parts, dues, strict=True):
        assert sum(p.amount.minor for p in part.payments) == one.minor + part.rounding.minor
    assert sum(part.rounding.minor for part in parts) == paid.rounding.minor
    for tender in Tender:
        of_sales = sum(p.amount.minor for x in parts for p in x.payments if p.tender is tender)
        assert of_sales == sum(p.amount.minor for p in paid.payments if p.tender is tender)
    assert to_coin(Money(due)).minor % 10 == 0


def owe(town: Town, **debts: str) -> None:
    """Debts on A1, as a billing officer enters them."""
    for place, (name, text) in enumerate(debts.items(), start=1):
        accounts_of(town).add_debt(
            Actor("Layla", Role.BILLING),
            "A1",
            name,
            Label(f"دين {name}", f"Debt {name}"),
            ils(text),
            Percentage("50"),
            "brought over from the old books",
            "ledger of 2024",
            priority=place,
        )


def test_a_debt_is_taken_from_each_sale_and_may_be_postponed(here: Town) -> None:
    owe(here, old="30.00")
    first = here.service.vend(OPERATOR, request("v-1", amount="20.00"))
    (line,) = [one for one in first.quote.lines if one.code == "old"]
    assert (line.amount, line.left) == (ils("10.00"), ils("20.00"))
    assert posted(here, "v-1")[code("debts"), "A1"] == -1000
    later = (Postponement("old", "salaries are late"),)
    item = Credit(P, ils("20.00"), postpone=later)
    second = here.service.vend_basket(OPERATOR, BasketRequest("v-2", (item,))).leading
    (line,) = [one for one in second.quote.lines if one.code == "old"]
    assert (line.amount, line.limited, line.reason) == (
        ils("0"),
        Limited.POSTPONED,
        "salaries are late",
    )
    assert here.service.vend(OPERATOR, request("v-3", amount="20.00")).quote.deducted == ils(
        "10.00"
    )


def test_a_debt_is_paid_without_units(here: Town) -> None:
    owe(here, old="30.00", new="8.00")
    one = BasketRequest("d-1", (DebtPayment(P, ils("5.00"), "new"),))
    receipt = here.service.vend_basket(OPERATOR, one).leading
    assert (receipt.kind, receipt.tokens, receipt.quote.quantity) == (
        SaleKind.PAYMENT,
        (),
        Energy(0),
    )
    assert posted(here, "d-1") == {(code("till"), "P1"): 500, (code("debts"), "A1"): -500}
    both = BasketRequest("d-2", (DebtPayment(P, ils("33.00")), Credit(P, ils("10.00"))))
    paid, bought = here.service.vend_basket(OPERATOR, both).receipts
    assert [(x.code, x.amount.minor) for x in paid.quote.lines] == [("old", 3000), ("new", 300)]
    assert bought.quote.deducted == ils("0")
    with pytest.raises(AmountTooHigh) as error:
        here.service.vend_basket(OPERATOR, BasketRequest("d-3", (DebtPayment(P, ils("1.00")),)))
    assert error.value.most == "0.00"
    with pytest.raises(ChargeUnknown):
        here.service.vend_basket(
            OPERATOR, BasketRequest("d-3", (DebtPayment(P, ils("1.00"), "old"),))
        )
    assert here.service.verify(ADMIN).ok


def test_what_needs_two_people_is_not_sold_by_one(here: Town) -> None:
    free = BasketRequest("f-1", (FreeIssue(P, Units("5")),))
    with pytest.raises(SecondPersonNeeded):
        here.service.vend_basket(OPERATOR, free)
    asked = replace(free, second=SecondPerson("Layla", "meter was faulty", "a-1"))
    receipt = here.service.vend_basket(replace(OPERATOR, role=Role.SUPERVISOR), asked).leading
    assert receipt.quote.quantity == Energy(5000)
    assert (receipt.quote.tendered, receipt.requested_by, receipt.reason) == (
        ils("0"),
        "Layla",
        "meter was faulty",
    )
    assert posted(here, "f-1") == {
        (code("meters_electricity"), P): 5000,
        (code("supply_electricity"), ""): -5000,
    }
    moved = BasketRequest("t-1", (Transfer(P, Units("2.5"), "01000019990"),), second=asked.second)
    here.service.vend_basket(replace(OPERATOR, role=Role.SUPERVISOR), moved)
    assert posted(here, "t-1") == {
        (code("meters_electricity"), P): 2500,
        (code("meters_electricity"), "01000019990"): -2500,
    }
    assert here.service.verify(ADMIN).ok


def test_limits_of_a_point(here: Town) -> None:
    with here.store.writing() as books:
        books._db.execute(
            T["points"]
            .update()
            .where(T["points"].c.code == "P1")
            .values(most_per_sale=6_000, most_per_day=10_000, most_in_till=9_000)
        )
    with pytest.raises(PointSaleLimit):
        here.service.vend(OPERATOR, request("v-1", amount="60.01"))
    answers = here.service.vend_many(
        [(OPERATOR, request(f"v-{i}", amount="45.00")) for i in (1, 2, 3)]
    )
    assert [type(a).__name__ for a in answers] == ["SaleReceipt", "SaleReceipt", "PointDayLimit"]
    here.clock.forward(days=1)
    with pytest.raises(TillFull):
        here.service.vend(OPERATOR, request("v-4", amount="10.00"))
    by_card = BasketRequest(
        "v-5", (Credit(P, ils("10.00")),), (Payment(Tender.CARD, ils("10.00")),)
    )
    here.service.vend_basket(OPERATOR, by_card)
    by_cards = [
        (OPERATOR, replace(request(f"v-{i}", amount="50.00"), tender=Tender.CARD)) for i in (6, 7)
    ]
    assert [type(a) for a in here.service.vend_many(by_cards)] == [SaleReceipt, PointDayLimit]


def test_an_operator_takes_no_more_in_a_day_by_going_elsewhere(here: Town) -> None:
    write(
        here,
        "operators",
        code=PERSON,
        name_ar="سمير",
        name_en="Samir",
        settlement="till",
        most_per_day=9_000,
        commission="0",
    )
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
    write(
        here,
        "operators",
        code=PERSON,
        name_ar="سمير",
        name_en="Samir",
        settlement="deposit",
        credit_limit=6_000,
        commission="2.5",
    )
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
    write(
        here,
        "operators",
        code=PERSON,
        name_ar="سمير",
        name_en="Samir",
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
    with here.store.engine.begin() as db:
        db.execute(T["operators"].update().values(settlement="till", most_per_day=14_000))
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
    write(
        here,
        "operators",
        code=PERSON,
        name_ar="سمير",
        name_en="Samir",
        settlement="deposit",
        credit_limit=10_000,
        commission="0",
    )
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
    with here.store.writing() as books:
        books._db.execute(
            T["points"].update().where(T["points"].c.code == "P1").values(needs_shift=True)
        )
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


def test_no_free_units_where_the_tariff_gives_none(here: Town) -> None:
    answer = here.service.vend_many([(OPERATOR, BasketRequest("a-1", (Allowance(P),)))])[0]
    assert type(answer).__name__ == "NoAllowance"
