"""Amount fields: the standard's tables, and laws over their whole range."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.quantities import ConnectionTime, Energy, Quantity, Volume
from tokens.sts import TokenAmountNegative, TokenAmountTooLarge, carried, credit_step
from tokens.sts.amounts import (
    LARGEST_AMOUNT16,
    LARGEST_CURRENCY20,
    ceil_units,
    decode_amount16,
    decode_currency20,
    encode_amount16,
    encode_currency20,
)


@pytest.mark.parametrize(
    ("exponent", "first", "last"),
    [(0, 0, 16383), (1, 16384, 180214), (2, 180224, 1818524), (3, 1818624, 18201624)],
)
def test_ranges_of_the_16_bit_field(exponent: int, first: int, last: int) -> None:
    assert encode_amount16(first) == exponent << 14
    assert encode_amount16(last) == exponent << 14 | 16383
    assert decode_amount16(exponent << 14) == first
    assert decode_amount16(exponent << 14 | 16383) == last


def test_every_16_bit_field_comes_back() -> None:
    values = [decode_amount16(field) for field in range(65536)]
    assert values == sorted(set(values))
    assert [encode_amount16(value) for value in values] == list(range(65536))


@given(st.integers(0, LARGEST_AMOUNT16))
def test_16_bits_never_give_less_and_little_more(units: int) -> None:
    given_units = decode_amount16(encode_amount16(units))
    assert units <= given_units
    assert given_units - units < (1 if units < 16384 else max(10, units * 9 // 16385 + 1))


@given(st.integers(0, LARGEST_AMOUNT16 - 1))
def test_16_bits_are_monotone(units: int) -> None:
    assert encode_amount16(units) <= encode_amount16(units + 1)


def test_limits_of_the_16_bit_field() -> None:
    with pytest.raises(TokenAmountTooLarge):
        encode_amount16(LARGEST_AMOUNT16 + 1)
    with pytest.raises(TokenAmountNegative):
        encode_amount16(-1)


@pytest.mark.parametrize(
    ("units", "field", "held"),
    [
        (100000, 0x060AA, 100004),
        (1638300000, 0x178E3, 1638342624),
        (1638400000, 0x178E4, 1638442624),
        (18022400000, 0x1BF4A, 18022442624),
        (181862400000, 0x1FFEE, 181864442624),
        (-100000, 0x860A9, -99994),
        (-18022400000, 0x9BF49, -18021442624),
        (182044 * 10**29, 0x7C000, 18204444444444444444444444444442624),
    ],
)
def test_published_currency_fields(units: int, field: int, held: int) -> None:
    assert encode_currency20(units) == field
    assert decode_currency20(field) == held


CURRENCY_UNITS = st.one_of(
    st.integers(-(10**12), 10**12),
    st.integers(-LARGEST_CURRENCY20, LARGEST_CURRENCY20),
)


@given(CURRENCY_UNITS)
def test_currency_rounds_up_in_the_customers_favour(units: int) -> None:
    held = decode_currency20(encode_currency20(units))
    assert units <= held
    assert held - units <= abs(units) * 9 // 16000 + 10


@given(st.integers(0, 2**19 - 1), st.booleans())
def test_every_20_bit_field_comes_back(magnitude: int, negative: bool) -> None:
    field = magnitude | negative << 19
    if field == 1 << 19:
        assert encode_currency20(decode_currency20(field)) == 0  # no negative zero
    else:
        assert encode_currency20(decode_currency20(field)) == field


def test_limits_of_the_20_bit_field() -> None:
    for units in (LARGEST_CURRENCY20 + 1, -LARGEST_CURRENCY20 - 1):
        with pytest.raises(TokenAmountTooLarge):
            encode_currency20(units)


def test_decimal_amounts_round_up_exactly() -> None:
    assert ceil_units(Fraction("1.82"), 10) == 19
    assert ceil_units(Fraction("25.6"), 10) == 256
    assert ceil_units(Fraction("-0.1"), 100000) == -10000


@pytest.mark.parametrize("quantity", [Energy, Volume, ConnectionTime])
@given(value=st.integers(0, 10**8))
def test_carried_is_what_a_token_gives(quantity: type[Quantity], value: int) -> None:
    step = credit_step(quantity)
    amount = quantity(value % (LARGEST_AMOUNT16 * step))
    held = carried(amount)
    assert held.value >= amount.value
    assert carried(held) == held
    assert held.value % step == 0
