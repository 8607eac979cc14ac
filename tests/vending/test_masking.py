"""No token and no API key in what is logged or repeated."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vending import voids
from vending.accounting import adjustments
from vending.masking import MASK, ReasonHoldsToken, masked, masked_fact

TOKEN = "63226139619110373798"


@pytest.mark.parametrize(
    "text",
    [TOKEN, "6322 6139 6191 1037 3798", "6322-6139-6191-1037-3798", "٦٣٢٢ ٦١٣٩ ٦١٩١ ١٠٣٧ ٣٧٩٨"],
)
def test_a_whole_token_is_masked_however_it_is_written(text: str) -> None:
    assert masked(f"/meters/{text}/readings") == f"/meters/{MASK}/readings"


def test_what_stands_behind_a_token_stays() -> None:
    assert masked(f"There is no entry {TOKEN}. Check it.") == f"There is no entry {MASK}. Check it."


def test_keys_are_masked_and_meter_numbers_are_not() -> None:
    assert masked("/vends/rsk_0123456789abcdef") == f"/vends/{MASK}"
    for number in ("07000010012", "0712000050021", "600727000000000009", "E1-000001"):
        assert masked(f"/meters/{number}") == f"/meters/{number}"


def test_facts_are_masked_inside() -> None:
    assert masked_fact({"a": [TOKEN, 5, None], "b": "x"}) == {"a": [MASK, 5, None], "b": "x"}


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_token_never_passes(before: str, after: str) -> None:
    assert TOKEN not in masked(before + TOKEN + after)


@pytest.mark.parametrize("checked", [adjustments.checked_reason, voids.checked_reason])
def test_no_reason_holds_what_looks_like_a_token(checked: Callable[[str], str]) -> None:
    """Reasons of adjustments, debts, cash, keys, people, and those of voids."""
    for digits in ("12345678901234567890", "1234 5678 9012 3456 7890", "١٢٣٤-٥٦٧٨-٩٠١٢-٣٤٥٦-٧٨٩٠"):
        with pytest.raises(ReasonHoldsToken) as told:
            checked(f"The customer typed {digits} twice")
        assert "1234" not in str(told.value)
    sale = "Sale 0192f3a4-5b6c-7d8e-9f00-112233445566, receipt P1-000123"
    assert checked(sale) == sale
