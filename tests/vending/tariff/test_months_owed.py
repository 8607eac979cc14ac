"""Which months of a charge are owed: those in which a version had it, at the price that it had."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest

from meters.quantities import Money
from meters.values import replace
from vending.tariff import (
    ChargeState,
    Month,
    TariffBook,
    owed,
    parse_tariffs,
    pay_owed,
    settled,
)

from .owing import CLEAR, FILE, MONTH, NOW, TARIFF, sold, taken


def test_months_gone_by_are_charged_at_the_price_that_held_then() -> None:
    """Counted through July: August and September at 5.00, October and November at 7.00."""
    state = replace(CLEAR, charges=(ChargeState("meter", Month(2026, 7), Money(0)),))
    sale = sold(state, 10_000)
    meter = next(line for line in sale.lines if line.code == "meter")
    assert (meter.amount, meter.months, meter.left) == (Money(2400), 4, Money(0))
    again = sold(settled(state, TARIFF, sale, NOW), 10_000)
    assert taken(again) == {}


@pytest.mark.parametrize(
    ("ended", "begun", "counted"),
    [
        # March began with the first version, June with none: its own begins within it.
        ("2026-03-15T00:00:00+02:00", "2026-06-10T00:00:00+03:00", {3: 500, 6: 700, 7: 700}),
        # Ended with the very instant in which April begins; begun with that of June.
        ("2026-04-01T00:00:00+03:00", "2026-06-01T00:00:00+03:00", {3: 500, 6: 700, 7: 700}),
        ("2026-04-01T00:00:01+03:00", "2026-05-31T23:59:59+03:00",
         {3: 500, 4: 500, 5: 700, 6: 700, 7: 700}),
        # No gap: the month goes by what it began with.
        ("2026-05-10T00:00:00+03:00", "2026-05-20T00:00:00+03:00",
         {3: 500, 4: 500, 5: 500, 6: 700, 7: 700}),
        # The next one came before the first had ended.
        ("2026-06-20T00:00:00+03:00", "2026-05-20T00:00:00+03:00",
         {3: 500, 4: 500, 5: 500, 6: 700, 7: 700}),
    ],
)  # fmt: skip
def test_a_month_in_which_no_version_held_is_not_charged(
    ended: str, begun: str, counted: dict[int, int]
) -> None:
    first, second = parse_tariffs(FILE, "t")
    first = dataclasses.replace(first, retired_from=datetime.fromisoformat(ended))
    second = dataclasses.replace(second, active_from=datetime.fromisoformat(begun))
    tariff = TariffBook([first, second]).active("t", NOW)
    asked = {m: tariff.monthly_sum("meter", Month(2026, m)) for m in range(3, 8)}
    assert {m: amount for m, amount in asked.items() if amount} == counted
    state = replace(CLEAR, charges=(ChargeState("meter", Month(2026, 2), Money(0)),))
    sale = sold(state, 20_000, tariff, datetime(2026, 7, 5, 9, tzinfo=UTC))
    meter = next(line for line in sale.lines if line.code == "meter")
    assert (meter.amount.minor, meter.months) == (sum(counted.values()), len(counted))


def test_an_agreement_is_charged_from_its_first_month_and_not_before_the_tariff() -> None:
    state = replace(CLEAR, charges=(), since=Month(2026, 11))
    assert taken(sold(state, 10_000)) == {"meter": 700}
    assert taken(sold(replace(state, since=None), 10_000)) == {"meter": 700}
    old = replace(state, since=Month(2024, 1))
    # Nine months at 5.00 and two at 7.00; before January 2026 there was no tariff.
    assert taken(sold(old, 10_000))["meter"] == 5900


def test_an_abolished_charge_is_still_taken_as_far_as_it_was_owed() -> None:
    state = replace(
        CLEAR, charges=(*CLEAR.charges, ChargeState("lamp", Month(2026, 8), Money(150)))
    )
    # 1.50 from before, September under version 1; from October on there is no such charge.
    sale = sold(state, 10_000)
    assert taken(sale) == {"lamp": 250}
    assert taken(sold(settled(state, TARIFF, sale, NOW), 10_000)) == {}


def test_a_charge_that_was_dropped_is_asked_for_the_months_that_had_it() -> None:
    """Also of a customer who bought nothing while it was charged; in the first sale, and once."""
    counted_to_august = ChargeState("lamp", Month(2026, 8), Money(0))
    for state, lamp, months in (
        (replace(CLEAR, charges=(*CLEAR.charges, counted_to_august)), 100, 1),
        (replace(CLEAR, since=Month(2026, 7)), 300, 3),
    ):
        assert owed(TARIFF, state, NOW) == {"lamp": Money(lamp)}
        sale = sold(state, 10_000)
        (line,) = [line for line in sale.lines if line.left is not None]
        assert (line.code, line.amount.minor, line.months) == ("lamp", lamp, months)
        after = settled(state, TARIFF, sale, NOW)
        assert ChargeState("lamp", MONTH, Money(0)) in after.charges
        assert taken(sold(after, 10_000)) == {}
        paid = pay_owed(TARIFF, Money(lamp), state, NOW, "lamp")
        assert taken(paid) == {"lamp": lamp}
        assert owed(TARIFF, settled(state, TARIFF, paid, NOW), NOW) == {}
    # Who came after it was dropped is not asked, and nothing is kept of it.
    later = replace(CLEAR, since=Month(2026, 10))
    assert settled(later, TARIFF, sold(later, 10_000), NOW).charges == CLEAR.charges


def test_months_behind_an_end_that_nothing_followed_are_not_charged() -> None:
    ended = replace(TARIFF, retired_from=datetime(2026, 10, 20, tzinfo=UTC), earlier=None)
    assert ended.counting_in(Month(2026, 10)) is not None
    assert ended.counting_in(Month(2026, 11)) is None
    assert ended.counting_in(Month(2026, 9)) is None
    assert ended.monthly_sum("meter", Month(2026, 11)) == 0
