"""Fees, charges and debts in a sale: who is served first, and what protects the customer."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from meters.quantities import Energy, Money
from meters.values import replace
from vending.tariff import (
    AmountTooLow,
    ChargeState,
    ChargeUnknown,
    FeeDue,
    Limited,
    LineKind,
    Month,
    Postponed,
    Protection,
    rounded_fraction,
    settled,
    shares_of,
)

from .owing import CLEAR, MONTH, NOW, TARIFF, debt, sold, taken


def test_a_fee_that_is_no_longer_charged_is_still_taken_where_it_is_due() -> None:
    """Its customer would be unable to buy otherwise, through no fault of theirs."""
    without = replace(TARIFF, charges=TARIFF.charges[:1])
    assert without.fee("seal") is None
    sale = sold(replace(CLEAR, fees=(FeeDue("seal"),)), 10_000, without)
    assert taken(sale) == {"seal": 900}
    assert settled(replace(CLEAR, fees=(FeeDue("seal"),)), without, sale, NOW).fees == ()


def test_what_no_version_of_the_tariff_knows_is_refused() -> None:
    for state in (
        replace(CLEAR, fees=(FeeDue("paint"),)),
        replace(CLEAR, charges=(ChargeState("gas", MONTH, Money(1)),)),
    ):
        with pytest.raises(ChargeUnknown):
            sold(state, 10_000)


def test_a_fee_is_taken_once_and_what_is_missing_is_remembered() -> None:
    tariff = replace(TARIFF, protection=Protection("50", Fraction(1, 2)))
    state = replace(CLEAR, fees=(FeeDue("seal"),))
    first = sold(state, 1000, tariff)
    assert taken(first) == {"seal": 500}
    assert next(line for line in first.lines if line.code == "seal").limited is Limited.CAP
    after = settled(state, tariff, first, NOW)
    assert after.fees == (FeeDue("seal", Money(400)),)
    second = sold(after, 1000, tariff)
    assert taken(second) == {"seal": 400}
    assert settled(after, tariff, second, NOW).fees == ()


def test_the_first_priority_is_served_first() -> None:
    debts = (debt("b", 9000, 2, percent="30"), debt("a", 9000, 1, percent="30"))
    state = replace(CLEAR, debts=debts)
    tariff = replace(TARIFF, protection=Protection("40", Fraction(2, 5)))
    sale = sold(state, 10_000, tariff)
    assert taken(sale) == {"a": 3000, "b": 1000}
    lines = sale.of_kind(LineKind.DEBT)
    assert [line.limited for line in lines] == [None, Limited.CAP]
    assert [line.left for line in lines] == [Money(6000), Money(8000)]
    assert lines[1].exact == 3000
    assert shares_of(sale.lines)[-1].minor == 4000


def test_an_instalment_is_for_the_month_however_many_sales() -> None:
    state = replace(CLEAR, debts=(debt("a", 5000, 1, instalment=2000),))
    first = sold(state, 10_000)
    assert taken(first) == {"a": 2000}
    after = settled(state, TARIFF, first, NOW)
    assert taken(sold(after, 10_000)) == {"a": 0}
    small = replace(TARIFF, protection=Protection("10", Fraction(1, 10)))
    once = settled(state, small, sold(state, 5_000, small), NOW)
    twice = settled(once, small, sold(once, 5_000, small), NOW)
    # 5.00 and 5.00 under the cap; of the month's 20.00 there are 10.00 left.
    assert taken(sold(twice, 10_000)) == {"a": 1000}
    december = datetime(2026, 12, 2, 9, 0, tzinfo=UTC)
    assert taken(sold(after, 10_000, at=december)) == {"meter": 700, "a": 2000}


def test_the_guaranteed_units_come_before_every_deduction() -> None:
    """10 kWh are 5.00."""
    tariff = replace(TARIFF, protection=Protection("100", Fraction(1), Energy(10_000)))
    state = replace(CLEAR, debts=(debt("a", 90_000, 1, instalment=90_000),))
    sale = sold(state, 800, tariff)
    assert taken(sale) == {"a": 300}
    assert sale.quantity == Energy(10_000)
    assert sale.of_kind(LineKind.DEBT)[0].limited is Limited.GUARANTEE
    assert sold(state, 300, tariff).quantity == Energy(6_000)
    unprotected = replace(tariff, protection=Protection())
    with pytest.raises(AmountTooLow) as error:
        sold(state, 800, unprotected)
    assert error.value.least == "900.05"


def test_postponed_and_disputed_debts_wait_and_say_why() -> None:
    until = datetime(2027, 1, 1, tzinfo=UTC)
    debts = (
        replace(debt("a", 5000, 1, percent="50"), disputed="not ours"),
        replace(debt("b", 5000, 2, percent="50"), postponed=Postponed(until, "harvest")),
    )
    state = replace(CLEAR, debts=debts)
    lines = sold(state, 10_000).of_kind(LineKind.DEBT)
    assert [(one.limited, one.reason, one.amount.minor) for one in lines] == [
        (Limited.DISPUTED, "not ours", 0),
        (Limited.POSTPONED, "harvest", 0),
    ]
    assert taken(sold(state, 10_000, at=until))["b"] == 5000


def test_shares_are_rounded_down_as_they_add_up_and_each_says_how() -> None:
    """A third each of 0.11: 3.67 agorot each, 10.99 together, so 3 + 4 + 3."""
    debts = tuple(debt(code, 9000, 1, percent="33.3333") for code in "abc")
    sale = sold(replace(CLEAR, debts=debts, balance=Money(100)), 11)
    assert list(taken(sale).values()) == [3, 4, 3]
    assert {line.limited for line in sale.of_kind(LineKind.DEBT)} == {None}
    for line in sale.of_kind(LineKind.DEBT):
        assert line.amount.minor == rounded_fraction(line.exact, line.rounding)


def test_what_is_asked_for_in_whole_agorot_is_taken_whole_behind_a_part_of_the_payment() -> None:
    """Not an agora of the meter's month or of an instalment is left owed, with no reason told,
    because a debt before them takes 7.4 % of 202.36, which is 14.97464."""
    debts = (debt("part", 90_000, 1, percent="7.4"), debt("rate", 90_000, 40, instalment=2000))
    due = replace(CLEAR, charges=(ChargeState("meter", Month(2026, 10), Money(0)),))
    month, sale = sold(due, 20_236), sold(replace(due, debts=debts), 20_236)
    assert taken(sale) == {"part": 1497, "meter": taken(month)["meter"], "rate": 2000}
    (left,) = [line.left for line in sale.lines if line.code == "meter" and line.left is not None]
    assert left.is_zero
    assert {line.limited for line in sale.lines} == {None}


def test_the_last_agora_is_asked_for() -> None:
    state = replace(CLEAR, fees=(FeeDue("seal", Money(1)),), debts=(debt("a", 1, 1, "100"),))
    assert taken(sold(state, 1000)) == {"seal": 1, "a": 1}
