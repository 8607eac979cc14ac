"""Units that only rounding makes free are not sold, by units or by money; free units are given."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from meters.quantities import Energy, Money
from meters.values import replace
from vending.tariff import (
    AccountState,
    AmountTooLow,
    Debt,
    Label,
    LineKind,
    Month,
    MonthUse,
    Percentage,
    Quote,
    QuoteRequest,
    Tariff,
    TariffBook,
    parse_tariffs,
    quote,
    settled,
)

from .worked import HEAD

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
ELECTRICITY = HEAD.format(commodity="electricity")
RULES = """
price = { rule = "flat", rate = "0.04", rounding = "half_up" }
vat = { percent = "0", rounding = "half_up" }
"""
FREE = '{ rule = "free_units", code = "free", name_ar = "م", name_en = "F", units = "0.1", payer = "fund", book = "s" },'  # noqa: E501 - as in a file
HALF = '{{ rule = "subsidy", code = "{}", name_ar = "د", name_en = "H", units = "{}", percent = "{}", rounding = "half_up", payer = "fund", book = "s" }},'  # noqa: E501
CHEAP = TariffBook(parse_tariffs(ELECTRICITY + RULES, "t")).active("worked", NOW)
CLEAR = AccountState(Money(0), MonthUse(Month(2026, 11), Energy(0)))


def supported(*rows: str, rules: str = RULES) -> Tariff:
    text = f"{ELECTRICITY}{rules}supports = [\n{''.join(rows)}\n]\n"
    return TariffBook(parse_tariffs(text, "t")).active("worked", NOW)


def sold(ask: Money | Energy, state: AccountState = CLEAR) -> Quote:
    return quote(CHEAP, QuoteRequest(ask), state, NOW)


@pytest.mark.parametrize("carried", [0, 3, 500])
def test_one_step_is_not_had_for_nothing(carried: int) -> None:
    """0.1 kWh are 0.004: a tenth after the other would be a month's light for 0.00."""
    state = replace(CLEAR, balance=Money(carried))
    with pytest.raises(AmountTooLow) as refused:
        sold(Energy(100), state)
    assert (refused.value.amount, refused.value.least) == ("0.1 kWh", "0.2 kWh")
    least = sold(Energy(200), state)
    assert least.net == Money(1)
    assert sold(Energy(300)).tendered == Money(1)


def test_nor_where_a_debt_takes_the_whole_payment() -> None:
    all_of_it = Debt("a", Label("ذ", "D"), Money(500), 1, Percentage("100"))
    state = replace(CLEAR, debts=(all_of_it,))
    with pytest.raises(AmountTooLow) as refused:
        sold(Money(100), state)
    assert refused.value.least == "5.01"
    assert sold(Money(501), state).quantity == Energy(300)


def test_the_free_units_of_a_month_are_given_however_little_they_cost() -> None:
    social = supported(FREE)
    given = quote(social, QuoteRequest(Energy(100)), CLEAR, NOW)
    assert (given.tendered, given.quantity) == (Money(0), Energy(100))
    after = settled(CLEAR, social, given, NOW)
    with pytest.raises(AmountTooLow):
        quote(social, QuoteRequest(Energy(100)), after, NOW)


@pytest.mark.parametrize(
    ("supports", "given"),
    [
        ((HALF.format("a", "0.2", "50"),), 0),
        ((FREE, HALF.format("a", "0.2", "50")), 100),
        # The free ones come first, wherever the file says so.
        ((HALF.format("a", "0.2", "50"), FREE), 100),
        ((HALF.format("a", "0.2", "100"),), 200),
        ((FREE, HALF.format("a", "0.1", "100")), 200),
        # Behind units that are borne in part, nobody is given any.
        ((FREE, HALF.format("a", "0.1", "50"), HALF.format("b", "0.2", "100")), 100),
    ],
)
def test_for_nothing_is_only_what_somebody_bears_wholly(
    supports: tuple[str, ...], given: int
) -> None:
    """0.4 kWh are 0.004, which is rounded to nothing, borne or not."""
    tariff = supported(*supports, rules=RULES.replace("0.04", "0.01"))
    for units in range(100, 500, 100):
        if units <= given:
            assert quote(tariff, QuoteRequest(Energy(units)), CLEAR, NOW).tendered == Money(0)
        else:
            with pytest.raises(AmountTooLow):
                quote(tariff, QuoteRequest(Energy(units)), CLEAR, NOW)


def test_free_units_are_free_at_any_price_and_the_next_ones_are_told_apart() -> None:
    """20.00 for each kWh, so 2.00 for every step: one free, then two at half the price."""
    tariff = supported(FREE, HALF.format("a", "0.2", "50"), rules=RULES.replace("0.04", "20.00"))
    for units, costs in ((100, 0), (200, 100), (300, 200), (400, 400)):
        assert quote(tariff, QuoteRequest(Energy(units)), CLEAR, NOW).tendered == Money(costs)
    lines = quote(tariff, QuoteRequest(Energy(400)), CLEAR, NOW).of_kind(LineKind.SUPPORT)
    assert [(line.code, line.base, line.amount, line.payer, line.book) for line in lines] == [
        ("free", Energy(100), Money(-200), "fund", "s"),
        ("a", Energy(200), Money(-200), "fund", "s"),
    ]
    assert [line.rate for line in lines] == ["100", "50"]
    assert [(line.label.en if line.label else "") for line in lines] == ["F", "H"]
