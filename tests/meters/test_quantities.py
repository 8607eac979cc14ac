"""Quantities: exact, one unit each, no floats, no truth value."""

import operator
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.errors import Invalid
from meters.quantities import (
    MOST_MINOR,
    Energy,
    Money,
    MoneyTooMuch,
    NotANumber,
    Power,
    Quantity,
    Rate,
    TooFine,
    Volume,
    scaled_from_text,
    scaled_to_text,
)


@pytest.mark.parametrize("cls", [Energy, Volume, Power])
@given(value=st.integers(-(10**15), 10**15))
def test_text_and_back(cls: type[Quantity], value: int) -> None:
    assert cls.from_text(cls(value).to_text()) == cls(value)


@given(st.integers(-(10**12), 10**12), st.sampled_from(["ILS", "JOD"]))
def test_money_text_and_back(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.from_text(money.to_text(), currency) == money


def test_texts_people_write() -> None:
    assert Money.from_text("10.5") == Money(1050)
    assert Money.from_text("١٠٫٥٠") == Money(1050)
    # As they come out of Arabic text, ours too.
    assert Money.from_text("\u200f١٠٫٥٠") == Money(1050)
    assert Money.from_text(" \u2066 10.50 \u2069") == Money(1050)
    assert Money.from_text("\u200e-5") == Money(-500)
    assert Money(-5).to_text() == "-0.05"
    assert Energy(25_600).to_text() == "25.6"
    assert str(Energy(1500)) == "1.5 kWh"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-",
        ".5.",
        "1,000",
        "1e3",
        "NaN",
        "Infinity",
        "0x10",
        "1_000",
        "²",
        "9" * 101,
        "\u200f",
        "1\u200f0",
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(NotANumber):
        Money.from_text(text)


def test_no_amount_is_more_than_a_database_can_sum() -> None:
    assert Money.from_text("100000000000") == Money(MOST_MINOR)
    for text in ("100000000000.01", "-100000000000.01", "9" * 100, "9" * 20 + ".999"):
        with pytest.raises(MoneyTooMuch):
            Money.from_text(text)


def test_finer_than_the_unit_is_refused_not_rounded() -> None:
    with pytest.raises(TooFine):
        Money.from_text("1.005")
    assert Money.from_text("1.500") == Money(150)


@given(st.text(max_size=60))
def test_any_text_is_a_number_or_a_typed_error(text: str) -> None:
    try:
        value = scaled_from_text(text, 3)
    except Invalid:
        return
    assert isinstance(value, int)
    assert scaled_from_text(scaled_to_text(value, 3), 3) == value


def test_units_do_not_mix() -> None:
    with pytest.raises(TypeError):
        _ = Energy(1) + Volume(1)  # type: ignore[operator]
    with pytest.raises(TypeError):
        _ = Money(1, "ILS") + Money(1, "JOD")
    assert len({Energy(1), Volume(1)}) == 2


@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.gt, operator.ge])
def test_only_one_unit_has_an_order(compare: Callable[[object, object], bool]) -> None:
    for small, large, other in (
        (Energy(1), Energy(2), Volume(1)),
        (Money(1), Money(2), Money(1, "JOD")),
    ):
        for one, two, number in ((small, large, (1, 2)), (large, small, (2, 1))):
            assert compare(one, two) == compare(*number)
        assert compare(small, small) == compare(1, 1)
        with pytest.raises(TypeError):
            compare(small, other)


def test_no_floats_and_no_truth() -> None:
    with pytest.raises(TypeError):
        Energy(1.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Money(True)
    with pytest.raises(TypeError):
        bool(Money(0))
    with pytest.raises(TypeError):
        bool(Energy(1))


def test_rates_are_exact() -> None:
    rate = Rate.from_text("0.5612", "ILS", Energy)
    assert rate.per_unit == Fraction(5612, 100_000)
    assert rate.cost(Energy(1000)) == Fraction("56.12")
    assert rate.to_text() == "0.5612"
    with pytest.raises(TypeError):
        rate.cost(Volume(1))


@pytest.mark.parametrize("places", [1, 27, 28, 29, 60, 98])
def test_a_price_is_told_with_every_decimal_that_was_written(places: int) -> None:
    """What a line says times the units is what it charges, however fine the price is."""
    text = "0." + "123456789" * 11
    text = text[: 2 + places]
    rate = Rate.from_text(text, "ILS", Energy)
    assert rate.to_text() == text
    assert Rate.from_text(rate.to_text(), "ILS", Energy) == rate


def test_a_price_that_no_decimal_is_can_be_told() -> None:
    assert Rate(Fraction(1, 30), "ILS", Energy).to_text() == "0.3333333333333333333333333333"
