"""Pricing: no money is lost, units are what the token carries, limits are typed errors."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.account import Commodity
from meters.quantities import Energy, Money, Quantity, Rate, Volume
from tests.vending.support import CONFIG, START, tariffs
from tokens.sts import carried
from vending.tariff import (
    AccountState,
    AmountNotPositive,
    AmountTooHigh,
    AmountTooLow,
    CurrencyWrong,
    FlatPrice,
    MonthUse,
    Quote,
    QuoteRequest,
    Rounding,
    Tariff,
    TariffBook,
    TariffMalformed,
    TariffMissing,
    Vat,
    parse_tariffs,
    rounded,
    unpaid,
)
from vending.tariff import quote as quote_for
from vending.tariff.costs import UnitCost
from vending.tariff.months import Month
from vending.tariff.steps import MOST_STEPS

ELECTRICITY = tariffs().active("electricity-domestic", START)
WATER = tariffs().active("water-domestic", START)


def quote(tariff: Tariff, tendered: Money, balance: Money, most: Quantity | None = None) -> Quote:
    """A payment on an account that owes nothing."""
    return quote_for(tariff, QuoteRequest(tendered, most), AccountState(balance), START)


def cost(tariff: Tariff, units: Quantity) -> int:
    use = MonthUse(Month.of(START), type(units)(0))
    return UnitCost(tariff, START.date(), use).cost(units.value)


def made(
    rate: Fraction,
    vat: Fraction,
    how: Rounding = Rounding.HALF_UP,
    commodity: Commodity = Commodity.ELECTRICITY,
    most: int = 10**9,
) -> Tariff:
    return Tariff(
        code="t",
        version=1,
        commodity=commodity,
        currency="ILS",
        name_ar="ت",
        name_en="T",
        active_from=START,
        price=FlatPrice(Rate(rate, "ILS", commodity.quantity), how),
        vat=Vat(str(vat * 100), vat, how),
        most_per_sale=Money(most),
        drafted_by="A",
        approved_by="B",
        approved_at=START,
    )


@pytest.mark.parametrize(
    ("tariff", "tendered", "balance", "units", "net", "vat", "after"),
    [
        # 76.8 kWh x 0.5612 = 43.10016; 16 % of 43.10 = 6.896
        (ELECTRICITY, "50.00", "0.00", "76.8", "43.10", "6.90", "0.00"),
        # 13.9 m3 x 6.20 = 86.18; 16 % = 13.7888
        (WATER, "100.00", "0.00", "13.9", "86.18", "13.79", "0.03"),
        # The carried balance buys along: 0.05 + 0.02 is one step, 0.1 kWh at 0.06 + 0.01.
        (ELECTRICITY, "0.05", "0.02", "0.1", "0.06", "0.01", "0.00"),
        # Above 1638.3 kWh the field holds whole kWh only: 1765.9 becomes 1765.4 (steps of 1 kWh
        # from 1638.4 on), and the difference is kept for the customer.
        (ELECTRICITY, "1149.60", "0.00", "1765.4", "990.74", "158.52", "0.34"),
    ],
)
def test_worked_table(
    tariff: Tariff, tendered: str, balance: str, units: str, net: str, vat: str, after: str
) -> None:
    q = quote(tariff, Money.from_text(tendered), Money.from_text(balance))
    shown = (q.quantity.to_text(), q.net.to_text(), q.vat.to_text(), q.balance_after.to_text())
    assert shown == (units, net, vat, after)
    flat, tax = q.lines
    assert (flat.rule, flat.base, flat.amount, flat.rounding) == (
        "flat",
        q.quantity,
        q.net,
        Rounding.HALF_UP,
    )
    assert isinstance(tariff.price, FlatPrice)
    assert flat.exact == tariff.price.rate.cost(q.quantity)
    assert (tax.rule, tax.base, tax.rate, tax.amount) == ("vat", q.net, "16", q.vat)


rates = st.fractions(min_value=Fraction(1, 100_000), max_value=10, max_denominator=10**6)
vats = st.sampled_from([Fraction(0), Fraction(16, 100), Fraction(17, 100), Fraction(1, 3)])


@given(
    rate=rates,
    vat=vats,
    how=st.sampled_from(Rounding),
    commodity=st.sampled_from(Commodity),
    tendered=st.integers(1, 600_000),
    balance=st.integers(0, 5_000),
)
def test_laws(
    rate: Fraction, vat: Fraction, how: Rounding, commodity: Commodity, tendered: int, balance: int
) -> None:
    tariff = made(rate, vat, how, commodity)
    try:
        q = quote(tariff, Money(tendered), Money(balance))
    except AmountTooLow as error:
        least = Money.from_text(error.least)
        assert least.minor > tendered
        assert quote(tariff, least, Money(balance)).quantity.value >= commodity.token_step
        return
    except AmountTooHigh as error:
        most = Money.from_text(error.most)
        assert most.minor < tendered
        assert quote(tariff, most, Money(balance)).balance_after.minor >= 0
        return
    _holds(q, tariff)
    if q.quantity.value == MOST_STEPS * commodity.token_step:
        return
    # The most that the money buys: the next amount that a token carries costs more.
    following = carried(type(q.quantity)(q.quantity.value + commodity.token_step))
    assert cost(tariff, following) > tendered + balance


def _holds(q: Quote, tariff: Tariff) -> None:
    assert q.tendered + q.balance_before == q.net + q.vat + q.balance_after
    assert q.balance_after.minor >= 0
    assert q.net + q.vat == Money(cost(tariff, q.quantity)) == q.total
    assert q.quantity.value > 0
    assert q.quantity.value % tariff.commodity.token_step == 0
    assert carried(q.quantity) == q.quantity
    assert sum(line.amount.minor for line in q.lines) == q.total.minor


@given(rate=rates, vat=vats, first=st.integers(1, 50_000), second=st.integers(1, 50_000))
def test_two_payments_never_buy_less_than_their_sum_lost(
    rate: Fraction, vat: Fraction, first: int, second: int
) -> None:
    """What the first payment leaves is spent by the second: nothing falls between the two."""
    tariff = made(rate, vat)
    try:
        one = quote(tariff, Money(first), Money(0))
        two = quote(tariff, Money(second), one.balance_after)
    except (AmountTooLow, AmountTooHigh):
        return
    assert first + second == one.total.minor + two.total.minor + two.balance_after.minor


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6), st.sampled_from(Rounding))
def test_rounding_is_symmetric_and_near(numerator: int, denominator: int, how: Rounding) -> None:
    value = rounded(numerator, denominator, how)
    assert value == -rounded(-numerator, denominator, how)
    off = abs(Fraction(numerator, denominator) - value)
    assert off < 1 if how in (Rounding.UP, Rounding.DOWN) else off <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("numerator", "how", "expected"),
    [
        (5, Rounding.HALF_UP, 3),
        (5, Rounding.HALF_EVEN, 2),
        (7, Rounding.HALF_EVEN, 4),
        (5, Rounding.DOWN, 2),
        (5, Rounding.UP, 3),
        (-5, Rounding.HALF_UP, -3),
    ],
)
def test_rounding_of_halves(numerator: int, how: Rounding, expected: int) -> None:
    assert rounded(numerator, 2, how) == expected


@pytest.mark.parametrize("amount", ["0", "-1.00", "-0.01"])
def test_nothing_and_less_is_refused(amount: str) -> None:
    with pytest.raises(AmountNotPositive):
        quote(ELECTRICITY, Money.from_text(amount), Money(10_000))


def test_too_little_says_what_is_enough() -> None:
    with pytest.raises(AmountTooLow) as error:
        quote(WATER, Money(71), Money(0))
    assert error.value.least == "0.72"
    assert quote(WATER, Money(72), Money(0)).quantity == Volume(100)


def test_more_than_the_tariff_allows() -> None:
    with pytest.raises(AmountTooHigh) as error:
        quote(ELECTRICITY, Money.from_text("5000.01"), Money(0))
    assert error.value.most == "5000.00"
    assert quote(ELECTRICITY, Money.from_text("5000"), Money(0)).balance_after.minor >= 0


def test_units_for_all_that_the_tariff_allows_are_sold_and_no_more() -> None:
    tariff = made(Fraction(1, 10), Fraction(0), most=1000)
    state = AccountState(Money(0))
    assert quote_for(tariff, QuoteRequest(Energy(10_000)), state, START).tendered == Money(1000)
    with pytest.raises(AmountTooHigh) as error:
        quote_for(tariff, QuoteRequest(Energy(10_100)), state, START)
    assert error.value.most == "10.00"


def test_more_than_the_key_allows() -> None:
    limit = Energy(10_000)
    with pytest.raises(AmountTooHigh) as error:
        quote(ELECTRICITY, Money.from_text("50"), Money(3), limit)
    most = Money.from_text(error.value.most)
    assert quote(ELECTRICITY, most, Money(3), limit).quantity == limit
    with pytest.raises(AmountTooHigh):
        quote(ELECTRICITY, most + Money(1), Money(3), limit)


def test_more_than_a_token_holds() -> None:
    cheap = made(Fraction(1, 50), Fraction(0))
    with pytest.raises(AmountTooHigh) as error:
        quote(cheap, Money(10**9), Money(0))
    most = Energy(1_820_162_400)
    assert quote(cheap, Money.from_text(error.value.most), Money(0)).quantity == most
    # Nor is more given for nothing.
    state = AccountState(Money(0))
    assert unpaid(cheap, "free_issue", most, state, START).quantity == most
    with pytest.raises(AmountTooHigh) as error:
        unpaid(cheap, "free_issue", most + Energy(100), state, START)
    assert error.value.most == str(most)


def test_units_of_another_commodity_are_no_units_of_this_tariff() -> None:
    state = AccountState(Money(0))
    with pytest.raises(TypeError):
        quote_for(ELECTRICITY, QuoteRequest(Volume(1_000)), state, START)
    with pytest.raises(TypeError):
        unpaid(ELECTRICITY, "free_issue", Volume(1_000), state, START)


def test_another_currency() -> None:
    with pytest.raises(CurrencyWrong):
        quote(ELECTRICITY, Money(1000, "JOD"), Money(0))


FILE = (CONFIG / "tariffs" / "electricity-domestic.toml").read_text(encoding="utf-8")


def test_the_version_that_holds() -> None:
    later = (
        FILE
        + """
