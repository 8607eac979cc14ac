"""What is wrong at the command line is told in one clear line, in the reader's language, with the
exit code of its kind."""

from __future__ import annotations

import json
import re
import sqlite3
from typing import Any

import pytest

from tests.vending.support import POWER
from vending.store.damage import Damage

from .support import Shell

pytestmark = pytest.mark.system

ARABIC = re.compile("[\u0600-\u06ff]")

BAD = [
    (("meter", "show", POWER.number[:-1] + str(9 - int(POWER.number[-1]))), 2, "meter.check_digit"),
    (("meter", "show", "1" * 19), 2, "meter.number_length"),
    (("meter", "show", "abc"), 2, "digits.not_digits"),
    (("meter", "show", "01000000775"), 2, "meter."),
    (("customer", "show", "999"), 2, "customer.unknown"),
    (("quote", POWER.number, "0"), 2, "vend.amount_not_positive"),
    (("quote", POWER.number, "--", "-5"), 2, "vend.amount_not_positive"),
    (("quote", POWER.number, "1e3"), 2, "quantity.not_a_number"),
    (("quote", POWER.number, "99999999"), 2, "vend.amount_too_high"),
    (("vend", POWER.number, "50"), 2, "point.unknown"),
    (("vend", POWER.number, "50", "--point", "P9"), 2, "point.unknown"),
    (("vend", POWER.number, "50", "--tender", "gold"), 2, "vend.tender_unknown"),
    (("vend", POWER.number, "5", "--units", "--tender", "mixed"), 2, "vend.tender_unknown"),
    (
        ("vend", POWER.number, "50", "--tender", "card", "--pay", "cash:50"),
        2,
        "basket.tender_beside_payments",
    ),
    (("vend", POWER.number, "50", "--id", "no spaces"), 2, "vend.id_malformed"),
    (("sale", "show", "never"), 2, "vend.unknown"),
    (("deliver", "never"), 2, "vend.unknown"),
    (("apikey", "create", "bad name"), 2, "apikey.name"),
    (("apikey", "create", "x", "--scope", "all"), 2, "apikey.scope_unknown"),
    (("apikey", "create", "x", "--role", "king"), 2, "apikey.role_unknown"),
    (("apikey", "create", "x", "--point", "P9"), 2, "point.unknown"),
    (("apikey", "revoke", "nobody", "--reason", "not needed"), 2, "apikey.unknown"),
    (("keys", "add", "--sgc", "12", "--krn", "1"), 2, "keys.field_invalid"),
    (("keys", "add", "--sgc", "123457", "--krn", "1"), 3, "keys.already_held"),
    (("keys", "add", "--sgc", "123457", "--krn", "2", "--dkga", "9"), 2, "keys.field_invalid"),
    (("keys", "add", "--sgc", "123457", "--krn", "2", "--dkga", "02"), 2, "keys.length"),
    (("token", "decode", "123"), 2, "token.length"),
    (("token", "decode", "9" * 20), 2, "token.too_large"),
    (("token", "encode", "nothing"), 2, "token.kind_unknown"),
    (("bench", "nothing"), 2, "bench.unknown"),
    (
        (
            *("ledger", "adjust", "5", "--debit", "1010:P1", "--credit", "1010:P1"),
            *("--reason", "A slip of mine", "--id", "ADJ-1"),
        ),
        2,
        "ledger.same_account",
    ),
    (("ledger", "account", "1010:ZZ"), 2, "ledger.holder_wrong"),
    (("ledger", "account", "2030:nobody"), 2, "operator.unknown"),
    (("ledger", "account", "4010:P1"), 2, "ledger.holder_wrong"),
    *(
        (
            ("ledger", *asked, "--from", "2026-11-24", "--to", "2026-11-23"),
            2,
            "ledger.days_backwards",
        )
        for asked in (("takings",), ("account", "1010"), ("statement", "A1"), ("operator", "Huda"))
    ),
    (("meter", "read", POWER.number), 4, "meter.without_address"),
]


@pytest.mark.parametrize(
    "command",
    [
        ("vend", POWER.number, "50"),
        ("basket", "--credit", f"{POWER.number}=50"),
        ("shift", "open", "--float", "0", "--terminal", "T1"),
        ("block", "lift", "point", "P1", "--reason", "safe again"),
    ],
)
def test_an_empty_id_is_a_mistake_and_not_an_id_left_out(
    town: Shell, command: tuple[str, ...]
) -> None:
    """A script whose variable is empty would do it anew each time it is run."""
    told = town.run(*command, "--id", "", RASEED_POINT="P1")
    assert told.code == 2, told.out
    assert "id_malformed" in told.err


