"""A year of one household, at and around every moment at which something changes: what it gets,
pays of monthly charges and of an instalment, and carries, against a model in plain numbers."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Final
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from meters.quantities import Energy, Money
from tests import examples
from vending.tariff import (
    AccountState,
    Debt,
    Instalment,
    Label,
    LineKind,
    Month,
    MonthUse,
    QuoteRequest,
    TariffBook,
    parse_tariffs,
    quote,
    settled,
)

HEBRON: Final = ZoneInfo("Asia/Hebron")
HEAD: Final = """
code = "home"
commodity = "electricity"
currency = "ILS"
customer_class = "domestic"
name_ar = "منزلي"
name_en = "Home"
"""
VERSION: Final = """
[[versions]]
version = {number}
drafted_by = "Billing office"
approved_by = "Finance director"
approved_at = 2025-12-15T10:00:00+02:00
active_from = {begins}
most_per_sale = "5000.00"
vat = {{ percent = "16", rounding = "half_up" }}
[versions.price]
rule = "blocks"
period = "month"
rounding = "half_up"
blocks = [ {{ up_to = "100", rate = "{rate}" }}, {{ rate = "0.60" }} ]
"""
CHARGE: Final = """
[[versions.charges]]
rule = "monthly"
code = "{code}"
name_ar = "رسم"
name_en = "Charge"
amount = "{amount}"
vat = "none"
book = "fixed_charges"
"""
# From when, the first block's price, and what is charged by the month. One begins with summer
# time, one in the hour that comes twice.
VERSIONS: Final = (
    ("2026-01-01T00:00:00+02:00", "0.40", {"meter": "5.00", "waste": "12.00"}),
    ("2026-03-28T03:00:00+03:00", "0.45", {"meter": "6.00"}),
    ("2026-06-01T00:00:00+03:00", "0.50", {"meter": "7.00", "waste": "9.00"}),
    ("2026-10-24T01:30:00+02:00", "0.30", {"meter": "8.00", "waste": "9.00"}),
    ("2027-01-01T00:00:00+02:00", "0.35", {"waste": "3.00"}),
)
BOOK: Final = TariffBook(
    parse_tariffs(
        HEAD
        + "".join(
            VERSION.format(number=number, begins=begins, rate=rate)
            + "".join(CHARGE.format(code=code, amount=told) for code, told in charges.items())
            for number, (begins, rate, charges) in enumerate(VERSIONS, start=1)
        ),
        "home.toml",
    )
)
BEGINS: Final = [datetime.fromisoformat(begins) for begins, _, _ in VERSIONS]
MIDNIGHTS: Final = [datetime(2026 + n // 12, n % 12 + 1, 1, tzinfo=HEBRON) for n in range(1, 14)]
TURNS: Final = [datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 23, 23, tzinfo=UTC)]
EDGES: Final = sorted(one.astimezone(UTC) for one in (*BEGINS[1:], *MIDNIGHTS, *TURNS))
TWENTY: Final = 2_000
MOST: Final = 16_383
"""Tenths that a token tells one by one."""


@dataclass
class Household:
    """In agorot and tenths of a kWh; months are numbered."""

    through: int
    owed: dict[str, int] = field(default_factory=dict)
    used: int = 0
    carried: int = 0
    arrears: int = 30_000
    of_instalment: int = 0

    def buys(self, paid: int, at: datetime) -> tuple[int, dict[str, int]]:
        """Tenths, and what is taken by code."""
        month, rate = number_of(at), version_at(at)[1]
        if month > self.through:
            self.used = self.of_instalment = 0
        for gone in range(self.through + 1, month + 1):
            first = datetime(gone // 12, gone % 12 + 1, 1, tzinfo=HEBRON)
            for code, told in version_at(first.astimezone(UTC))[2].items():
                self.owed[code] = self.owed.get(code, 0) + round(Fraction(told) * 100)
        self.through = month
        asked = {code: self.owed[code] for code in sorted(self.owed)}
        asked["arrears"] = min(self.arrears, TWENTY - self.of_instalment)
        taken, left = {}, paid
        for code, wanted in asked.items():
            taken[code] = min(wanted, left)
            left -= taken[code]
        for code in self.owed:
            self.owed[code] -= taken[code]
        self.arrears -= taken["arrears"]
        self.of_instalment += taken["arrears"]
        budget = left + self.carried
        tenths = bisect_right(range(MOST), budget, key=lambda one: self.cost(one, rate)) - 1
        self.carried = budget - self.cost(tenths, rate)
        self.used += tenths
        return tenths, {code: sum_ for code, sum_ in taken.items() if sum_}

    def cost(self, tenths: int, rate: str) -> int:
        low = min(tenths, max(0, 1_000 - self.used))
        price = half_up(low * Fraction(rate) * 10) + half_up((tenths - low) * Fraction(6))
        return price + half_up(price * Fraction(16, 100))


def half_up(exact: Fraction) -> int:
    return int(exact + Fraction(1, 2))


def number_of(at: datetime) -> int:
    local = at.astimezone(HEBRON)
    return local.year * 12 + local.month - 1


def version_at(at: datetime) -> tuple[str, str, dict[str, str]]:
    return [told for told, begins in zip(VERSIONS, BEGINS, strict=True) if begins <= at][-1]


FAR: Final = st.integers(-20 * 86_400_000_000, 20 * 86_400_000_000)
NEAR: Final = st.sampled_from([-1_000_000, -1, 0, 1, 1_000_000])
SALES: Final = st.lists(
    st.tuples(st.sampled_from(EDGES), NEAR | FAR, st.integers(27_000, 40_000)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=examples(200))
@given(SALES)
def test_it_gets_pays_and_carries_what_plain_numbers_say(
    sales: list[tuple[datetime, int, int]],
) -> None:
    moments = sorted((edge + timedelta(microseconds=apart), paid) for edge, apart, paid in sales)
    since = number_of(moments[0][0])
    model = Household(through=since - 1)
    first = Month(since // 12, since % 12 + 1)
    label = Label("ذمم", "Arrears")
    arrears = Debt("arrears", label, Money(30_000), 30, Instalment(Money(TWENTY)))
    state = AccountState(Money(0), MonthUse(first, Energy(0)), first, debts=(arrears,))
    for at, paid in moments:
        tariff = BOOK.active("home", at)
        sold = quote(tariff, QuoteRequest(Money(paid)), state, at)
        state = settled(state, tariff, sold, at)
        taken = {
            line.code: line.amount.minor
            for line in sold.lines
            if line.kind in (LineKind.CHARGE, LineKind.DEBT) and not line.amount.is_zero
        }
        tenths, expected = model.buys(paid, at)
        assert (sold.quantity, taken) == (Energy(tenths * 100), expected)
        assert sold.balance_after == Money(model.carried)
    assert {one.code: one.owed.minor for one in state.charges if one.owed.minor} == {
        code: owed for code, owed in model.owed.items() if owed
    }
