"""The command line: what it shows, in which language, and with which exit code it fails."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from datetime import datetime
from io import StringIO
from pathlib import Path

import pytest

from tests.vending.support import POWER, WATER, pushed
from vending.messages import LRI, PDI, on_the_wall

from .support import PASSPHRASE, Shell, shell

pytestmark = pytest.mark.system


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
    listed = town.run("sale", "list").out
    assert receipt["receipt"] in listed
    # As on the receipt: at night the day of UTC is still yesterday.
    sold_at = datetime.fromisoformat(receipt["sold_at"])
    assert on_the_wall(sold_at, seconds=True) in listed
    (entry,) = town.run("ledger", "entries", "v-1", "--json").json
    assert entry["actor"].startswith("cli:")
    assert town.run("ledger", "verify", "--json").json["entries"] == 1
    assert "The books are right" in town.run("ledger", "verify").out


def test_a_vend_without_an_id_tells_the_one_it_made(town: Shell) -> None:
    told = town.run("vend", POWER.number, "50", "--json", RASEED_POINT="P1")
    assert told.code == 0
    assert f"vend id {told.json['vend_id']}" in told.err


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


def test_a_row_beside_the_journal_that_was_changed_is_named(town: Shell) -> None:
    assert town.run(*["operator", "add", "rana", "--name-ar", "رنا", "--name-en", "Rana"]).code == 0
    with sqlite3.connect(town.folder / "raseed.db") as raw:
        raw.execute("UPDATE operators SET commission = '25' WHERE code = 'rana'")
    raw.close()
    told = town.run("ledger", "verify", "--json")
    assert told.code == 70
    assert told.json["problem"] == {"entry": 0, "what": "row_differs", "detail": "operators rana"}
    assert json.loads(told.err)["code"] == "ledger.attested_differs"
    assert "a row was changed in the database: operators rana" in town.run("ledger", "verify").err
    arabic = town.run("--lang", "ar", "ledger", "verify").err
    assert "تغيّر سطر في قاعدة البيانات" in arabic


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


@pytest.mark.system
def test_init_adds_nothing_to_what_is_in_use(tmp_path: Path) -> None:
    """It is how a database is brought to a new version: no point and no key besides those there."""
    new = shell(tmp_path / "data")
    new.run("init", "--point", "K1", "--key-name", "bank")
    new.run("apikey", "revoke", "bank", "--reason", "The bank has another")
    told = new.run("init", "--json").json
    assert (told["point"], told["point_made"], told["api_key"]) == (None, False, None)
    assert [point["code"] for point in new.run("point", "list", "--json").json] == ["K1"]
    assert [key["name"] for key in new.run("apikey", "list", "--json").json] == ["bank"]
    assert "P1" not in new.run("init").out


def test_init_makes_no_key_where_people_sign_in(town: Shell) -> None:
    person = ("huda", "--role", "administrator", "--name-ar", "هدى")
    assert town.run("user", "add", *person, stdin="seven grey pigeons\n").code == 0
    assert town.run("init", "--json").json["api_key"] is None
    assert town.run("apikey", "list", "--json").json == []


def test_init_wants_a_long_passphrase(tmp_path: Path) -> None:
    told = shell(tmp_path / "data").run("init", RASEED_PASSPHRASE="short")
    assert "keys.passphrase_too_short" in told.err
    assert not (tmp_path / "data" / "raseed.db").exists()


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
    # Somebody else at another counter is not told so, too: they would give it once more.
    again = town.run("void", "b-1+2", "--reason", "wrong meter", *seat, LOGNAME="rana")
    assert (again.code, again.out) == (3, "")
    assert "void.done_before" in again.err
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


def test_a_basket_honours_quotes_and_puts_debts_off(town: Shell) -> None:
    seat, power, water = ("--point", "P1"), POWER.number, WATER.number
    owed = (
        "A1",
        "arrears",
        "40",
        "--percent",
        "50",
        "--name-ar",
        "متأخرات",
        "--name-en",
        "Arrears",
    )
    why = ("--reason", "Unpaid bills", "--source", "Bills of 2025")
    assert town.run("debt", "add", *owed, *why).code == 0
    bound = town.run("quote", water, "20", "--json").json
    items = ("--credit", f"{power}=50", "--credit", f"{water}=20", "--id", "b-1", *seat)
    ways = ("--quote", f"{water}={bound['id']}", "--postpone", f"{power}:arrears=School fees")
    for wrong in (("--quote", f"1={bound['id']}"), ("--postpone", "1:arrears=School fees")):
        assert town.run("basket", *items, *wrong).code == 2
    sold = town.run("basket", *items, *ways, "--json").json["sales"]
    assert sold[1]["quote"]["lines"] == bound["lines"]
    (debt,) = (one for one in sold[0]["quote"]["lines"] if one["kind"] == "debt")
    assert (debt["amount"]["value"], debt["reason"]) == ("0.00", "School fees")
    # The later of the two alone.
    first = town.run("sale", "list", "--json").json[0]["journal_entry"]
    listed = town.run("sale", "list", "--before", str(first), "--json").json
    assert [one["vend_id"] for one in listed] == ["b-1"]


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


def test_every_line_of_a_sale_is_shown_with_what_is_still_owed(town: Shell, tmp_path: Path) -> None:
    """And what is called net is the same wherever it is told."""
    owed = ("A1", "arrears-2025", "40.00", "--name-ar", "متأخرات", "--name-en", "Arrears of 2025")
    why = ("--reason", "From the old books", "--source", "Bill 7", "--percent", "50")
    assert town.run("debt", "add", *owed, *why).code == 0
    sold = sell(town)
    assert isinstance(sold, dict)
    quote = sold["quote"]
    (debt,) = [line for line in quote["lines"] if line["kind"] == "debt"]
    net = quote["net"]["value"]
    taken = f"Arrears of 2025: {debt['amount']['value']} ILS · still owed {debt['left']['value']}"
    for command in (("sale", "show", "v-1"), ("reprint", "v-1", "--point", "P1")):
        told = town.run(*command).out
        assert taken in told
        assert f"Net: {net} ILS" in told
    assert "متأخرات" in town.run("--lang", "ar", "sale", "show", "v-1").out
    paid = town.run("basket", "--debt", f"{POWER.number}=5.00", "--id", "d-1", "--point", "P1")
    assert "Arrears of 2025: 5.00 ILS" in paid.out
    assert "Net: 5.00 ILS" in paid.out
    lines = town.run("ledger", "statement", "A1", "--json").json["lines"]
    stated = [line["net"]["value"] for line in lines if line["receipt"]]
    out = tmp_path / "sales.csv"
    assert town.run("ledger", "export", "sales-csv", "--out", str(out)).code == 0
    rows = [row["net"] for row in csv.DictReader(StringIO(out.read_text("utf-8-sig")))]
    assert stated == rows == [net, "5.00"]
    assert "Delivery" not in town.run("sale", "show", "d-1").out
    assert "Delivery" in town.run("sale", "show", "v-1").out


def test_a_basket_is_looked_at_before_any_money_is_taken(town: Shell) -> None:
    names = ("--name-ar", "متأخرات", "--name-en", "Arrears")
    why = ("--reason", "Unpaid bills", "--source", "Bills of 2025")
    assert town.run("debt", "add", "A1", "old", "20", "--percent", "5", *names, *why).code == 0
    look = ("basket", "--debt", f"{POWER.number}=12.50", "--look", "--point", "P1")
    told = town.run(*look, "--pay", "cash:20")
    assert (told.code, told.err) == (0, "")
    for line in ("Kind: debt payment", "Arrears: 12.50 ILS · still owed 7.50", "Due: 12.50 ILS"):
        assert line in told.out
    assert "Change: 7.50 ILS" in told.out
    (seen,) = town.run(*look, "--json").json["sales"]
    assert seen["quote"]["lines"][0]["left"]["value"] == "7.50"
    assert "المطلوب" in town.run("--lang", "ar", *look).out
    assert town.run("sale", "list", "--json").json == []
    # Nothing is free by this tariff, and the look ahead says so as the sale would.
    free = ("basket", "--allowance", POWER.number, "--point", "P1")
    refused = town.run(*free, "--look")
    assert (refused.code, refused.err) == (3, town.run(*free, "--id", "b-1").err)


def test_pushes_without_a_verdict_are_listed_to_be_reconciled(town: Shell) -> None:
    sell(town)
    assert town.run("sale", "unsettled", "--json").json == []
    pushed(town.folder / "raseed.db", "v-1")
    (found,) = town.run("sale", "unsettled", "--json").json
    assert (found["sale"]["vend_id"], found["delivery"]["state"]) == ("v-1", "unknown")
    told = town.run("sale", "unsettled").out
    assert "v-1" in told
    assert POWER.number in told
    assert re.search("[\u0600-\u06ff]", town.run("--lang", "ar", "sale", "unsettled").out)


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


def test_money_that_was_given_back_is_told_as_that(town: Shell) -> None:
    town.run("vend", POWER.number, "50", "--id", "v-1", "--point", "P1")
    why = ("--reason", "Meter burned at night")
    town.run("approval", "request", "void-refund", "v-1", *why, "--id", "R-1", "--point", "P1")
    assert town.run("approval", "approve", "R-1", LOGNAME="omar").code == 0
    shown = town.run("sale", "show", "v-1").out
    assert "Evidence: refunded\n" in shown
    assert "Given back: 50.00 ILS\nBy: cli:omar\n" in shown
