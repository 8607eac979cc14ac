"""Free units of a month as a sale of their own."""

from __future__ import annotations

import pytest

from meters.quantities import Energy
from tests.vending.support import CONFIG, OPERATOR, Town, security
from vending.requests import (
    Allowance,
    BasketRequest,
)
from vending.ringing import NoAllowance
from vending.tariff import (
    TariffBook,
    parse_tariffs,
)

from .support import P, ils

FREE = """
[[versions.supports]]
rule = "free_units"
code = "free"
name_ar = "وحدات مجانية"
name_en = "Free units"
units = "20"
payer = "social-fund"
book = "support_due"
"""
HALF = """
[[versions.supports]]
rule = "subsidy"
code = "half"
name_ar = "دعم"
name_en = "Support"
units = "30"
percent = "50"
rounding = "half_up"
payer = "social-fund"
book = "support_due"
"""


def supported(*supports: str) -> TariffBook:
    """The tariffs of the town; electricity with these supports, in this order."""
    texts = [
        (CONFIG / "tariffs" / f"{kind}-domestic.toml").read_text("utf-8") + more
        for kind, more in (("electricity", "".join(supports)), ("water", ""))
    ]
    return TariffBook(tariff for text in texts for tariff in parse_tariffs(text, "t.toml"))


@pytest.mark.parametrize("order", [(FREE, HALF), (HALF, FREE)])
def test_the_first_units_of_a_month_are_free_in_whatever_order_the_file_says_it(
    here: Town, order: tuple[str, str]
) -> None:
    served = here.with_(tariffs=supported(*order))
    sold = served.vend_basket(OPERATOR, BasketRequest("a-1", (Allowance(P),))).leading.quote
    assert (sold.quantity, sold.tendered) == (Energy(20_000), ils("0"))
    assert [line.code for line in sold.lines if line.payer] == ["free"]
    here.clock.forward(minutes=1)
    assert [type(one) for one in served.vend_many([(OPERATOR, allowance("a-2"))])] == [NoAllowance]


def test_a_key_that_allows_less_gives_the_free_units_in_parts(here: Town) -> None:
    served = here.with_(tariffs=supported(FREE), security=security(unit_limit=150))
    given = []
    for number in (1, 2):
        sold = served.vend_basket(OPERATOR, allowance(f"a-{number}")).leading.quote
        given.append(sold.quantity)
        here.clock.forward(minutes=1)
    assert given == [Energy(15_000), Energy(5_000)]
    assert [type(one) for one in served.vend_many([(OPERATOR, allowance("a-3"))])] == [NoAllowance]


def allowance(vend_id: str) -> BasketRequest:
    return BasketRequest(vend_id, (Allowance(P),))


def test_no_free_units_where_the_tariff_gives_none(here: Town) -> None:
    answer = here.service.vend_many([(OPERATOR, BasketRequest("a-1", (Allowance(P),)))])[0]
    assert type(answer) is NoAllowance
