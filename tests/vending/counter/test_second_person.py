"""What two people sell is held to the same rules as what one sells; on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.vending.support import OPERATOR, Town
from tokens.sts import TokenKindUnknown
from vending.operators import TillFull
from vending.parties import Role
from vending.requests import BasketRequest, Correction, Engineering, SecondPerson

from .support import P, T, ils

CHIEF = replace(OPERATOR, name="Omar", role=Role.SUPERVISOR)
ASKED = SecondPerson("Layla", "meter was faulty", "a-1")


def test_what_an_office_sells_anew_fills_the_till_too(here: Town) -> None:
    with here.store.writing() as books:
        books._db.execute(T["points"].update().values(most_in_till=4_000))
    basket = BasketRequest("c-1", (Correction(P, ils("50.00"), "v-0"),), second=ASKED)
    with pytest.raises(TillFull):
        here.service.vend_basket(CHIEF, basket)


def test_credit_is_no_engineering_token(here: Town) -> None:
    """Not even where two people would have it so."""
    item = Engineering(P, "transfer_credit_electricity", (("amount", "5.0"),))
    with pytest.raises(TokenKindUnknown):
        here.service.vend_basket(CHIEF, BasketRequest("e-1", (item,), second=ASKED))
    assert here.service.sales(OPERATOR) == []
