"""Why the units came out as they did, in both languages, and how they differ from last time."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from meters.quantities import Energy, Money
from meters.values import replace
from tests import examples
from tests.vending.support import tariffs
from tests.vending.tariff import strategies
from vending.explaining import explained
from vending.messages import Language, _table, fact_names
from vending.tariff import (
    AccountState,
    AmountTooHigh,
    AmountTooLow,
    ChargeState,
    Debt,
    Instalment,
    Label,
    LineKind,
    MonthUse,
    Percentage,
    Quote,
    QuoteRequest,
    TariffBook,
    explain,
    kept_line,
    line_from,
    parse_tariffs,
    quote,
    settled,
    unpaid,
)
from vending.tariff.explain import CODES
from vending.tariff.months import Month

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
MONTH = Month(2026, 11)
BLOCKS = tariffs().active("electricity-domestic-blocks", NOW)
STATE = AccountState(Money(0), MonthUse(MONTH, Energy(0)), since=MONTH)
SETTLED = replace(
    STATE,
    charges=tuple(
        ChargeState(one.sum.heading.code, MONTH, Money(0)) for one in BLOCKS.monthly_charges
    ),
)
"""This month's charges are paid."""


def codes(sale: Quote, previous: Quote | None = None) -> list[str]:
    return [reason.code for reason in explain(sale, previous)]


def test_another_tariff_than_last_time_is_told_by_its_name() -> None:
    """The code stands on no paper, and is in no language."""
    flat = tariffs().active("electricity-domestic", NOW)
    last = quote(flat, QuoteRequest(Money(5000)), AccountState(Money(0)), NOW)
    now = quote(BLOCKS, QuoteRequest(Money(5000)), SETTLED, NOW)
    for language, old, new in (
        (Language.ENGLISH, flat.name_en, BLOCKS.name_en),
        (Language.ARABIC, flat.name_ar, BLOCKS.name_ar),
    ):
        told = explained(now, last, language)
        assert any(old in sentence and new in sentence for sentence in told)
        assert not any(flat.code in sentence for sentence in told)


def test_two_months_are_not_called_several() -> None:
    """In Arabic two is no plural; who left out one month owes two."""
    for before in (0, 250):
        sale = quote(BLOCKS, QuoteRequest(Money(9000)), owing(before, Month(2026, 9)), NOW)
        (told,) = (
            one
            for one in explained(sale, None, Language.ARABIC)
            if "رسم العداد" in one and "أُخذ" in one
        )
        assert "عدد الأشهر \u20662\u2069" in told
        assert "عدة" not in told


def test_units_that_nobody_pays_for_are_told_as_given_and_not_as_bought() -> None:
    """Nothing was paid, and no price of nothing was asked for them."""
    before = quote(BLOCKS, QuoteRequest(Money(5000)), SETTLED, NOW)
    for rule, english_, arabic in (
        ("free_issue", "given free", "أُعطيت"),
        ("refund", "given back for an earlier sale", "أُعيدت"),
        ("transfer", "left on the old meter", "العداد القديم"),
    ):
        state = replace(SETTLED, balance=Money(7))
        given_ = unpaid(BLOCKS, rule, Energy(2500), state, NOW)
        for previous in (None, before):
            assert codes(given_, previous) == [f"given_{rule}", "kept_on_balance"]
        for language, says in ((Language.ENGLISH, english_), (Language.ARABIC, arabic)):
            first, rest = explained(given_, before, language)
            assert says in first
            assert "2.5 kWh" in first
            assert "0.07 ILS" in rest


def test_units_that_were_given_earlier_in_the_month_are_not_called_bought() -> None:
    """They fill blocks as bought ones do."""
    free = unpaid(BLOCKS, "free_issue", Energy(170_000), SETTLED, NOW)
    after = settled(SETTLED, BLOCKS, free, NOW)
    sale = quote(BLOCKS, QuoteRequest(Money(5000)), after, NOW)
    told = next(r for r in english(sale) if "block 2" in r)
    assert told == "170 kWh had been bought or given this month, so this sale began in block 2."


