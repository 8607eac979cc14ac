"""How a basket is paid: in several ways, to the coin, and what nobody hands over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.quantities import Energy, Money
from meters.values import replace
from tests.vending.support import ADMIN, OPERATOR, Town
from vending import counter
from vending.drawer import DENOMINATIONS
from vending.masking import ReferenceHoldsToken
from vending.payments import (
    MOST_MINOR,
    PaymentShort,
    PaymentTooLarge,
    PaymentTooMuch,
    parts_of,
    settle,
    to_coin,
)
from vending.plaintext import TextNotKept
from vending.requests import (
    BasketMalformed,
    BasketRequest,
    Credit,
    TenderBesidePayments,
    Units,
)
from vending.sale import (
    Payment,
    Tender,
    TenderUnknown,
    VendIdMalformed,
)
from vending.tariff import CurrencyWrong
from vending.vend import VendIdReused

from .support import P, W, code, ils, owe, posted
from .test_baskets import PUT_OFF, UNITS


@pytest.mark.parametrize(
    ("payments", "change", "tills", "ways"),
    [
        (
            (Payment(Tender.CASH, ils("100.00")),),
            "30.00",
            {"till": 7000},
            [Tender.CASH, Tender.CASH],
        ),
        (
            (
                Payment(Tender.CARD, ils("30.00"), "slip 7"),
                Payment(Tender.CHEQUE, ils("25.00"), "no. 12"),
                Payment(Tender.CASH, ils("20.00")),
            ),
            "5.00",
            {"cards": 3000, "cheques": 2500, "till": 1500},
            [Tender.MIXED, Tender.MIXED],
        ),
        (
            (Payment(Tender.CARD, ils("60.00")), Payment(Tender.CASH, ils("10.00"))),
            "0.00",
            {"cards": 6000, "till": 1000},
            [Tender.CARD, Tender.MIXED],
        ),
    ],
)
def test_paid_in_several_ways(
    here: Town,
    payments: tuple[Payment, ...],
    change: str,
    tills: dict[str, int],
    ways: list[Tender],
) -> None:
    items = (Credit(P, ils("50.00")), Credit(W, ils("20.00")))
    sold = here.service.vend_basket(OPERATOR, BasketRequest("b-1", items, payments))
    assert sold.leading.paid is not None
    assert sold.leading.paid.change == ils(change)
    assert [one.tender for one in sold.receipts] == ways
    found: dict[str, int] = {}
    for vend_id in ("b-1", "b-1+2"):
        for (account, _), amount in posted(here, vend_id).items():
            found[account] = found.get(account, 0) + amount
    assert {role: found[code(role)] for role in tills} == tills
    stored = here.service.basket(OPERATOR, "b-1")
    assert tuple(status.receipt for status in stored) == sold.receipts
    assert here.service.verify(ADMIN).ok


def test_no_reference_holds_what_looks_like_a_token(
    here: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is printed and exported; what was sold before there was this rule is answered as ever."""

    def paid(id: str, reference: str) -> BasketRequest:
        card = (Payment(Tender.CARD, ils("50.00"), reference),)
        return BasketRequest(id, (Credit(P, ils("50.00")),), card)

    whole = "1234 5678 9012 3456 7890"
    for reference in (whole, whole.replace(" ", ""), f"slip {whole}", "١٢٣٤٥٦٧٨٩٠١٢٣٤٥٦٧٨٩٠"):
        with pytest.raises(ReferenceHoldsToken) as refused:
            here.service.vend_basket(OPERATOR, paid("b-1", reference))
        assert "1234" not in str(refused.value)
    # Every number on a slip is shorter, and of a longer one the last digits are enough.
    sold = here.service.vend_basket(OPERATOR, paid("b-1", "4000123412341234"))
    assert sold.leading.paid is not None
    with monkeypatch.context() as earlier:
        earlier.setattr(counter, "check_references", lambda *_: None)
        old = here.service.vend_basket(OPERATOR, paid("b-2", whole))
    again = here.service.vend_basket(OPERATOR, paid("b-2", whole))
    assert again.leading.tokens == old.leading.tokens


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
    # Its further sales have the id too, and what comes behind it, in the room of one.
    assert BasketRequest("b" * 64, (UNITS,)).sale_ids == ("b" * 64,)
    assert BasketRequest("b" * 60, (UNITS, UNITS)).sale_ids[1] == "b" * 60 + "+2"
    with pytest.raises(VendIdMalformed):
        BasketRequest("b" * 61, (UNITS, UNITS))
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


@pytest.mark.parametrize("item", [UNITS, PUT_OFF], ids=["units", "postponed"])
def test_what_is_paid_in_one_way_is_paid_in_that_way(here: Town, item: Credit) -> None:
    """Exactly what is due, so that no drawer is short of it; and the way is one of the inputs."""
    owe(here, old="30.00")
    asked = BasketRequest("b-1", (item,), tender=Tender.CARD)
    receipt = here.service.vend_basket(OPERATOR, asked).leading
    due = receipt.quote.tendered
    assert (receipt.tender, receipt.rounding) == (Tender.CARD, 0)
    booked = posted(here, "b-1")
    assert booked[code("cards"), "P1"] == due.minor
    assert (code("till"), "P1") not in booked
    assert here.service.vend_basket(OPERATOR, asked).replayed
    for tender in (None, Tender.CASH, Tender.CHEQUE):
        with pytest.raises(VendIdReused):
            here.service.vend_basket(OPERATOR, replace(asked, tender=tender))
    assert here.service.verify(ADMIN).ok


def test_one_way_of_paying_is_told_once() -> None:
    paid = (Payment(Tender.CASH, ils("50.00")),)
    for tender in (Tender.CARD, Tender.CASH):
        with pytest.raises(TenderBesidePayments):
            BasketRequest("b-1", (UNITS,), paid, tender=tender)
    with pytest.raises(TenderUnknown):
        BasketRequest("b-1", (UNITS,), tender=Tender.MIXED)


def test_payments_that_nobody_hands_over(here: Town) -> None:
    def sell(amount: Money) -> None:
        paid = (Payment(Tender.CASH, amount),)
        here.service.vend_basket(OPERATOR, BasketRequest("b-1", (Credit(P, ils("50.00")),), paid))

    with pytest.raises(PaymentTooLarge) as error:
        sell(Money(10**42))
    assert len(error.value.amount) < 40
    with pytest.raises(CurrencyWrong):
        sell(Money(5000, "USD"))
    sell(Money(MOST_MINOR))
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


@pytest.mark.parametrize("currency", sorted(DENOMINATIONS))
def test_cash_is_what_a_drawer_can_be_counted_in(currency: str) -> None:
    coin = min(DENOMINATIONS[currency])
    for minor in range(1_200, 1_200 + 2 * coin):
        due = Money(minor, currency)
        paid = settle(due, (), as_told=False)
        notes = Payment(Tender.CASH, Money(DENOMINATIONS[currency][0], currency))
        changed = settle(due, (notes,), as_told=False)
        for cash in (*paid.payments, *changed.payments):
            assert cash.amount.minor % coin == 0
        assert changed.change.minor % coin == 0
        assert abs(paid.rounding.minor) <= coin // 2


@pytest.mark.parametrize("reference", ["slip\n7", "a\x00", "a\u202eb"])
def test_a_reference_that_cannot_be_kept(reference: str) -> None:
    paid = (Payment(Tender.CARD, ils("50.00"), reference),)
    with pytest.raises(TextNotKept):
        BasketRequest("b-1", (Credit(P, ils("50.00")),), paid)
