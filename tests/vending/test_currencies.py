"""One truth of the money: the chart of accounts says which, and one table how it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.vending.support import chart, empty_books
from vending.currencies import sign, spoken
from vending.ledger import ChartMalformed
from vending.ledger.chart import UNITS, parse_chart
from vending.messages import Language, term
from vending.settings import Settings, VendingSettings
from vending.wiring import CurrencyDiffers, open_raseed

MONEY = sorted(UNITS - {"Wh", "l", "token"})
ACCOUNT = """
[[accounts]]
code = "{code}"
role = "{code}"
kind = "asset"
unit = "{unit}"
per = "none"
name_ar = "a"
name_en = "a"
"""


def test_the_books_are_in_one_currency() -> None:
    assert chart().currency == "ILS"
    with pytest.raises(ChartMalformed, match="ILS and JOD"):
        parse_chart(ACCOUNT.format(code="1", unit="ILS") + ACCOUNT.format(code="2", unit="JOD"))


@pytest.mark.parametrize("currency", MONEY)
@pytest.mark.parametrize("language", list(Language))
def test_each_has_a_sign_and_a_name(currency: str, language: Language) -> None:
    assert sign(currency) != currency
    assert term(spoken(currency), language) != spoken(currency)


def test_settings_cannot_say_another(tmp_path: Path) -> None:
    (tmp_path / "raseed.db").write_bytes(empty_books())
    for said in (None, "ILS"):
        with open_raseed(Settings(data=tmp_path, vending=VendingSettings(currency=said))) as raseed:
            assert raseed.currency == raseed.town_hall.municipality().currency == "ILS"
    with pytest.raises(CurrencyDiffers):
        open_raseed(Settings(data=tmp_path, vending=VendingSettings(currency="JOD")))
