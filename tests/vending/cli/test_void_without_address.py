"""A sale whose digits are out, to a meter that nobody can ask: to try again helps nobody."""

from __future__ import annotations

import pytest

from tests.vending.support import POWER

from .support import Shell

HERE = ("--point", "P1", "--terminal", "T1")


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Ask for a refund"), ("ar", "اطلب رد المبلغ")]
)
def test_it_is_refused_with_what_can_be_done(town: Shell, language: str, words: str) -> None:
    assert town.run("vend", POWER.number, "50", "--id", "v-1", *HERE).code == 0
    refused = town.run(
        "void", "v-1", "--reason", "The wrong customer", *HERE, "--json", RASEED_LANG=language
    )
    assert refused.code == 3
    assert "void.meter_without_address" in refused.err
    assert words in refused.err
    assert POWER.number in refused.err
    assert town.run("ledger", "verify", "--json").json["entries"] == 1


def test_pushing_says_so_too(town: Shell) -> None:
    assert town.run("vend", POWER.number, "50", "--id", "v-1", *HERE).code == 0
    told = town.run("deliver", "v-1")
    assert told.code == 4
    assert "has no address on record; nothing was asked of it" in told.err
