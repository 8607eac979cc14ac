"""A basket asked for again under its id: the same in every part, or refused; on both databases."""

from __future__ import annotations

import pytest

from meters.values import replace
from tests.vending.support import OPERATOR, Town
from vending.requests import BasketRequest, Credit
from vending.sale import Payment, Tender
from vending.sold import SaleVoided
from vending.vend import VendIdReused

from .support import P, W, ils


@pytest.mark.parametrize(
    "change",
    [
        {"hold": True},
        {"payments": (Payment(Tender.CARD, ils("50.00"), "slip 8"),)},
    ],
)
def test_the_same_id_stands_for_the_same_in_every_part(
    here: Town, change: dict[str, object]
) -> None:
    card = Payment(Tender.CARD, ils("50.00"), "slip 7")
    basket = BasketRequest("b-1", (Credit(P, ils("50.00")),), (card,))
    sold = here.service.vend_basket(OPERATOR, basket)
    with pytest.raises(VendIdReused):
        here.service.vend_basket(OPERATOR, replace(basket, **change))
    assert here.service.vend_basket(OPERATOR, basket) == sold


def test_a_replayed_basket_shows_what_has_been_shown_and_no_more(here: Town) -> None:
    items = (Credit(P, ils("50.00")), Credit(W, ils("20.00")))
    held = BasketRequest("b-1", items, hold=True)
    here.service.vend_basket(OPERATOR, held)
    here.service.show(OPERATOR, "b-1")
    again = here.service.vend_basket(OPERATOR, held).receipts
    assert [one.held for one in again] == [False, True]
    assert again[1].tokens[0].digits == ""
    here.service.void(OPERATOR, "b-1+2", "wrong customer")
    with pytest.raises(SaleVoided):
        here.service.vend_basket(OPERATOR, held)
