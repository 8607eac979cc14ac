"""What each line of a quote tells: of what it is a part, and whose its tax is."""

from __future__ import annotations

from fractions import Fraction

from meters.quantities import Energy, Money
from meters.values import replace
from vending.tariff import (
    FeeDue,
    LineKind,
    Protection,
    QuoteLine,
    QuoteRequest,
    Rounding,
    Share,
    TariffBook,
    parse_tariffs,
    quote,
    shares_of,
)

from .owing import CLEAR, FILE, NOW, debt, sold, taken


def test_a_line_tells_of_what_it_is_a_part() -> None:
    """A percentage of the payment, an instalment or a charge of what is owed."""
    debts = (debt("a", 5000, 1, percent="25"), debt("b", 700, 2, instalment=100))
    sale = sold(replace(CLEAR, fees=(FeeDue("seal", Money(400)),), debts=debts), 1000)
    bases = {line.code: line.base for line in sale.lines if line.left is not None}
    assert bases == {"seal": Money(400), "a": Money(1000), "b": Money(700)}
    assert {line.months for line in sale.lines} == {0}


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
