"""The command line: what it shows, in which language, and with which exit code it fails."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.vending.support import POWER, WATER
from vending.keys.errors import KeyFileTooOpen
from vending.messages import LRI, PDI, Language, words_for

from .support import PASSPHRASE, Shell, Told, shell, town_shell

pytestmark = pytest.mark.system

ARABIC = re.compile("[\u0600-\u06ff]")


@pytest.fixture
def town(tmp_path: Path) -> Shell:
    return town_shell(tmp_path)


def sell(town: Shell, vend_id: str = "v-1", amount: str = "50.00", *more: str) -> object:
    told = town.run("vend", POWER.number, amount, "--id", vend_id, "--point", "P1", *more, "--json")
    assert told.code == 0, told.err
    return told.json


def test_customers_and_meters(town: Shell) -> None:
    assert [row["account"] for row in town.run("customer", "list", "--json").json] == [
        "10001",
        "10002",
    ]
    assert "Samira Awwad" in town.run("customer", "list", "Samira").out
    assert "سميرة عواد" in town.run("--lang", "ar", "customer", "show", "10001").out
    assert town.run("meter", "show", POWER.pan.number, "--json").json["number"] == POWER.number
    assert WATER.number in town.run("meter", "list").out
    shown = town.run("--lang", "ar", "meter", "show", POWER.number).out
    assert f"{LRI}{POWER.number}{PDI}" in shown


def test_a_sale_from_quote_to_the_books(town: Shell) -> None:
    quote = town.run("quote", POWER.number, "٥٠", "--look", "--json").json
    receipt = town.run("vend", POWER.number, "50", "--id", "v-1", "--point", "P1", "--json").json
    explanation = quote.pop("explanation")
    assert "76.8 kWh" in explanation[0]["en"]
    assert (quote.pop("id"), quote.pop("expires_at")) == (None, None)
    assert receipt["quote"] == quote
    assert town.run("vend", POWER.number, "50", "--id", "v-1", "--point", "P1", "--json").json == {
        **receipt,
        "replayed": True,
    }
    grouped = receipt["tokens"][0]["grouped"]
    copy = town.run("--lang", "ar", "reprint", "v-1", "--point", "P1")
    assert f"{LRI}{grouped}{PDI}" in copy.out
    assert "نسخة 1" in copy.out
    assert grouped in town.run("reprint", "v-1", "--point", "P1").out
    status = town.run("sale", "show", "v-1", "--json").json
    assert (status["copies"], status["delivery"]["state"]) == (2, "issued")
    assert grouped not in town.run("sale", "show", "v-1").out
    assert receipt["receipt"] in town.run("sale", "list").out
    (entry,) = town.run("ledger", "entries", "v-1", "--json").json
    assert entry["actor"].startswith("cli:")
    assert town.run("ledger", "verify", "--json").json["entries"] == 1
    assert "The books are right" in town.run("ledger", "verify").out


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


def test_a_vend_without_an_id_tells_the_one_it_made(town: Shell) -> None:
    told = town.run("vend", POWER.number, "50", "--json", RASEED_POINT="P1")
    assert told.code == 0
    assert f"vend id {told.json['vend_id']}" in told.err


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
    (("meter", "read", POWER.number), 4, "meter.unreachable"),
]


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


def test_a_wrong_passphrase_and_a_damaged_key_file(town: Shell) -> None:
    told = town.run("quote", POWER.number, "50", RASEED_PASSPHRASE="wrong wrong wrong")
    assert told.code == 2
    assert "keys.wrong_passphrase_or_damaged" in told.err
    assert "wrong wrong" not in told.err.replace("passphrase is wrong", "")
    path = town.folder / "keys.sealed"
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    assert "keys.file_truncated" in town.run("quote", POWER.number, "50").err
    path.write_bytes(b"nothing of the kind")
    assert "keys.not_a_key_file" in town.run("quote", POWER.number, "50").err
    path.write_bytes(whole)
    path.chmod(0o644)
    told = town.run("quote", POWER.number, "50")
    assert told.code == 3
    assert words_for(KeyFileTooOpen(str(path), "0644"), Language.ENGLISH) in told.err
    path.unlink()
    assert "keys.file_missing" in town.run("quote", POWER.number, "50").err
    assert "keys.passphrase_missing" in town.run("keys", "list", RASEED_PASSPHRASE=None).err


def test_a_locked_database(town: Shell) -> None:
    other = sqlite3.connect(town.folder / "raseed.db", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        told = town.run(
            "vend",
            POWER.number,
            "50",
            "--id",
            "v-1",
            "--point",
            "P1",
            RASEED_DATABASE__BUSY_TIMEOUT_SECONDS="0.1",
        )
        assert told.code == 4
        assert "store.locked" in told.err
        other.execute("ROLLBACK")
    finally:
        other.close()
    sell(town)


def test_books_that_were_tampered_with_exit_70(town: Shell) -> None:
    sell(town)
    with sqlite3.connect(town.folder / "raseed.db") as raw:
        raw.execute("DROP TRIGGER postings_no_update")
        raw.execute("UPDATE postings SET amount = amount + 1 WHERE line = 1")
    raw.close()
    told = town.run("ledger", "verify", "--json")
    assert told.code == 70
    assert told.json["ok"] is False
    assert json.loads(told.err)["code"] == "ledger.differs"


def test_without_a_database_nothing_is_made(tmp_path: Path) -> None:
    told = shell(tmp_path / "absent").run("customer", "list")
    assert told.code == 2
    assert "raseed init" in told.err
    assert not (tmp_path / "absent").exists()


@pytest.mark.system
def test_init_makes_everything_once(tmp_path: Path) -> None:
    new = shell(tmp_path / "data")
    first = new.run("init", "--point", "K1", "--json").json
    assert re.fullmatch("rsk_[0-9a-f]{64}", first["api_key"])
    assert (first["key_file_made"], first["point_made"]) == (True, True)
    for name in ("raseed.db", "keys.sealed"):
        assert (new.folder / name).stat().st_mode & 0o077 == 0
    again = new.run("init", "--point", "K1", "--json").json
    assert again["api_key"] is None
    assert (again["key_file_made"], again["point_made"]) == (False, False)
    assert new.run("init", RASEED_PASSPHRASE="some other passphrase").code == 2
    keys = new.run("apikey", "list", "--json").json
    assert [key["name"] for key in keys] == ["first"]
    assert first["api_key"] not in json.dumps(keys)


def test_init_wants_a_long_passphrase(tmp_path: Path) -> None:
    told = shell(tmp_path / "data").run("init", RASEED_PASSPHRASE="short")
    assert "keys.passphrase_too_short" in told.err
    assert not (tmp_path / "data" / "raseed.db").exists()


def test_api_keys_are_shown_once_and_revoked(town: Shell) -> None:
    made = town.run("apikey", "create", "till", "--scope", "read", "--point", "P1", "--json").json
    assert made["api_key"].startswith("rsk_")
    assert town.run("apikey", "create", "till").code == 3
    assert town.run("apikey", "revoke", "till", "--reason", "not needed", "--json").json[
        "revoked_at"
    ]
    assert made["api_key"] not in town.run("apikey", "list").out


def test_a_key_that_sells_stands_for_one_terminal(town: Shell) -> None:
    def make(name: str, *more: str) -> Told:
        return town.run("apikey", "create", name, "--scope", "vend", "--json", *more)

    assert "apikey.terminal_needed" in make("a", "--point", "P1").err
    assert "apikey.terminal_needed" in make("a", "--terminal", "T1").err
    assert "apikey.terminal" in make("a", "--point", "P1", "--terminal", "x" * 61).err
    seat = ("--point", "P1", "--terminal")
    made = make("samir-T1", *seat, " T1 \n", "--person", "samir").json
    assert (made["person"], made["terminal"]) == ("samir", "T1")
    taken = make("other", *seat, "T1")
    assert (taken.code, "apikey.terminal_taken" in taken.err, "samir-T1" in taken.err) == (
        3,
        True,
        True,
    )
    assert make("samir-T2", *seat, "T2").json["person"] == "samir-T2"
    assert "apikey.person" in make("x", *seat, "T3", "--person", "samir awwad").err
    assert town.run("apikey", "revoke", "samir-T1", "--reason", "it was lost").code == 0
    assert make("other", *seat, "T1").code == 0
    # Who only reads needs no terminal.
    assert town.run("apikey", "create", "reader", "--scope", "read").code == 0


@pytest.mark.system
def test_vending_keys_are_added_and_resealed(town: Shell, tmp_path: Path) -> None:
    added = town.run(
        *("keys", "add", "--sgc", "123457", "--krn", "2", "--ken", "200"),
        *("--kind", "transfer_credit_water", "--issued-until", "2030-01-01", "--json"),
        stdin="cd" * 20 + "\n",
    )
    assert added.code == 0, added.err
    assert added.json["issued_until"] == "2030-01-01T00:00:00Z"
    assert added.json["kinds"] == ["transfer_credit_water"]
    told = town.run("keys", "passphrase", RASEED_NEW_PASSPHRASE="another passphrase")
    assert told.code == 0
    assert town.run("keys", "list").code == 2
    rows = town.run("keys", "list", "--json", RASEED_PASSPHRASE="another passphrase").json
    assert [(row["sgc"], row["krn"]) for row in rows] == [("123457", 1), ("123457", 2)]
    assert "cd" * 20 not in json.dumps(rows)


def test_a_secret_is_never_an_argument(town: Shell) -> None:
    for command in (("keys", "add"), ("keys", "passphrase"), ("init",), ("token", "encode")):
        text = town.run(*command, "--help").out
        assert "--passphrase " not in text
        assert "--key " not in text


def test_settings_are_shown_and_checked(town: Shell) -> None:
    shown = town.run("config", "show", "--json", RASEED_DATABASE__URL="postgresql://u:hunter2@h/d")
    assert shown.json["database"]["url"] == "postgresql://u:***@h/d"
    assert "hunter2" not in town.run("config", "show").out
    assert PASSPHRASE not in shown.out
    assert town.run("config", "check").code == 0
    told = town.run("config", "check", RASEED_WEB__PROT="1", RASEED_WBE="2")
    assert told.code == 2
    assert [line.split()[2] for line in told.err.splitlines()] == ["RASEED_WBE", "web.prot"]
    assert town.run("customer", "list", RASEED_WEB__PROT="1").code == 2


def test_a_usage_mistake_exits_2_without_a_traceback(town: Shell) -> None:
    for arguments in (("vend",), ("nothing",), ("--lang", "fr", "config", "show")):
        told = town.run(*arguments)
        assert told.code == 2
        assert "Traceback" not in told.err + told.out


@pytest.mark.parametrize(
    "command",
    [
        ("banking", "list", "--before"),
        ("keychange", "list", "--after"),
        ("outbox", "list", "--before"),
        ("outbox", "retry"),
        ("accounts", "history", "A1", "--before"),
        ("audit", "list", "--before"),
    ],
)
def test_a_number_that_no_database_counts_to_is_a_mistake_of_the_input(
    town: Shell, command: tuple[str, ...]
) -> None:
    told = town.run(*command, str(2**63))
    assert told.code == 2, told.err


def test_an_unforeseen_fault_is_an_apology_with_a_number(town: Shell) -> None:
    with sqlite3.connect(town.folder / "raseed.db") as raw:
        # Somebody edited a party by hand; nothing foresees a cipher that does not exist.
        raw.execute("UPDATE meters SET ea = 'zz'")
    raw.close()
    told = town.run("meter", "list")
    assert (told.code, told.out) == (70, "")
    assert "Traceback" not in told.err
    assert "zz" not in told.err
    assert re.search(r"\b[0-9a-f]{8}\b", told.err)
    assert "ValueError" in town.run("meter", "list", RASEED_DEBUG="1").err


def test_a_basket_held_shown_and_voided(town: Shell) -> None:
    seat = ("--point", "P1")
    sold = town.run(
        "basket",
        *("--credit", f"{POWER.number}=50", "--units", f"{WATER.number}=2"),
        *("--pay", "card:30:slip", "--pay", "cash:100", "--id", "b-1", "--hold", *seat),
    )
    assert "Change" in sold.out
    assert "raseed sale reveal" in sold.out
    shown = town.run("sale", "reveal", "b-1", "--json", *seat).json
    assert len(shown["tokens"][0]["digits"]) == 20
    back = town.run("void", "b-1+2", "--reason", "wrong meter", *seat)
    assert "its digits were not shown" in back.out
    assert re.search(r"Given back: \d+\.\d\d ILS\n", back.out), back.out
    assert "wrong meter" in town.run("--lang", "ar", "sale", "show", "b-1+2").out
    last = town.run("sale", "last", "--json", *seat).json
    assert [one["sale"]["vend_id"] for one in last] == ["b-1", "b-1+2"]
    quote = town.run("quote", POWER.number, "20", "--units", "--json").json
    assert quote["expires_at"]
    bound = ("vend", POWER.number, "20", "--units", "--quote", quote["id"], "--id", "v-1", *seat)
    assert town.run(*bound, "--json").json["quote"]["lines"] == quote["lines"]
    by_card = ("vend", POWER.number, "20", "--units", "--tender", "card", "--id", "v-2", *seat)
    assert town.run(*by_card, "--json").json["tender"] == "card"
    both = ("basket", "--units", f"{POWER.number}=5", "--tender", "card", "--id", "b-2", *seat)
    assert town.run(*both, "--json").json["sales"][0]["tender"] == "card"
    assert town.run("ledger", "verify").code == 0


def test_a_basket_is_shown_and_printed_whole_and_a_further_sale_alone(town: Shell) -> None:
    seat = ("--point", "P1")
    items = ("--credit", f"{POWER.number}=50", "--credit", f"{WATER.number}=20")
    sold = town.run("basket", *items, "--id", "b-1", "--json", *seat).json
    digits = [sale["tokens"][0]["grouped"] for sale in sold["sales"]]
    copy = town.run("reprint", "b-1", *seat).out
    assert all(grouped in copy for grouped in digits)
    assert copy.count("COPY 1") == 2
    copied = town.run("reprint", "b-1", "--json", *seat).json
    assert [one["copy_number"] for one in copied["sales"]] == [2, 2]
    alone = town.run("reprint", "b-1+2", "--json", *seat).json
    assert (alone["vend_id"], alone["tokens"][0]["grouped"]) == ("b-1+2", digits[1])
    for command in (("show", "b-1"), ("last", *seat)):
        told = town.run("sale", *command).out
        assert POWER.number in told
        assert WATER.number in told
        assert not any(grouped in told for grouped in digits)
    assert town.run("sale", "show", "b-1+2", "--json").json["sale"]["vend_id"] == "b-1+2"


def test_every_line_of_a_sale_is_shown_with_what_is_still_owed(town: Shell) -> None:
    owed = ("A1", "arrears-2025", "40.00", "--name-ar", "متأخرات", "--name-en", "Arrears of 2025")
    why = ("--reason", "From the old books", "--source", "Bill 7", "--percent", "50")
    assert town.run("debt", "add", *owed, *why).code == 0
    sold = sell(town)
    assert isinstance(sold, dict)
    quote = sold["quote"]
    (debt,) = [line for line in quote["lines"] if line["kind"] == "debt"]
    net = f"{float(quote['net']['value']) - float(debt['amount']['value']):.2f} ILS"
    taken = f"Arrears of 2025: {debt['amount']['value']} ILS · still owed {debt['left']['value']}"
    for command in (("sale", "show", "v-1"), ("reprint", "v-1", "--point", "P1")):
        told = town.run(*command).out
        assert taken in told
        assert f"Net: {net}" in told
    assert "متأخرات" in town.run("--lang", "ar", "sale", "show", "v-1").out
    paid = town.run("basket", "--debt", f"{POWER.number}=5.00", "--id", "d-1", "--point", "P1")
    assert "Arrears of 2025: 5.00 ILS" in paid.out
    assert "Net: 0.00 ILS" in paid.out
    assert "Delivery" not in town.run("sale", "show", "d-1").out
    assert "Delivery" in town.run("sale", "show", "v-1").out


def test_shifts_and_debts_are_told_in_the_readers_words(town: Shell) -> None:
    seat = {"RASEED_POINT": "P1", "RASEED_TERMINAL": "T1"}
    why = ("--reason", "Unpaid bills", "--source", "Bills of 2025")
    names = ("--name-ar", "متأخرات", "--name-en", "Arrears")
    assert town.run("shift", "open", "--float", "0", "--id", "s-1", **seat).code == 0
    assert town.run("vend", POWER.number, "50", "--id", "v-1", **seat).code == 0
    assert town.run("debt", "add", "A1", "old", "20", "--percent", "5", *names, *why).code == 0
    paid = ("basket", "--debt", f"{POWER.number}=5.00", "--id", "d-1")
    assert town.run(*paid, **seat).code == 0
    report = town.run("--lang", "ar", "shift", "x", "s-1").out
    assert re.search(r"^بيع +1 ", report, re.MULTILINE), report
    assert re.search(r"^دفع ديون +1 ", report, re.MULTILINE), report
    heading, *_ = town.run("--lang", "ar", "debt", "list", "A1").out.splitlines()
    assert heading.startswith("الرمز "), heading


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
        ("keychange", "list", "--after"),
        ("outbox", "list", "--before"),
        ("outbox", "retry"),
        ("outbox", "give-up", "--reason", "it came by hand"),
    ],
    ids=" ".join,
)
def test_a_number_that_no_row_has_is_told_as_such(town: Shell, arguments: tuple[str, ...]) -> None:
    assert town.run(*arguments, str(2**63 - 1)).code in (0, 2)
    assert town.run(*arguments, str(2**63)).code == 2
