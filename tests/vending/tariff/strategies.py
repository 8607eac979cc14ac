"""Any tariff, any account: for laws that hold for all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import strategies as st

from meters.account import Commodity
from meters.quantities import Energy, Money, Rate
from vending.tariff import (
    AccountState,
    BlockPrice,
    ChargeState,
    Debt,
    FeeDue,
    FlatPrice,
    FreeUnits,
    Instalment,
    Label,
    Month,
    MonthlyCharge,
    MonthUse,
    OneOffFee,
    Percentage,
    PercentCharge,
    Postponed,
    Protection,
    Rounding,
    SeasonalPrice,
    Subsidy,
    Tariff,
    UnitCharge,
    Vat,
    VatMode,
)
from vending.tariff.charges import Charge, Heading, Sum
from vending.tariff.prices import Block, Period, Season

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
THIS_MONTH = Month(2026, 11)
LABEL = Label("بند", "Line")
_SECOND_BEGAN = [
    Month(2026, 9).begins(),
    Month(2026, 10).begins() + timedelta(days=14),
    Month(2026, 11).begins(),
]

roundings = st.sampled_from(Rounding)
rates = st.fractions(Fraction(1, 1000), Fraction(1), max_denominator=10_000).map(
    lambda f: Rate(f, "ILS", Energy)
)
units = st.integers(0, 4000).map(lambda steps: Energy(steps * 100))
some_units = st.integers(1, 2000).map(lambda steps: Energy(steps * 100))
percents = st.integers(0, 10_000).map(lambda n: (f"{n // 100}.{n % 100:02d}", Fraction(n, 10_000)))
parts = percents.filter(lambda p: p[1] > 0)
sums = st.integers(1, 8000).map(Money)
vats = st.builds(
    lambda percent, how, mode: Vat(percent, Fraction(percent) * Fraction(1, 100), how, mode),
    st.sampled_from(["0", "16", "17.5", "100"]),
    roundings,
    st.sampled_from(VatMode),
)
flat_prices = st.builds(FlatPrice, rates, roundings)


@st.composite
def block_prices(draw: st.DrawFn) -> BlockPrice:
    bounds = sorted(draw(st.sets(st.integers(1, 3000), max_size=3)))
    blocks = [Block(Energy(bound * 100), draw(rates)) for bound in bounds]
    return BlockPrice(
        (*blocks, Block(None, draw(rates))), draw(st.sampled_from(Period)), draw(roundings)
    )


prices = st.one_of(
    flat_prices,
    block_prices(),
    st.builds(
        lambda one, two: SeasonalPrice(
            (Season((4, 1), Label("صيف", "Summer"), one), Season((11, 15), LABEL, two))
        ),
        flat_prices | block_prices(),
        flat_prices | block_prices(),
    ),
)


@st.composite
def tariffs(draw: st.DrawFn) -> Tariff:
    def heading(code: str) -> Heading:
        return Heading(code, LABEL, f"book_{code}", draw(vats))

    def part(code: str) -> PercentCharge:
        percent, fraction = draw(percents)
        return PercentCharge(heading(code), percent, fraction, draw(roundings))

    def subsidy(code: str) -> Subsidy:
        percent, share = draw(percents)
        return Subsidy(
            code, LABEL, draw(some_units), percent, share, draw(roundings), "fund", "owed"
        )

    makers: dict[str, Callable[[], Charge]] = {
        "part": lambda: part("part"),
        "each": lambda: UnitCharge(heading("each"), draw(rates), draw(roundings)),
        "month": lambda: MonthlyCharge(Sum(heading("month"), draw(sums), 20)),
        "lamp": lambda: MonthlyCharge(Sum(heading("lamp"), draw(sums), 5)),
        "once": lambda: OneOffFee(Sum(heading("once"), draw(sums), 10)),
    }

    def charges() -> tuple[Charge, ...]:
        chosen = draw(st.sets(st.sampled_from(sorted(makers))))
        return tuple(makers[name]() for name in sorted(chosen))

    supports: list[FreeUnits | Subsidy] = []
    if draw(st.booleans()):
        supports.append(FreeUnits("free", LABEL, draw(some_units), "fund", "owed"))
    if draw(st.booleans()):
        supports.append(subsidy("half"))
    percent, cap = draw(parts)
    first = Tariff(
        code="any",
        version=1,
        commodity=Commodity.ELECTRICITY,
        currency="ILS",
        name_ar="أي",
        name_en="Any",
        active_from=NOW - timedelta(days=400),
        price=draw(prices),
        vat=draw(vats),
        most_per_sale=Money(10**9),
        drafted_by="A",
        approved_by="B",
        approved_at=NOW - timedelta(days=401),
        charges=charges(),
        supports=tuple(supports),
        protection=Protection(percent, cap, draw(st.none() | some_units)),
    )
    began = draw(st.sampled_from([None, *_SECOND_BEGAN]))
    if began is None:
        return first
    # What it charges besides units is other: more, less, dropped.
    return replace(first, version=2, active_from=began, charges=charges(), earlier=first)


@st.composite
def debts(draw: st.DrawFn, code: str) -> Debt:
    recovery = draw(
        st.builds(Instalment, sums) | parts.map(lambda p: Percentage(p[0]))  # at most 100 %
    )
    return Debt(
        code=code,
        label=LABEL,
        owed=Money(draw(st.integers(0, 30_000))),
        priority=draw(st.integers(1, 30)),
        recovery=recovery,
        disputed=draw(st.sampled_from(["", "", "", "not mine"])),
        postponed=draw(
            st.none() | st.just(Postponed(NOW + timedelta(hours=1), "until the harvest"))
        ),
        taken_in=draw(st.none() | st.just(THIS_MONTH)),
        taken=Money(draw(st.integers(0, 3000))),
    )


@st.composite
def accounts(draw: st.DrawFn, tariff: Tariff) -> AccountState:
    have = {c.sum.heading.code for c in tariff.monthly_ever}
    fee = tariff.due_fee("once")
    return AccountState(
        balance=Money(draw(st.integers(0, 3000))),
        use=MonthUse(
            draw(st.sampled_from([THIS_MONTH, THIS_MONTH, Month(2026, 10)])),
            draw(units),
            (("free", draw(units)), ("half", draw(units))),
        ),
        since=draw(st.sampled_from([None, Month(2026, 8)])),
        charges=tuple(
            ChargeState(
                code,
                draw(st.sampled_from([Month(2026, 7), THIS_MONTH])),
                Money(draw(st.integers(0, 900))),
            )
            for code in sorted(have)
            if draw(st.booleans())
        ),
        fees=(
            # Untouched, or partly paid, or put on when it was another sum.
            (FeeDue("once", draw(st.none() | sums)),)
            if fee is not None and draw(st.booleans())
            else ()
        ),
        debts=tuple(draw(debts(f"d{n}")) for n in range(draw(st.integers(0, 3)))),
    )


payments = st.integers(1, 200_000).map(Money)
