"""How sentences look on a page: what would turn around in an Arabic line stands by itself."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vending.web.pages.telling import prose

CASES = {
    "": "",
    "لا شيء": "لا شيء",
    "Nothing to say": "Nothing to say",
    "50.00 ILS was paid.": "[50.00 ₪] was paid.",
    "دُفع 50.00 ILS، وكان": "دُفع [50.00 ₪]، وكان",
    "76.8 kWh بسعر 0.5612 ILS لكل kWh": "[76.8 kWh] بسعر [0.5612 ₪] لكل kWh",
    "ضريبة 16%: 6.90 ILS.": "ضريبة [16%]: [6.90 ₪].",
    "-15.00 ILS": "[-15.00 ₪]",
    "النقطة T1, الجهاز T1-2.": "النقطة [T1], الجهاز [T1-2].",
    "since 2026-10, at 10:56": "since [2026-10], at [10:56]",
    "5 ILSx": "[5] ILSx",
    "1 < 2 & 3": "[1] &lt; [2] &amp; [3]",
    "<b>7</b>": "&lt;b&gt;[7]&lt;/b&gt;",
}


@pytest.mark.parametrize("text", CASES)
def test_numbers_and_codes_stand_by_themselves(text: str) -> None:
    shown = str(prose(text)).replace('<bdi dir="ltr">', "[").replace("</bdi>", "]")
    assert shown == CASES[text]


@given(st.text(st.sampled_from("aZ09 .,:%-+/_<&>\"'ILSkWh³دُ")))
def test_nothing_is_lost_and_nothing_is_markup(text: str) -> None:
    plain = re.sub(r'<bdi dir="ltr">|</bdi>', "", str(prose(text)))
    for mark, sign in (("&lt;", "<"), ("&gt;", ">"), ("&#34;", '"'), ("&#39;", "'")):
        plain = plain.replace(mark, sign)
    assert plain.replace("&amp;", "&").replace("₪", "ILS") == text.replace("₪", "ILS")