def test_the_same_money_buys_fewer_units_and_says_why() -> None:
    """The complaint of every peer's users: first sale with the month's charges, second one in
    dearer blocks."""
    request = QuoteRequest(Money(20_000))
    first = quote(BLOCKS, request, STATE, NOW)
    after = settled(STATE, BLOCKS, first, NOW)
    second = quote(BLOCKS, request, after, NOW)
    assert codes(first).count("charge_month") == 2
    told = codes(second, first)
    assert told[told.index("last_fewer") :] == [
        "last_fewer",
        "because_balance_more",
        "because_deducted_less",
        "because_block_higher",
    ]
    reasons = {reason.code: reason.facts for reason in explain(second, first)}
    assert reasons["used_before"] == {"used": first.quantity, "block": 2}
    assert reasons["last_fewer"]["difference"] == first.quantity - second.quantity
    assert reasons["because_deducted_less"] == {"difference": Money(1780), "last": Money(1780)}


def test_the_same_money_in_the_same_block_says_what_had_been_bought() -> None:
    """Both sales end in the second block; the later one found less of the first."""
    request = QuoteRequest(Money(15_000))
    first, second = (
        quote(BLOCKS, request, replace(SETTLED, use=MonthUse(MONTH, Energy(used))), NOW)
        for used in (50_000, 80_000)
    )
    assert {line.block for line in (*first.lines, *second.lines) if line.block} == {1, 2}
    told = explain(second, first)
    assert [reason.code for reason in told[-2:]] == ["last_fewer", "because_used_more"]
    assert told[-1].facts == {"difference": Energy(30_000), "last": Energy(50_000)}
    assert codes(first, second)[-2:] == ["last_more", "because_used_less"]


def test_in_words() -> None:
    sale = quote(BLOCKS, QuoteRequest(Money(20_000)), STATE, NOW)
    english = explained(sale, None, Language.ENGLISH)
    assert english[1] == "Block 1: 160 kWh at 0.4685 ILS per kWh is 74.96 ILS."
    assert "Waste collection for one month: 12.00 ILS taken, 0.00 ILS still owed." in english
    arabic = explained(sale, None, Language.ARABIC)
    assert arabic[1].startswith("الشريحة \u20661\u2069: \u2066160 kWh\u2069")
    assert len(arabic) == len(english)


def test_the_same_sale_again_says_so() -> None:
    sale = quote(BLOCKS, QuoteRequest(Money(20_000)), STATE, NOW)
    assert codes(sale, sale)[-1] == "last_same"
    other = replace(sale, tariff_version=2, quantity=sale.quantity + Energy(100))
    assert codes(other, sale)[-2:] == ["last_more", "because_version"]


HEAD = """
code = "t"
commodity = "electricity"
currency = "ILS"
customer_class = "domestic"
name_ar = "تعرفة"
name_en = "Tariff"
"""
VERSION = """
[[versions]]
version = {number}
drafted_by = "Billing office"
approved_by = "Finance director"
approved_at = 2025-12-15T10:00:00+02:00
active_from = 2026-{number:02}-01T00:00:00+02:00
most_per_sale = "5000.00"
vat = {{ percent = "16", rounding = "half_up" }}
"""
FLAT = 'price = { rule = "flat", rate = "0.50", rounding = "half_up" }'
METER = """
[[versions.charges]]
rule = "monthly"
code = "meter"
name_ar = "رسم العداد"
name_en = "Meter"
amount = "50.00"
book = "fixed_charges"
"""


def book_of(*bodies: str) -> TariffBook:
    """A tariff whose versions are these, from the first of January, of February ..."""
    versions = (VERSION.format(number=n) + body for n, body in enumerate(bodies, start=1))
    return TariffBook(parse_tariffs(HEAD + "".join(versions), "t"))


def blocks(up_to: int, period: str = "month") -> str:
    return f"""price = {{ rule = "blocks", period = "{period}", rounding = "half_up", blocks = [
    {{ up_to = "{up_to}", rate = "0.40" }}, {{ rate = "0.60" }} ] }}"""


def english(sale: Quote, previous: Quote | None = None) -> list[str]:
    assert len(explained(sale, previous, Language.ARABIC)) == len(explain(sale, previous))
    return explained(sale, previous, Language.ENGLISH)


def owing(before: int, through: Month) -> AccountState:
    return replace(STATE, charges=(ChargeState("meter", through, Money(before)),))


