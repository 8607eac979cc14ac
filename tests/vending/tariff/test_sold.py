"""A tariff with charges, sold through the service: explained, kept, and booked where it belongs."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from meters.quantities import Energy, Money, Volume
from tests.vending.support import (
    ADMIN,
    CONFIG,
    OPERATOR,
    POWER,
    START,
    WATER,
    SetClock,
    Town,
    chart,
    new_store,
    request,
    service,
    tariffs,
    town,
)
from vending.requests import BasketRequest, Credit, Units
from vending.service import VendingService
from vending.shapes import ExplainedQuoteOut, ReceiptOut
from vending.tariff import (
    AccountState,
    FreeUnits,
    Month,
    MonthUse,
    TariffBook,
    TariffCurrency,
    free_left,
    parse_tariffs,
)


def town_on(path: Path, power: str, water: str) -> VendingService:
    """The small town with other tariffs."""
    chosen = {POWER: power, WATER: water}
    parties = town()
    agreements = tuple(replace(a, tariff=chosen[a.meter]) for a in parties.agreements)
    served = service(new_store(path), SetClock())
    served.register(ADMIN, replace(parties, agreements=agreements))
    return served


def test_a_municipal_charge_stands_on_its_own_account(tmp_path: Path) -> None:
    served = town_on(tmp_path / "t.db", "electricity-commercial", "water-domestic")
    receipt = served.vend(OPERATOR, request(amount="100.00"))
    units, tax, light = receipt.quote.lines
    assert (light.code, light.kind.value, light.book) == ("street-light", "charge", "street_light")
    assert receipt.quote.net == units.amount + light.amount
    (entry,) = served.entries(OPERATOR, "v-1")
    posted = {posting.account: posting.amount for posting in entry.entry.postings}
    roles = {
        "till": 10_000,
        "sales_electricity": -units.amount.minor,
        "vat_due": -tax.amount.minor,
        "street_light": -light.amount.minor,
    }
    assert {chart().role(role).code: amount for role, amount in roles.items()}.items() <= (
        posted.items()
    )
    stored = served.what_became(OPERATOR, "v-1").receipt
    assert stored.quote == receipt.quote
    assert served.vend(OPERATOR, request(amount="100.00")) == receipt


def test_a_tariff_in_another_currency_than_the_books_sells_nothing(tmp_path: Path) -> None:
    """Sold by units, no sum is typed that could be of the wrong money: the accounts are in shekels,
    and what would stand on them in dollars no proof of the books would pass again."""
    texts = [
        (CONFIG / "tariffs" / f"{kind}-domestic.toml").read_text("utf-8")
        for kind in ("electricity", "water")
    ]
    texts[0] = texts[0].replace('"ILS"', '"USD"')
    book = TariffBook(one for text in texts for one in parse_tariffs(text, "x"))
    served = service(new_store(tmp_path / "t.db"), SetClock(), tariffs=book)
    served.register(ADMIN, town())
    bought = Credit(POWER.number, Units("10"))
    with pytest.raises(TariffCurrency):
        served.vend_basket(OPERATOR, BasketRequest("v-1", (bought,)))
    with pytest.raises(TariffCurrency):
        served.bind(OPERATOR, POWER.number, Units("10"))
    assert served.verify(ADMIN).problem is None


def test_what_rounding_left_off_and_who_bears_a_support_are_told_to_programs(
    tmp_path: Path,
) -> None:
    served = town_on(tmp_path / "t.db", "electricity-social", "water-domestic")
    receipt = served.vend(OPERATOR, request(amount="50.00"))
    told = ReceiptOut.of(receipt).quote.lines
    for line, out in zip(receipt.quote.lines, told, strict=True):
        assert Fraction(out.remainder) == line.exact - line.amount.minor
    # 142 kWh at 0.4685 are 66.527, so 66.53; and 16 % of that 10.6448, so 10.64.
    assert [out.remainder for out in told[:2]] == ["-3/10", "12/25"]
    assert [out.payer for out in told] == ["", "", "social-fund", "social-fund"]


def test_tax_that_is_included_is_booked_as_tax(tmp_path: Path) -> None:
    served = town_on(tmp_path / "t.db", "electricity-public", "water-domestic")
    receipt = served.vend(OPERATOR, request(amount="66.00"))
    assert receipt.quote.vat == Money(910)
    assert receipt.quote.total == Money(6600)
    (entry,) = served.entries(OPERATOR, "v-1")
    posted = {posting.account: posting.amount for posting in entry.entry.postings}
    assert posted[chart().role("vat_due").code] == -910
    assert posted[chart().role("sales_electricity").code] == -5690


def test_a_tariff_of_the_month_is_sold_by_what_the_month_has_seen(tmp_path: Path) -> None:
    """The account moves along with each sale, so that the next one stands in the next block."""
    served = town_on(tmp_path / "t.db", "electricity-domestic", "water-domestic-blocks")
    first = served.vend(OPERATOR, request("v-1", meter=WATER, amount="60.00"))
    second = served.vend(OPERATOR, request("v-2", meter=WATER, amount="60.00"))
    assert first.quote.used_before == Volume(0)
    assert second.quote.used_before == first.quote.quantity
    assert max(line.block for line in second.quote.lines) > 1
    assert second.quote.quantity < first.quote.quantity


def test_a_quote_explains_itself_beside_the_last_sale(tmp_path: Path) -> None:
    t = Town(tmp_path / "t.db")
    first = t.service.vend(OPERATOR, request(amount="50.00"))
    priced = t.service.quote(OPERATOR, POWER.number, Money(4000))
    told = ExplainedQuoteOut.with_reasons(priced, first.quote)
    assert told.explanation[-1].en == "10.00 ILS less was paid (it was 50.00 ILS)."
    assert "\u206610.00 ILS\u2069" in told.explanation[-1].ar
    alone = ExplainedQuoteOut.with_reasons(priced, None)
    assert len(alone.explanation) == len(told.explanation) - 2
    line = ReceiptOut.of(first).quote.lines[0]
    assert (line.kind, line.rounding, line.name) == ("units", "half_up", None)


def test_free_units_that_were_taken_are_not_free_again() -> None:
    tariff = tariffs().active("electricity-social", START)
    (free,) = [one for one in tariff.supports if isinstance(one, FreeUnits)]
    month = Month.of(START, tariff.zone)
    taken = MonthUse(month, Energy(5_000), ((free.code, Energy(5_000)),))
    state = AccountState(Money(0), taken, since=month)
    assert free_left(tariff, state, START) == Energy(free.units.value - 5_000)
    all_of_it = MonthUse(month, free.units, ((free.code, free.units),))
    assert free_left(tariff, AccountState(Money(0), all_of_it, since=month), START).is_zero
