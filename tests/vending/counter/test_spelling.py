"""Units are the same units however they are spelt: one vend id, one sale. And what was sold when
their spelling still counted is found again, as it was typed then; on both databases."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.errors import RaseedError
from meters.quantities import Money
from meters.values import replace
from tests.vending.support import ADMIN, OPERATOR, Town
from vending.requests import (
    BasketRequest,
    Credit,
    FreeIssue,
    Refund,
    SecondPerson,
    Transfer,
    Units,
)
from vending.samerequest import input_hash, is_same_request
from vending.tariff.errors import QuoteIdReused
from vending.vend import VendIdReused

from .support import P, W

SPELT = ["10", "10.0", "10.00", " 010 ", "+10", "\u0661\u0660", "\u0661\u0660\u066b\u0660"]


def asks(text: str) -> BasketRequest:
    return BasketRequest("b-1", (Credit(P, Units(text)), Credit(W, Units("0.5"))))


def hashed(text: str, *, as_typed: bool = False) -> str:
    return input_hash(asks(text), [P, W], "P1", as_typed=as_typed)


def test_units_are_the_same_however_they_are_spelt(here: Town) -> None:
    first = here.service.vend_basket(OPERATOR, asks("10.0"))
    assert not first.replayed
    for text in SPELT:
        again = here.service.vend_basket(OPERATOR, asks(text))
        assert again.replayed
        assert again == first
    for text in ("10.1", "1", "100", "1.0"):
        with pytest.raises(VendIdReused) as refused:
            here.service.vend_basket(OPERATOR, asks(text))
        assert refused.value.facts() == {"vend_id": "b-1", "differs": "basket"}
    assert here.service.verify(ADMIN).ok
    assert len(here.service.sales(OPERATOR)) == 2


def test_a_quote_asked_for_again_under_its_id_is_the_quote(here: Town) -> None:
    first = here.service.bind(OPERATOR, P, Units("10.0"), quote_id="q-1")
    for text in SPELT:
        assert here.service.bind(OPERATOR, P, Units(text), quote_id="q-1") == first
    for other in (Units("10.1"), Money(1000)):
        with pytest.raises(QuoteIdReused):
            here.service.bind(OPERATOR, P, other, quote_id="q-1")


@pytest.mark.parametrize("kept", ["10", "10.0", "\u0661\u0660"])
def test_a_sale_of_before_is_found_by_its_own_spelling(
    here: Town, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    with monkeypatch.context() as then:
        then.setattr("vending.selling.input_hash", partial(input_hash, as_typed=True))
        first = here.service.vend_basket(OPERATOR, asks(kept))
    again = here.service.vend_basket(OPERATOR, asks(kept))
    assert again.replayed
    assert again == first
    # Its spelling is all that was kept of it: another one is told as before, and sells nothing.
    other = asks("10.000")
    if kept == "10":
        assert here.service.vend_basket(OPERATOR, other) == first
    else:
        with pytest.raises(VendIdReused):
            here.service.vend_basket(OPERATOR, other)
    assert len(here.service.sales(OPERATOR)) == 2
    assert here.service.verify(ADMIN).ok


@pytest.mark.parametrize("text", ["", "ten", "1e1", "1,000", "-5", "0.0", "10.0.0", "NaN"])
def test_what_is_no_number_of_units_is_refused_as_before(here: Town, text: str) -> None:
    with pytest.raises(RaseedError) as refused:
        here.service.vend_basket(OPERATOR, asks(text))
    assert refused.value.code in ("quantity.not_a_number", "vend.amount_not_positive")
    assert here.service.sales(OPERATOR) == []


def test_every_kind_that_is_asked_for_in_units() -> None:
    second = SecondPerson("Layla", "Tested", "A-1")
    for kind in (FreeIssue, partial(Refund, refers_to="v"), partial(Transfer, old_meter="m")):
        one, same, other = (
            BasketRequest("b-1", (kind(P, units=Units(text)),), second=second)
            for text in ("7.5", "٧٫٥٠", "7.6")
        )
        assert input_hash(one, [P], "P1") == input_hash(same, [P], "P1")
        assert input_hash(one, [P], "P1") != input_hash(other, [P], "P1")


NUMBERS = st.decimals(0, 10**9, allow_nan=False, allow_infinity=False, places=6)


@given(NUMBERS, NUMBERS, st.integers(0, 4), st.integers(0, 4))
def test_one_hash_for_one_number(one: Decimal, other: Decimal, zeros: int, more: int) -> None:
    plain = f"{one:f}"
    padded = "0" * zeros + plain + "0" * more
    assert Decimal(Units(padded).plain) == one
    assert Units(Units(padded).plain).plain == Units(padded).plain
    assert hashed(padded) == hashed(plain)
    assert (hashed(f"{other:f}") == hashed(plain)) == (other == one)


@given(NUMBERS, st.integers(0, 4), st.integers(0, 4))
def test_a_kept_hash_is_that_of_the_number_or_of_the_very_text(
    number: Decimal, zeros: int, more: int
) -> None:
    kept, asked = ("0" * n + f"{number:f}" for n in (zeros, more))
    inputs, basket = hashed(asked), asks(asked)
    same = partial(is_same_request, inputs=inputs, basket=basket, numbers=[P, W], point="P1")
    assert same(hashed(kept))
    of_before = kept in (asked, Units(asked).plain)
    assert same(hashed(kept, as_typed=True)) == of_before
    assert not same(input_hash(replace(basket, hold=True), [P, W], "P1", as_typed=True))
