"""`raseed register`: a file of parties, all of it or nothing."""

import json
import tomllib
from pathlib import Path

import pytest

from tests.vending.cli.support import Shell, town_shell
from vending.surroundings import CONFIG

pytestmark = pytest.mark.system

EXAMPLE = CONFIG / "examples" / "register.toml"
OF_EXAMPLE = ("--sgc", "600001", "--krn", "1")


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    made = town_shell(tmp_path)
    key = "00112233445566778899aabbccddeeff00112233"
    assert made.run("keys", "add", *OF_EXAMPLE, RASEED_VENDING_KEY=key).code == 0
    return made


def test_the_shipped_example_is_written_down(shell: Shell) -> None:
    told = shell.run("register", str(EXAMPLE), "--json")
    assert told.code == 0, told.err
    assert told.json == {"points": 1, "customers": 1, "places": 1, "meters": 2}
    shown = shell.run("customer", "show", "2001", "--json").json
    assert [meter["number"] for meter in shown["meters"]] == ["07000090014", "0712000090019"]
    assert shown["meters"][0]["gateway"] == {
        "place": "tcp://127.0.0.1:5020/1",
        "host": "127.0.0.1",
        "port": 5020,
        "unit_id": 1,
    }
    assert shown["meters"][1]["gateway"] is None


def test_json_does_as_well(shell: Shell, tmp_path: Path) -> None:
    document = tomllib.loads(EXAMPLE.read_text("utf-8"))
    file = tmp_path / "parties.json"
    file.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    assert shell.run("register", str(file)).code == 0
    again = shell.run("register", str(file))
    assert again.code == 3
    assert "party.exists" in again.err


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("07000090014", "07000090015", "meter.check_digit", "mistyped"),
        ('commodity = "electricity"', 'commodity = "steam"', "register.file_wrong", "commodity"),
        ("krn = 1 ", 'krnn = 1\nkrn = "1"', "register.file_wrong", "further mistakes: 1"),
        ('tariff = "water-domestic"', 'tariff = "electricity-domestic"', "tariff.commodity", ""),
        ('tariff = "water-domestic"', 'tariff = "none"', "tariff.missing", ""),
        ("krn = 1 ", "krn = 9 ", "keys.unknown", "revision 9"),
        ("krn = 1 ", 'since = "0000-01"\nkrn = 1 ', "agreement.since_wrong", "2000-01"),
        ('model = "raseed-payment"', 'model = "no-such"', "meter.model_unknown", "no-such"),
        ('host = "127.0.0.1"', 'host = "a b"', "register.row_wrong", "address"),
        (
            "[[points]]",
            '[[customers]]\naccount = "9"\nname_ar = "a"\nname_en = "a\\u202eb"\n[[points]]',
            "register.row_wrong",
            "9",
        ),
        ('customer = "2001"', 'customer = "2999"', "party.exists", ""),
        ("[[points]]", "[[points", "register.file_unusable", ""),
    ],
)
def test_a_mistake_leaves_nothing_behind(
    shell: Shell, tmp_path: Path, old: str, new: str, code: str, words: str
) -> None:
    text = EXAMPLE.read_text("utf-8")
    assert old in text
    file = tmp_path / "parties.toml"
    file.write_text(text.replace(old, new), "utf-8")
    told = shell.run("register", str(file))
    assert told.code in (2, 3)
    assert code in told.err
    assert words in told.err
    assert shell.run("customer", "show", "2001").code == 2
    assert shell.run("register", str(EXAMPLE)).code == 0


def test_a_missing_file(shell: Shell, tmp_path: Path) -> None:
    told = shell.run("register", str(tmp_path / "none.toml"))
    assert told.code == 2
    assert "register.file_unusable" in told.err


def test_a_negative_amount_is_told_as_such(shell: Shell) -> None:
    told = shell.run("quote", "01000010015", "-5")
    assert told.code == 2
    assert "vend.amount_not_positive" in told.err


def test_lost_books_are_not_begun_anew_by_accident(shell: Shell) -> None:
    (shell.folder / "raseed.db").write_bytes(b"")
    listed = shell.run("customer", "list")
    assert (listed.code, "settings.database_missing" in listed.err) == (2, True)
    again = shell.run("init")
    assert (again.code, "settings.books_lost" in again.err) == (3, True)
    assert (shell.folder / "raseed.db").stat().st_size == 0
    assert shell.run("init", "--new-books").code == 0