def test_a_rest_of_before_is_told_beside_the_new_months() -> None:
    tariff, paid = book_of(FLAT + METER).active("t", NOW), QuoteRequest(Money(40_000))
    for months, said in (
        (1, "Meter for one month, and 38.00 ILS left over from before: 96.00 ILS taken, "),
        (3, "Meter for 3 months, and 38.00 ILS left over from before: 212.00 ILS taken, "),
        (0, "Meter, left over from before: 38.00 ILS taken, "),
    ):
        sale = quote(tariff, paid, owing(3800, MONTH.plus(-months)), NOW)
        assert f"{said}0.00 ILS still owed." in english(sale)
        assert [line_from(kept_line(line), "ILS") for line in sale.lines] == list(sale.lines)
    sale = quote(tariff, paid, owing(0, MONTH.plus(-1)), NOW)
    assert "Meter for one month: 58.00 ILS taken, 0.00 ILS still owed." in english(sale)


def test_the_tax_on_a_charge_is_told_so_that_the_sentences_sum_up() -> None:
    sewage = """
charges = [ { rule = "percent", code = "sewage", name_ar = "صرف", name_en = "Sewage",
percent = "35", rounding = "half_up", book = "sewage" } ]
""".replace("\n", " ")
    sale = quote(
        book_of(f"{FLAT}\n{sewage}").active("t", NOW), QuoteRequest(Money(10_000)), STATE, NOW
    )
    told = english(sale)
    assert "Value-added tax of 16% on Sewage: 3.58 ILS." in told
    sums = [one.facts["amount"].minor for one in explain(sale)[1:] if "amount" in one.facts]
    assert sum(sums) == sale.total.minor


def test_blocks_of_each_purchase_say_nothing_of_the_month() -> None:
    """Whether or not the tariff asks for the month's purchases for another reason."""
    for more in ("", METER):
        tariff = book_of(blocks(50, "purchase") + more).active("t", NOW)
        paid = replace(SETTLED, charges=owing(0, MONTH).charges)
        small, big = (
            quote(tariff, QuoteRequest(Money(paid_now)), replace(paid, use=used), NOW)
            for paid_now, used in (
                (1500, MonthUse(MONTH, Energy(0))),
                (9000, MonthUse(MONTH, Energy(36_800))),
            )
        )
        told = codes(big, small)
        assert "used_before" not in told
        assert told[-1] == "because_block_reached"
        assert not any("month" in sentence for sentence in english(big, small))
        assert codes(small, big)[-1] == "because_block_reached"


def test_the_season_decides_whether_blocks_are_of_the_month() -> None:
    anew, monthly = (blocks(50, period) for period in ("purchase", "month"))
    seasons = f"""
[versions.price]
rule = "seasonal"
[[versions.price.seasons]]
begins = "04-01"
name_ar = "الصيف"
name_en = "Summer"
{monthly}
[[versions.price.seasons]]
begins = "11-15"
name_ar = "الشتاء"
name_en = "Winter"
{anew}
"""
    tariff = book_of(seasons).active("t", NOW)
    autumn = datetime(2026, 11, 10, tzinfo=UTC)
    for now, said, season in ((NOW, False, "Winter"), (autumn, True, "Summer")):
        used = replace(STATE, use=MonthUse(MONTH, Energy(20_000)))
        sale = quote(tariff, QuoteRequest(Money(9000)), used, now)
        assert ("used_before" in codes(sale)) is said
        priced = sale.of_kind(LineKind.UNITS)
        assert {line.label.en for line in priced if line.label is not None} == {season}


def test_blocks_of_another_version_are_not_compared() -> None:
    book = book_of(blocks(100), blocks(150))
    first, second = (
        quote(book.version("t", number), QuoteRequest(Money(10_000)), STATE, NOW)
        for number in (1, 2)
    )
    assert codes(second, first)[-2:] == ["last_more", "because_version"]


