"""What may be asked for: so much money, or so many units, of one token."""

from __future__ import annotations

import pytest

from meters.quantities import Energy, Money
from meters.values import replace
from vending.tariff import (
    AmountNotPositive,
    AmountTooHigh,
    AmountTooLow,
    CurrencyWrong,
    QuoteRequest,
    UnitsNotCarried,
    quote,
)

from .owing import CLEAR, NOW, TARIFF, debt, sold


@pytest.mark.parametrize("units", [Energy(0), Energy(-100)])
def test_no_units_are_not_sold(units: Energy) -> None:
    with pytest.raises(AmountNotPositive):
        quote(TARIFF, QuoteRequest(units), CLEAR, NOW)


def test_a_token_carries_no_more_than_its_key_may_sell() -> None:
    """By units or by money; what is no whole step of that is not sold either."""
    most = Energy(5_050)
    for ask in (Energy(5_000), Money(250)):
        assert quote(TARIFF, QuoteRequest(ask, most), CLEAR, NOW).quantity == Energy(5_000)
    with pytest.raises(AmountTooHigh) as error:
        quote(TARIFF, QuoteRequest(Energy(5_100), most), CLEAR, NOW)
    assert error.value.most == "5 kWh"
    with pytest.raises(AmountTooHigh) as error:
        quote(TARIFF, QuoteRequest(Money(255), most), CLEAR, NOW)
    assert error.value.most == "2.54"


def test_units_between_two_steps_are_refused_with_both_neighbours() -> None:
    with pytest.raises(AmountTooLow) as low:
        quote(TARIFF, QuoteRequest(Energy(50)), CLEAR, NOW)
    assert (low.value.amount, low.value.least) == ("0.05 kWh", "0.1 kWh")
    with pytest.raises(UnitsNotCarried) as between:
        quote(TARIFF, QuoteRequest(Energy(250)), CLEAR, NOW)
    assert (between.value.below, between.value.above) == ("0.2 kWh", "0.3 kWh")


def test_money_is_of_the_tariffs_currency() -> None:
    with pytest.raises(CurrencyWrong):
        sold(replace(CLEAR, balance=Money(5, "JOD")), 1000)
    with pytest.raises(CurrencyWrong):
        sold(replace(CLEAR, debts=(replace(debt("a", 1, 1, "5"), owed=Money(1, "JOD")),)), 1000)
