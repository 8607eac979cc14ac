"""What the command line says of a deposit: as the guide does, and as the figure is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from meters.quantities import Money
from tests.vending.cli.support import town_shell
from tests.vending.support import (
    OPERATOR,
    WATER,
    SetClock,
    chart,
    new_store,
    put_operator,
    service,
)
from vending.drawer import Drawers
from vending.operators import Settlement
from vending.sale import VendRequest
from vending.store.drawer import SqlDrawers

LANGUAGES = pytest.mark.parametrize("language", ["en", "ar"])


def sell(folder: Path, settlement: Settlement) -> None:
    """One sale of 50 shekels in a shift at P1, by Samir, who earns 2 percent."""
    store, clock = new_store(folder / "raseed.db"), SetClock()
    put_operator(store, "samir", settlement=settlement, credit_limit=10_000, commission="2")
    Drawers(SqlDrawers(store), chart(), clock).open(OPERATOR, "S-1", Money(0))
    service(store, clock).vend(OPERATOR, VendRequest("v-1", WATER.number, Money(5000)))
    store.close()


@LANGUAGES
def test_takings_say_what_the_guide_says(tmp_path: Path, language: str) -> None:
    shell = town_shell(tmp_path)
    sell(tmp_path, Settlement.DEPOSIT)
    days = ("--from", "2026-11-23", "--to", "2026-11-23")
    told = shell.run("ledger", "takings", *days, RASEED_LANG=language, COLUMNS="200")
    assert {"en": "(off the deposit)", "ar": "(من الوديعة)"}[language] in told.out


@LANGUAGES
@pytest.mark.parametrize(
    ("settlement", "figure"), [(Settlement.DEPOSIT, "49.00"), (Settlement.TILL, "-1.00")]
)
def test_a_report_says_that_commission_is_taken_off_the_figure(
    tmp_path: Path, settlement: Settlement, figure: str, language: str
) -> None:
    shell = town_shell(tmp_path)
    sell(tmp_path, settlement)
    told = shell.run("shift", "x", "S-1", RASEED_LANG=language, COLUMNS="200")
    (line,) = (one for one in told.out.splitlines() if figure in one and ":" in one)
    words = {"en": "Off the deposit, less commission", "ar": "محسوم من الوديعة بعد العمولة"}
    assert line.startswith(words[language])
