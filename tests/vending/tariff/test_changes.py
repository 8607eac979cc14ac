"""What a version changes against another: nothing is passed over, and there are words for all."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import UTC, datetime

import pytest

from meters.quantities import Money
from tests.vending.support import CONFIG
from vending.explaining import comparison_said
from vending.messages import Language
from vending.tariff import Quote, Tariff, parse_tariffs
from vending.tariff.changes import CHANGES, changes
from vending.tariff.whatif import Household, compared, tried

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
LETTERS = re.compile("[\u0600-\u06ff]")
SOCIAL = (CONFIG / "tariffs" / "electricity-social.toml").read_text("utf-8")
WATER = (CONFIG / "tariffs" / "water-domestic-blocks.toml").read_text("utf-8")
PUBLIC = (CONFIG / "tariffs" / "electricity-public.toml").read_text("utf-8")
HOMES = (CONFIG / "tariffs" / "electricity-domestic-blocks.toml").read_text("utf-8")


def tariff(text: str, *change: str) -> Tariff:
    old, new = change or ("", "")
    assert old in text
    return parse_tariffs(text.replace(old, new, 1), "x")[0]


MADE = [
    (WATER, "active_from = 2026-01-01", "active_from = 2026-02-01", "active_from", "2026-02-01"),
    (WATER, "most_per", "retired_from = 2028-01-01T00:00:00Z\nmost_per", "retired_from", "2028"),
    (WATER, 'name_en = "Water', 'name_en = "Sweet water', "name", "Sweet"),
    (WATER, '"domestic"', '"public"', "customer_class", "public"),
    (WATER, '"5.60"', '"5.70"', "price", "10-20: 5.7, >20: 8.1"),
    (WATER, 'period = "month"', 'period = "purchase"', "period", "each purchase"),
    (WATER, 'rounding = "half_up"\nblocks', 'rounding = "down"\nblocks', "price_rounding", "down"),
    (WATER, 'percent = "16"', 'percent = "17"', "vat", "16% becomes 17%"),
    (PUBLIC, ', mode = "included"', "", "vat_mode", "added to the price"),
    (
        PUBLIC,
        'percent = "16", rounding = "half_up"',
        'percent = "16", rounding = "down"',
        "vat_rounding",
        "down",
    ),
    (WATER, 'most_per_sale = "', 'most_per_sale = "1', "most_per_sale", "ILS"),
    (WATER, 'most_percent = "50"', 'most_percent = "33"', "most_percent", "50% becomes 33%"),
    (WATER, 'least_units = "1"', 'least_units = "2"', "least_units", "1 m3 becomes 2 m3"),
    (WATER, 'name_en = "Water', 'zone = "UTC"\nname_en = "Water', "zone", "UTC"),
    (WATER, 'amount = "8.00"', 'amount = "9.00"', "rule", "9.28 ILS becomes 10.44 ILS"),
    (WATER, 'percent = "35"', 'percent = "36"', "rule", "35% becomes 36%"),
    (WATER, 'vat = "none"', 'vat = { percent = "5", rounding = "up" }', "rule", "5% added up"),
    (WATER, 'book = "sewage"', 'book = "fees"', "rule", "account: sewage becomes fees"),
    (WATER, 'amount = "8.00"', 'amount = "8.00"\npriority = 7', "rule", "priority: 20 becomes 7"),
    (WATER, 'code = "sewage"', 'code = "drains"', "rule_new", "35%"),
    (WATER, 'code = "sewage"', 'code = "drains"', "rule_gone", "35%"),
    (SOCIAL, 'units = "60"', 'units = "50"', "rule", "60 kWh becomes 50 kWh"),
    (SOCIAL, 'payer = "social-fund"', 'payer = "municipality"', "rule", "the municipality"),
    (SOCIAL, 'percent = "50"', 'percent = "40"', "rule", "50% becomes 40%"),
]


@pytest.mark.parametrize(("text", "old", "new", "code", "told"), MADE, ids=lambda v: str(v)[:24])
def test_each_difference_is_told_in_both_languages(
    text: str, old: str, new: str, code: str, told: str
) -> None:
    one, other = tariff(text), tariff(text, old, new)
    found = changes(one, other)
    assert code in [change.code for change in found]
    assert {change.code for change in found} <= set(CHANGES)
    comparison = compared(one, other, (), Household(), NOW)
    english = comparison_said(comparison, Language.ENGLISH)
    assert any(told in sentence for sentence in english), english
    for sentence in comparison_said(comparison, Language.ARABIC):
        assert LETTERS.search(sentence)
        outside = re.sub("\u2066[^\u2066\u2069]*\u2069", "", sentence)
        assert not re.search("[0-9A-Za-z]", outside), sentence


def test_everything_that_can_be_said_has_been_said() -> None:
    assert {code for *_, code, _ in MADE} == set(CHANGES)


def test_a_version_is_no_other_than_itself() -> None:
    for text in (WATER, SOCIAL, PUBLIC, HOMES):
        assert changes(tariff(text), tariff(text)) == []


def test_no_field_of_a_version_is_forgotten() -> None:
    """A new field needs its words, or a place among those that say nothing to a household."""
    told = {"active_from", "retired_from", "name_ar", "name_en", "customer_class", "price", "vat",
            "most_per_sale", "protection", "zone", "charges", "supports"}  # fmt: skip
    silent = {"code", "version", "commodity", "currency", "drafted_by", "approved_by",
              "approved_at", "earlier"}  # fmt: skip
    assert {field.name for field in fields(Tariff) if field.init} == told | silent


def test_the_same_household_by_both_versions() -> None:
    one, other = tariff(HOMES), tariff(HOMES, '"0.4685"', '"0.5685"')
    found = compared(one, other, ("50", "100", "2"), Household(used="120", months_due=0), NOW)
    first, second, third = found.cases
    assert isinstance(first.one, Quote)
    assert isinstance(first.other, Quote)
    assert first.difference == first.other.quantity - first.one.quantity
    assert first.difference.value < 0
    # 160 kWh end the first block, and 120 were bought: 40 at the old price, the rest at the next.
    units = [str(line.base) for line in first.one.lines if line.rule == "blocks"]
    assert units[0] == "40 kWh"
    assert not any(line.rule == "monthly" and line.months for line in first.one.lines)
    assert second.amount == Money(10000)
    assert isinstance(third.one, Quote)
    told = comparison_said(found, Language.ENGLISH)
    assert told[0] == (
        "Price (ILS per kWh): 0-160: 0.4685, 160-400: 0.547, >400: 0.639 becomes "
        "0-160: 0.5685, 160-400: 0.547, >400: 0.639."
    )
    before, after, less = first.one.quantity, first.other.quantity, -first.difference
    assert told[1] == (
        f"Who pays 50.00 ILS gets {before} by version 1 and {after} by version 1: {less} less."
    )


def test_a_payment_that_a_version_refuses_is_told() -> None:
    one = tariff(HOMES)
    other = tariff(HOMES, 'most_per_sale = "5000.00"', 'most_per_sale = "80.00"')
    found = compared(one, other, ("100", "0"), Household(), NOW)
    assert [isinstance(case.other, Quote) for case in found.cases] == [False, False]
    assert found.cases[0].difference is None
    told = comparison_said(found, Language.ENGLISH)
    assert told[1].startswith("100.00 ILS by version 1: no sale. ")
    assert len(told) == 1 + 1 + 2


def test_monthly_charges_and_supports_count_as_they_would() -> None:
    water = tariff(WATER)
    for months in (0, 1, 3):
        tried_ = tried(water, Money(20000), Household(months_due=months), NOW)
        lines = [line for line in tried_.lines if line.rule == "monthly"]
        assert [line.months for line in lines] == ([months] if months else [])
    social = tariff(SOCIAL)
    state = tried(social, Money(1000), Household(used="20"), NOW)
    fresh = tried(social, Money(1000), Household(), NOW)
    free = [[line.code for line in q.lines if line.rule == "free_units"] for q in (state, fresh)]
    assert free == [[], ["free"]]