@pytest.mark.parametrize(("arguments", "code", "error"), BAD, ids=lambda v: str(v)[:40])
def test_bad_input_is_one_clear_line_with_the_exit_code_of_its_kind(
    town: Shell, arguments: tuple[str, ...], code: int, error: str
) -> None:
    told = town.run(*arguments, RASEED_VENDING_KEY="ab" * 20)
    assert told.code == code, told.err
    lines = [line for line in told.err.splitlines() if not line.startswith("vend id ")]
    assert len(lines) == 1
    assert f"[{error}" in lines[0]
    assert told.out == ""
    arabic = town.run("--lang", "ar", *arguments, RASEED_VENDING_KEY="ab" * 20)
    assert ARABIC.search(arabic.err)
    first = 1 if "--" not in arguments else arguments.index("--")
    with_json = (*arguments[:first], "--json", *arguments[first:])
    if arguments[0] in ("bench", "quote", "vend", "deliver"):
        machine = json.loads(
            town.run(*with_json, RASEED_VENDING_KEY="ab" * 20).err.splitlines()[-1]
        )
        assert machine["code"].startswith(error)
        assert machine["detail"]


@pytest.mark.parametrize(
    ("environment", "arabic"),
    [
        ({"RASEED_LANG": None, "LANG": "ar_PS.UTF-8"}, True),
        ({"RASEED_LANG": None, "LANG": "en_GB.UTF-8"}, False),
        ({"RASEED_LANG": "ar", "LANG": "en_GB.UTF-8"}, True),
        ({"RASEED_LANG": None, "LANG": None}, False),
    ],
)
def test_the_language_is_the_users(town: Shell, environment: dict[str, Any], arabic: bool) -> None:
    told = town.run("customer", "show", "999", **environment)
    assert bool(ARABIC.search(told.err)) is arabic


def test_a_usage_mistake_exits_2_without_a_traceback(town: Shell) -> None:
    for arguments in (("vend",), ("nothing",), ("--lang", "fr", "config", "show")):
        told = town.run(*arguments)
        assert told.code == 2
        assert "Traceback" not in told.err + told.out


def test_an_unforeseen_fault_is_an_apology_with_a_number(
    town: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite3.connect(town.folder / "raseed.db") as raw:
        # Somebody edited a party by hand, and which row it is cannot be found.
        raw.execute("UPDATE meters SET ea = 'zz'")
    raw.close()
    monkeypatch.setattr(Damage, "explained", lambda _self, error, _chart: error)
    told = town.run("meter", "list")
    assert (told.code, told.out) == (70, "")
    assert "Traceback" not in told.err
    assert "zz" not in told.err
    assert re.search(r"\b[0-9a-f]{8}\b", told.err)
    assert "ValueError" in town.run("meter", "list", RASEED_DEBUG="1").err


def test_a_command_line_that_is_wrong_is_told_in_arabic(town: Shell) -> None:
    for wrong, what in (
        (("vend", POWER.number), "AMOUNT"),
        (("void", "v-1"), "--reason"),
        (("sale", "list", "--limit", "x"), "--limit"),
        (("sale", "list", "--colour", "x"), "--colour"),
        (("sale", "lost"), "sale --help"),
        (("--colour",), "--colour"),
        (("vend", POWER.number, "5", "--pay", "nonsense"), "--pay"),
    ):
        told = town.run("--lang", "ar", *wrong)
        assert told.code == 2
        assert ARABIC.search(told.err)
        assert what in told.err
        assert "Usage" not in told.err
        assert "Error" not in told.err
        english = town.run("--lang", "en", *wrong)
        assert english.code == 2
        assert not ARABIC.search(english.err)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_an_argument_that_is_no_text_is_told_as_such(town: Shell, language: str) -> None:
    """As a shell hands over bytes that are not UTF-8, in front of anything that is done."""
    for arguments in (
        ("void", "v-\udcff", "--reason", "a wrong customer", "--point", "P1"),
        ("sale", "last", "--point", "\ud800"),
        ("--lang", "\udcff", "customer", "list"),
    ):
        told = town.run(*arguments, RASEED_LANG=language)
        assert (told.code, told.out) == (2, "")
        assert "[cli.argument_not_text]" in told.err
        assert bool(ARABIC.search(told.err)) is (language == "ar" and "--lang" not in arguments)
    told = town.run("ledger", "entries", "\udcff", "--json", RASEED_LANG=language)
    assert json.loads(told.err)["facts"] == {"place": 3}


@pytest.mark.parametrize(
    "arguments",
    [
        ("accounts", "history", "A1", "--before"),
        ("audit", "list", "--before"),
        ("banking", "list", "--before"),
        ("block", "history", "--before"),
        ("keychange", "list", "--after"),
        ("outbox", "list", "--before"),
        ("reading", "list", POWER.number, "--before"),
        ("outbox", "retry"),
        ("outbox", "give-up", "--reason", "it came by hand"),
    ],
    ids=" ".join,
)
def test_a_number_that_no_row_has_is_told_as_such(town: Shell, arguments: tuple[str, ...]) -> None:
    assert town.run(*arguments, str(2**63 - 1)).code in (0, 2)
    assert town.run(*arguments, str(2**63)).code == 2
