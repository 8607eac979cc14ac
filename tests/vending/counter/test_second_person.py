"""What two people sell is held to the same rules as what one sells; on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.vending.support import OPERATOR, Town, put_point, request
from tokens.sts import TokenKindUnknown
from vending.operators import TillFull
from vending.parties import Role
from vending.permissions import ActorNotAllowed
from vending.requests import BasketRequest, Correction, Engineering, SecondPerson
from vending.selling import SecondPersonNeeded

from .support import P, ils

CHIEF = replace(OPERATOR, name="Omar", role=Role.SUPERVISOR)
ASKED = SecondPerson("Layla", "meter was faulty", "a-1")


def test_what_an_office_sells_anew_lies_in_the_till_already(here: Town) -> None:
    """Its money was taken with the sale that it puts right; a new sale of it is refused."""
    put_point(here.store, most_in_till=4_000)
    basket = BasketRequest("c-1", (Correction(P, ils("50.00"), "v-0"),), second=ASKED)
    here.service.vend_basket(CHIEF, basket)
    with pytest.raises(TillFull):
        here.service.vend(OPERATOR, request("v-1"))


def test_credit_is_no_engineering_token(here: Town) -> None:
    """Not even where two people would have it so."""
    item = Engineering(P, "transfer_credit_electricity", (("amount", "5.0"),))
    with pytest.raises(TokenKindUnknown):
        here.service.vend_basket(CHIEF, BasketRequest("e-1", (item,), second=ASKED))
    assert here.service.sales(OPERATOR) == []


def test_who_asked_for_money_back_does_not_decide_it(here: Town) -> None:
    here.service.vend(OPERATOR, request("v-1"))
    with pytest.raises(SecondPersonNeeded):
        here.service.refund(CHIEF, "v-1", f" {CHIEF.name.upper()} ", "meter was faulty", "a-1")
    with pytest.raises(ActorNotAllowed):
        here.service.refund(OPERATOR, "v-1", "Layla", "meter was faulty", "a-1")
    assert here.service.what_became(OPERATOR, "v-1").void is None
    here.service.refund(CHIEF, "v-1", "Layla", "meter was faulty", "a-1")
