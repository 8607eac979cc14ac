"""What is sold and given back at the command line lies in the drawer of the own open shift, also
where the terminal is not told again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vending.cli.support import Shell
from tests.vending.support import POWER, WATER

HERE = ("--point", "P1")


@pytest.fixture
def counter(town: Shell) -> Shell:
    """Samir's shift is open at terminal T1."""
    opened = ("shift", "open", *HERE, "--terminal", "T1", "--float", "100", "--id", "S-1")
    assert town.run(*opened, LOGNAME="samir").code == 0
    return town


def run(shell: Shell, *words: str, by: str = "samir", **seat: str) -> Any:
    told = shell.run(*words, "--json", LOGNAME=by, **seat)
    assert told.code == 0, told.err
    return told.json


def expected(shell: Shell) -> str:
    """The cash that should be in the drawer."""
    return str(run(shell, "shift", "x", "S-1", by="omar")["expected"]["value"])


def test_a_sale_and_a_basket_are_in_the_own_shift(counter: Shell) -> None:
    sold = run(counter, "vend", POWER.number, "50", "--id", "v-1", *HERE)
    assert sold["shift"] == "S-1"
    basket = ("basket", "--credit", f"{WATER.number}=30", "--id", "v-2", *HERE)
    assert run(counter, *basket)["sales"][0]["shift"] == "S-1"
    assert expected(counter) == "180.00"
    last = run(counter, "sale", "last", *HERE)
    assert last["sale"]["vend_id"] == "v-2"


def test_what_is_taken_back_comes_out_of_the_own_drawer(counter: Shell) -> None:
    run(counter, "vend", WATER.number, "30", "--id", "v-1", "--hold", *HERE)
    run(counter, "void", "v-1", "--reason", "The wrong customer", *HERE)
    assert expected(counter) == "100.00"
    run(counter, "vend", WATER.number, "30", "--id", "v-2", *HERE)
    why = ("--reason", "Meter burned at night", "--id", "R-1")
    run(counter, "approval", "request", "void-refund", "v-2", *why, *HERE)
    run(counter, "approval", "approve", "R-1", by="omar")
    assert expected(counter) == "100.00"


def test_somebody_elses_shift_and_another_point_are_not_meant(counter: Shell) -> None:
    elsewhere = run(counter, "vend", POWER.number, "50", "--id", "v-1", "--point", "P2")
    by_other = run(counter, "vend", POWER.number, "50", "--id", "v-2", *HERE, by="rana")
    other_desk = run(counter, "vend", POWER.number, "50", "--id", "v-3", *HERE, "--terminal", "T2")
    at_t2 = run(counter, "vend", POWER.number, "50", "--id", "v-4", *HERE, RASEED_TERMINAL="T2")
    assert {one["shift"] for one in (elsewhere, by_other, other_desk, at_t2)} == {None}
    assert expected(counter) == "100.00"
