"""Charges and debts: who is served first, what protects the customer, which months count."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from meters.quantities import Energy, Money
from meters.values import replace
from vending.tariff import (
    AccountState,
    AmountNotPositive,
    AmountTooHigh,
    AmountTooLow,
    ChargeState,
    ChargeUnknown,
    CurrencyWrong,
    Debt,
    FeeDue,
    Instalment,
    Label,
    Limited,
    LineKind,
    Month,
    MonthUse,
    MoreThanOwed,
    Percentage,
    Postponed,
    Protection,
    Quote,
    QuoteLine,
    QuoteRequest,
    Rounding,
    Share,
    Tariff,
    TariffBook,
    UnitsNotCarried,
    owed,
    parse_tariffs,
    pay_owed,
    quote,
    rounded_fraction,
    settled,
    shares_of,
    unpaid,
)
from vending.tariff.errors import TariffActivationPast, TariffMalformed

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
MONTH = Month(2026, 11)
NAME = Label("دين", "Debt")

FILE = """
code = "t"
commodity = "electricity"
currency = "ILS"
customer_class = "domestic"
name_ar = "ت"
name_en = "T"
[[versions]]
version = 1
drafted_by = "A"
approved_by = "B"
approved_at = 2025-12-15T10:00:00+02:00
active_from = 2026-01-01T00:00:00+02:00
most_per_sale = "5000.00"
price = { rule = "flat", rate = "0.50", rounding = "half_up" }
vat = { percent = "0", rounding = "half_up" }
charges = [
  { rule = "monthly", code = "meter", name_ar = "ع", name_en = "M", amount = "5.00", book = "f" },
  { rule = "monthly", code = "lamp", name_ar = "ل", name_en = "L", amount = "1.00", book = "l" },
  { rule = "once", code = "seal", name_ar = "خ", name_en = "S", amount = "9.00", book = "o" },
]
[[versions]]
version = 2
drafted_by = "A"
approved_by = "B"
approved_at = 2026-09-15T10:00:00+02:00
active_from = 2026-10-01T00:00:00+03:00
most_per_sale = "5000.00"
price = { rule = "flat", rate = "0.50", rounding = "half_up" }
vat = { percent = "0", rounding = "half_up" }
charges = [
  { rule = "monthly", code = "meter", name_ar = "ع", name_en = "M", amount = "7.00", book = "f" },
  { rule = "once", code = "seal", name_ar = "خ", name_en = "S", amount = "9.00", book = "o" },
]
"""
TARIFF = TariffBook(parse_tariffs(FILE, "t")).active("t", NOW)
CLEAR = AccountState(
    Money(0),
    MonthUse(MONTH, Energy(0)),
    charges=(ChargeState("meter", MONTH, Money(0)),),
)


def sold(state: AccountState, paid: int, tariff: Tariff = TARIFF, at: datetime = NOW) -> Quote:
    return quote(tariff, QuoteRequest(Money(paid)), state, at)


def taken(sale: Quote) -> dict[str, int]:
    return {line.code: line.amount.minor for line in sale.lines if line.left is not None}


def debt(code: str, owed: int, priority: int, percent: str = "", instalment: int = 0) -> Debt:
    rule = Percentage(percent) if percent else Instalment(Money(instalment))
    return Debt(code, NAME, Money(owed), priority, rule)


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


def test_a_fee_that_is_no_longer_charged_is_still_taken_where_it_is_due() -> None:
    """Its customer would be unable to buy otherwise, through no fault of theirs."""
    without = replace(TARIFF, charges=TARIFF.charges[:1])
    assert without.fee("seal") is None
    sale = sold(replace(CLEAR, fees=(FeeDue("seal"),)), 10_000, without)
    assert taken(sale) == {"seal": 900}
    assert settled(replace(CLEAR, fees=(FeeDue("seal"),)), without, sale, NOW).fees == ()


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


def test_a_fee_stays_due_where_nothing_asks_for_it() -> None:
    """A payment of another code, one that runs out before the fee, and units that nobody pays
    for."""
    state = replace(
        CLEAR, fees=(FeeDue("seal", Money(400)),), debts=(debt("a", 5000, 1, percent="10"),)
    )
    for sale in (
        pay_owed(TARIFF, Money(700), state, NOW, "a"),
        pay_owed(TARIFF, Money(700), state, NOW),
        unpaid(TARIFF, "free_issue", Energy(10_000), state, NOW),
    ):
        assert "seal" not in taken(sale)
        assert settled(state, TARIFF, sale, NOW).fees == state.fees
        untouched = replace(state, fees=(FeeDue("seal"),))
        assert settled(untouched, TARIFF, sale, NOW).fees == untouched.fees


def lamp_twice(name: str) -> tuple[Tariff, AccountState]:
    """A fee with the code of the monthly charge of before, both owed."""
    one, begins, two = FILE.partition("[[versions]]\nversion = 2")
    two = two.replace('code = "seal", name_ar = "خ", name_en = "S"', f'code = "lamp", {name}')
    tariff = TariffBook(parse_tariffs(one + begins + two, "t")).active("t", NOW)
    state = replace(
        CLEAR,
        fees=(FeeDue("lamp", Money(900)),),
        charges=(*CLEAR.charges, ChargeState("lamp", MONTH, Money(300))),
    )
    return tariff, state


def test_a_fee_and_a_monthly_charge_of_one_code_are_two_things() -> None:
    """No new tariff may have them (`check_kinds`); what was sold by an old one stays right."""
    tariff, state = lamp_twice('name_ar = "خ", name_en = "S"')
    small = replace(tariff, protection=Protection("10", Fraction(1, 10)))
    after = settled(state, small, sold(state, 10_000, small), NOW)
    assert after.fees == ()
    assert after.charges[1].owed.minor == 200
    assert owed(tariff, state, NOW) == {"lamp": Money(1200)}
    paid = settled(state, tariff, pay_owed(tariff, Money(1000), state, NOW, "lamp"), NOW)
    assert paid.fees == ()
    assert paid.charges[1].owed.minor == 200


def test_lines_of_a_sale_say_of_which_kind_they_are_where_all_else_is_the_same() -> None:
    """A fee and a monthly charge of one code and one name; a sale pays the fee and a part of the
    charge."""
    tariff, state = lamp_twice('name_ar = "ل", name_en = "L"')
    small = replace(tariff, protection=Protection("10", Fraction(1, 10)))
    after = settled(state, small, sold(state, 10_000, small), NOW)
    assert after.fees == ()
    assert after.charges[1].owed.minor == 200


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


@pytest.mark.parametrize("units", [Energy(0), Energy(-100)])
def test_no_units_are_not_sold(units: Energy) -> None:
    with pytest.raises(AmountNotPositive):
        quote(TARIFF, QuoteRequest(units), CLEAR, NOW)


def test_a_token_carries_no_more_than_its_key_may_sell() -> None:
    """By units or by money; what is no whole step of that is not sold either."""
    most = Energy(5_050)
    for ask in (Energy(5_000), Money(250)):
        assert quote(TARIFF, QuoteRequest(ask, most), CLEAR, NOW).quantity == Energy(5_000)
    with pytest.raises(AmountTooHigh) as error:
        quote(TARIFF, QuoteRequest(Energy(5_100), most), CLEAR, NOW)
    assert error.value.most == "5 kWh"
    with pytest.raises(AmountTooHigh) as error:
        quote(TARIFF, QuoteRequest(Money(255), most), CLEAR, NOW)
    assert error.value.most == "2.54"


def test_units_between_two_steps_are_refused_with_both_neighbours() -> None:
    with pytest.raises(AmountTooLow) as low:
        quote(TARIFF, QuoteRequest(Energy(50)), CLEAR, NOW)
    assert (low.value.amount, low.value.least) == ("0.05 kWh", "0.1 kWh")
    with pytest.raises(UnitsNotCarried) as between:
        quote(TARIFF, QuoteRequest(Energy(250)), CLEAR, NOW)
    assert (between.value.below, between.value.above) == ("0.2 kWh", "0.3 kWh")


def test_months_behind_an_end_that_nothing_followed_are_not_charged() -> None:
    ended = replace(TARIFF, retired_from=datetime(2026, 10, 20, tzinfo=UTC), earlier=None)
    assert ended.counting_in(Month(2026, 10)) is not None
    assert ended.counting_in(Month(2026, 11)) is None
    assert ended.counting_in(Month(2026, 9)) is None
    assert ended.monthly_sum("meter", Month(2026, 11)) == 0


def test_a_book_is_in_order_however_its_versions_are_told() -> None:
    one, two = parse_tariffs(FILE, "t")
    draft = replace(two, version=3, approved_by="")
    other = replace(one, code="a")
    book = TariffBook([draft, two, other, one])
    assert book.codes() == ["a", "t"]
    assert [tariff.version for tariff in book.versions("t")] == [1, 2, 3]
    held = book.active("t", NOW)
    assert (held.version, [each.version for each in held.lineage()]) == (2, [2, 1])
    for twice in (replace(two, version=1), replace(two, active_from=one.active_from)):
        with pytest.raises(TariffMalformed):
            TariffBook([one, twice])


def test_a_draft_is_approved_up_to_its_moment() -> None:
    draft = replace(TARIFF, approved_by="")
    assert draft.approved("B", draft.active_from).approved_by == "B"
    with pytest.raises(TariffActivationPast):
        draft.approved("B", draft.active_from + timedelta(microseconds=1))


def test_money_is_of_the_tariffs_currency() -> None:
    with pytest.raises(CurrencyWrong):
        sold(replace(CLEAR, balance=Money(5, "JOD")), 1000)
    with pytest.raises(CurrencyWrong):
        sold(replace(CLEAR, debts=(replace(debt("a", 1, 1, "5"), owed=Money(1, "JOD")),)), 1000)


def test_a_payment_towards_all_leaves_what_is_disputed_alone() -> None:
    """By its own code it may be paid; nobody is asked for it among the others."""
    old = replace(debt("old", 3000, 1, percent="50"), disputed="it was paid")
    state = replace(CLEAR, debts=(old, debt("new", 800, 2, percent="50")))
    paid = pay_owed(TARIFF, Money(800), state, NOW)
    assert [(line.code, line.amount.minor) for line in paid.lines] == [("new", 800)]
    with pytest.raises(MoreThanOwed) as error:
        pay_owed(TARIFF, Money(900), state, NOW)
    assert error.value.owed == "8.00"
    paid = pay_owed(TARIFF, Money(900), state, NOW, "old")
    assert [(line.code, line.amount.minor) for line in paid.lines] == [("old", 900)]


def test_a_payment_towards_one_thing_leaves_the_others_owed() -> None:
    """Also those that come before it among all."""
    state = replace(CLEAR, debts=(debt("a", 500, 1, "50"), debt("b", 700, 2, instalment=100)))
    paid = pay_owed(TARIFF, Money(600), state, NOW, "b")
    assert [(line.rule, line.code, line.amount, line.left) for line in paid.lines] == [
        ("paid", "b", Money(600), Money(100))
    ]
    early = pay_owed(TARIFF, Money(400), state, NOW, "a")
    assert [(line.rule, line.base, line.amount) for line in early.lines] == [
        ("paid", Money(500), Money(400))
    ]
    assert owed(TARIFF, settled(state, TARIFF, paid, NOW), NOW) == {
        "a": Money(500),
        "b": Money(100),
    }
    with pytest.raises(MoreThanOwed) as error:
        pay_owed(TARIFF, Money(701), state, NOW, "b")
    assert error.value.owed == "7.00"


def test_a_line_tells_of_what_it_is_a_part() -> None:
    """A percentage of the payment, an instalment or a charge of what is owed."""
    debts = (debt("a", 5000, 1, percent="25"), debt("b", 700, 2, instalment=100))
    sale = sold(replace(CLEAR, fees=(FeeDue("seal", Money(400)),), debts=debts), 1000)
    bases = {line.code: line.base for line in sale.lines if line.left is not None}
    assert bases == {"seal": Money(400), "a": Money(1000), "b": Money(700)}
    assert {line.months for line in sale.lines} == {0}


def test_the_last_agora_is_asked_for() -> None:
    state = replace(CLEAR, fees=(FeeDue("seal", Money(1)),), debts=(debt("a", 1, 1, "100"),))
    assert taken(sold(state, 1000)) == {"seal": 1, "a": 1}


def test_a_charge_on_units_is_a_part_of_their_price_or_so_much_for_each() -> None:
    text = FILE.replace(
        "charges = [\n",
        'charges = [\n  { rule = "percent", code = "sewage", name_ar = "م", name_en = "P", '
        'percent = "10", rounding = "up", book = "s" },\n'
        '  { rule = "per_unit", code = "lights", name_ar = "ش", name_en = "U", '
        'rate = "0.02", rounding = "up", book = "l" },\n',
    )
    tariff = TariffBook(parse_tariffs(text, "t")).active("t", NOW)
    sale = quote(tariff, QuoteRequest(Energy(10_000)), CLEAR, NOW)
    told = {line.code: (line.base, line.amount) for line in sale.of_kind(LineKind.CHARGE)}
    assert told["sewage"] == (Money(500), Money(50))
    assert told["lights"] == (Energy(10_000), Money(20))


def test_of_what_is_not_taken_no_tax_is_told() -> None:
    text = FILE.replace('percent = "0"', 'percent = "16"')
    taxed = TariffBook(parse_tariffs(text, "t")).active("t", NOW)
    state = replace(CLEAR, fees=(FeeDue("seal"),))
    tax_on = [line.code for line in sold(state, 10_000, taxed).of_kind(LineKind.TAX)]
    assert tax_on == ["", "seal"]
    protected = replace(taxed, protection=Protection("0", Fraction(0)))
    spared = sold(state, 10_000, protected)
    assert taken(spared) == {"seal": 0}
    assert [line.code for line in spared.of_kind(LineKind.TAX)] == [""]


def test_a_tax_in_a_charge_is_taken_out_of_that_charge() -> None:
    """And not out of what the units have earned."""
    units = QuoteLine("flat", Energy(1), "1", Fraction(1_000), Rounding.UP, Money(1_000))
    waste = replace(
        units, rule="monthly", amount=Money(116), kind=LineKind.CHARGE, code="waste", book="waste"
    )
    tax = replace(
        units, rule="vat", amount=Money(16), kind=LineKind.TAX, code="waste", included=True
    )
    assert set(shares_of((units, waste, tax))) == {
        Share("", 1_000),
        Share("waste", 100),
        Share("vat_due", 16),
    }