def test_an_agora_that_was_rounded_up_before_is_no_limit() -> None:
    tariff = book_of(FLAT).active("t", NOW)
    debts = tuple(
        Debt(code, Label("دين", f"Debt {code}"), Money(50_000), place, Percentage("10"))
        for place, code in enumerate("abcd")
    )
    sale = quote(tariff, QuoteRequest(Money(1001)), replace(STATE, debts=debts), NOW)
    assert sale.deducted == Money(400)
    assert all(line.limited is None for line in sale.lines)
    assert not any("limited" in code for code in codes(sale))


def test_what_a_balance_alone_has_paid_for_leaves_any_sum() -> None:
    tariff, rich = book_of(FLAT).active("t", NOW), replace(STATE, balance=Money(10_000))
    sale = quote(tariff, QuoteRequest(Energy(10_000)), rich, NOW)
    assert english(sale)[-1] == "94.20 ILS stays on the customer's balance for next time."
    sale = quote(tariff, QuoteRequest(Money(100)), rich, NOW)
    assert codes(sale)[-1] == "carried"


def test_an_instalment_that_was_taken_this_month_says_why_nothing_is() -> None:
    tariff = book_of(FLAT).active("t", NOW)
    debt = Debt("d", Label("دين", "Loan"), Money(9000), 1, Instalment(Money(2000)))
    before = replace(STATE, debts=(debt,))
    first = quote(tariff, QuoteRequest(Money(5800)), before, NOW)
    assert "Of the debt Loan: 20.00 ILS taken, 70.00 ILS still owed." in english(first)
    second = quote(tariff, QuoteRequest(Money(5800)), settled(before, tariff, first, NOW), NOW)
    assert (
        "The debt Loan: this month's instalment was taken before, so nothing is taken now; "
        "70.00 ILS still owed."
    ) in english(second)


def test_words_exist_for_everything_that_can_be_said() -> None:
    words = _table("reasons")
    assert set(words) == set(CODES)
    for code, pair in words.items():
        assert fact_names(pair.ar) == fact_names(pair.en), code
        assert re.search("[\u0600-\u06ff]", pair.ar)


@settings(max_examples=examples(60))
@given(st.data())
def test_every_quote_is_told_in_both_languages_and_kept_whole(data: st.DataObject) -> None:
    """Also: what is kept of a line reads back as the line."""
    sales = []
    for _ in range(2):
        tariff = data.draw(strategies.tariffs())
        state = data.draw(strategies.accounts(tariff))
        paid = data.draw(strategies.payments)
        try:
            sales.append(quote(tariff, QuoteRequest(paid), state, strategies.NOW))
        except (AmountTooLow, AmountTooHigh):
            assume(False)
    sale, previous = sales
    assert {reason.code for reason in explain(sale, previous)} <= set(CODES)
    for sentence in explained(sale, previous, Language.ENGLISH):
        assert "{" not in sentence
    for sentence in explained(sale, previous, Language.ARABIC):
        outside = re.sub("\u2066[^\u2066\u2069]*\u2069", "", sentence)
        assert not re.search("[0-9A-Za-z\u2066\u2069]", outside), outside
    for line in sale.lines:
        assert line_from(kept_line(line), sale.tendered.currency) == line


@settings(max_examples=examples(60))
@given(st.data())
def test_other_units_have_a_reason(data: st.DataObject) -> None:
    """Whatever the account was and is: where one tariff gives other units, it is said why."""
    tariff = data.draw(strategies.tariffs())
    paid = data.draw(strategies.payments)
    told = []
    for _ in range(2):
        state = data.draw(strategies.accounts(tariff))
        try:
            told.append(quote(tariff, QuoteRequest(paid), state, strategies.NOW))
        except (AmountTooLow, AmountTooHigh):
            assume(False)
    now, last = told
    reasons = [code for code in codes(now, last) if code.startswith("because_")]
    assert reasons or now.quantity == last.quantity


def test_a_line_kept_by_the_first_release_still_reads() -> None:
    flat = line_from(["flat", 76800, "Wh", "0.5612", 538752, 125, "half_up", 4310], "ILS")
    assert (flat.base, flat.amount, flat.kind.value) == (Energy(76800), Money(4310), "units")
    assert len(kept_line(flat)) == 8
    tax = line_from(["vat", 4310, "ILS", "16", 3448, 5, "half_up", 690], "ILS")
    assert tax.kind.value == "tax"
    assert len(kept_line(tax)) == 8
