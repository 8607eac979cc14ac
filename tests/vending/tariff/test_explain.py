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
    MonthUse,
    Quote,
    QuoteRequest,
    explain,
    kept_line,
    line_from,
    quote,
    settled,
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
