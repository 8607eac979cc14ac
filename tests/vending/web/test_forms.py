"""Numbers as they are typed into a page's fields."""

from __future__ import annotations

import pytest

from vending.web.pages.visitor import Form


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("٥٠٫٢٥", "50.25"),
        ("1 250", "1250"),
        ("\u200f٥٠", "50"),
        ("\u2066 50.00 \u2069", "50.00"),
        ("-5", "-5"),
        # A mark before the minus does not take it away.
        ("\u200f-5", "-5"),
    ],
)
def test_marks_of_direction_change_no_amount(typed: str, read: str) -> None:
    assert Form.of({"amount": typed}).number("amount") == read
