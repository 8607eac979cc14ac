"""Numbers as they are typed into a page's fields."""

from __future__ import annotations

import pytest

from meters.quantities import Money, NotANumber
from vending.web.pages.visitor import Form


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("٥٠٫٢٥", "50.25"),
        ("1 250", "1250"),
        ("1\u00a0250\u00a0000.50", "1250000.50"),
        ("\u200f٥٠", "50"),
        ("\u2066 50.00 \u2069", "50.00"),
        ("-5", "-5"),
        # A mark before the minus does not take it away.
        ("\u200f-5", "-5"),
    ],
)
def test_marks_of_direction_change_no_amount(typed: str, read: str) -> None:
    assert Form.of({"amount": typed}).amount("amount") == read


@pytest.mark.parametrize(
    "typed",
    ["20-5", "20\u20105", "20\u20115", "10 50", "1 2500", "1250 000", "5 0", "50. 00", "1 250 - 5"],
)
def test_two_numbers_in_one_field_are_no_third_amount(typed: str) -> None:
    """A dash or a space that is left out would make another amount of it, ten times as large."""
    with pytest.raises(NotANumber):
        Money.from_text(Form.of({"amount": typed}).amount("amount"))


def test_a_number_of_a_card_stands_together_however_it_is_written() -> None:
    assert Form.of({"code": "٠١٠٠-0000 015"}).number("code") == "01000000015"
