"""Tariff files: read strictly, told exactly; versions, approval, and which one holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meters.quantities import Money
from tests import examples
from tests.vending.support import CONFIG, chart
from vending.tariff import (
    AccountState,
    CustomerClass,
    MonthUse,
    QuoteRequest,
    Tariff,
    TariffActivationPast,
    TariffBook,
    TariffMalformed,
    TariffMissing,
    TariffNeedsHistory,
    TariffNotDraft,
    TariffOwnApproval,
    TariffState,
    parse_tariffs,
    quote,
    read_tariffs,
)
from vending.tariff.charges import heading_of
from vending.tariff.mistakes import Mistake
from vending.tariff.months import Month
from vending.tariff.registry import KINDS, registered

FOLDER = CONFIG / "tariffs"
LONG = "x" * 300
WATER = (FOLDER / "water-domestic-blocks.toml").read_text("utf-8")
SOCIAL = (FOLDER / "electricity-social.toml").read_text("utf-8")
PUBLIC = (FOLDER / "electricity-public.toml").read_text("utf-8")
WINTER = 'price = { rule = "flat", rate = "0.66", rounding = "half_up" }'
IN_WINTER = (
    '{ rule = "seasonal", seasons = [ { begins = "01-01", name_ar = "ب", name_en = "B", '
    f"{WINTER} }} ] }}"
)
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def test_shipped_tariffs_cover_every_class_and_book_on_accounts_that_exist() -> None:
    book = read_tariffs(FOLDER)
    active = [book.active(code, NOW) for code in book.codes()]
    assert {tariff.customer_class for tariff in active} == set(CustomerClass)
    for tariff in active:
        for charge in tariff.charges:
            assert chart().role(heading_of(charge).book).unit == tariff.currency
        for support in tariff.supports:
            assert chart().role(support.book).unit == tariff.currency


@pytest.mark.parametrize(
    ("text", "change", "to", "where", "problem"),
    [
        (
            WATER,
            'up_to = "20"',
            'up_to = "10"',
            "versions[0].price.blocks[1].up_to",
            Mistake.BLOCK_ORDER,
        ),
        (
            WATER,
            'rate = "8.10"',
            'up_to = "90", rate = "8.10"',
            "blocks[2].up_to",
            Mistake.LAST_BLOCK_BOUND,
        ),
        (WATER, 'up_to = "10"', 'up_to = "10.05"', "blocks[0].up_to", Mistake.TENTHS),
        (WATER, 'rate = "5.60"', "rate = 5.60", "blocks[1].rate", Mistake.MUST_BE_TEXT),
        (WATER, 'rate = "5.60"', 'rate = "5,60"', "blocks[1].rate", Mistake.NOT_A_NUMBER),
        (WATER, 'period = "month"', 'period = "week"', "price.period", Mistake.ONE_OF),
        (WATER, 'percent = "35"', 'percent = "135"', "charges[1].percent", Mistake.PERCENT),
        (WATER, 'code = "sewage"', 'code = "network"', "versions[0].charges", Mistake.CODE_TWICE),
        (WATER, 'code = "sewage"', 'code = "Sewage!"', "charges[1].code", Mistake.CODE),
        (WATER, 'book = "sewage"', 'boook = "sewage"', "charges[1].book", Mistake.MISSING),
        (
            WATER,
            'book = "sewage"',
            'book = "a"\nnote = "b"',
            "charges[1].note",
            Mistake.UNKNOWN_KEY,
        ),
        (WATER, 'amount = "8.00"', 'amount = "0"', "charges[0].amount", Mistake.NOT_POSITIVE),
        (WATER, 'rule = "percent"', 'rule = "per_cent"', "charges[1].rule", Mistake.ONE_OF),
        (
            WATER,
            'least_units = "1"',
            'least_unit = "1"',
            "protection.least_unit",
            Mistake.UNKNOWN_KEY,
        ),
        (WATER, 'drafted_by = "Billing office"\n', "", "versions[0].drafted_by", Mistake.MISSING),
        (WATER, '"Finance director"', '" billing  OFFICE"', "approved_by", Mistake.SAME_PERSON),
        (WATER, "2025-12-15", "2026-02-15", "versions[0].approved_at", Mistake.APPROVED_LATE),
        (WATER, "version = 1\n", "version = true\n", "versions[0].version", Mistake.MUST_BE_WHOLE),
        (WATER, 'vat = "none"', 'vat = "nothing"', "charges[1].vat", Mistake.NONE_OR_TABLE),
        (
            WATER,
            'customer_class = "domestic"',
            'customer_class = "dom"',
            "customer_class",
            Mistake.ONE_OF,
        ),
        (WATER, 'name_en = "Water', 'zone = "Asia/X"\nname_en = "Water', "zone", Mistake.ZONE),
        (WATER, 'name_en = "Water', 'zone = "Asia"\nname_en = "Water', "zone", Mistake.ZONE),
        (WATER, 'name_en = "Water', f'zone = "{LONG}"\nname_en = "Water', "zone", Mistake.ZONE),
        (WATER, 'name_en = "Water', 'color = "x"\nname_en = "Water', "color", Mistake.UNKNOWN_KEY),
        (SOCIAL, 'units = "60"', 'units = "0"', "supports[1].units", Mistake.TENTHS),
        (
            SOCIAL,
            'payer = "social-fund"\nbook = "support_due"\n\n',
            "",
            "supports[0].payer",
            Mistake.MISSING,
        ),
        (
            PUBLIC,
            'begins = "11-15"',
            'begins = "02-29"',
            "seasons[1].begins",
            Mistake.MONTH_AND_DAY,
        ),
        (
            PUBLIC,
            'begins = "11-15"',
            'begins = "W46-1"',
            "seasons[1].begins",
            Mistake.MONTH_AND_DAY,
        ),
        (
            PUBLIC,
            'begins = "11-15"',
            'begins = "١١-١٥"',
            "seasons[1].begins",
            Mistake.MONTH_AND_DAY,
        ),
        (PUBLIC, 'begins = "11-15"', 'begins = "04-01"', "price.seasons", Mistake.SEASON_DAY_TWICE),
        (PUBLIC, 'mode = "included"', 'mode = "inside"', "vat.mode", Mistake.ONE_OF),
        # Without one nothing would have a price, and be free.
        (WATER, "blocks = [", "blocks = []\nothers = [", "price.blocks", Mistake.EMPTY),
        (PUBLIC, "seasons = [", "seasons = []\nothers = [", "price.seasons", Mistake.EMPTY),
        (PUBLIC, WINTER, f"price = {IN_WINTER}", "seasons[1].price", Mistake.SEASON_IN_SEASON),
    ],
)
def test_a_mistake_is_told_with_file_place_and_problem(
    text: str, change: str, to: str, where: str, problem: Mistake
) -> None:
    assert change in text
    with pytest.raises(TariffMalformed) as error:
        parse_tariffs(text.replace(change, to, 1), "town.toml")
    assert error.value.source == "town.toml"
    assert error.value.where.endswith(where)
    assert error.value.problem is problem


def test_seasons_hold_by_their_days_in_whatever_order_they_are_written() -> None:
    summer, winter = (line for line in PUBLIC.splitlines(keepends=True) if "begins =" in line)
    turned = PUBLIC.replace(summer + winter, winter + summer)
    assert turned != PUBLIC
    (one,), (other,) = (parse_tariffs(text, "town.toml") for text in (PUBLIC, turned))
    assert other.price == one.price


@settings(max_examples=examples(60))
@given(st.data())
def test_any_line_left_out_is_refused_or_makes_a_tariff(data: st.DataObject) -> None:
    """Nothing but the one typed error comes out of a damaged file."""
    lines = data.draw(st.sampled_from([WATER, SOCIAL, PUBLIC])).splitlines()
    place = data.draw(st.integers(0, len(lines) - 1))
    other = data.draw(st.sampled_from(["", "x = 1", 'vat = "none"', "[versions]", "}", "rule = 5"]))
    try:
        parsed = parse_tariffs("\n".join([*lines[:place], other, *lines[place + 1 :]]), "t.toml")
    except TariffMalformed as error:
        told = (error.source, bool(error.where), bool(error.problem))
    else:
        told = ("t.toml", bool(parsed), True)
    assert told == ("t.toml", True, True)


def later_version(number: int, active_from: str, rate: str, approval: str = "") -> str:
    return f"""
