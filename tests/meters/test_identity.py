"""Meter numbers: check digits, the three forms people type, Arabic-Indic digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.errors import Invalid
from meters.identity import (
    CheckDigitWrong,
    Drn,
    IssuerUnknown,
    MeterNumberLength,
    MeterPan,
    NotDigits,
    luhn_digit,
    meter_from_text,
    plain_digits,
)


@pytest.mark.parametrize(
    ("drn", "pan"),
    [
        ("00000000000", "600727000000000009"),
        ("0100000000008", "000001000000000082"),
        ("11111111115", "600727111111111153"),
    ],
)
def test_published_numbers(drn: str, pan: str) -> None:
    assert Drn(drn).pan.number == pan
    assert MeterPan(pan).drn.number == drn
    assert meter_from_text(pan) == meter_from_text(drn) == Drn(drn)


@pytest.mark.parametrize("number", ["12345678904", "11111111113"])
def test_published_wrong_check_digits(number: str) -> None:
    with pytest.raises(CheckDigitWrong):
        Drn(number)


@given(st.sampled_from(["07", "1234"]), st.integers(0, 99_999_999), st.data())
def test_one_wrong_digit_is_always_noticed(maker: str, serial: int, data: st.DataObject) -> None:
    drn = Drn.from_serial(maker, serial)
    position = data.draw(st.integers(0, len(drn.number) - 1))
    digit = data.draw(st.sampled_from("0123456789"))
    changed = drn.number[:position] + digit + drn.number[position + 1 :]
    if changed != drn.number:
        with pytest.raises(CheckDigitWrong):
            Drn(changed)
    assert MeterPan(drn.pan.number).drn == drn


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", MeterNumberLength),
        ("1234", MeterNumberLength),
        ("000000000000", MeterNumberLength),
        ("1111111111x", NotDigits),
        ("¹¹¹¹¹¹¹¹¹¹⁵", NotDigits),
        ("123456111111111153", IssuerUnknown),
        ("600727111111111154", CheckDigitWrong),
    ],
)
def test_bad_numbers_are_named(text: str, error: type[Invalid]) -> None:
    with pytest.raises(error):
        meter_from_text(text)


def test_arabic_digits_and_pasted_marks() -> None:
    assert meter_from_text("١١١١١١١١١١٥") == Drn("11111111115")
    assert meter_from_text("\u2067 1111-1111 115\u2069\u200f") == Drn("11111111115")


@given(st.text(max_size=250))
def test_any_text_gives_digits_or_a_typed_error(text: str) -> None:
    try:
        digits = plain_digits(text)
    except Invalid:
        return
    assert digits == "" or (digits.isascii() and digits.isdecimal())


@given(st.text(alphabet="0123456789", min_size=1, max_size=30))
def test_luhn_detects_swapped_neighbours_but_09(digits: str) -> None:
    whole = digits + str(luhn_digit(digits))
    assert luhn_digit(whole[:-1]) == int(whole[-1])
    for i in range(len(whole) - 1):
        a, b = whole[i], whole[i + 1]
        if a != b and {a, b} != {"0", "9"}:
            swapped = whole[:i] + b + a + whole[i + 2 :]
            assert luhn_digit(swapped[:-1]) != int(swapped[-1])
