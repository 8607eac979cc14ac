"""Typing and assembling 20 digits; nothing but typed errors for bad input."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.errors import Invalid
from meters.identity import NotDigits
from tokens.sts import TokenLength, TokenTooLarge, grouped, token_digits
from tokens.sts.digits import extract_class, insert_class

KNOWN = "23716100501183194197"


@pytest.mark.parametrize(
    "text",
    [
        KNOWN,
        "2371 6100 5011 8319 4197",
        " 2371-6100-5011-8319-4197 ",
        "٢٣٧١ ٦١٠٠ ٥٠١١ ٨٣١٩ ٤١٩٧",
        "۲۳۷۱۶۱۰۰۵۰۱۱۸۳۱۹۴۱۹۷",
        "\u2066" + KNOWN + "\u2069",
    ],
)
def test_what_people_type_is_understood(text: str) -> None:
    assert token_digits(text) == KNOWN


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", TokenLength),
        (KNOWN[:-1], TokenLength),
        (KNOWN + "1", TokenLength),
        ("2371610050118319419x", NotDigits),
        ("²³716100501183194197", NotDigits),
        ("½" * 20, NotDigits),
        ("73786976294838206464", TokenTooLarge),
        ("9" * 20, TokenTooLarge),
        ("1" * 100_000, NotDigits),
    ],
)
def test_bad_input_is_named(text: str, error: type[Invalid]) -> None:
    with pytest.raises(error) as raised:
        token_digits(text)
    assert KNOWN[:8] not in str(raised.value)


@given(st.text(max_size=300))
def test_any_text_gives_digits_or_a_typed_error(text: str) -> None:
    try:
        digits = token_digits(text)
    except Invalid:
        return
    assert len(digits) == 20
    assert digits.isascii()
    assert digits.isdecimal()


def test_published_assembly() -> None:
    assert insert_class(0x492083C0AE7CE455, 0) == KNOWN
    assert extract_class(KNOWN) == (0, 0x492083C0AE7CE455)
    assert grouped(KNOWN) == "2371 6100 5011 8319 4197"


@given(st.integers(0, 2**64 - 1), st.integers(0, 3))
def test_class_insertion_is_reversible(block: int, token_class: int) -> None:
    digits = insert_class(block, token_class)
    assert len(digits) == 20
    assert extract_class(digits) == (token_class, block)


@given(st.integers(0, 2**66 - 1))
def test_every_66_bit_number_is_some_block(number: int) -> None:
    token_class, block = extract_class(f"{number:020d}")
    assert insert_class(block, token_class) == f"{number:020d}"