[[versions]]
version = {number}
drafted_by = "Billing office"
{approval}
active_from = {active_from}
most_per_sale = "5000.00"
price = {{ rule = "flat", rate = "{rate}", rounding = "half_up" }}
vat = {{ percent = "16", rounding = "half_up" }}
"""


APPROVED = 'approved_by = "Finance director"\napproved_at = 2026-01-02T00:00:00+02:00'
FLAT = (FOLDER / "electricity-domestic.toml").read_text("utf-8")
CODE = "electricity-domestic"


def test_a_draft_never_prices_until_a_second_person_approves_it() -> None:
    moment = "2026-06-01T00:00:00+03:00"
    parsed = parse_tariffs(FLAT + later_version(2, moment, "9.99"), "x")
    book = TariffBook(parsed)
    draft = book.version(CODE, 2)
    assert book.active(CODE, NOW).version == 1
    assert book.state(draft, NOW) is TariffState.DRAFT

    before = draft.active_from - timedelta(days=1)
    for same in ("Billing office", "BILLING  office ", "cli:billing office"):
        with pytest.raises(TariffOwnApproval):
            draft.approved(same, before)
    with pytest.raises(TariffActivationPast):
        draft.approved("Finance director", draft.active_from + timedelta(seconds=1))
    approved = draft.approved("Finance director", before)
    with pytest.raises(TariffNotDraft):
        approved.approved("Mayor", before)

    book = TariffBook([parsed[0], approved])
    states = {n: book.state(book.version(CODE, n), before) for n in (1, 2)}
    assert states == {1: TariffState.ACTIVE, 2: TariffState.APPROVED}
    states = {n: book.state(book.version(CODE, n), NOW) for n in (1, 2)}
    assert states == {1: TariffState.RETIRED, 2: TariffState.ACTIVE}
    assert [tariff.version for tariff in book.versions(CODE)] == [1, 2]


@pytest.mark.parametrize("typed", ["١٦", "۱۶", "+16", " 16 ", "\u200f16\u200f"])
def test_a_percentage_stands_in_plain_digits_however_it_was_typed(typed: str) -> None:
    """Lines and receipts say it, and programs read it out of the JSON."""
    (tariff,) = parse_tariffs(FLAT.replace('percent = "16"', f'percent = "{typed}"'), "x")
    asked = QuoteRequest(Money(5000))
    tax = quote(tariff, asked, AccountState(Money(0)), tariff.active_from).lines[1]
    assert (tax.rule, tax.rate, tax.amount) == ("vat", "16", Money(690))


def test_a_percentage_is_told_as_it_is_charged() -> None:
    """Also with more decimals than a calculation keeps: who checks a line has its true rate."""
    long = "33." + "3" * 40
    (tariff,) = parse_tariffs(FLAT.replace('percent = "16"', f'percent = "{long}"'), "x")
    assert (tariff.vat.percent, tariff.vat.fraction) == (long, Fraction(long) / 100)


def test_a_tariff_that_ended_is_not_sold_and_still_explains() -> None:
    ended = FLAT.replace("most_per", "retired_from = 2026-07-01T00:00:00+03:00\nmost_per")
    book = TariffBook(parse_tariffs(ended, "x"))
    assert book.active(CODE, datetime(2026, 6, 30, 20, 59, tzinfo=UTC)).version == 1
    with pytest.raises(TariffMissing):
        book.active(CODE, datetime(2026, 6, 30, 21, 0, tzinfo=UTC))
    assert book.state(book.version(CODE, 1), NOW) is TariffState.RETIRED
    with pytest.raises(TariffMissing):
        book.version(CODE, 7)


@settings(max_examples=examples(40))
@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 9999), st.integers(1, 50_000))
def test_a_future_version_never_changes_a_sale_before_it(
    ahead: int, back: int, rate: int, paid: int
) -> None:
    begins = (NOW + timedelta(days=ahead)).isoformat(timespec="seconds")
    more = later_version(2, begins, f"0.{rate:04d}", APPROVED)
    alone = TariffBook(parse_tariffs(FLAT, "x"))
    both = TariffBook(parse_tariffs(FLAT + more, "x"))
    at = NOW + timedelta(days=ahead) - timedelta(seconds=back)
    request, state = QuoteRequest(Money(1000 + paid)), AccountState(Money(0))

    def priced(book: TariffBook, moment: datetime) -> object:
        return quote(book.active(CODE, moment), request, state, moment)

    assert priced(both, at) == priced(alone, at)
    assert both.active(CODE, NOW + timedelta(days=ahead)).version == 2


def test_what_prices_by_the_month_is_refused_where_the_month_is_not_known() -> None:
    book = read_tariffs(FOLDER)
    for code, rule in (("water-domestic-blocks", "blocks"), ("electricity-social", "free_units")):
        tariff: Tariff = book.active(code, NOW)
        with pytest.raises(TariffNeedsHistory) as error:
            quote(tariff, QuoteRequest(Money(5000)), AccountState(Money(0)), NOW)
        assert error.value.rule == rule
        known = AccountState(
            Money(0), MonthUse(Month.of(NOW), tariff.commodity.quantity(0), supported=())
        )
        assert quote(tariff, QuoteRequest(Money(5000)), known, NOW).quantity.value > 0


def test_a_month_begins_at_local_midnight() -> None:
    assert Month.of(datetime(2026, 11, 30, 21, 59, tzinfo=UTC)) == Month(2026, 11)
    assert Month.of(datetime(2026, 11, 30, 22, 0, tzinfo=UTC)) == Month(2026, 12)
    assert Month(2026, 11).plus(14) == Month(2028, 1)
    assert Month(2026, 11).until(Month(2026, 1)) == -10
    assert Month.from_text(str(Month(2026, 3))) == Month(2026, 3)


def test_a_rules_name_is_taken_once() -> None:
    assert "flat" in KINDS["price"]
    with pytest.raises(TypeError):
        registered("price", "flat")(object)
