"""A clerk who is going to count the drawer blind does not read the cash off an own statement."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vending.drawer.support import CHIEF, LAYLA, RANA, SAMIR, Counter, counting, shekels
from tests.vending.support import put_operator
from vending.accounting import OperatorStatement
from vending.operators import Settlement


@pytest.fixture
def here(place: Path | str) -> Iterator[Counter]:
    made = Counter(place)
    yield made
    made.town.store.close()


FIRST = 100
"""What the counter had sold before any shift, for these agorot."""


def cash(statement: OperatorStatement) -> int:
    return sum(taking.amount for taking in statement.takings) - FIRST


def test_an_open_shift_is_not_told(here: Counter) -> None:
    here.drawers.open(SAMIR, "S-1", shekels("10.00"))
    here.sell("S-1", 5000)
    here.drawers.close(SAMIR, counting(6000))
    here.town.clock.forward(minutes=1)
    here.drawers.open(SAMIR, "S-2", shekels("20.00"))
    here.sell("S-2", 7000)
    today = here.town.clock().date().isoformat()
    for first in (None, today):
        own = here.reports.operator(SAMIR, "Samir", first)
        assert (cash(own), own.sales) == (5000, 2)
    # Who does not count it sees all of it; so does the clerk, once it is counted.
    for who in (LAYLA, CHIEF):
        assert cash(here.reports.operator(who, "Samir")) == 12000
    here.drawers.close(SAMIR, counting(9000))
    assert cash(here.reports.operator(SAMIR, "Samir")) == 12000


def test_a_shift_that_began_before_the_days_asked_for(here: Counter) -> None:
    here.drawers.open(SAMIR, "S-1", shekels("0.00"))
    here.town.clock.forward(days=1)
    here.sell("S-1", 5000)
    today = here.town.clock().date().isoformat()
    assert here.reports.operator(SAMIR, "Samir", today).takings == ()


def test_somebody_elses_shift_hides_nothing(here: Counter) -> None:
    here.sell(None, 5000)
    here.drawers.open(RANA, "R-1", shekels("0.00"))
    assert cash(here.reports.operator(SAMIR, "Samir")) == 5000


def test_whose_own_money_it_is_sees_it(here: Counter) -> None:
    put_operator(here.town.store, "samir", settlement=Settlement.DEPOSIT)
    here.drawers.open(SAMIR, "S-1", shekels("0.00"))
    here.sell("S-1", 5000)
    assert cash(here.reports.operator(SAMIR, "Samir")) == 5000
