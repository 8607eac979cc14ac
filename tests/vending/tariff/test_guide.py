"""The guide for billing officers says what the program does: its tables are worked out here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.vending.tariff.worked import INPUTS, Row, rows, shipped, worked
from vending.tariff.registry import KINDS

GUIDE = Path(__file__).parents[3] / "docs" / "tariffs.md"
ROWS = list(rows(GUIDE))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"line {row.line}")
def test_the_guides_tables_hold(row: Row) -> None:
    stated = {name: cell for name, cell in row.cells.items() if name not in INPUTS}
    assert stated
    assert worked(row) == stated


def test_every_kind_of_rule_has_a_worked_table() -> None:
    told = set()
    for row in ROWS:
        tariff = row.tariff
        told.add(tariff.price.rule)
        told.update(charge.rule for charge in tariff.charges)
        told.update(support.rule for support in tariff.supports)
        told.update(
            "percentage" if "percent" in debt else "instalment"
            for debt in row.account.get("debts", ())
        )
    assert told == {name for family in KINDS.values() for name in family}


def test_every_shipped_tariff_with_more_than_one_rule_has_a_worked_table() -> None:
    told = {row.tariff.code for row in ROWS}
    assert set(shipped().codes()) <= told | {"electricity-domestic", "water-domestic"}