[[versions]]
version = 2
drafted_by = "Billing office"
approved_by = "Finance director"
approved_at = 2026-12-01T10:00:00+02:00
active_from = 2027-01-01T00:00:00+02:00
most_per_sale = "5000.00"
price = { rule = "flat", rate = "0.6000", rounding = "half_up" }
vat = { percent = "16", rounding = "half_up" }
"""
    )
    book = TariffBook(parse_tariffs(later, "x"))
    midnight = datetime(2026, 12, 31, 22, 0, tzinfo=UTC)
    assert book.active("electricity-domestic", midnight).version == 2
    assert book.active("electricity-domestic", midnight.replace(minute=0, hour=21)).version == 1
    with pytest.raises(TariffMissing):
        book.active("electricity-domestic", datetime(2025, 12, 31, tzinfo=UTC))
    with pytest.raises(TariffMissing):
        book.active("gas", midnight)
    with pytest.raises(TariffMalformed):
        TariffBook(parse_tariffs(later, "x") + parse_tariffs(FILE, "y"))


@pytest.mark.parametrize(
    ("change", "to"),
    [
        ('"0.5612"', "0.5612"),
        ('"0.5612"', '"0"'),
        ('"0.5612"', '"1e3"'),
        ('"flat"', '"steps"'),
        ('"16"', '"-1"'),
        ('"16"', '"sixteen"'),
        ("2026-01-01T00:00:00+02:00", "2026-01-01"),
        ("2026-01-01T00:00:00+02:00", "2026-01-01T00:00:00"),
        ('"electricity"', '"gas"'),
        ('"ILS"', '"GBP"'),
        ("version = 1", "version = 0"),
        ("[[versions]]", "[[variants]]"),
        ("version = 1", "version = "),
        ('"5000.00"', '"5000.001"'),
        ('rounding = "half_up" }', 'rounding = "somehow" }'),
        ('"Electricity, domestic"', '""'),
    ],
)
def test_a_file_that_is_wrong_says_where(change: str, to: str) -> None:
    assert change in FILE
    with pytest.raises(TariffMalformed) as error:
        parse_tariffs(FILE.replace(change, to), "electricity-domestic.toml")
    assert error.value.source == "electricity-domestic.toml"
    assert error.value.where
    assert error.value.problem
